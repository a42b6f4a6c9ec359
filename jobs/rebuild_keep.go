package jobs

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"keepstead/model"
)

// keepIn returns what in a folder must not be replaced, relative to it: what backups leave out on purpose would be lost,
// since the snapshot does not hold it. What the snapshot does hold is replaced all the same.
func (b *rebuild) keepIn(ctx context.Context, t *target) ([]string, error) {
	keep := slices.Clone(t.keep)
	own, err := b.ownPlaces(ctx)
	if err != nil {
		return nil, err
	}
	for _, f := range b.here.Compose {
		own = append(own, f.Path)
	}
	for _, p := range own {
		if rel, below := strings.CutPrefix(path.Clean(p), t.to+"/"); below && p != "" {
			keep = append(keep, rel)
		}
	}
	var found model.Configuration
	if found, err = b.Store.Configuration(ctx, b.snapshot.ConfigurationID); err != nil && !errors.Is(err, model.ErrNotFound) {
		return nil, err
	}
	if _, patterns := scope(b.here.Found, found); len(patterns) > 0 {
		if keep, err = b.matching(t, ".", patterns, keep); err != nil {
			return nil, fmt.Errorf("look for what backups leave out: %w", err)
		}
	}
	keep = slices.DeleteFunc(keep, func(rel string) bool { return slices.Contains(t.empty, rel) })
	return b.notSaved(ctx, t, keep)
}

// ownPlaces are Keepstead's own folders, which no backup holds.
func (b *rebuild) ownPlaces(ctx context.Context) ([]string, error) {
	all, err := b.Store.Destinations(ctx)
	if err != nil {
		return nil, err
	}
	out := []string{b.Dir}
	for _, d := range all {
		if d.Type == model.DestinationLocal {
			out = append(out, d.LocalPath)
		}
	}
	return out, nil
}

// matching adds what one of the patterns leaves out of a folder.
func (b *rebuild) matching(t *target, rel string, patterns, keep []string) ([]string, error) {
	entries, err := b.files.ReadDir(path.Join(t.to, rel))
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		name := path.Join(rel, e.Name())
		switch {
		case slices.Contains(keep, name):
		case slices.ContainsFunc(patterns, func(p string) bool { return leftOut(p, path.Join(t.from, name)) || leftOut(p, path.Join(t.to, name)) }):
			keep = append(keep, name)
		case e.IsDir():
			if keep, err = b.matching(t, name, patterns, keep); err != nil {
				return nil, err
			}
		}
	}
	return keep, nil
}

// notSaved drops what the snapshot holds.
func (b *rebuild) notSaved(ctx context.Context, t *target, keep []string) ([]string, error) {
	if len(keep) == 0 {
		return nil, nil
	}
	saved := map[string]bool{}
	err := b.command(b.o).Ls(ctx, b.snapshot.ResticSnapshotID, t.from, true, func(n model.Node) error {
		saved[n.Path] = true
		return nil
	})
	if err != nil && !errors.Is(err, model.ErrNotFound) {
		return nil, fmt.Errorf("list what the snapshot holds of %s: %w", t.volume.Label(), err)
	}
	return slices.DeleteFunc(keep, func(rel string) bool { return saved[path.Join(t.from, rel)] }), nil
}

// leftOut says that a pattern of restic's leaves out exactly this path: one that begins with a slash from the top, any
// other at the path's end. What lies below is left out with it.
func leftOut(pattern, p string) bool {
	parts := strings.Split(strings.Trim(path.Clean(pattern), "/"), "/")
	names := strings.Split(strings.Trim(path.Clean(p), "/"), "/")
	if path.IsAbs(pattern) {
		return matchParts(parts, names)
	}
	for i := range names {
		if matchParts(parts, names[i:]) {
			return true
		}
	}
	return false
}

func matchParts(parts, names []string) bool {
	switch {
	case len(parts) == 0:
		return len(names) == 0
	case parts[0] == "**":
		return matchParts(parts[1:], names) || len(names) > 0 && matchParts(parts, names[1:])
	case len(names) == 0:
		return false
	}
	ok, err := path.Match(parts[0], names[0])
	return err == nil && ok && matchParts(parts[1:], names[1:])
}
