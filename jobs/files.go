package jobs

import (
	"context"
	"errors"
	"path"
	"sort"
	"strings"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/restic"
)

// BrowsePage lists one page of a folder of a snapshot: from the index, or where that does not have the snapshot, from
// its repository.
func (m *Manager) BrowsePage(ctx context.Context, snapshot uuid.UUID, q model.FolderQuery) (model.FolderPage, error) {
	s, err := m.browsable(ctx, snapshot)
	if err != nil {
		return model.FolderPage{}, err
	}
	q.Dir = path.Clean("/" + q.Dir)
	if page, known, err := m.indexedFolder(ctx, s.ID, q); known {
		return page, err
	}
	nodes, err := m.listed(ctx, s, q.Dir)
	return model.PageOf(nodes, q), err
}

// browsable returns a snapshot that holds something.
func (m *Manager) browsable(ctx context.Context, id uuid.UUID) (model.Snapshot, error) {
	s, err := m.Store.Snapshot(ctx, id)
	if err == nil && !s.Restorable() {
		err = model.Conflict{Reason: "This backup saved nothing that could be listed."}
	}
	return s, err
}

// indexedFolder asks the index; known says that it has an answer. An index that fails is no reason not to show a folder.
func (m *Manager) indexedFolder(ctx context.Context, snapshot uuid.UUID, q model.FolderQuery) (page model.FolderPage, known bool, err error) {
	if m.Index == nil {
		return page, false, nil
	}
	page, err = m.Index.Folder(ctx, snapshot, q)
	switch {
	case err == nil, errors.Is(err, model.ErrNotFound), ctx.Err() != nil:
		return page, true, err
	case !errors.Is(err, model.ErrNotIndexed):
		m.logger.Error("open a folder in the index", "snapshot", snapshot, "error", err)
	}
	return page, false, nil
}

// listed asks the repository for a folder, folders first.
func (m *Manager) listed(ctx context.Context, s model.Snapshot, dir string) ([]model.Node, error) {
	out := []model.Node{}
	err := m.quickly(ctx, s.DestinationID, func(ctx context.Context, o opened) error {
		return o.repo.Ls(ctx, s.ResticSnapshotID, dir, false, func(n model.Node) error {
			if path.Dir(n.Path) == dir && n.Path != dir {
				out = append(out, n)
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	sort.SliceStable(out, func(i, j int) bool { return model.NodeKey(out[i]) < model.NodeKey(out[j]) })
	return out, nil
}

// Indexed says whether the files of a snapshot are in the index.
func (m *Manager) Indexed(ctx context.Context, snapshot uuid.UUID) (bool, error) {
	if m.Index == nil {
		return false, nil
	}
	return m.Index.Has(ctx, snapshot)
}

// IndexNow queues the indexing of one snapshot.
func (m *Manager) IndexNow(ctx context.Context, snapshot uuid.UUID, trigger model.JobTrigger) (model.Job, error) {
	s, err := m.browsable(ctx, snapshot)
	if err != nil {
		return model.Job{}, err
	}
	switch has, err := m.Indexed(ctx, s.ID); {
	case err != nil:
		return model.Job{}, err
	case has:
		return model.Job{}, model.Conflict{Reason: "The files of this snapshot are indexed already."}
	}
	job := indexJob(s.DestinationID)
	job.Trigger, job.SnapshotID, job.AppID = trigger, s.ID, s.AppID
	made, err := m.create(ctx, nil, job)
	if err != nil {
		return model.Job{}, err
	}
	if len(made) == 0 {
		return model.Job{}, model.Conflict{Reason: "This is already queued."}
	}
	return made[0], nil
}

// SearchFiles finds files by a part of their name, in all indexed snapshots of an app, or in one snapshot: that is
// looked for in its repository where the index does not have it.
func (m *Manager) SearchFiles(ctx context.Context, q model.FileQuery) (model.FileHits, error) {
	if strings.Trim(q.Text, "/") == "" {
		return model.FileHits{}, model.Invalid{Field: "q", Reason: "Give a part of the name."}
	}
	if q.Snapshot != uuid.Nil {
		return m.searchOne(ctx, q)
	}
	if _, err := m.Store.App(ctx, q.AppID); err != nil {
		return model.FileHits{}, err
	}
	var hits model.FileHits
	have := map[uuid.UUID]bool{}
	if m.Index != nil {
		var err error
		if hits, err = m.Index.Search(ctx, q); err != nil {
			return hits, err
		}
		if have, err = m.Index.OfApp(ctx, q.AppID); err != nil {
			return hits, err
		}
	}
	all, err := m.Store.RestorableSnapshots(ctx, q.AppID)
	for _, id := range all {
		if have[id] {
			hits.Indexed++
		} else {
			hits.Unindexed++
		}
	}
	return hits, err
}

// searchOne looks through one snapshot.
func (m *Manager) searchOne(ctx context.Context, q model.FileQuery) (model.FileHits, error) {
	s, err := m.browsable(ctx, q.Snapshot)
	if err != nil {
		return model.FileHits{}, err
	}
	if m.Index != nil {
		hits, err := m.Index.Search(ctx, q)
		if err == nil || !errors.Is(err, model.ErrNotIndexed) {
			hits.Indexed = 1
			return hits, err
		}
	}
	return m.searchRepository(ctx, s, q)
}

// searchRepository has restic look through one snapshot.
func (m *Manager) searchRepository(ctx context.Context, s model.Snapshot, q model.FileQuery) (model.FileHits, error) {
	want := strings.ToLower(strings.TrimRight(q.Text, "/"))
	name := want[strings.LastIndexByte(want, '/')+1:]
	out := model.FileHits{Unindexed: 1}
	err := m.quickly(ctx, s.DestinationID, func(ctx context.Context, o opened) error {
		return o.repo.Find(ctx, restic.FindOptions{
			Patterns: []string{"*" + restic.Literal(name) + "*"}, Snapshots: []string{s.ResticSnapshotID}, IgnoreCase: true,
		}, func(match restic.Match) error {
			switch {
			case !strings.Contains(strings.ToLower(match.Node.Path), want):
			case len(out.Hits) == q.Size():
				out.More = true
			default:
				out.Hits = append(out.Hits, model.FileHit{Node: match.Node, Newest: s.ID, FirstSeen: s.StartedAt, LastSeen: s.StartedAt})
			}
			return nil
		})
	})
	return out, err
}

// FileVersions lists the states that a file had in the indexed snapshots of an app, newest first.
func (m *Manager) FileVersions(ctx context.Context, app uuid.UUID, file string) ([]model.FileVersion, error) {
	if _, err := m.Store.App(ctx, app); err != nil {
		return nil, err
	}
	if m.Index == nil {
		return []model.FileVersion{}, nil
	}
	return m.Index.Versions(ctx, app, file)
}

// Compare says what differs between two snapshots, a page at a time. Where one of them is not indexed the error is a
// model.NotIndexed.
func (m *Manager) Compare(ctx context.Context, q model.ComparisonQuery) (model.Comparison, error) {
	var missing []uuid.UUID
	for _, id := range []uuid.UUID{q.Before, q.After} {
		if _, err := m.browsable(ctx, id); err != nil {
			return model.Comparison{}, err
		}
		has, err := m.Indexed(ctx, id)
		if err != nil {
			return model.Comparison{}, err
		}
		if !has {
			missing = append(missing, id)
		}
	}
	if len(missing) > 0 {
		return model.Comparison{}, model.NotIndexed{Snapshots: missing}
	}
	return m.Index.Compare(ctx, q)
}
