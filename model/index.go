package model

import (
	"errors"
	"time"

	"github.com/google/uuid"
)

// ErrNotIndexed says that the files of a snapshot are not in the index of files, or not yet.
var ErrNotIndexed = errors.New("not indexed")

// FolderQuery chooses one page of a folder of a snapshot.
type FolderQuery struct {
	Dir   string // absolute
	After string // the Next of the page before; empty for the first page
	Limit int    // entries; 0 means all
}

// FolderPage is one page of a folder, folders first, each sort by name.
type FolderPage struct {
	Nodes []Node
	Total int    // entries of the whole folder
	Next  string // for the next page; empty on the last
}

// FileQuery looks for entries whose name contains a text, whatever its case. A text with a slash is looked for in the
// last two parts of the path and more: its last part in the name, all of it in the path.
type FileQuery struct {
	Text     string
	AppID    uuid.UUID // all snapshots of the app
	Snapshot uuid.UUID // or one snapshot; then AppID is not looked at
	Limit    int       // 1 to MaxFileHits; 0 means DefaultFileHits
}

// Bounds of one answer to a FileQuery.
const (
	DefaultFileHits = 50
	MaxFileHits     = 200
)

// FileHit is a path that a FileQuery found, as the newest snapshot that holds it has it.
type FileHit struct {
	Node
	Newest    uuid.UUID // the newest snapshot that holds it
	FirstSeen time.Time // of the oldest snapshot that holds it
	LastSeen  time.Time // of the newest
}

// FileHits is the answer to a FileQuery.
type FileHits struct {
	Hits []FileHit
	More bool // there are more than were asked for
	// Indexed and Unindexed count the snapshots that were looked through, and those that could not be.
	Indexed, Unindexed int
}

// FileVersion is one state of a file, with the snapshots that hold it, newest first.
type FileVersion struct {
	Node
	Snapshots []uuid.UUID
	FirstSeen time.Time
	LastSeen  time.Time
}

// ChangeKind is what happened to an entry between two snapshots.
type ChangeKind string

// The kinds of change.
const (
	ChangeAdded   ChangeKind = "added"
	ChangeChanged ChangeKind = "changed"
	ChangeRemoved ChangeKind = "removed"
)

// Change is one difference between two snapshots. A folder that only holds changes is none itself.
type Change struct {
	Kind   ChangeKind
	Path   string
	Before *Node // nil where it was added
	After  *Node // nil where it was removed
}

// ComparisonQuery chooses one page of the differences between two snapshots.
type ComparisonQuery struct {
	Before, After uuid.UUID  // snapshots
	Kind          ChangeKind // empty means all
	Text          string     // only paths that contain it, whatever its case
	Cursor        string     // the Next of the page before; empty for the first page
	Limit         int        // 1 to MaxPage; 0 means DefaultPage
}

// ChangeTally counts one kind of change. Bytes are those of the files: as they are now, or were where they are gone.
type ChangeTally struct {
	Files   int
	Folders int
	Bytes   int64
}

// Comparison is one page of the differences between two snapshots, by path, and the count of all of them.
type Comparison struct {
	Added, Changed, Removed ChangeTally
	// Grown is by how many bytes the files of the later snapshot are more than those of the earlier one.
	Grown   int64
	Changes []Change
	Next    string // for the next page; empty on the last
}
