package model

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// SnapshotStatus is how a snapshot came out.
type SnapshotStatus string

// The statuses of the spec, and `partial`: saved, but with files missing or a source that looks wrong.
const (
	SnapshotSuccess    SnapshotStatus = "success"
	SnapshotPartial    SnapshotStatus = "partial"
	SnapshotFailed     SnapshotStatus = "failed"
	SnapshotInProgress SnapshotStatus = "in_progress"
)

// Snapshot records one backup of one configuration into one destination.
type Snapshot struct {
	ID              uuid.UUID `bun:",pk"`
	ConfigurationID uuid.UUID
	DestinationID   uuid.UUID
	AppID           uuid.UUID
	// ResticSnapshotID is restic's full id: 64 hexadecimal digits, empty while in progress and after a failure.
	ResticSnapshotID string
	Hostname         string
	Paths            []string

	Status          SnapshotStatus
	FilesNew        int
	FilesChanged    int
	FilesUnmodified int
	TotalFiles      int
	DataAdded       int64 // bytes new to the repository, before compression
	DataAddedPacked int64 // bytes new to the repository, as stored
	TotalSize       int64 // bytes of all files in the snapshot
	Duration        int   // seconds

	ErrorMessage string
	// FailedFiles names what could not be read, at most MaxFailedFiles of them; FailedCount counts all.
	FailedFiles []FailedFile
	FailedCount int

	// Contents is what a snapshot of an app made of containers holds; nil for others, and for an adopted one until its
	// manifest was read. Lists leave it out.
	Contents *Contents `bun:"-"`
	// Safety marks the state that a restore replaced.
	Safety bool

	StartedAt   time.Time
	CompletedAt *time.Time
	CreatedAt   time.Time
}

// FailedFile is a file or folder that could not be read, and why where restic said so.
type FailedFile struct{ Path, Reason string }

// MarshalJSON writes the path alone where there is no reason, as all were written once.
func (f FailedFile) MarshalJSON() ([]byte, error) {
	if f.Reason == "" {
		return json.Marshal(f.Path)
	}
	return json.Marshal([2]string{f.Path, f.Reason})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (f *FailedFile) UnmarshalJSON(text []byte) error {
	var both [2]string
	if json.Unmarshal(text, &both) == nil {
		f.Path, f.Reason = both[0], both[1]
		return nil
	}
	f.Reason = ""
	return json.Unmarshal(text, &f.Path)
}

// MaxFailedFiles bounds the names kept with a partial snapshot.
const MaxFailedFiles = 200

// Restorable says that restic holds something for this row.
func (s Snapshot) Restorable() bool {
	return s.ResticSnapshotID != "" && (s.Status == SnapshotSuccess || s.Status == SnapshotPartial)
}

// SnapshotFilter selects snapshots, newest first. Zero fields do not filter.
type SnapshotFilter struct {
	AppID           uuid.UUID
	ConfigurationID uuid.UUID
	DeviceID        uuid.UUID // of the app, as it is now
	DestinationID   uuid.UUID
	Status          SnapshotStatus
	From, To        time.Time // of StartedAt: From inclusive, To exclusive
	Page
}

// Page is one step through a list: Limit rows after the row Cursor, which is the id of the last row of the step before.
type Page struct {
	Cursor uuid.UUID
	Limit  int // 1 to MaxPage; 0 means DefaultPage
}

// Bounds of one page of a list.
const (
	DefaultPage = 100
	MaxPage     = 1000
)

// Size returns the limit within its bounds.
func (p Page) Size() int {
	switch {
	case p.Limit <= 0:
		return DefaultPage
	case p.Limit > MaxPage:
		return MaxPage
	}
	return p.Limit
}

// Node is one entry of a snapshot's tree.
type Node struct {
	Path    string
	Name    string
	Type    string // file dir symlink fifo socket chardev dev
	Size    int64
	Mode    uint32 // permission bits
	ModTime time.Time
	Target  string // of a symlink
}
