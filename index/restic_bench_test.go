package index_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/device"
	"keepstead/index"
	"keepstead/model"
	"keepstead/restic"
	"keepstead/testbed"
)

// BenchmarkIndexRestic times the indexing of a real snapshot of fifty thousand files against `restic ls` of it, whose
// output nobody reads. Both take turns, and the best of each counts.
func BenchmarkIndexRestic(b *testing.B) {
	const folders, each, turns = 1000, 50, 5
	dir, log := b.TempDir(), slog.New(slog.DiscardHandler)
	src := filepath.Join(dir, "src")
	for f := range folders {
		in := filepath.Join(src, fmt.Sprintf("area%02d", f/50), fmt.Sprintf("part%03d", f))
		must(b, os.MkdirAll(in, 0o755))
		for i := range each {
			must(b, os.WriteFile(filepath.Join(in, fmt.Sprintf("IMG_%04d_%d.jpg", i, f*i)), []byte{byte(i)}, 0o644))
		}
	}
	repository, password := testbed.Repository(b)
	host := device.NewLocal(log)
	defer func() { _ = host.Close() }()
	r := restic.Repo{
		Host: host, Bin: testbed.Restic(b), URL: repository, Password: password,
		CacheDir: filepath.Join(dir, "cache"), RunDir: filepath.Join(dir, "run"),
	}
	sum, err := r.Backup(b.Context(), restic.BackupOptions{Host: "bench", Paths: []string{src}}, nil)
	must(b, err)
	x, err := index.Open(b.Context(), dir, index.Options{}, log)
	must(b, err)
	defer func() { _ = x.Close() }()
	alone := func() {
		cmd := exec.CommandContext(b.Context(), r.Bin, "ls", "--json", "--no-lock", "--recursive", "--", sum.SnapshotID, "/")
		cmd.Env = []string{"RESTIC_REPOSITORY=" + repository, "RESTIC_PASSWORD=" + password, "RESTIC_CACHE_DIR=" + r.CacheDir}
		must(b, cmd.Run())
	}
	add := func(app uuid.UUID) {
		s := index.Snapshot{ID: uuid.New(), App: app, Started: time.Now()}
		must(b, x.Add(b.Context(), s, func(ctx context.Context, each func(model.Node) error) error {
			return r.Ls(ctx, sum.SnapshotID, "/", true, each)
		}))
	}
	app := uuid.New()
	add(app)
	best := [3]time.Duration{time.Hour, time.Hour, time.Hour}
	for range turns {
		for i, run := range []func(){alone, func() { add(uuid.New()) }, func() { add(app) }} {
			began := time.Now()
			run()
			best[i] = min(best[i], time.Since(began))
		}
	}
	b.ReportMetric(best[0].Seconds(), "s-restic-ls")
	b.ReportMetric(best[1].Seconds()/best[0].Seconds(), "x-first")
	b.ReportMetric(best[2].Seconds()/best[0].Seconds(), "x-alike")
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
