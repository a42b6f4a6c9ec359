package model

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Archive is how a folder is packed for a download; empty for a file, which is sent as it is.
type Archive string

// The archives that restic writes.
const (
	ArchiveNone Archive = ""
	ArchiveTar  Archive = "tar"
	ArchiveZip  Archive = "zip"
)

// Download is one file or folder of a snapshot that may be sent to whoever asked for it.
type Download struct {
	SnapshotID uuid.UUID
	// Path is the entry's place in the snapshot, in the very bytes of its name; Node shows it as text.
	Path    string
	Node    Node
	Archive Archive
}

// Validate refuses what cannot be sent: links and devices, a folder that is not packed, a file that is.
func (d Download) Validate() error {
	switch {
	case d.Archive != ArchiveNone && d.Archive != ArchiveTar && d.Archive != ArchiveZip:
		return Invalid{Field: "format", Reason: "Choose tar or zip."}
	case d.Node.Type == "file" && d.Archive != ArchiveNone:
		return Invalid{Field: "format", Reason: "A file is sent as it is; leave the format out."}
	case d.Node.Type == "dir" && d.Archive == ArchiveNone:
		return Invalid{Field: "format", Reason: "A folder is sent as an archive; choose tar or zip."}
	case d.Node.Type != "file" && d.Node.Type != "dir":
		return Invalid{Field: "path", Reason: "Only files and folders can be downloaded, and this is a " + d.Node.Type + "; take the folder that it is in."}
	}
	return nil
}

// Size is the number of bytes that will be sent, -1 where only the end tells.
func (d Download) Size() int64 {
	if d.Archive != ArchiveNone {
		return -1
	}
	return d.Node.Size
}

// maxFileName bounds a suggested file name in bytes; file systems take 255.
const maxFileName = 240

// FileName is the name to save under: the entry's own, without what changes its meaning or its look on another system.
func (d Download) FileName() string {
	name := path.Base(d.Path)
	if name == "/" || name == "." {
		name = "snapshot-" + d.SnapshotID.String()
	}
	end := path.Ext(name)
	if d.Archive != ArchiveNone {
		name, end = name+"."+string(d.Archive), "."+string(d.Archive)
	}
	name = strings.Map(harmless, name) // a byte that is not UTF-8 comes as U+FFFD
	if len(name) <= maxFileName {
		return name
	}
	if end = strings.Map(harmless, end); len(end) > 20 {
		end = ""
	}
	cut := maxFileName - len(end)
	for cut > 0 && !utf8.RuneStart(name[cut]) {
		cut--
	}
	return name[:cut] + end
}

// harmless replaces what may not stand in a file name somewhere, ends a header, or turns the reading direction so that
// a program looks like a picture.
func harmless(r rune) rune {
	switch {
	case r == utf8.RuneError, unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), strings.ContainsRune(`/\:*?"<>|`, r),
		unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r):
		return '_'
	}
	return r
}
