package index

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"path"
	"slices"
	"strings"
	"time"

	"keepstead/model"
)

// entry is one name in a folder.
type entry struct {
	name string
	kind byte
	mode uint32
	size int64
	sec  int64 // of the time it was changed
	nsec uint32
	link string
}

// The kinds of entry. The last two are in listings that have a base alone.
const (
	isDir byte = iota
	isFile
	isSymlink
	isFifo
	isSocket
	isCharDev
	isDev
	isOther
	goneDir  byte = 14
	goneFile byte = 15
)

// kinds are the types of model.Node in the order of the kinds.
var kinds = [...]string{"dir", "file", "symlink", "fifo", "socket", "chardev", "dev", "irregular"}

func entryOf(n model.Node) entry {
	e := entry{
		name: strings.ReplaceAll(n.Name, "\x00", "\uFFFD"), kind: isOther, mode: n.Mode & 0o7777,
		sec: n.ModTime.Unix(), nsec: uint32(n.ModTime.Nanosecond()),
	}
	if i := slices.Index(kinds[:], n.Type); i >= 0 {
		e.kind = byte(i)
	}
	switch e.kind {
	case isFile:
		e.size = max(0, n.Size)
	case isSymlink:
		e.link = n.Target
	}
	return e
}

func (e entry) node(dir string) model.Node {
	return model.Node{
		Path: path.Join(dir, e.name), Name: e.name, Type: kinds[e.kind], Size: e.size, Mode: e.mode,
		ModTime: time.Unix(e.sec, int64(e.nsec)).UTC(), Target: e.link,
	}
}

// dir says that the entry stands among the folders.
func (e entry) dir() bool { return e.kind == isDir || e.kind == goneDir }

func (e entry) gone() bool { return e.kind == goneDir || e.kind == goneFile }

// compare orders folders before all else, each by the bytes of their names.
func compare(a, b entry) int {
	if d := a.dir(); d != b.dir() {
		if d {
			return -1
		}
		return 1
	}
	return strings.Compare(a.name, b.name)
}

// key writes the place of an entry in that order, so that keys compare as bytes do.
func (e entry) key() string {
	if e.dir() {
		return "0" + e.name
	}
	return "1" + e.name
}

// keyed is an entry at the place that a key names; false for no key.
func keyed(key string) (entry, bool) {
	switch {
	case strings.HasPrefix(key, "0"):
		return entry{name: key[1:], kind: isDir}, true
	case strings.HasPrefix(key, "1"):
		return entry{name: key[1:], kind: isFile}, true
	}
	return entry{}, false
}

// order brings entries into order; alike says that two have one name, so that the name says not which.
func order(entries []entry) (alike bool) {
	if !slices.IsSortedFunc(entries, compare) {
		slices.SortStableFunc(entries, compare)
	}
	for i := 1; i < len(entries); i++ {
		if compare(entries[i-1], entries[i]) == 0 {
			return true
		}
	}
	return false
}

// difference lists what makes after out of before: entries to set, and marks of those that are gone.
func difference(before, after []entry) []entry {
	var out []entry
	gone := func(e entry) {
		mark := entry{name: e.name, kind: goneFile}
		if e.dir() {
			mark.kind = goneDir
		}
		out = append(out, mark)
	}
	for len(before) > 0 && len(after) > 0 {
		switch c := compare(before[0], after[0]); {
		case c < 0:
			gone(before[0])
			before = before[1:]
		case c > 0:
			out = append(out, after[0])
			after = after[1:]
		default:
			if before[0] != after[0] {
				out = append(out, after[0])
			}
			before, after = before[1:], after[1:]
		}
	}
	for _, e := range before {
		gone(e)
	}
	return append(out, after...)
}

// apply undoes difference: it makes what was after out of before and what differs.
func apply(before, differs []entry) []entry {
	out := make([]entry, 0, len(before)+len(differs))
	for len(before) > 0 && len(differs) > 0 {
		c := compare(before[0], differs[0])
		if c < 0 {
			out = append(out, before[0])
			before = before[1:]
			continue
		}
		if !differs[0].gone() {
			out = append(out, differs[0])
		}
		if c == 0 {
			before = before[1:]
		}
		differs = differs[1:]
	}
	out = append(out, before...)
	for _, e := range differs {
		if !e.gone() {
			out = append(out, e)
		}
	}
	return out
}

// appendFacts writes all of the entries but their names, column by column: alike bytes stand together and compress.
func appendFacts(b []byte, entries []entry) []byte {
	for _, e := range entries {
		b = binary.AppendUvarint(b, uint64(e.mode)<<4|uint64(e.kind))
	}
	for _, e := range entries {
		if e.kind == isFile {
			b = binary.AppendUvarint(b, uint64(e.size))
		}
	}
	var last int64
	for _, e := range entries {
		if !e.gone() {
			b = binary.AppendVarint(b, e.sec-last)
			last = e.sec
		}
	}
	for _, e := range entries {
		if !e.gone() {
			b = binary.LittleEndian.AppendUint32(b, e.nsec)
		}
	}
	for _, e := range entries {
		if e.kind == isSymlink {
			b = binary.AppendUvarint(b, uint64(len(e.link)))
			b = append(b, e.link...)
		}
	}
	return b
}

// readFacts fills in what appendFacts wrote.
func readFacts(b []byte, entries []entry) error {
	r := reader{b: b}
	for i := range entries {
		v := r.uvarint()
		entries[i].kind, entries[i].mode = byte(v&15), uint32(v>>4)
		if entries[i].kind > isOther && !entries[i].gone() {
			return errDamaged
		}
	}
	for i := range entries {
		if entries[i].kind == isFile {
			entries[i].size = int64(r.uvarint())
		}
	}
	var last int64
	for i := range entries {
		if !entries[i].gone() {
			last += r.varint()
			entries[i].sec = last
		}
	}
	for i := range entries {
		if !entries[i].gone() {
			entries[i].nsec = r.uint32()
		}
	}
	for i := range entries {
		if entries[i].kind == isSymlink {
			entries[i].link = string(r.take(int(r.uvarint())))
		}
	}
	return r.err()
}

// hashOf is a fingerprint of entries in order.
func hashOf(entries []entry, scratch []byte) (int64, []byte) {
	scratch = appendFacts(scratch[:0], entries)
	for _, e := range entries {
		scratch = append(append(scratch, e.name...), 0)
	}
	sum := sha256.Sum256(scratch)
	return int64(binary.LittleEndian.Uint64(sum[:8])), scratch
}

// reader takes numbers off bytes; after the first that is not there it gives zeros.
type reader struct {
	b   []byte
	bad bool
}

var errDamaged = errors.New("the index of files is damaged")

func (r *reader) err() error {
	if r.bad {
		return errDamaged
	}
	return nil
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) uint32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// take returns the next n bytes, or nil.
func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.bad, r.b = true, nil
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}
