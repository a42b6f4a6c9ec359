package secret

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"keepstead/model"
)

func TestNextDataKey(t *testing.T) {
	t.Parallel()
	b, _, _ := newBox(t)
	old, err := b.Seal("hunter2hunter2", "l")
	check(t, err)
	key, next, err := b.Next()
	check(t, err)
	if _, err := next.Open(old, "l"); !errors.Is(err, ErrTampered) {
		t.Errorf("the next key opens what the old one sealed: %v", err)
	}
	b.Know(next)
	early, err := next.Seal("hunter4hunter4", "l")
	check(t, err)
	if got, err := b.Open(early, "l"); err != nil || got != "hunter4hunter4" {
		t.Errorf("what the next key sealed opens as %q before it was taken: %v", got, err)
	}
	if sealed, err := b.Seal("x", "l"); err != nil || KeyOf(sealed) == key.ID {
		t.Errorf("the next key seals before it was taken: %v", err)
	}
	b.Take(next)
	sealed, err := b.Seal("hunter3hunter3", "l")
	check(t, err)
	if KeyOf(sealed) != key.ID || KeyOf(old) == key.ID || KeyOf(nil) == key.ID {
		t.Error("the new key does not seal")
	}
	for text, s := range map[string]model.Sealed{"hunter2hunter2": old, "hunter3hunter3": sealed} {
		if got, err := b.Open(s, "l"); err != nil || got != text {
			t.Errorf("%s opens as %q, %v", text, got, err)
		}
	}
	if got, err := next.Open(sealed, "l"); err != nil || got != "hunter3hunter3" {
		t.Errorf("the next start opens it as %q, %v", got, err)
	}
}

// TestKeyFileIsReplaced cuts a change of the key file off between each two of its steps: one of the two files opens the
// database at the next start, whichever data key that has.
func TestKeyFileIsReplaced(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		taken bool                    // by the database
		then  func(path string) error // what happens before the next start
		moved bool
	}{
		"before the database has it": {false, func(string) error { return nil }, false},
		"when the database has it":   {true, func(string) error { return nil }, true},
		"when the old one was moved": {true, func(path string) error { _, err := setAside(path); return err }, true},
		"when all was done":          {true, func(path string) error { _, err := SettleFile(path); return err }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), FileName)
			before, err := NewDataKey(File(path))
			check(t, err)
			first, err := os.ReadFile(path)
			check(t, err)
			for range 2 { // the first try was cut off as well
				next, err := NextFile(path)
				check(t, err)
				after, err := NewDataKey(next)
				check(t, err)
				if tt.taken {
					before = after
				}
			}
			check(t, tt.then(path))
			for range 2 {
				_, err := Open(File(path), []model.DataKey{before})
				check(t, err)
			}
			now, err := os.ReadFile(path)
			check(t, err)
			if (string(now) != string(first)) != tt.moved {
				t.Errorf("the key file is another one: %t", !tt.moved)
			}
			if tt.moved != (strings.Join(oldKeys(t, path), "") == string(first)) {
				t.Error("the old key file is not kept")
			}
		})
	}
}

// oldKeys reads the key files that were put aside, in the order of their names.
func oldKeys(t *testing.T, path string) (keys []string) {
	t.Helper()
	names, err := filepath.Glob(path + oldSuffix + "*")
	check(t, err)
	for _, name := range names {
		text, err := os.ReadFile(name)
		check(t, err)
		keys = append(keys, string(text))
	}
	return keys
}

// TestEveryOldKeyFileIsKept: each opens copies of the database that no other does. Without a new file nothing is moved.
func TestEveryOldKeyFileIsKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), FileName)
	_, err := NewDataKey(File(path))
	check(t, err)
	var want []string
	for range 3 {
		now, err := os.ReadFile(path)
		check(t, err)
		want = append(want, string(now))
		next, err := NextFile(path)
		check(t, err)
		_, err = NewDataKey(next)
		check(t, err)
		old, err := SettleFile(path)
		check(t, err)
		if kept, err := os.ReadFile(old); err != nil || string(kept) != string(now) {
			t.Errorf("%s is not the key of before: %v", old, err)
		}
	}
	if got := oldKeys(t, path); len(got) != 3 || !slices.Contains(got, want[0]) {
		t.Errorf("of 3 keys %d are kept", len(got))
	}
	if _, err := SettleFile(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a new file: %v", err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("without a new file the key is gone: %v", err)
	}
}
