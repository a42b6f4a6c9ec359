package api

import (
	"cmp"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"keepstead/model"
)

func (a *API) listFiles(c *fiber.Ctx) error {
	q := model.FolderQuery{Dir: cmp.Or(queryText(c, "path"), "/"), After: queryText(c, "after"), Limit: queryNumber(c, "limit")}
	page, err := a.Jobs.BrowsePage(c.UserContext(), pathID(c), q)
	if err != nil {
		return err
	}
	return c.JSON(FileList{Path: q.Dir, Files: mapped(page.Nodes, wireFile), Total: page.Total, Next: page.Next})
}

// queryNumber returns a query parameter that is a number, or 0 where it is absent.
func queryNumber(c *fiber.Ctx, name string) int {
	n, err := strconv.Atoi(queryText(c, name))
	if err != nil {
		return 0
	}
	return n
}

func (a *API) searchSnapshotFiles(c *fiber.Ctx) error {
	return a.searchFiles(c, model.FileQuery{Snapshot: pathID(c)})
}

func (a *API) searchAppFiles(c *fiber.Ctx) error {
	return a.searchFiles(c, model.FileQuery{AppID: pathID(c)})
}

func (a *API) searchFiles(c *fiber.Ctx, q model.FileQuery) error {
	q.Text, q.Limit = queryText(c, "q"), queryNumber(c, "limit")
	found, err := a.Jobs.SearchFiles(c.UserContext(), q)
	if err != nil {
		return err
	}
	return c.JSON(FileHits{
		More: found.More, Indexed: found.Indexed, Unindexed: found.Unindexed,
		Hits: mapped(found.Hits, func(h model.FileHit) FileHit {
			return FileHit{File: wireFile(h.Node), SnapshotID: h.Newest, FirstSeen: utc(h.FirstSeen), LastSeen: utc(h.LastSeen)}
		}),
	})
}

func (a *API) listFileVersions(c *fiber.Ctx) error {
	file := queryText(c, "path")
	found, err := a.Jobs.FileVersions(c.UserContext(), pathID(c), file)
	if err != nil {
		return err
	}
	return c.JSON(FileVersions{Path: file, Versions: mapped(found, func(v model.FileVersion) FileVersion {
		return FileVersion{File: wireFile(v.Node), SnapshotIds: v.Snapshots, FirstSeen: utc(v.FirstSeen), LastSeen: utc(v.LastSeen)}
	})})
}

func (a *API) indexSnapshot(c *fiber.Ctx) error {
	job, err := a.Jobs.IndexNow(c.UserContext(), pathID(c), model.TriggerAPI)
	if err != nil {
		return err
	}
	return a.accepted(c, job)
}

func (a *API) compareSnapshots(c *fiber.Ctx) error {
	found, err := a.Jobs.Compare(c.UserContext(), model.ComparisonQuery{
		Before: queryID(c, "with"), After: pathID(c), Kind: model.ChangeKind(queryText(c, "kind")), Text: queryText(c, "q"),
		Cursor: queryText(c, "cursor"), Limit: queryNumber(c, "limit"),
	})
	if err != nil {
		return err
	}
	return c.JSON(Comparison{
		Added: wireTally(found.Added), Changed: wireTally(found.Changed), Removed: wireTally(found.Removed), Grown: found.Grown,
		Next: found.Next, Changes: mapped(found.Changes, func(d model.Change) Change {
			return Change{Kind: d.Kind, Path: d.Path, Before: wireFileOr(d.Before), After: wireFileOr(d.After)}
		}),
	})
}

func wireTally(t model.ChangeTally) ChangeTally {
	return ChangeTally{Files: t.Files, Folders: t.Folders, Bytes: t.Bytes}
}

func wireFileOr(n *model.Node) File {
	if n == nil {
		return File{}
	}
	return wireFile(*n)
}
