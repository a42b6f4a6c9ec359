package jobs

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"keepstead/model"
	"keepstead/testbed"
)

// TestDownloadBounds fills the places, lets a storage fall silent, and stops Keepstead under a download.
func TestDownloadBounds(t *testing.T) {
	t.Parallel()
	clock, fake := fakeClock("2026-03-01 12:00:00")
	h := newHouse(t, fake)
	s := h.adopted(map[string]string{"large": strings.Repeat("0123456789abcdef", 1<<16), "small": "small"})
	d, err := h.FindDownload(t.Context(), s.ID, filepath.Join(h.src, "large"), model.ArchiveNone)
	h.must(err)
	if folder, err := h.FindDownload(t.Context(), s.ID, h.src, model.ArchiveNone); err != nil || folder.Archive != model.ArchiveTar {
		t.Errorf("a folder without a format: %+v, %v", folder, err)
	}

	var open []io.ReadCloser
	for range maxDownloads {
		body, err := h.Download(t.Context(), d)
		h.must(err)
		open = append(open, body)
	}
	if _, err := h.Download(t.Context(), d); !errors.Is(err, model.ErrBusy) || !errors.As(err, &model.Busy{}) {
		t.Errorf("one more download: %v", err)
	}
	content, err := io.ReadAll(open[0])
	if err != nil || int64(len(content)) != d.Size() {
		t.Errorf("%d of %d bytes, %v", len(content), d.Size(), err)
	}
	for _, body := range open {
		h.must(body.Close())
	}
	// A file that is longer than what the snapshot says of it is no whole file.
	d.Node.Size++
	body, err := h.Download(t.Context(), d)
	h.must(err)
	if _, err := io.Copy(io.Discard, body); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a file that is too short: %v", err)
	}
	h.must(body.Close())

	h.silence()
	began := make(chan error, 1)
	go func() {
		_, err := h.Download(t.Context(), d)
		began <- err
	}()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	h.must(clock.BlockUntilContext(ctx, 1)) // the watchdog waits
	clock.Advance(downloadStall)
	if err := <-began; !errors.Is(err, model.ErrBusy) || !strings.Contains(err.Error(), "gave nothing") {
		t.Errorf("a silent storage: %v", err)
	}
	go func() {
		_, err := h.Download(t.Context(), d)
		began <- err
	}()
	h.must(clock.BlockUntilContext(ctx, 1))
	h.halt(errStopping)
	if err := <-began; err == nil {
		t.Error("Keepstead stopped, and the download did not")
	}
	if len(h.downloads) != 0 {
		t.Errorf("%d downloads hold a place", len(h.downloads))
	}
	if left, err := os.ReadDir(filepath.Join(h.Dir, "runs")); err != nil || len(left) != 0 {
		t.Errorf("left of the runs: %v, %v", left, err)
	}
}

// adopted backs files up as a stranger would and takes the repository over, which needs no job.
func (h *house) adopted(files map[string]string) model.Snapshot {
	h.t.Helper()
	dir, password := testbed.Repository(h.t)
	h.must(os.MkdirAll(h.src, 0o755))
	for name, text := range files {
		h.must(os.WriteFile(filepath.Join(h.src, name), []byte(text), 0o600))
	}
	cmd := exec.CommandContext(h.t.Context(), h.Restic, "backup", "--no-cache", "--host", "home", h.src)
	cmd.Env = []string{"RESTIC_REPOSITORY=" + dir, "RESTIC_PASSWORD=" + password}
	if out, err := cmd.CombinedOutput(); err != nil {
		h.t.Fatalf("restic backup: %v\n%s", err, out)
	}
	h.repo = dir
	_, err := h.AddDestination(h.t.Context(), model.Destination{Name: "Folder", Type: model.DestinationLocal, LocalPath: dir}, model.DestinationSecrets{RepoPassword: password})
	h.must(err)
	all, err := h.allSnapshots(h.t.Context(), model.SnapshotFilter{})
	h.must(err)
	if len(all) != 1 {
		h.t.Fatalf("%d snapshots were adopted", len(all))
	}
	return all[0]
}

// silence puts pipes that nobody writes to in the place of the repository's data.
func (h *house) silence() {
	h.t.Helper()
	packs, err := filepath.Glob(filepath.Join(h.repo, "data", "*", "*"))
	h.must(err)
	for _, pack := range packs {
		h.must(os.Remove(pack))
		h.must(syscall.Mkfifo(pack, 0o600))
	}
}

func TestHeadIsBounded(t *testing.T) {
	t.Parallel()
	w := &headWriter{limit: 10}
	if n, err := w.Write([]byte("1234567")); n != 7 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if n, err := w.Write([]byte("8901234")); n != 3 || !errors.Is(err, errHead) || !bytes.Equal(w.data, []byte("1234567890")) {
		t.Errorf("%d, %v, %q", n, err, w.data)
	}
}
