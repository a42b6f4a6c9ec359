package views

import (
	"context"
	"path"
	"slices"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/views/lang"
	"keepstead/views/ui"
)

// FindProps is the search for a file, in a snapshot or in all snapshots of an app, with what was found.
type FindProps struct {
	Chrome
	App      model.App
	Snapshot *SnapshotItem // nil where the search is not about one
	Form     FindForm
	Hits     *model.FileHits // nil before something was looked for
	Reason   string          // why it was not looked for
}

// FindForm is the query of a search.
type FindForm struct {
	Text string `query:"q"`
	In   string `query:"in"` // app, or this snapshot
}

// VersionsProps is the states that a file had.
type VersionsProps struct {
	Chrome
	App      model.App
	Path     string
	Versions []model.FileVersion
	Started  map[uuid.UUID]SnapshotItem // the first VersionSnapshots of each version
}

// VersionSnapshots are how many snapshots of a version are named; there may be thousands.
const VersionSnapshots = 20

// CompareProps is two snapshots with what differs. Without Other, or with NotIndexed, there is no Comparison.
type CompareProps struct {
	Chrome
	Snapshot   SnapshotItem
	Other      *SnapshotItem
	Choices    []SnapshotItem // to compare with, newest first
	Query      CompareQuery
	Comparison *model.Comparison
	NotIndexed []SnapshotItem // what would have to be indexed first
	Swapped    bool           // the other snapshot is the later one
}

// CompareQuery is the query of a comparison.
type CompareQuery struct {
	With   string `query:"with"`
	Kind   string `query:"kind"`
	Text   string `query:"q"`
	Cursor string `query:"cursor"`
}

// action is where the search's form goes.
func (p FindProps) action() string {
	if p.Snapshot != nil {
		return SnapshotSearchPath(p.Snapshot.ID)
	}
	return AppFilesPath(p.App.ID)
}

// heading leads up to the snapshot that is looked into, or to the app.
func (p FindProps) heading(ctx context.Context) ui.Heading {
	h := ui.Heading{Up: AppPath(p.App.ID), UpText: p.App.Name, Title: lang.T(ctx, "Find a file"), About: findAbout(p)}
	if p.Snapshot != nil {
		h.Up, h.UpText = SnapshotPath(p.Snapshot.ID), p.Clock.Exact(p.Snapshot.StartedAt)
	}
	return h
}

// everywhere says that all snapshots of the app are searched.
func (p FindProps) everywhere() bool { return p.Snapshot == nil || p.Form.In == "app" }

func (p FindProps) title(ctx context.Context) string {
	if p.Form.Text != "" {
		return naming(ctx, "“"+gap+"” in "+gap2, p.Form.Text, p.App.Name)
	}
	return naming(ctx, "Find a file of "+gap, p.App.Name)
}

// foundLine says how much was found, and in how much.
func foundLine(p FindProps) string {
	h := p.Hits
	line := ui.Plural(len(h.Hits), "match", "matches")
	if h.More {
		line = "The best " + ui.Count(len(h.Hits)) + " of more matches"
	}
	if p.everywhere() {
		return line + " in " + ui.Plural(h.Indexed, "snapshot", "snapshots")
	}
	return line + " in this snapshot"
}

func findOptions() []ui.Option {
	return []ui.Option{{Value: "", Text: "This snapshot"}, {Value: "app", Text: "All snapshots of the app"}}
}

// folderOf is the folder that a path is in.
func folderOf(p string) string { return path.Dir(p) }

func changeOptions() []ui.Option {
	return []ui.Option{
		{Value: "", Text: "Every change"},
		{Value: string(model.ChangeAdded), Text: "Added"},
		{Value: string(model.ChangeChanged), Text: "Changed"},
		{Value: string(model.ChangeRemoved), Text: "Removed"},
	}
}

// changeState is the colour, the shape and the word of a change.
func changeState(k model.ChangeKind) ui.State {
	switch k {
	case model.ChangeAdded:
		return ui.State{Word: "Added", Class: "is-good", Icon: ui.IconPlus}
	case model.ChangeRemoved:
		return ui.State{Word: "Removed", Class: "is-warn", Icon: ui.IconTrash}
	}
	return ui.State{Word: "Changed", Class: "is-run", Icon: ui.IconEdit}
}

// tally says how many files and folders a count has.
func tally(t model.ChangeTally) string {
	line := ui.Plural(t.Files, "file", "files")
	if t.Folders > 0 {
		line += ", " + ui.Plural(t.Folders, "folder", "folders")
	}
	return line
}

// grownLine says by how much the files grew.
func grownLine(n int64) string {
	switch {
	case n > 0:
		return "+" + ui.Bytes(n)
	case n < 0:
		return "−" + ui.Bytes(-n)
	}
	return "None"
}

func compareOptions(p CompareProps) []ui.Option {
	var out []ui.Option
	for _, s := range p.ordered() {
		out = append(out, ui.Option{Value: s.ID.String(), Text: p.Clock.Minute(s.StartedAt) + " · " + s.DestinationName})
	}
	return out
}

// ordered are the snapshots to compare with: those before, the nearest first, then those after.
func (p CompareProps) ordered() []SnapshotItem {
	var before, after []SnapshotItem
	for _, s := range p.Choices { // newest first
		if s.StartedAt.After(p.Snapshot.StartedAt) {
			after = append(after, s)
		} else {
			before = append(before, s)
		}
	}
	slices.Reverse(after)
	return append(before, after...)
}

// earlier and later are the two snapshots by their time.
func (p CompareProps) earlier() SnapshotItem {
	if p.Swapped {
		return p.Snapshot
	}
	return *p.Other
}

func (p CompareProps) later() SnapshotItem {
	if p.Swapped {
		return *p.Other
	}
	return p.Snapshot
}

// holder is the snapshot that holds what was added or removed.
func (p CompareProps) holder(c model.Change) uuid.UUID {
	if c.After == nil {
		return p.earlier().ID
	}
	return p.later().ID
}
