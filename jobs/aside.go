package jobs

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/google/uuid"

	"keepstead/device"
)

// Content that a restore replaces is set aside in a folder inside its own folder, so that each move is a rename within
// one file system: nothing is copied, and nothing is lost whenever the machine stops. Two marks in the folder aside say
// how far it went, because a crash may fall between any two renames:
//
//	no mark      not all is aside yet; what lies in the folder itself is the owner's
//	asideMark    all is aside; what lies in the folder itself is the restore's
//	returnMark   the restore's entries are gone; what lies in the folder itself has been moved back
const (
	asidePrefix = ".keepstead-aside-"
	asideMark   = ".keepstead-all-aside"
	returnMark  = ".keepstead-returning"
)

// asideOf returns the folder aside for a folder, or for a single file the one beside it.
func asideOf(target string, isDir bool, job uuid.UUID) string {
	name := asidePrefix + job.String()
	if isDir {
		return path.Join(target, name)
	}
	return path.Join(path.Dir(target), name+"-"+path.Base(target))
}

// setAside moves the content of a folder, or a single file, out of the way. Its undo row is there already.
func setAside(files device.Files, target, aside string) error {
	if err := files.MkdirAll(aside, 0o700); err != nil {
		return fmt.Errorf("set the present content aside: %w", err)
	}
	if path.Dir(aside) != target {
		err := files.Rename(target, path.Join(aside, path.Base(target)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("set the present file aside: %w", err)
		}
		return nil
	}
	entries, err := files.ReadDir(target)
	if err != nil {
		return fmt.Errorf("set the present content aside: %w", err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), asidePrefix) {
			continue
		}
		if err := files.Rename(path.Join(target, e.Name()), path.Join(aside, e.Name())); err != nil {
			return fmt.Errorf("set the present content aside: %w", err)
		}
	}
	if err := files.WriteFile(path.Join(aside, asideMark), nil, 0o600); err != nil {
		return fmt.Errorf("set the present content aside: %w", err)
	}
	return nil
}

// putBack removes what a restore put into the folder and moves what was set aside back. It may be cut off anywhere and
// be run again.
func putBack(files device.Files, target, aside string) error {
	entries, err := files.ReadDir(aside)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // put back before, or never set aside
	}
	if err != nil {
		return err
	}
	if path.Dir(aside) != target {
		for _, e := range entries {
			if err := files.Rename(path.Join(aside, e.Name()), target); err != nil {
				return err
			}
		}
		return files.RemoveAll(aside)
	}
	if marked(files, aside, asideMark) && !marked(files, aside, returnMark) {
		if err := clearFolder(files, target, aside); err != nil {
			return err
		}
		if err := files.WriteFile(path.Join(aside, returnMark), nil, 0o600); err != nil {
			return err
		}
	}
	for _, e := range entries {
		if e.Name() == asideMark || e.Name() == returnMark {
			continue
		}
		if err := files.Rename(path.Join(aside, e.Name()), path.Join(target, e.Name())); err != nil {
			return err
		}
	}
	return files.RemoveAll(aside)
}

// clearFolder removes everything in the folder but what is set aside there.
func clearFolder(files device.Files, target, aside string) error {
	made, err := files.ReadDir(target)
	if err != nil {
		return err
	}
	for _, e := range made {
		name := path.Join(target, e.Name())
		if name == aside || strings.HasPrefix(e.Name(), asidePrefix) {
			continue
		}
		if err := files.RemoveAll(name); err != nil {
			return err
		}
	}
	return nil
}

func marked(files device.Files, aside, mark string) bool {
	_, err := files.Lstat(path.Join(aside, mark))
	return err == nil
}
