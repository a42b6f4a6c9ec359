package testbed

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// oddNames are file names that break programs which treat names as patterns, lines, text or options.
var oddNames = []string{
	"plain.txt", "with space ", "[brackets]", "[", "a]b", "star*", "question?", `back\slash`, "new\nline", "\ttab",
	"'quote\"", "$HOME", "{fd:password}", "-rf", "--", "!not", "#comment", "~", "naïve", "日本語", "emoji 🗄️", "e\u0301",
	"bad\xff\xfebytes", "..dots", ".hidden", "**", strings.Repeat("n", 255),
}

// NewFiles fills dir with files that are hard to back up and to restore: odd names, links of all kinds, holes, pipes,
// deep folders, special permissions, and times with nanoseconds.
func NewFiles(t testing.TB, dir string) {
	t.Helper()
	names := filepath.Join(dir, "names")
	for i, name := range oddNames {
		write(t, filepath.Join(names, name), []byte(fmt.Sprintf("file %d\n", i)), 0o644)
		write(t, filepath.Join(dir, "folders", name, "inside"), []byte(name), 0o600)
	}
	write(t, filepath.Join(dir, "empty"), nil, 0o644)
	write(t, filepath.Join(dir, "large"), bytes.Repeat([]byte("0123456789abcdef"), 256<<10), 0o640)
	deep := filepath.Join(append([]string{dir, "deep"}, strings.Split(strings.Repeat("d", 40), "")...)...)
	write(t, filepath.Join(deep, "bottom"), []byte("here"), 0o644)
	check(t, os.MkdirAll(filepath.Join(dir, "empty folder"), 0o755))
	newLinks(t, dir)
	newModes(t, dir)
	newHole(t, filepath.Join(dir, "sparse"))
	check(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o640))
	setTimes(t, dir)
}

func newLinks(t testing.TB, dir string) {
	t.Helper()
	for name, target := range map[string]string{
		"link": "plain", "dangling": "nowhere/at all", "absolute": "/etc/hostname", "loop": "loop", "up": "..",
	} {
		check(t, os.MkdirAll(filepath.Join(dir, "links"), 0o755))
		check(t, os.Symlink(target, filepath.Join(dir, "links", name)))
	}
	write(t, filepath.Join(dir, "links", "plain"), []byte("linked"), 0o644)
	write(t, filepath.Join(dir, "hard", "one"), []byte("the same"), 0o644)
	check(t, os.Link(filepath.Join(dir, "hard", "one"), filepath.Join(dir, "hard", "two")))
	check(t, os.Link(filepath.Join(dir, "hard", "one"), filepath.Join(dir, "links", "three")))
}

func newModes(t testing.TB, dir string) {
	t.Helper()
	for name, mode := range map[string]os.FileMode{
		"private": 0o600, "readonly": 0o400, "program": 0o755, "nobody": 0, "setuid": os.ModeSetuid | 0o755,
		"setgid": os.ModeSetgid | 0o755,
	} {
		file := filepath.Join(dir, "modes", name)
		write(t, file, []byte(name), 0o600)
		if os.Getuid() != 0 && mode == 0 {
			mode = 0o200 | 0o400 // only root reads what nobody may
		}
		check(t, os.Chmod(file, mode))
	}
	sticky := filepath.Join(dir, "modes", "sticky")
	check(t, os.MkdirAll(sticky, 0o755))
	check(t, os.Chmod(sticky, os.ModeSticky|0o777))
	if os.Getuid() == 0 {
		write(t, filepath.Join(dir, "modes", "owned"), []byte("by another"), 0o640)
		check(t, os.Chown(filepath.Join(dir, "modes", "owned"), 1234, 4321))
	}
}

// newHole makes a file of 8 MiB with a little text at its middle and its end.
func newHole(t testing.TB, name string) {
	t.Helper()
	f, err := os.Create(name)
	check(t, err)
	check(t, f.Truncate(8<<20))
	_, err = f.WriteAt([]byte("middle"), 4<<20)
	check(t, err)
	_, err = f.WriteAt([]byte("end"), 8<<20-3)
	check(t, err)
	check(t, f.Close())
}

// setTimes gives each regular file and folder a time of its own, below folders first: writing changes theirs.
func setTimes(t testing.TB, dir string) {
	t.Helper()
	n := 0
	var walk func(string)
	walk = func(name string) {
		info, err := os.Lstat(name)
		check(t, err)
		if info.IsDir() {
			entries, err := os.ReadDir(name)
			check(t, err)
			for _, e := range entries {
				walk(filepath.Join(name, e.Name()))
			}
		}
		if info.IsDir() || info.Mode().IsRegular() {
			n++
			at := time.Date(2001, 2, 3, 4, 5, n, 123456789+n, time.UTC)
			check(t, os.Chtimes(name, at, at))
		}
	}
	walk(dir)
}

func write(t testing.TB, name string, content []byte, mode os.FileMode) {
	t.Helper()
	check(t, os.MkdirAll(filepath.Dir(name), 0o755))
	check(t, os.WriteFile(name, content, mode))
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
