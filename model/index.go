package model

import (
	"errors"
	"sort"
	"time"

	"github.com/google/uuid"
)

// ErrNotIndexed says that the files of a snapshot are not in the index of files, or not yet.
var ErrNotIndexed = errors.New("not indexed")

// NotIndexed names the snapshots whose files would have to be indexed first. It is a conflict, and ErrNotIndexed.
type NotIndexed struct {
	Snapshots []uuid.UUID
}

// Error returns the sentence.
func (e NotIndexed) Error() string {
	return "The files of a snapshot are not indexed yet; index it, then compare."
}

// Is makes errors.Is(err, ErrConflict) and errors.Is(err, ErrNotIndexed) true.
func (e NotIndexed) Is(target error) bool { return target == ErrConflict || target == ErrNotIndexed }

// As makes a Conflict of it, for those who only tell the sentence.
func (e NotIndexed) As(target any) bool {
	conflict, ok := target.(*Conflict)
	if ok {
		*conflict = Conflict{Reason: e.Error()}
	}
	return ok
}

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

// NodeKey is the place of a node in its folder: keys compare as bytes do, folders first, each sort by name.
func NodeKey(n Node) string {
	if n.Type == "dir" {
		return "0" + n.Name
	}
	return "1" + n.Name
}

// PageOf cuts a page out of all nodes of a folder, which are in order.
func PageOf(all []Node, q FolderQuery) FolderPage {
	page := FolderPage{Total: len(all)}
	from := 0
	if q.After != "" {
		from = sort.Search(len(all), func(i int) bool { return NodeKey(all[i]) > q.After })
	}
	to := len(all)
	if q.Limit > 0 && to-from > q.Limit {
		for to = from + q.Limit; to < len(all) && NodeKey(all[to-1]) == NodeKey(all[to]); {
			to++ // names of bytes that are no text may look alike
		}
		if to < len(all) {
			page.Next = NodeKey(all[to-1])
		}
	}
	page.Nodes = all[from:to]
	return page
}

// FileQuery looks for entries whose name contains a text, whatever its case. A text with a slash is looked for in the
// last two parts of the path and more: its last part in the name, all of it in the path.
type FileQuery struct {
	Text     string
	AppID    uuid.UUID // all snapshots of the app
	Snapshot uuid.UUID // or one snapshot; then AppID is not looked at
	Limit    int       // 1 to MaxFileHits; 0 means DefaultFileHits
}

// Size returns the limit within its bounds.
func (q FileQuery) Size() int {
	if q.Limit <= 0 {
		return DefaultFileHits
	}
	return min(q.Limit, MaxFileHits)
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
