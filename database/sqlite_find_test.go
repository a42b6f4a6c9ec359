package database_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"keepstead/database"
)

func TestFindSQLite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{
		"app.db", "db.sqlite3", "Cookies", "deep/er/home-assistant_v2.db", "com.plexapp.plugins.library.db", "odd.name", ".hidden/state.sqlite",
		".keepstead-aside-1/app.db", "picture.jpg",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		db := openDB(t, filepath.Join(dir, name), "", "CREATE TABLE t (x)")
		if name == "odd.name" {
			exec(t, db, "PRAGMA journal_mode=WAL")
			exec(t, db, "INSERT INTO t VALUES (1)")
			continue // its -wal stays beside it
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range map[string]string{
		"short.db": "SQLite format 3\x00", "text.db": strings.Repeat("a text, and no database\n", 100), "empty.sqlite": "",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Symlink("app.db", filepath.Join(dir, "link.db")), os.Symlink("/", filepath.Join(dir, "root"))); err != nil {
		t.Fatal(err)
	}
	found, err := database.FindSQLite(t.Context(), localFiles(t), dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range found {
		names = append(names, strings.TrimPrefix(f, dir+"/"))
	}
	slices.Sort(names)
	want := []string{".hidden/state.sqlite", "Cookies", "app.db", "com.plexapp.plugins.library.db", "db.sqlite3", "deep/er/home-assistant_v2.db", "odd.name"}
	if !slices.Equal(names, want) {
		t.Errorf("found %q\nwant  %q", names, want)
	}
	if _, err := database.FindSQLite(t.Context(), localFiles(t), filepath.Join(dir, "nowhere")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
}
