package restic

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// run runs restic, a second time when the first one met a torn cache. restic writes the cache's version file in two
// steps: a run that starts between them ends with an error, before it touches the repository; and when a run is killed
// between them, every later one does.
func (r Repo) run(ctx context.Context, c call) error {
	err := r.runOnce(ctx, c)
	if !tornCache(err) || ctx.Err() != nil {
		return err
	}
	if mending := r.mendCache(); mending != nil {
		return errors.Join(err, mending)
	}
	return r.runOnce(ctx, c)
}

func tornCache(err error) bool {
	var failed *Error
	return errors.As(err, &failed) && failed.Code == 1 && strings.HasPrefix(failed.Message, "strconv.ParseUint: parsing \"\"") &&
		strings.Contains(failed.Stderr, "cache.readVersion")
}

// mendCache removes the version files that are empty; restic makes them anew and keeps what else is cached.
func (r Repo) mendCache() error {
	files, err := r.Host.Files()
	if err != nil {
		return fmt.Errorf("mend the cache: %w", err)
	}
	entries, err := files.ReadDir(r.CacheDir)
	if err != nil {
		return fmt.Errorf("mend the cache: %w", err)
	}
	for _, e := range entries {
		version := path.Join(r.CacheDir, e.Name(), "version")
		info, err := files.Lstat(version)
		if err != nil || info.Size() > 0 {
			continue // not a repository's cache, or whole by now
		}
		if err := files.Remove(version); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("mend the cache: %w", err)
		}
	}
	return nil
}
