package jobs

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"keepstead/device"
)

// A crash while the first mark is written leaves only a file that is not whole; nothing was moved then.
func TestPutBackAfterACrashInTheFirstMark(t *testing.T) {
	t.Parallel()
	local := device.NewLocal(slog.New(slog.DiscardHandler))
	t.Cleanup(func() { _ = local.Close() })
	files, err := local.Files()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "data")
	lay(t, dir, map[string]string{"a": "old"})
	aside, _ := asidesOf(dir, uuid.New(), 1)
	if err := os.MkdirAll(aside, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(aside, ".keepstead-123"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := putBack(files, dir, aside); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, dir); len(got) != 1 || got["a"] != "old" {
		t.Errorf("the folder holds %v", got)
	}
	if _, err := os.Lstat(aside); !os.IsNotExist(err) {
		t.Errorf("the folder aside is left: %v", err)
	}
}
