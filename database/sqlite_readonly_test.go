package database_test

import (
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"keepstead/database"
	"keepstead/testbed"
)

// readOnly shows a folder at another place, where nobody can write.
func readOnly(t *testing.T, dir string) string {
	t.Helper()
	at := t.TempDir()
	if err := syscall.Mount(dir, at, "", syscall.MS_BIND, ""); err != nil {
		testbed.Missing(t, "A folder cannot be mounted here: %v; run the tests as root.", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(at, syscall.MNT_DETACH) })
	if err := syscall.Mount("", at, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	return at
}

func TestCopySQLiteWhereKeepsteadMayOnlyRead(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		mode  string
		live  bool
		crash bool // the app was killed, and its newest rows are in the log
	}{
		"log, in use": {"WAL", true, false}, "log, at rest": {"WAL", false, false}, "log, after a crash": {"WAL", false, true},
		"journal, in use": {"DELETE", true, false}, "journal, at rest": {"DELETE", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file := filepath.Join(dir, "app.db")
			db := openDB(t, file, "_journal_mode="+tt.mode, "CREATE TABLE t (x)", "INSERT INTO t VALUES (7)")
			if tt.crash {
				lost := t.TempDir()
				for _, side := range []string{"", "-wal"} {
					raw, err := os.ReadFile(file + side)
					if err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(filepath.Join(lost, "app.db"+side), raw, 0o600); err != nil {
						t.Fatal(err)
					}
				}
				dir = lost
			}
			if !tt.live {
				if err := db.Close(); err != nil {
					t.Fatal(err)
				}
			}
			before := listDir(t, dir)
			to := filepath.Join(t.TempDir(), "copy")
			if err := database.CopySQLite(t.Context(), filepath.Join(readOnly(t, dir), "app.db"), to); err != nil {
				t.Fatal(err)
			}
			if n := one[int](t, openDB(t, to, "mode=ro&immutable=1"), "SELECT x FROM t"); n != 7 {
				t.Errorf("the copy holds %d", n)
			}
			if after := listDir(t, dir); !slices.Equal(before, after) {
				t.Errorf("beside the original: %v, before %v", after, before)
			}
			if left := listDir(t, filepath.Dir(to)); len(left) != 1 {
				t.Errorf("beside the copy: %v", left)
			}
		})
	}
}
