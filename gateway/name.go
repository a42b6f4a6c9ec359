package gateway

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// The kinds of files in a repository; config is the one file that is a kind of its own.
const (
	kindConfig    = "config"
	kindData      = "data"
	kindIndex     = "index"
	kindKeys      = "keys"
	kindLocks     = "locks"
	kindSnapshots = "snapshots"
)

var kinds = []string{kindData, kindIndex, kindKeys, kindLocks, kindSnapshots}

// target is what a request is about: the repository itself (no kind), the list of a kind (no id), or one file.
type target struct {
	kind string
	id   string // the SHA-256 of the content, in 64 lower-case hexadecimal digits; empty for config
}

func (t target) root() bool { return t.kind == "" }
func (t target) list() bool { return t.kind != "" && t.kind != kindConfig && t.id == "" }

// name returns the file's name in the storage.
func (t target) name() string {
	switch t.kind {
	case kindConfig:
		return kindConfig
	case kindData:
		return kindData + "/" + t.id[:2] + "/" + t.id
	}
	return t.kind + "/" + t.id
}

// The sizes a file may have. A pack is restic's --pack-size, 128 MiB at most, and the blob (8 MiB at most) that made it
// full; the others are far smaller, and whoever writes a snapshot with a long list of paths is still far from a pack.
// All but keys and config are sealed by restic: 16 bytes before the content and 16 behind. A shorter one makes every
// restic that reads it break down, so it is refused.
const (
	maxFile  = 256 << 20
	maxSmall = 64 << 10
	minFile  = 33
)

func (t target) sizes() (least, most int64) {
	switch t.kind {
	case kindConfig, kindLocks:
		return minFile, maxSmall
	case kindKeys:
		return 2, maxSmall
	}
	return minFile, maxFile
}

// parse takes an address apart. Nothing is cleaned, decoded or guessed: an address that is not exactly one of restic's
// is refused.
func parse(u *url.URL) (target, error) {
	if u.Scheme != "" || u.Host != "" || u.Opaque != "" || u.User != nil || u.Fragment != "" || u.RawPath != "" || u.EscapedPath() != u.Path {
		return target{}, errAddress
	}
	rest, slash := strings.CutPrefix(u.Path, "/")
	kind, id, inside := strings.Cut(rest, "/")
	switch {
	case !slash:
		return target{}, errAddress
	case rest == "":
		return target{}, nil
	case rest == kindConfig:
		return target{kind: kindConfig}, nil
	case inside && slices.Contains(kinds, kind) && (id == "" || isID(id)):
		return target{kind: kind, id: id}, nil
	}
	return target{}, errAddress
}

var errAddress = &refusal{http.StatusBadRequest, "This is not an address of a restic repository."}

// isID says whether s is 64 lower-case hexadecimal digits.
func isID(s string) bool {
	if len(s) != 64 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
