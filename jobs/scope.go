package jobs

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
)

// scopeLimit bounds how long the files of a snapshot are looked through while somebody types.
const scopeLimit = 2 * time.Second

// PreviewScope says what the includes and excludes of a configuration come to as they are given, by the files of its
// newest snapshot in the index: a walk through the source itself would be slow, or on another machine.
func (m *Manager) PreviewScope(ctx context.Context, c model.Configuration) (model.ScopePreview, error) {
	var out model.ScopePreview
	app, err := m.Store.App(ctx, c.AppID)
	if err != nil {
		return out, err
	}
	if out.Problems, err = m.scopeProblems(ctx, app, c); err != nil || max(len(c.IncludePaths), len(c.ExcludePaths)) > model.MaxPaths {
		return out, err
	}
	if out.Snapshot, err = m.newestIndexed(ctx, c); err != nil {
		return out, err
	}
	look := newScopeLook(c, &out)
	look.fates(app, c)
	if out.Snapshot == nil {
		return out, nil
	}
	out.Cut, err = m.walkFor(ctx, scopeLimit, out.Snapshot.ID, look.count)
	if err != nil {
		return out, err
	}
	return out, m.markInForce(ctx, c, &out)
}

// scopeProblems are the refusals of the paths and patterns. Whether the paths are there is looked up on this machine
// alone: another one is asked when they are saved.
func (m *Manager) scopeProblems(ctx context.Context, app model.App, c model.Configuration) (model.Invalids, error) {
	problems := slices.DeleteFunc(model.Refused(c.Validate()), func(i model.Invalid) bool {
		return i.Field != "include_paths" && i.Field != "exclude_paths"
	})
	if len(c.IncludePaths) == 0 || slices.ContainsFunc(problems, func(i model.Invalid) bool { return i.Field == "include_paths" }) {
		return problems, nil
	}
	on, err := m.device(ctx, app.DeviceID)
	if err != nil || on.Kind == model.DeviceSSH {
		return problems, err
	}
	err = m.checkFolders(ctx, app.DeviceID, "include_paths", c.IncludePaths)
	if refused := model.Refused(err); len(refused) > 0 {
		return append(problems, refused...), nil
	}
	return problems, err
}

// newestIndexed is the newest snapshot of a configuration whose files are indexed, or of its app; nil where there is none.
func (m *Manager) newestIndexed(ctx context.Context, c model.Configuration) (*model.Snapshot, error) {
	if m.Index == nil {
		return nil, nil
	}
	ids, err := m.Index.Newest(ctx, c.AppID, c.ID)
	for _, id := range ids {
		s, err := m.Store.Snapshot(ctx, id)
		switch {
		case errors.Is(err, model.ErrNotFound): // it went a moment ago
		case err != nil:
			return nil, err
		case !s.Safety: // that may hold a few files only, and what excludes leave out
			return &s, nil
		}
	}
	return nil, err
}

// errLongEnough ends a walk whose time is over.
var errLongEnough = errors.New("the time is over")

// walkFor calls each for what a snapshot holds, for a while; cut says that there is more.
func (m *Manager) walkFor(ctx context.Context, limit time.Duration, snapshot uuid.UUID, each func(model.Node)) (cut bool, err error) {
	began := time.Now()
	err = m.Index.Walk(ctx, snapshot, func(n model.Node) error {
		if time.Since(began) > limit {
			return errLongEnough
		}
		each(n)
		return nil
	})
	if errors.Is(err, errLongEnough) {
		return true, nil
	}
	return false, err
}

// markInForce marks the patterns that match nothing because the snapshot was already made without what they match.
func (m *Manager) markInForce(ctx context.Context, c model.Configuration, out *model.ScopePreview) error {
	saved, err := m.Store.Configuration(ctx, c.ID)
	if err != nil || saved.UpdatedAt.After(out.Snapshot.StartedAt) || out.Snapshot.ConfigurationID != c.ID {
		return err
	}
	for i := range out.Excludes {
		e := &out.Excludes[i]
		e.InForce = e.Example == "" && slices.Contains(saved.ExcludePaths, e.Pattern)
	}
	return nil
}
