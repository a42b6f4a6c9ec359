package model

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxProject bounds a project's name: the names of its containers begin with it, and are host names too.
const maxProject = 40

// maxPort is the largest number of a port.
const maxPort = 65535

// projectName is what compose accepts as the name of a project.
var projectName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`)

// check checks the request's own shape; the rest is checked against the snapshot and the engine.
func (a AppRestore) check(problems *Invalids) {
	switch a.Mode {
	case AppInPlace:
		a.checkNoParts(problems)
		a.checkNoCopy(problems)
	case AppParts:
		if len(a.Volumes)+len(a.Databases) == 0 {
			problems.Add("volumes", "Choose at least one volume or database.")
		}
		checkParts(problems, "volumes", a.Volumes)
		checkParts(problems, "databases", a.Databases)
		a.checkNoCopy(problems)
	case AppCopy:
		a.checkNoParts(problems)
		a.checkCopy(problems)
	default:
		problems.Add("mode", "Choose one of %s, %s and %s.", AppInPlace, AppParts, AppCopy)
	}
}

func (a AppRestore) checkNoParts(problems *Invalids) {
	if len(a.Volumes)+len(a.Databases) > 0 {
		problems.Add("volumes", "Volumes and databases are chosen only for a restore of parts.")
	}
}

func (a AppRestore) checkNoCopy(problems *Invalids) {
	if a.Project != "" || a.Folder != "" || len(a.Ports) > 0 || a.Isolated {
		problems.Add("project", "A project's name, folder, ports and isolation are for a restore as a new project.")
	}
}

func (a AppRestore) checkCopy(problems *Invalids) {
	switch {
	case a.Project == "":
		problems.Add("project", "Give the new project a name.")
	case len(a.Project) > maxProject || !projectName.MatchString(a.Project):
		problems.Add("project", "Use at most %d small letters, digits, hyphens and underscores, beginning with a letter or a digit.", maxProject)
	}
	before := len(*problems)
	CheckSource(problems, "folder", a.Folder)
	if len(*problems) == before && path.Clean(a.Folder) == "/" {
		problems.Add("folder", "Give a folder of its own, such as /opt/%s.", a.Project)
	}
	a.checkPorts(problems)
}

func (a AppRestore) checkPorts(problems *Invalids) {
	taken := map[int]string{}
	for from, to := range a.Ports {
		if n, err := strconv.Atoi(from); err != nil || n < 1 || n > maxPort {
			problems.Add("ports", "%q is not a port.", clip(from))
		}
		if to < 0 || to > maxPort {
			problems.Add("ports", "Give port %s a number from 1 to %d, or 0 to leave it unpublished.", clip(from), maxPort)
		}
		if other, twice := taken[to]; twice && to != 0 {
			problems.Add("ports", "Ports %s and %s cannot both become %d.", clip(min(from, other)), clip(max(from, other)), to)
		}
		taken[to] = from
	}
}

func checkParts(problems *Invalids, field string, parts []string) {
	if len(parts) > maxRestoreFiles {
		problems.Add(field, "Name at most %d of them.", maxRestoreFiles)
		return
	}
	for i, p := range parts {
		switch {
		case strings.TrimSpace(p) == "":
			problems.Add(field, "An entry is empty.")
		case len(p) > maxPath || strings.ContainsRune(p, 0) || !utf8.ValidString(p):
			problems.Add(field, "%q is not a usable name.", clip(p))
		case slices.Contains(parts[:i], p):
			problems.Add(field, "%q is listed twice.", clip(p))
		}
	}
}
