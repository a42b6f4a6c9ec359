package restic_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"keepstead/restic"
)

// excludeTree is what the patterns are tried on: alike names at several depths, and names with what patterns are made of.
var excludeTree = []string{
	"a.tmp", "A.TMP", "notes.txt", ".hidden", ".hidden.d/a.tmp", "foo", "foobar", "deep/foo/bar/baz", "deep/foo/bar2/baz", "deep/bar/foo/baz",
	"node_modules/x/index.js", "deep/node_modules/y/z/index.js", "cache/one", "cache/two/three", "x/y/z/w", "x/z", "y/x/z",
	"a[b]c", "abc", "star*name", "starXname", "what?", `back\slash`, "ünï/cöde.tmp", "sp ace/ file ", "{a,b}", "b", "!not", "#hash", "$HOME", "~tilde",
	"one/two/three/four/five.log", "one/three.log", "deep/a/b/c", "deep/a/x/b", "deep/a/x/b2/c", "deep/a/b/x/c/d", "ab-c", "a^c",
}

// excludePatterns are tried one by one; DIR is the folder that is saved.
var excludePatterns = []string{
	"*.tmp", "a.tmp", "*", "**", "?", "???", "foo", "foo/", "./foo", "foo/bar", "foo/*", "foo/**", "foo/bar*", "foo/*/baz", "bar/foo",
	"node_modules", "**/node_modules", "**/node_modules/**/index.js", "node_modules/*/index.js", ".*", "cache/*",
	"DIR", "DIR/*", "DIR/**", "DIR/foo", "DIR/deep/foo", "DIR/deep/*", "DIR/*/foo", "DIR/**/foo", "DIR/**/*.tmp", "DIR/deep/../foo", "DIR/x/**/z",
	"/foo", "/**/foo", "/", "/**", "/*/a.tmp", "..", ".", "../foo", "deep/.//foo",
	"[a-c]", "[ab].tmp", "[^a]bc", "[!a]bc", "a[b]c", `a\[b\]c`, "a[[]b]c", "star*name", `star\*name`, "what?", `what\?`, `back\\slash`, `back\slash`, "[f-g]oo*",
	"ünï", "ün?/*", "*ö*", "* *", " file ", "{a,b}", "b", "#hash", "$HOME", "~tilde", "a^c", "a[^b]c", `ab\-c`,
	"x/y/z", "x/*/z", "x/**/z", "**/x/**", "x**", "**x", "x/**/**/z", "one/**/five.log", "one/**/**/three.log", "one/**/three*", "**/**/**", "*/*", "*/*/*/*/*/*/*/*/*/*/*/*",
	"DIR/deep/a/**/b", "DIR/deep/a/**/b/**", "DIR/**/a/**/b/**", "a/**/b/**", "deep/**/b/**/c/**", "**/a/**/b/**/c/**", "DIR/**/deep/**/a/**/b/**/x/**",
}

// TestPatternsAsRestic saves a tree without what each pattern matches, and says of every entry beforehand whether it will be
// missing.
func TestPatternsAsRestic(t *testing.T) {
	t.Parallel()
	r, dir := newRepo(t), t.TempDir()
	for _, name := range excludeTree {
		write(t, filepath.Join(dir, name), "content")
	}
	var all []string
	check(t, filepath.WalkDir(dir, func(p string, _ fs.DirEntry, err error) error {
		if p != dir { // restic lists the folder that it was told to save also where it saves nothing of it
			all = append(all, p)
		}
		return err
	}))
	for _, text := range excludePatterns {
		text = strings.ReplaceAll(text, "DIR", dir)
		p, err := restic.ReadPattern(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		saved := savedWithout(t, r, dir, text)
		for _, name := range all {
			if left := p.Match(restic.Names(name)); left == saved[name] {
				t.Errorf("%q on %s: restic saves it: %v, we say that it is left out: %v", text, strings.TrimPrefix(name, dir), saved[name], left)
			}
		}
	}
}

// savedWithout is what a backup with one pattern saves. Where that is nothing, restic makes no snapshot.
func savedWithout(t *testing.T, r restic.Repo, dir, pattern string) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	s, err := r.Backup(t.Context(), restic.BackupOptions{Host: "home", Paths: []string{dir}, Excludes: []string{pattern}}, nil)
	if err != nil {
		var failed *restic.Error
		if !errors.As(err, &failed) || !strings.Contains(err.Error(), "snapshot is empty") {
			t.Fatalf("back up without %q: %v", pattern, err)
		}
		return out
	}
	for name := range list(t.Context(), t, r, s.SnapshotID, "/", true) {
		out[name] = true
	}
	return out
}

// TestPatternsThatResticRefuses reads what restic ends a backup for.
func TestPatternsThatResticRefuses(t *testing.T) {
	t.Parallel()
	r, dir := newRepo(t), t.TempDir()
	write(t, filepath.Join(dir, "file"), "content")
	for _, text := range []string{"[", "a[", "[]a]", "[a", "[a-", "[-a]", "ab[-]c", "[a/b]", "/srv/[x/y]", `a\`, "*[", "x/[/y"} {
		_, err := restic.ReadPattern(text)
		_, failed := r.Backup(t.Context(), restic.BackupOptions{Host: "home", Paths: []string{dir}, Excludes: []string{text}}, nil)
		if (err == nil) != (failed == nil) {
			t.Errorf("%q: we say %v, restic says %v", text, err, failed)
		}
	}
	for _, text := range []string{"", "!file"} {
		if _, err := restic.ReadPattern(text); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

// TestManyStarsCostLittle holds that no pattern takes for ever.
func TestManyStarsCostLittle(t *testing.T) {
	t.Parallel()
	p, err := restic.ReadPattern(strings.Repeat("**/x/", 20) + "y")
	check(t, err)
	names := slices.Repeat([]string{"x"}, 60)
	if p.Match(names) {
		t.Error("it matches what has no y")
	}
	if !p.Match(append(names, "y")) {
		t.Error("it does not match")
	}
}
