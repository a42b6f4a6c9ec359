package views

import (
	"strings"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
)

// oddFile is a file whose name is all that a name can be.
func oddFile(s sample) model.Node {
	name := "שלום <script>alert(1)</script>\n[x] " + strings.Repeat("long", 40)
	return model.Node{Path: "/srv/paperless/" + name, Name: name, Type: "file", Size: 1 << 30, ModTime: s.chrome.Now.AddDate(0, -2, 0)}
}

func findSample(s sample, at func(string) Chrome) FindProps {
	hits := model.FileHits{More: true, Indexed: 61, Unindexed: 3}
	for _, n := range append(s.nodes(), oddFile(s)) {
		hits.Hits = append(hits.Hits, model.FileHit{Node: n, Newest: id(402), FirstSeen: s.chrome.Now.AddDate(0, -3, 0), LastSeen: s.chrome.Now.Add(-time.Hour)})
	}
	return FindProps{
		Chrome: at(SnapshotSearchPath(id(402))), App: s.apps[2].App, Snapshot: &s.snapshots[2],
		Form: FindForm{Text: "s", In: "app"}, Hits: &hits,
	}
}

func versionsSample(s sample, at func(string) Chrome) VersionsProps {
	n := oddFile(s)
	old := n
	old.Size, old.ModTime = 12, n.ModTime.AddDate(-1, 0, 0)
	return VersionsProps{
		Chrome: at(AppFilesPath(id(32))), App: s.apps[2].App, Path: n.Path,
		Started: map[uuid.UUID]SnapshotItem{s.snapshots[2].ID: s.snapshots[2], s.snapshots[1].ID: s.snapshots[1]},
		Versions: []model.FileVersion{
			{Node: n, Snapshots: []uuid.UUID{s.snapshots[2].ID}, FirstSeen: s.chrome.Now.Add(-time.Hour), LastSeen: s.chrome.Now.Add(-time.Hour)},
			{Node: old, Snapshots: []uuid.UUID{s.snapshots[1].ID, id(999)}, FirstSeen: s.chrome.Now.AddDate(-1, 0, 0), LastSeen: s.chrome.Now.AddDate(0, -1, 0)},
		},
	}
}

func compareSample(s sample, at func(string) Chrome) CompareProps {
	n := oddFile(s)
	old := n
	old.Size = 12
	return CompareProps{
		Chrome: at(ComparePath(id(402))), Snapshot: s.snapshots[2], Other: &s.snapshots[1], Choices: s.snapshots[:2],
		Query: CompareQuery{With: s.snapshots[1].ID.String(), Cursor: "a/etc"},
		Comparison: &model.Comparison{
			Added: model.ChangeTally{Files: 1, Folders: 1, Bytes: 5}, Changed: model.ChangeTally{Files: 1, Bytes: n.Size},
			Removed: model.ChangeTally{Files: 12345, Bytes: 1 << 40}, Grown: -(1 << 40), Next: "r/srv/old",
			Changes: []model.Change{
				{Kind: model.ChangeAdded, Path: "/srv/new", After: &model.Node{Path: "/srv/new", Type: "dir"}},
				{Kind: model.ChangeChanged, Path: n.Path, Before: &old, After: &n},
				{Kind: model.ChangeRemoved, Path: "/srv/old", Before: &model.Node{Path: "/srv/old", Type: "file", Size: 3}},
			},
		},
	}
}

func unindexedSample(s sample, at func(string) Chrome) CompareProps {
	p := compareSample(s, at)
	p.Comparison, p.Query.Cursor, p.NotIndexed = nil, "", []SnapshotItem{s.snapshots[1]}
	return p
}
