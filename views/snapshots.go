package views

import (
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"keepstead/model"
	"keepstead/views/ui"
)

// shortID is the start of restic's id, as restic itself shows it.
func shortID(id string) string {
	if len(id) > 8 {
		return id[:8]
	}
	return id
}

func seconds(n int) string { return ui.Duration(time.Duration(n) * time.Second) }

type dirCrumb struct{ Name, Path string }

// dirCrumbs splits a folder of a snapshot into the steps that lead to it.
func dirCrumbs(dir string) []dirCrumb {
	var out []dirCrumb
	path := ""
	for _, name := range strings.Split(strings.Trim(dir, "/"), "/") {
		if name == "" {
			continue
		}
		path += "/" + name
		out = append(out, dirCrumb{Name: name, Path: path})
	}
	return out
}

// nodeKey makes an element id of a path: any bytes in, letters and digits out.
func nodeKey(path string) string {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(path)) // a hash never fails
	return strconv.FormatUint(sum.Sum64(), 36)
}

func nodeIcon(n model.Node) ui.IconName {
	switch n.Type {
	case "file":
		return ui.IconFile
	case "symlink":
		return ui.IconLink
	}
	return ui.IconOther
}

// snapshotColumns are those of a table of snapshots, with the app's name where they are of several.
func snapshotColumns(named bool) []ui.Column {
	restore := ui.Column{Text: "Restore", Hidden: true}
	if !named {
		return []ui.Column{{Text: "Taken"}, {Text: "Status"}, {Text: "Destination"}, {Text: "Size", Num: true}, restore}
	}
	return []ui.Column{{Text: "App"}, {Text: "Status"}, {Text: "Destination"}, {Text: "Taken"}, {Text: "Size", Num: true}, {Text: "Added", Num: true}, restore}
}

// firstSnapshot says where the first snapshot of an app comes from.
func firstSnapshot(a model.AppOverview) string {
	if canBackUp(a) {
		return "Press “Back up now” to take the first."
	}
	return "The first is taken once the app is protected."
}
