package restic_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"keepstead/device"
	"keepstead/model"
	"keepstead/restic"
	"keepstead/testbed"
)

// newRepo returns a fresh repository on this machine.
func newRepo(t *testing.T) restic.Repo {
	t.Helper()
	dir, password := testbed.Repository(t)
	host := device.NewLocal(slog.New(slog.DiscardHandler))
	t.Cleanup(func() { _ = host.Close() })
	work := t.TempDir()
	return restic.Repo{
		Host: host, Bin: testbed.Restic(t), URL: dir, Password: password,
		CacheDir: filepath.Join(work, "cache"), RunDir: filepath.Join(work, "run"),
	}
}

// backup saves paths and wants no error.
func backup(t *testing.T, r restic.Repo, paths ...string) restic.Summary {
	t.Helper()
	s, err := r.Backup(t.Context(), restic.BackupOptions{Host: "home", Tags: []string{"keepstead", "config:1"}, Paths: paths}, nil)
	if err != nil {
		t.Fatalf("back up %q: %v", paths, err)
	}
	return s
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// list returns the nodes of a folder by their path.
func list(ctx context.Context, t *testing.T, r restic.Repo, snapshot, dir string, recursive bool) map[string]model.Node {
	t.Helper()
	nodes := map[string]model.Node{}
	check(t, r.Ls(ctx, snapshot, dir, recursive, func(n model.Node) error {
		nodes[n.Path] = n
		return nil
	}))
	return nodes
}

// random returns bytes that cannot be compressed.
func random(t *testing.T, n int) []byte {
	t.Helper()
	out := make([]byte, n)
	if _, err := rand.Read(out); err != nil {
		t.Fatal(err)
	}
	return out
}
