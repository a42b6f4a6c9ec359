package testbed

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
	"testing"
)

// Compare fails the test for each difference between the trees a and b: entries, types, permissions, owners, sizes,
// contents, times, targets of links, and which names are one file. The two roots' own times are not compared.
func Compare(t testing.TB, a, b string) {
	t.Helper()
	left, right := scan(t, a), scan(t, b)
	for name, l := range left {
		r, there := right[name]
		if !there {
			t.Errorf("%q is missing from %s", name, b)
			continue
		}
		for _, d := range l.differences(r, name == ".") {
			t.Errorf("%q: %s", name, d)
		}
	}
	for name := range right {
		if _, there := left[name]; !there {
			t.Errorf("%q is too much in %s", name, b)
		}
	}
}

// entry is one file of a tree. twins are the names of its hard links, its own among them.
type entry struct {
	path   string
	info   fs.FileInfo
	target string
	twins  string
}

func scan(t testing.TB, root string) map[string]entry {
	t.Helper()
	found := map[string]entry{}
	inodes := map[uint64][]string{}
	check(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		e := entry{path: path}
		if e.info, err = d.Info(); err != nil {
			return err
		}
		if e.info.Mode()&fs.ModeSymlink != 0 {
			if e.target, err = os.Readlink(path); err != nil {
				return err
			}
		}
		if !e.info.IsDir() {
			ino := system(e.info).Ino
			inodes[ino] = append(inodes[ino], name)
		}
		found[name] = e
		return nil
	}))
	for _, names := range inodes {
		sort.Strings(names)
		for _, name := range names {
			e := found[name]
			e.twins = strings.Join(names, " = ")
			found[name] = e
		}
	}
	return found
}

func system(info fs.FileInfo) *syscall.Stat_t { return info.Sys().(*syscall.Stat_t) }

func (e entry) differences(o entry, root bool) []string {
	var out []string
	differ := func(what string, a, b any) {
		if a != b {
			out = append(out, fmt.Sprintf("%s is %v here and %v there", what, a, b))
		}
	}
	differ("mode", e.info.Mode(), o.info.Mode())
	differ("user", system(e.info).Uid, system(o.info).Uid)
	differ("group", system(e.info).Gid, system(o.info).Gid)
	differ("target", e.target, o.target)
	differ("set of hard links", e.twins, o.twins)
	if !root {
		differ("time", e.info.ModTime().UTC(), o.info.ModTime().UTC())
	}
	if e.info.Mode().IsRegular() && o.info.Mode().IsRegular() {
		differ("size", e.info.Size(), o.info.Size())
		if err := sameContent(e.path, o.path); err != nil {
			out = append(out, err.Error())
		}
	}
	return out
}

func sameContent(a, b string) error {
	left, err := os.Open(a)
	if err != nil {
		return err
	}
	defer func() { _ = left.Close() }()
	right, err := os.Open(b)
	if err != nil {
		return err
	}
	defer func() { _ = right.Close() }()
	x, y := make([]byte, 64<<10), make([]byte, 64<<10)
	for at := int64(0); ; {
		n, err := io.ReadFull(left, x)
		m, other := io.ReadFull(right, y)
		if !bytes.Equal(x[:n], y[:m]) {
			return fmt.Errorf("content differs after byte %d", at)
		}
		at += int64(n)
		if err != nil || other != nil {
			return nil // both ended alike, or the comparison above would have told
		}
	}
}
