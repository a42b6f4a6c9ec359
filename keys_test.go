package main

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"keepstead/config"
	"keepstead/model"
	"keepstead/secret"
	"keepstead/store"
)

// TestChangeMaster goes from a key file to a passphrase, to another passphrase, to a key file and to another one, with new
// data keys between. The password of a destination opens all the time, and never with what protected the database before.
func TestChangeMaster(t *testing.T) {
	dir, password := t.TempDir(), "the password of the repository"
	furnish(t, dir, password)
	opens := func(what string) {
		t.Helper()
		if got, err := command(t, "destination", "password", "Disk", "--data", dir); err != nil || got != password {
			t.Errorf("%s: %q, %v", what, got, err)
		}
	}
	refused := func(what string) {
		t.Helper()
		if got, err := command(t, "destination", "password", "Disk", "--data", dir); !errors.Is(err, secret.ErrWrongKey) {
			t.Errorf("%s: %q, %v", what, got, err)
		}
	}
	works := func(want string, args ...string) {
		t.Helper()
		if got, err := command(t, append(args, "--data", dir)...); err != nil || !strings.Contains(got, want) {
			t.Fatalf("%v: %q, %v", args, got, err)
		}
	}
	file := filepath.Join(dir, secret.FileName)
	opens("at first")
	works("new data key", "key", "rotate")
	opens("with a new data key")

	t.Setenv("KEEPSTEAD_NEW_MASTER_PASSPHRASE", "short")
	if _, err := command(t, "key", "change-master", "passphrase", "--data", dir); err == nil || !strings.Contains(err.Error(), "too short") {
		t.Errorf("a short passphrase: %v", err)
	}
	opens("after a refusal")
	t.Setenv("KEEPSTEAD_NEW_MASTER_PASSPHRASE", "correct horse battery staple")
	works("delete it when you keep none", "key", "change-master", "passphrase")
	refused("with the key file alone")
	t.Setenv("KEEPSTEAD_MASTER_PASSPHRASE", "correct horse battery staple")
	opens("with the passphrase")
	works("new data key", "key", "rotate")
	opens("with the passphrase and a new data key")
	t.Setenv("KEEPSTEAD_NEW_MASTER_PASSPHRASE", "another horse, another staple")
	works("Start Keepstead with it", "key", "change-master", "passphrase")
	refused("with the passphrase of before")
	t.Setenv("KEEPSTEAD_MASTER_PASSPHRASE", "another horse, another staple")
	opens("with the second passphrase")

	first, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	works("The new key file", "key", "change-master", "file")
	refused("with a passphrase")
	t.Setenv("KEEPSTEAD_MASTER_PASSPHRASE", "")
	opens("with the new key file")
	kept, err := filepath.Glob(file + ".old.*")
	if err != nil || len(kept) != 1 {
		t.Fatalf("key files of before: %v, %v", kept, err)
	}
	if old, err := os.ReadFile(kept[0]); err != nil || string(old) != string(first) {
		t.Errorf("the key file of before is not kept: %v", err)
	}
	if _, err := os.Stat(file + ".new"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the new file is not in its place: %v", err)
	}
	if err := os.WriteFile(file, first, 0o600); err != nil {
		t.Fatal(err)
	}
	refused("with the first key file")
}

// TestKeysOfARunningServer: it would go on with the old ones.
func TestKeysOfARunningServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	furnish(t, dir, "x")
	st, err := store.Open(t.Context(), dir, store.Options{Exclusive: true}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	for _, args := range [][]string{{"key", "rotate"}, {"key", "change-master", "file"}} {
		if _, err := command(t, append(args, "--data", dir)...); !errors.Is(err, store.ErrInUse) || !strings.Contains(err.Error(), "stop it first") {
			t.Errorf("%v beside a server: %v", args, err)
		}
		if _, err := command(t, append(args, "--data", filepath.Join(dir, "typo"))...); err == nil || !strings.Contains(err.Error(), "there is no Keepstead") {
			t.Errorf("%v in a folder that is not there: %v", args, err)
		}
	}
}

// furnish makes a database with one destination.
func furnish(t *testing.T, dir, password string) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	st, err := store.Open(t.Context(), dir, store.Options{}, slog.New(slog.DiscardHandler))
	must(err)
	box, err := openBox(t.Context(), config.Config{Data: dir}, st)
	must(err)
	d := model.Destination{ID: model.NewID(), Name: "Disk", Type: model.DestinationLocal, LocalPath: "/nowhere"}
	d.RepoPassword, err = box.Seal(password, secret.Label("destinations", "repo_password", d.ID))
	must(err)
	_, err = st.CreateDestination(t.Context(), d)
	must(errors.Join(err, st.Close()))
}
