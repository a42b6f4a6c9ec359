package model

import (
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Longest accepted texts, in bytes. A name of 200 characters may need four bytes each.
const (
	maxName = 200
	maxText = 2000
	maxPath = 4096
)

// checkName refuses an empty, over-long or unprintable name.
func checkName(problems *Invalids, field, name string) {
	switch {
	case strings.TrimSpace(name) == "":
		problems.Add(field, "Give a name.")
	case utf8.RuneCountInString(name) > maxName:
		problems.Add(field, "Use at most %d characters.", maxName)
	case !printable(name):
		problems.Add(field, "Leave out control characters and line breaks.")
	}
}

// checkText refuses text over the limit or with NUL bytes.
func checkText(problems *Invalids, field, text string, limit int) {
	switch {
	case len(text) > limit:
		problems.Add(field, "Use at most %d bytes.", limit)
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		problems.Add(field, "Use valid text without NUL bytes.")
	}
}

// checkLine refuses an over-long or unprintable line, which may be empty.
func checkLine(problems *Invalids, field, line string) {
	if line != "" {
		checkName(problems, field, line)
	}
}

// checkPath refuses a path that is not absolute, clean and storable.
func checkPath(problems *Invalids, field, p string) {
	switch {
	case p == "":
		problems.Add(field, "Give a folder, as an absolute path such as /srv/photos.")
	case len(p) > maxPath || !utf8.ValidString(p) || strings.ContainsRune(p, 0):
		problems.Add(field, "%q is not a usable path.", clip(p))
	case !path.IsAbs(p):
		problems.Add(field, "%q is relative; start the path with /.", clip(p))
	case slices.Contains(strings.Split(p, "/"), ".."):
		problems.Add(field, "%q contains “..”; write the path without it.", clip(p))
	}
}

// pseudo file systems have nothing in them that can be backed up or restored.
var pseudo = []string{"/proc", "/sys", "/dev"}

// CheckSource refuses a path that cannot be a backup source, whatever is on the disk.
func CheckSource(problems *Invalids, field, p string) {
	before := len(*problems)
	checkPath(problems, field, p)
	if len(*problems) > before {
		return
	}
	for _, top := range pseudo {
		if Within(p, top) {
			problems.Add(field, "%s holds no files of yours; it is made by the kernel.", top)
		}
	}
}

// Within says whether p is root or lies below it. Both are absolute.
func Within(p, root string) bool {
	p, root = path.Clean(p), path.Clean(root)
	return p == root || root == "/" || strings.HasPrefix(p, root+"/")
}

func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

func clip(s string) string {
	if len(s) > 120 {
		return strings.ToValidUTF8(s[:120], "") + "…"
	}
	return s
}
