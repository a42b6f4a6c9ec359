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
	// SkipSafety leaves out the snapshot of what files in place are about to overwrite.
	SkipSafety bool `json:"skip_safety,omitempty"`
	// KeepRunning lets containers run on while files that they use are overwritten in place.
	KeepRunning bool `json:"keep_running,omitempty"`
	// App brings back an app made of containers instead of files; InPlace, TargetPath and Files are then empty.
	App *AppRestore `json:"app,omitempty"`
}

// AppMode is how an app made of containers comes back.
type AppMode string

// The modes.
const (
	AppInPlace AppMode = "in_place"    // the whole app, where it was
	AppParts   AppMode = "parts"       // chosen volumes and databases of it, where they were
	AppCopy    AppMode = "new_project" // the whole app beside the old one, under another name
)

// AppRestore says how to bring back an app made of containers.
type AppRestore struct {
	Mode AppMode `json:"mode"`
	// Volumes and Databases choose parts: names of volumes or host paths of binds, and databases as service/name, or
	// service for all of one server.
	Volumes   []string `json:"volumes,omitempty"`
	Databases []string `json:"databases,omitempty"`
	// Project is the new project's name, Folder where its compose file and bind mounts go (made where it is missing).
	Project string `json:"project,omitempty"`
	Folder  string `json:"folder,omitempty"`
	// Ports maps a published host port of the old project to the one of the new; 0 leaves it unpublished. A port that is
	// not named gets a free one.
	Ports map[string]int `json:"ports,omitempty"`
	// Isolated puts the new project on internal networks, without a way out.
	Isolated bool `json:"isolated,omitempty"`
	// SkipSafety leaves out the snapshot of the present state before it is replaced.
	SkipSafety bool `json:"skip_safety,omitempty"`
	// LeaveStopped does not start the app afterwards.
	LeaveStopped bool `json:"leave_stopped,omitempty"`
}

const maxRestoreFiles = 1000

// Validate checks the request's own shape. The target is checked on its device, the files against the snapshot.
func (r Restore) Validate() error {
	var problems Invalids
	r.checkInPlace(&problems)
	if r.App != nil {
		if r.InPlace || r.TargetPath != "" || len(r.Files) > 0 {
			problems.Add("app", "Restore the app or files of it, not both in one request.")
		}
		r.App.check(&problems)
		return problems.Err()
	}
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

// checkInPlace refuses what only a restore of files in place can do without.
func (r Restore) checkInPlace(problems *Invalids) {
	if r.InPlace {
		return
	}
	if r.SkipSafety {
		problems.Add("skip_safety", "This is for files in place, which overwrite something; an app has such a field of its own.")
	}
	if r.KeepRunning {
		problems.Add("keep_running", "This is for files in place; nothing else writes under containers that run.")
	}
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
	Stopped    []string // containers that would be stopped meanwhile
	// App is the plan for an app made of containers; nil for a restore of files.
	App *AppPlan
}

// AppPlan is what the restore of an app would do and what stands in its way.
type AppPlan struct {
	Project   string
	Replaced  []string // volumes, folders and databases whose present content would be replaced, then containers made anew
	Recreated int      // how many of Replaced are containers
	Created   []string // volumes, networks and containers that would be made
	Stopped   []string // containers that would be stopped meanwhile
	Ports     []PortPlan
	Images    []ImagePlan
	Missing   []string // what the snapshot does not hold, each in a sentence
	Obstacles []string // why the restore cannot begin, each in a sentence with its mend
}

// PortPlan is a published port: From as it was, To as it will be (0: not published), Taken by whom if it is not free.
type PortPlan struct {
	Service string
	From    int
	To      int
	Taken   string
}

// ImagePlan is an image that the app needs.
type ImagePlan struct {
	Image   string
	Present bool
	// Pull is what would be pulled where it is absent.
	Pull string
}
