package secret

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"keepstead/model"
)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newBox returns a box with one fresh key, its master and its wrapped key.
func newBox(t *testing.T) (*Box, Master, model.DataKey) {
	t.Helper()
	master := File(filepath.Join(t.TempDir(), "master.key"))
	key, err := NewDataKey(master)
	check(t, err)
	b, err := Open(master, []model.DataKey{key})
	check(t, err)
	return b, master, key
}

func TestSealAndOpen(t *testing.T) {
	t.Parallel()
	b, _, _ := newBox(t)
	label := Label("destinations", "s3_secret_key", uuid.New())
	for _, plain := range []string{"", "x", "p\x00ss'wörd\n", strings.Repeat("long ", 10000)} {
		s, err := b.Seal(plain, label)
		check(t, err)
		if len(plain) > 4 && strings.Contains(string(s), plain) { // fewer bytes occur by chance
			t.Errorf("%.20q is readable in its sealed form", plain)
		}
		if s.Empty() != (plain == "") {
			t.Errorf("%.20q seals to %d bytes", plain, len(s))
		}
		got, err := b.Open(s, label)
		check(t, err)
		if got != plain {
			t.Errorf("%.20q came back as %.20q", plain, got)
		}
	}
	one, _ := b.Seal("same", label)
	two, _ := b.Seal("same", label)
	if string(one) == string(two) {
		t.Error("the same text seals to the same bytes twice")
	}
}

func TestEveryFlippedBitIsRefused(t *testing.T) {
	t.Parallel()
	b, _, _ := newBox(t)
	label := Label("destinations", "repo_password", uuid.New())
	s, err := b.Seal("correct horse", label)
	check(t, err)
	for i := range len(s) * 8 {
		bad := append(model.Sealed{}, s...)
		bad[i/8] ^= 1 << (i % 8)
		if got, err := b.Open(bad, label); !errors.Is(err, ErrTampered) || got != "" {
			t.Fatalf("bit %d flipped: %q, %v", i, got, err)
		}
	}
	for n := range len(s) {
		if n == 0 {
			continue // nothing at all is the empty text
		}
		if _, err := b.Open(s[:n], label); !errors.Is(err, ErrTampered) {
			t.Fatalf("cut to %d bytes: %v", n, err)
		}
	}
	if _, err := b.Open(append(append(model.Sealed{}, s...), 0), label); !errors.Is(err, ErrTampered) {
		t.Errorf("a byte more: %v", err)
	}
}

func TestAMovedValueIsRefused(t *testing.T) {
	t.Parallel()
	b, _, _ := newBox(t)
	row := uuid.New()
	s, err := b.Seal("secret", Label("destinations", "s3_secret_key", row))
	check(t, err)
	for _, label := range []string{
		"", Label("devices", "s3_secret_key", row), Label("destinations", "s3_access_key", row), Label("destinations", "s3_secret_key", uuid.New()),
	} {
		if _, err := b.Open(s, label); !errors.Is(err, ErrTampered) {
			t.Errorf("opened as %q: %v", label, err)
		}
	}
}

func TestNewKeySealsOldKeyOpens(t *testing.T) {
	t.Parallel()
	b, master, old := newBox(t)
	s, err := b.Seal("before", "l")
	check(t, err)
	fresh, err := NewDataKey(master)
	check(t, err)
	both, err := Open(master, []model.DataKey{old, fresh})
	check(t, err)
	if got, err := both.Open(s, "l"); err != nil || got != "before" {
		t.Errorf("the old key gives %q, %v", got, err)
	}
	after, err := both.Seal("after", "l")
	check(t, err)
	if _, err := b.Open(after, "l"); !errors.Is(err, ErrTampered) {
		t.Errorf("the old key alone opens what the new one sealed: %v", err)
	}
}

