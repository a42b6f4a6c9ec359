package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"keepstead/device"
)

// folderPlace is a folder of a device.
type folderPlace struct {
	root  string
	files device.Files
	limit time.Duration
	user  string // whose rights count, in words
	mute  bool   // that the free space is not told is no failure
	// made are the folders, innermost first, that were absent at the last probe; Clear removes these alone.
	made []string
}

func newFolder(root string, host device.Host) (*folderPlace, error) {
	if host == nil {
		return nil, errors.New("open storage: a folder needs the device it is on")
	}
	files, err := host.Files()
	if err != nil {
		return nil, fmt.Errorf("open storage: %w", err)
	}
	return &folderPlace{root: path.Clean(root), files: files, limit: stepLimit, user: "the user that Keepstead runs as"}, nil
}

func (p *folderPlace) path(name string) string { return path.Join(p.root, name) }

// Config reads the raw config file.
func (p *folderPlace) Config(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, p.limit)
	defer cancel()
	body, err := within(ctx, func() ([]byte, error) { return p.files.ReadFile(p.path("config")) })
	if err != nil {
		return nil, p.wrap("read the repository's config", err)
	}
	return body, nil
}

// Size adds up the files under restic's own names.
func (p *folderPlace) Size(ctx context.Context) (int64, error) {
	total, err := within(ctx, func() (total int64, err error) {
		for _, name := range append([]string{"config"}, folders...) {
			if err = p.walk(ctx, name, func(_ string, info fs.FileInfo) { total += info.Size() }); err != nil {
				return 0, err
			}
		}
		return total, nil
	})
	if err != nil {
		return 0, p.wrap("add up the repository's size", err)
	}
	return total, nil
}

// walk calls each for every file at or under name. What vanishes meanwhile is passed over: restic renames and removes
// while it works.
func (p *folderPlace) walk(ctx context.Context, name string, each func(name string, info fs.FileInfo)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	info, err := p.files.Lstat(p.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !info.IsDir() {
		each(name, info)
		return nil
	}
	entries, err := p.files.ReadDir(p.path(name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, entry := range entries {
		if err := p.walk(ctx, path.Join(name, entry.Name()), each); err != nil {
			return err
		}
	}
	return nil
}

// RemoveLock removes one lock of the repository.
func (p *folderPlace) RemoveLock(ctx context.Context, id string) error {
	if !lockID.MatchString(id) {
		return fmt.Errorf("remove lock: %s is not a lock's id", quote(id))
	}
	if err := p.remove(ctx, p.path("locks/"+id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return p.wrap("remove lock "+id[:8], err)
	}
	return nil
}

// remove removes a file or an empty folder, and waits for it no longer than a step lasts.
func (p *folderPlace) remove(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, p.limit)
	defer cancel()
	_, err := within(ctx, func() (struct{}, error) { return struct{}{}, p.files.Remove(name) })
	return err
}

// Clear removes the skeleton of a failed creation, and the folders that the probe before found absent.
func (p *folderPlace) Clear(ctx context.Context) error {
	for _, folder := range precious {
		found := false
		err := p.walk(ctx, folder, func(name string, _ fs.FileInfo) {
			found = found || !strings.HasPrefix(path.Base(name), tempPrefix)
		})
		if err != nil {
			return p.wrap("look for backups before clearing", err)
		}
		if found {
			return errPrecious
		}
	}
	for _, name := range append([]string{"config"}, folders...) {
		if err := p.removeAll(ctx, name); err != nil {
			return p.wrap("remove the remains of a failed creation", err)
		}
	}
	for _, folder := range p.made {
		_ = p.remove(ctx, folder) // one that holds something else by now stays
	}
	return nil
}

// removeAll removes a file or a folder of the place with what is in it.
func (p *folderPlace) removeAll(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	info, err := p.files.Lstat(p.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.IsDir() {
		entries, err := p.files.ReadDir(p.path(name))
		if err != nil {
			return err
		}
		for _, entry := range entries {
			if err := p.removeAll(ctx, path.Join(name, entry.Name())); err != nil {
				return err
			}
		}
	}
	if err := p.files.Remove(p.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// wrap says what was being done and, in plain words, why it went wrong.
func (p *folderPlace) wrap(doing string, err error) error {
	return fmt.Errorf("%s: %w", doing, p.explain(err))
}
