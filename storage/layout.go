package storage

import (
	"regexp"
	"slices"
	"strings"

	"keepstead/model"
)

// lockID is restic's name of a lock: the SHA-256 of its content.
var lockID = regexp.MustCompile(`^[0-9a-f]{64}$`)

// folders of a repository; `config` is its one file beside them.
var folders = []string{"data", "index", "keys", "locks", "snapshots"}

// testPrefix starts the name of the object that a probe writes; restic has no such name.
const testPrefix = "keepstead-test-"

// tempPrefix starts the names of files that Keepstead is still writing, its gateway's uploads among them.
const tempPrefix = ".keepstead-"

// contents is what lies directly under a place, as far as it tells a repository from other files.
type contents struct {
	config, keys bool
	strangers    []string // names that are neither restic's nor our test object
	restic       bool     // any of restic's own folders
}

// add takes in one name found directly under the place.
func (c *contents) add(name string) {
	switch {
	case name == "config":
		c.config = true
	case slices.Contains(folders, name):
		c.restic = true
	case name == "lost+found" || strings.HasPrefix(name, testPrefix) || strings.HasPrefix(name, tempPrefix):
	default:
		c.strangers = append(c.strangers, name)
	}
}

// judge says what the place holds; where it can be used neither for a new nor as an existing repository, also why.
func (c *contents) judge() (model.RepositoryState, string, error) {
	switch {
	case c.config && c.keys:
		return model.RepositoryPresent, "A restic repository is here. With its password it is taken over, snapshots included.", nil
	case c.config:
		return model.RepositoryForeign, "", &Error{
			Reason: "A restic repository without any key is here: its keys folder is empty or missing.",
			Mend:   "Bring the keys folder back from a copy, or choose another place.",
		}
	case len(c.strangers) > 0:
		return model.RepositoryForeign, "", &Error{
			Reason: "Other files are here already, such as " + quote(c.strangers[0]) + ".",
			Mend:   "Choose an empty folder for the backups, or a folder inside this one.",
		}
	case c.restic:
		return model.RepositoryForeign, "", &Error{
			Reason: "Parts of a restic repository are here, but not its config file.",
			Mend:   "If a creation was broken off here, remove these parts; if backups are missing, bring the config file back. Or choose another place.",
		}
	}
	return model.RepositoryNone, "Empty: a new repository can be made here.", nil
}

// precious are the folders whose content is somebody's backups: where one of them holds anything, nothing is cleared.
var precious = []string{"data", "index", "snapshots"}

// errPrecious refuses to clear a place that holds backups.
var errPrecious = model.Conflict{Reason: "Backups are stored here; nothing was removed."}

// maxStrangers is how many foreign names are enough to stop looking, unless a repository is among them.
const maxStrangers = 1000