func TestMasters(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := File(filepath.Join(dir, "master.key"))
	fileKey, err := NewDataKey(file)
	check(t, err)
	phrase := Passphrase("correct horse battery staple")
	phraseKey, err := NewDataKey(phrase)
	check(t, err)
	other := File(filepath.Join(dir, "other.key"))
	_, err = NewDataKey(other)
	check(t, err)
	broken := filepath.Join(dir, "broken.key")
	check(t, os.WriteFile(broken, []byte("not a key\n"), 0o600))
	changed := fileKey
	changed.ID = uuid.New()

	for _, tc := range []struct {
		name   string
		master Master
		key    model.DataKey
		want   string // a word of the sentence; empty: it opens
	}{
		{"the right file", file, fileKey, ""},
		{"the right passphrase", phrase, phraseKey, ""},
		{"another file", other, fileKey, "not the one"},
		{"another passphrase", Passphrase("correct horse battery stable"), phraseKey, "not the one"},
		{"a missing file", File(filepath.Join(dir, "none.key")), fileKey, "missing"},
		{"a broken file", File(broken), fileKey, "64 hexadecimal digits"},
		{"a file for a passphrase", file, phraseKey, "KEEPSTEAD_MASTER_PASSPHRASE"},
		{"a passphrase for a file", phrase, fileKey, "start without"},
		{"a row that was exchanged", file, changed, "not the one"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := Open(tc.master, []model.DataKey{tc.key})
			if tc.want == "" {
				check(t, err)
				return
			}
			if !errors.Is(err, ErrWrongKey) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v", err)
			}
			if strings.Contains(err.Error(), "horse") {
				t.Errorf("the passphrase is in the error: %v", err)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(dir, "none.key")); !errors.Is(err, os.ErrNotExist) {
		t.Error("opening made a key file")
	}
	if _, err := Open(file, nil); err == nil {
		t.Error("a box without keys was opened")
	}
	if _, err := NewDataKey(Passphrase("short")); err == nil || !strings.Contains(err.Error(), "12") {
		t.Errorf("a short passphrase gave %v", err)
	}
}

func TestMasterFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "master.key")
	_, err := NewDataKey(File(path))
	check(t, err)
	before, err := os.ReadFile(path)
	check(t, err)
	info, err := os.Stat(path)
	check(t, err)
	if info.Mode().Perm() != 0o600 || len(before) != 65 {
		t.Errorf("the key file has mode %o and %d bytes", info.Mode().Perm(), len(before))
	}
	key, err := NewDataKey(File(path))
	check(t, err)
	after, err := os.ReadFile(path)
	check(t, err)
	if string(before) != string(after) {
		t.Error("the key file was overwritten")
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o644, 0o660} {
		check(t, os.Chmod(path, mode))
		_, err := Open(File(path), []model.DataKey{key})
		if err == nil || !strings.Contains(err.Error(), "chmod 600 "+path) {
			t.Errorf("mode %o gave %v", mode, err)
		}
		if _, err := NewDataKey(File(path)); err == nil {
			t.Errorf("a key was wrapped with a file of mode %o", mode)
		}
	}
	if _, err := NewDataKey(File(t.TempDir())); err == nil {
		t.Error("a directory is a key file")
	}
	if _, err := NewDataKey(File(filepath.Join(t.TempDir(), "no", "such", "dir"))); err == nil {
		t.Error("a key file was made in a directory that is not there")
	}
}

func TestNothingPrintsASecret(t *testing.T) {
	t.Parallel()
	b, _, _ := newBox(t)
	s, err := b.Seal("hunter2hunter2", "l")
	check(t, err)
	js, err := json.Marshal(map[string]any{"s": s})
	check(t, err)
	if string(js) != `{"s":"[sealed]"}` {
		t.Errorf("JSON is %s", js)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if got := fmt.Sprintf(verb, s); got != "[sealed]" {
			t.Errorf("%s prints the sealed value as %s", verb, got)
		}
		if got := fmt.Sprintf(verb, b); got != "[secret box]" {
			t.Errorf("%s prints the box as %s", verb, got)
		}
		if got := fmt.Sprintf(verb, Passphrase("hunter2hunter2")); strings.Contains(got, "hunter2") {
			t.Errorf("%s prints the passphrase as %s", verb, got)
		}
	}
}

func FuzzOpen(f *testing.F) {
	master := Passphrase("correct horse battery staple")
	key, err := NewDataKey(master)
	if err != nil {
		f.Fatal(err)
	}
	b, err := Open(master, []model.DataKey{key})
	if err != nil {
		f.Fatal(err)
	}
	s, _ := b.Seal("x", "l")
	f.Add([]byte(s), "l")
	f.Add([]byte{1}, "")
	f.Fuzz(func(t *testing.T, data []byte, label string) {
		if got, err := b.Open(data, label); err == nil && len(data) > 0 && (label != "l" || got != "x") {
			t.Errorf("%x opened as %q", data, got)
		}
	})
}
