package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"syscall"

	"github.com/dustin/go-humanize"

	"keepstead/model"
)

// minSpace is the free space below which a folder is refused: restic needs room for packs it has not finished.
const minSpace = 100 << 20

// errNoSpace says that less than minSpace is free.
var errNoSpace = fmt.Errorf("less than %d MiB free: %w", minSpace>>20, syscall.ENOSPC)

// Probe tests the folder and what may be done in it. Folders that it had to make are removed again.
func (p *folderPlace) Probe(ctx context.Context, report func(model.ProbeStep)) model.Probe {
	return p.probe(ctx, newProbe(p.limit, report))
}

// probe goes on with a test that has begun.
func (p *folderPlace) probe(ctx context.Context, t *probe) model.Probe {
	t.step(ctx, "folder", p.explain, func(ctx context.Context) (detail string, err error) {
		p.made, err = within(ctx, p.make)
		if len(p.made) > 0 {
			return "The folder is not there yet; it can be made.", err
		}
		return "The folder is there.", err
	})
	p.probeFile(ctx, t)
	t.step(ctx, "space", p.explain, func(ctx context.Context) (string, error) {
		free, err := within(ctx, func() (int64, error) { return p.files.Space(p.root) })
		if err != nil && p.mute {
			return "", errSkip("The server does not tell how much room is left.")
		}
		if err != nil {
			return "", err
		}
		t.result.FreeBytes = free
		if free < minSpace {
			return "", errNoSpace
		}
		return size(free) + " free.", nil
	})
	t.step(ctx, "repository", p.explain, func(ctx context.Context) (string, error) {
		held, err := within(ctx, p.contents)
		if err != nil {
			return "", err
		}
		state, detail, err := held.judge()
		t.result.Repository = state
		return detail, err
	})
	for _, folder := range p.made {
		_ = p.remove(context.WithoutCancel(ctx), folder) // one that is no longer empty is somebody's by now
	}
	return t.result
}

// make makes the folder where it is absent, and returns what it made, innermost first.
func (p *folderPlace) make() (made []string, err error) {
	for name := p.root; ; name = path.Dir(name) {
		info, err := p.files.Stat(name)
		if err == nil && !info.IsDir() {
			return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.ENOTDIR}
		}
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if _, err := p.files.Lstat(name); err == nil {
			return nil, &Error{
				Reason: quote(name) + " is a link to something that is not there.",
				Mend:   "If a disk is not mounted, mount it; or give another folder.",
			}
		}
		made = append(made, name)
	}
	if len(made) == 0 {
		return nil, nil
	}
	return made, p.files.MkdirAll(p.root, 0o700)
}

// probeFile writes, reads and deletes one file. Whatever happens, the file does not stay.
func (p *folderPlace) probeFile(ctx context.Context, t *probe) {
	name, content := sample()
	name = p.path(name)
	written := false
	t.step(ctx, "write", p.explain, func(ctx context.Context) (string, error) {
		written = true // perhaps, whatever is said
		_, err := within(ctx, func() (struct{}, error) { return struct{}{}, p.files.WriteFile(name, content, 0o600) })
		return "A test file was written.", err
	})
	t.step(ctx, "read", p.explain, func(ctx context.Context) (string, error) {
		got, err := within(ctx, func() ([]byte, error) { return p.files.ReadFile(name) })
		if err == nil && !bytes.Equal(got, content) {
			return "", &Error{Reason: "The test file came back with other content than was written.", Mend: "The disk or its file system is broken; check it, or use another."}
		}
		return "It was read back, byte for byte.", err
	})
	deleted := false
	t.step(ctx, "delete", p.explain, func(ctx context.Context) (string, error) {
		err := p.remove(ctx, name)
		deleted = err == nil
		return "It was deleted again.", err
	})
	if written && !deleted {
		_ = p.remove(context.WithoutCancel(ctx), name) // the failed step has told why
	}
}

func (p *folderPlace) contents() (*contents, error) {
	entries, err := p.files.ReadDir(p.root)
	if err != nil {
		return nil, err
	}
	held := &contents{}
	for _, entry := range entries {
		held.add(entry.Name())
	}
	if held.config {
		keys, err := p.files.ReadDir(p.path("keys"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		held.keys = len(keys) > 0
	}
	return held, nil
}

// size says bytes for people.
func size(n int64) string { return humanize.IBytes(uint64(max(0, n))) }
