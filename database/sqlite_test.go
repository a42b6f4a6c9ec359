package database_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"keepstead/database"
	"keepstead/device"
	"keepstead/testbed"
)

func localFiles(t testing.TB) device.Files {
	t.Helper()
	host := device.NewLocal(slog.New(slog.NewTextHandler(io.Discard, nil)))
	t.Cleanup(func() { _ = host.Close() })
	files, err := host.Files()
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// openDB opens a database of a test as an app would, and fills it.
func openDB(t testing.TB, name, options string, statements ...string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+name+"?_busy_timeout=5000&"+options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	return db
}

func exec(t testing.TB, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.Exec(statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func one[T any](t testing.TB, db *sql.DB, query string) (v T) {
	t.Helper()
	if err := db.QueryRow(query).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

func listDir(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestCopySQLiteUnderAWriter copies while somebody writes pairs without rest: each copy holds whole pairs, and no fewer
// than were there before.
func TestCopySQLiteUnderAWriter(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"WAL", "DELETE"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			name := filepath.Join(dir, "odd ?#% näme.db")
			db := openDB(t, filepath.Join(dir, "odd %3F%23%25 näme.db"), "_journal_mode="+mode,
				"CREATE TABLE pair (n INTEGER, half TEXT, filler BLOB)", "CREATE INDEX halves ON pair (n, half)",
				"WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c WHERE x<4000) INSERT INTO pair SELECT -x, 'a', randomblob(900) FROM c")
			ctx, stop := context.WithCancel(t.Context())
			written := make(chan error)
			go func() { written <- writePairs(ctx, db) }()
			for i := range 8 {
				time.Sleep(30 * time.Millisecond)
				before := one[int](t, db, "SELECT count(*) FROM pair")
				to := filepath.Join(t.TempDir(), fmt.Sprintf("copy%d", i))
				if err := database.CopySQLite(t.Context(), name, to); err != nil {
					t.Fatal(err)
				}
				copied := openDB(t, to, "mode=ro&immutable=1")
				if n := one[int](t, copied, "SELECT count(*) FROM pair"); n < before {
					t.Errorf("%d rows in the copy, %d were there before", n, before)
				}
				if n := one[int](t, copied, "SELECT count(*) FROM (SELECT n FROM pair WHERE n > 0 GROUP BY n HAVING count(*) <> 2)"); n != 0 {
					t.Errorf("%d halves without the other", n)
				}
				if s := one[string](t, copied, "PRAGMA integrity_check"); s != "ok" {
					t.Error(s)
				}
				if got := listDir(t, filepath.Dir(to)); len(got) != 1 {
					t.Errorf("beside the copy: %v", got)
				}
			}
			stop()
			if err := <-written; err != nil {
				t.Errorf("the writer was disturbed: %v", err)
			}
		})
	}
}

func writePairs(ctx context.Context, db *sql.DB) error {
	for n := 1; ctx.Err() == nil; n++ {
		tx, err := db.Begin()
		if err != nil {
			return err
		}
		for _, half := range []string{"a", "b"} {
			if _, err := tx.Exec("INSERT INTO pair VALUES (?, ?, randomblob(500))", n, half); err != nil {
				return errors.Join(err, tx.Rollback())
			}
		}
		if err := tx.Commit(); err != nil {
			return err
		}
	}
	return nil
}

// TestCopySQLiteKeepsWhoItBelongsTo also looks at what the copy leaves beside the original: nothing that was not there,
// and nothing that the app could not open.
func TestCopySQLiteKeepsWhoItBelongsTo(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		testbed.Missing(t, "Files of another owner need root.")
	}
	for name, live := range map[string]bool{"while the app has it open": true, "while nobody has it open": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file := filepath.Join(dir, "app.db")
			db := openDB(t, file, "_journal_mode=WAL", "CREATE TABLE t (x)", "INSERT INTO t VALUES (1)")
			if !live {
				if err := db.Close(); err != nil {
					t.Fatal(err)
				}
			}
			before := listDir(t, dir)
			for _, n := range before {
				if err := errors.Join(os.Chown(filepath.Join(dir, n), 1234, 1235), os.Chmod(filepath.Join(dir, n), 0o640)); err != nil {
					t.Fatal(err)
				}
			}
			to := filepath.Join(t.TempDir(), "copy")
			if err := database.CopySQLite(t.Context(), file, to); err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(to)
			if err != nil {
				t.Fatal(err)
			}
			if st := info.Sys().(*syscall.Stat_t); st.Uid != 1234 || st.Gid != 1235 || info.Mode() != 0o640 {
				t.Errorf("the copy is %d:%d %v", st.Uid, st.Gid, info.Mode())
			}
			if after := listDir(t, dir); !slices.Equal(before, after) {
				t.Errorf("beside the original: %v, before %v", after, before)
			}
			for _, n := range listDir(t, dir) {
				info, err := os.Stat(filepath.Join(dir, n))
				if err != nil {
					t.Fatal(err)
				}
				if info.Sys().(*syscall.Stat_t).Uid != 1234 {
					t.Errorf("%s has another owner now", n)
				}
			}
		})
	}
}

