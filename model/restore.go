package model

import (
	"path"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Restore says what to bring back and where to.
type Restore struct {
	SnapshotID uuid.UUID `json:"snapshot_id"`
	// DeviceID is the device to restore onto.
	DeviceID uuid.UUID `json:"device_id"`
	// InPlace restores each file to where it was; TargetPath is then empty.
	InPlace bool `json:"in_place,omitempty"`
	// TargetPath is the folder under which the files are laid, each with its full path.
	TargetPath string `json:"target_path,omitempty"`
	// Files are absolute paths as the snapshot holds them, or relative to one of its roots; empty means all.
	// Every character means itself.
	Files []string `json:"files,omitempty"`
}

const maxRestoreFiles = 1000

// Validate checks the request's own shape. The target is checked on its device, the files against the snapshot.
func (r Restore) Validate() error {
	var problems Invalids
	switch {
	case r.InPlace && r.TargetPath != "":
		problems.Add("target_path", "Leave the target empty to restore in place, or turn “in place” off.")
	case !r.InPlace:
		checkPath(&problems, "target_path", r.TargetPath)
		for _, top := range pseudo {
			if r.TargetPath != "" && Within(r.TargetPath, top) {
				problems.Add("target_path", "Nothing can be restored below %s.", top)
			}
		}
		if r.TargetPath != "" && path.Clean(r.TargetPath) == "/" {
			problems.Add("target_path", "To put files back where they were, choose “in place”; else give a folder such as /tmp/restore.")
		}
	}
	if len(r.Files) > maxRestoreFiles {
		problems.Add("files", "Name at most %d files or folders; restore their parent folder instead.", maxRestoreFiles)
	}
	for _, f := range r.Files {
		switch {
		case f == "":
			problems.Add("files", "An entry is empty.")
		case len(f) > maxPath || strings.ContainsRune(f, 0) || !utf8.ValidString(f):
			problems.Add("files", "%q is not a usable path.", clip(f))
		case f == ".." || strings.HasPrefix(f, "../") || strings.Contains(f, "/../") || strings.HasSuffix(f, "/.."):
			problems.Add("files", "%q leaves the snapshot; write the path without “..”.", clip(f))
		}
	}
	return problems.Err()
}

// RestorePlan is what a restore would do, for the page that asks for it.
type RestorePlan struct {
	Target     string
	FreeBytes  int64 // on the target's file system, -1 where unknown
	NeedBytes  int64
	NewFiles   int
	Overwrites int // existing files whose content would change
	Unchanged  int
	Examples   []string // some of the files that would be overwritten
}