// TestCopySQLiteTakesTheLog copies a database whose newest rows are in the log alone, after its app was killed.
func TestCopySQLiteTakesTheLog(t *testing.T) {
	t.Parallel()
	dir, dead := t.TempDir(), t.TempDir()
	db := openDB(t, filepath.Join(dir, "app.db"), "_journal_mode=WAL", "PRAGMA wal_autocheckpoint=0", "CREATE TABLE t (x)", "INSERT INTO t VALUES (7)")
	for _, side := range []string{"", "-wal"} {
		raw, err := os.ReadFile(filepath.Join(dir, "app.db"+side))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dead, "app.db"+side), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	exec(t, db, "INSERT INTO t VALUES (8)")
	to := filepath.Join(t.TempDir(), "copy")
	if err := database.CopySQLite(t.Context(), filepath.Join(dead, "app.db"), to); err != nil {
		t.Fatal(err)
	}
	if n := one[int](t, openDB(t, to, "mode=ro"), "SELECT sum(x) FROM t"); n != 7 {
		t.Errorf("the copy sums to %d", n)
	}
}

func TestCopySQLiteSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good := filepath.Join(dir, "good.db")
	openDB(t, good, "", "CREATE TABLE t (x, y)", "CREATE INDEX i ON t (x)",
		"WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c WHERE x<2000) INSERT INTO t SELECT x, randomblob(300) FROM c")
	for name, tt := range map[string]struct {
		file   func(t *testing.T) string
		to     func(t *testing.T) string
		say    string
		is     error
		within time.Duration
	}{
		"encrypted": {file: func(t *testing.T) string { return randomFile(t, 8192) }, is: database.ErrNotSQLite},
		"damaged":   {file: func(t *testing.T) string { return damaged(t, good) }, say: "damaged"},
		"missing":   {file: func(t *testing.T) string { return filepath.Join(t.TempDir(), "none.db") }, is: os.ErrNotExist},
		"a link": {file: func(t *testing.T) string {
			link := filepath.Join(t.TempDir(), "link.db")
			if err := os.Symlink(good, link); err != nil {
				t.Fatal(err)
			}
			return link
		}, is: database.ErrNotSQLite},
		"a FIFO": {file: func(t *testing.T) string {
			name := filepath.Join(t.TempDir(), "fifo.db")
			if err := syscall.Mkfifo(name, 0o600); err != nil {
				t.Fatal(err)
			}
			return name
		}, is: database.ErrNotSQLite},
		"a log elsewhere": {file: func(t *testing.T) string {
			name := filepath.Join(t.TempDir(), "app.db")
			openDB(t, name, "", "CREATE TABLE t (x)")
			if err := os.Symlink("/etc/passwd", name+"-wal"); err != nil {
				t.Fatal(err)
			}
			return name
		}, say: "link"},
		"no room": {
			file: func(*testing.T) string { return good },
			to:   func(t *testing.T) string { return filepath.Join(testbed.SmallDisk(t, 128<<10), "copy") }, say: "disk is full",
		},
		"taken": {file: func(*testing.T) string { return good }, to: func(t *testing.T) string {
			taken := filepath.Join(t.TempDir(), "taken")
			if err := os.WriteFile(taken, []byte("mine"), 0o600); err != nil {
				t.Fatal(err)
			}
			return taken
		}, is: os.ErrExist},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to := filepath.Join(t.TempDir(), "copy")
			if tt.to != nil {
				to = tt.to(t)
			}
			err := database.CopySQLite(t.Context(), tt.file(t), to)
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("error %v, want %v", err, tt.is)
			}
			var e *database.Error
			if tt.say != "" && (!errors.As(err, &e) || !strings.Contains(e.Message, tt.say) || e.Mend == "") {
				t.Errorf("error %#v, want one that says %q", err, tt.say)
			}
			if left := listDir(t, filepath.Dir(to)); len(left) > 0 && !errors.Is(tt.is, os.ErrExist) {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestCopySQLiteEndsWithTheContext(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := filepath.Join(dir, "held.db")
	db := openDB(t, name, "_locking_mode=EXCLUSIVE", "CREATE TABLE t (x)")
	db.SetMaxOpenConns(1)
	exec(t, db, "BEGIN EXCLUSIVE")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err := database.CopySQLite(ctx, name, filepath.Join(dir, "copy"))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "copy")); err == nil {
		t.Error("the copy is still there")
	}
}

func randomFile(t testing.TB, size int) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "random.db")
	raw := make([]byte, size)
	for i := range raw {
		raw[i] = byte(i*7919 + i>>3)
	}
	if err := os.WriteFile(name, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func damaged(t testing.TB, good string) string {
	t.Helper()
	raw, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	for i := 20 * 4096; i < 22*4096; i++ {
		raw[i] ^= 0x5a
	}
	name := filepath.Join(t.TempDir(), "damaged.db")
	if err := os.WriteFile(name, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
