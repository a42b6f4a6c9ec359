package jobs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"keepstead/device"
)

// Content that a restore replaces is set aside by renames within one file system: nothing is copied, and nothing is lost
// whenever the machine stops. The folder aside lies beside the one whose content it takes, or inside it where that is a
// file system of its own. Marks in the folder aside say how far it went, because a crash may fall between any two
// renames:
//
//	rootMark     what the folder itself was like: owner, mode, attributes
//	no mark      not all is aside yet; what lies in the folder itself is the owner's
//	asideMark    all is aside; what lies in the folder itself is the restore's
//	returnMark   the restore's entries are gone; what lies in the folder itself has been moved back
const (
	asidePrefix = ".keepstead-aside-"
	asideMark   = ".keepstead-all-aside"
	rootMark    = ".keepstead-root"
	returnMark  = ".keepstead-returning"
)

// asideRoot is what putBack must know beside the content.
type asideRoot struct {
	Single bool      `json:"single,omitempty"` // a file, not a folder
	Look   *rootLook `json:"look,omitempty"`
	Keep   []string  `json:"keep,omitempty"` // folders below that stay where they are
}

// asideOf returns the n-th folder aside of a job, for the content of a folder or for a single file. A database that is
// made anew wants its folder empty, so the place beside is taken wherever a rename reaches it.
func asideOf(files device.Files, target string, isDir bool, job uuid.UUID, n int) (string, error) {
	name := asidePrefix + job.String() + "-" + strconv.Itoa(n)
	beside, inside := path.Join(path.Dir(target), name), path.Join(target, name)
	if !isDir {
		return beside, nil
	}
	if err := files.MkdirAll(inside, 0o700); err != nil {
		return "", fmt.Errorf("set the present content of %s aside: %w", target, err)
	}
	if files.Rename(inside, beside) == nil {
		return beside, nil
	}
	return inside, nil
}

// setAside moves the content of a folder, or a single file, out of the way; the folders in keep, relative to target,
// stay. Its undo row is there already.
func setAside(files device.Files, target, aside string, keep ...string) error {
	if err := moveAside(files, target, aside, keep); err != nil {
		return fmt.Errorf("set the present content of %s aside: %w", target, err)
	}
	return nil
}

func moveAside(files device.Files, target, aside string, keep []string) error {
	info, err := files.Lstat(target)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	root := asideRoot{Single: info == nil || !info.IsDir(), Keep: keep}
	if !root.Single {
		if root.Look, err = lookAtRoot(files, target, info); err != nil {
			return err
		}
	}
	if err := files.MkdirAll(aside, 0o700); err != nil {
		return err
	}
	text, err := json.Marshal(root)
	if err != nil {
		return err
	}
	if err := files.WriteFile(path.Join(aside, rootMark), text, 0o600); err != nil {
		return err
	}
	if root.Single {
		err = ignoreGone(files.Rename(target, path.Join(aside, path.Base(target))))
	} else {
		err = moveEntries(files, target, aside)
	}
	if err == nil {
		err = files.WriteFile(path.Join(aside, asideMark), nil, 0o600)
	}
	if err != nil {
		return err
	}
	return moveKept(files, aside, target, keep)
}

// moveEntries moves what is in one folder into another, but for folders aside and marks.
func moveEntries(files device.Files, from, to string) error {
	entries, err := files.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		switch {
		case strings.HasPrefix(e.Name(), asidePrefix):
			// One that a crash left empty would be in the way of a database that wants an empty folder.
			_ = files.Remove(path.Join(from, e.Name()))
			continue
		case e.Name() == asideMark || e.Name() == rootMark || e.Name() == returnMark:
			continue
		}
		if err := files.Rename(path.Join(from, e.Name()), path.Join(to, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// moveKept moves the folders that are kept from one tree into the other, where they are not yet. Folders above them are
// made as they are in the first.
func moveKept(files device.Files, from, to string, keep []string) error {
	for _, name := range keep {
		if _, err := files.Lstat(path.Join(from, name)); errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return err
		}
		if err := likeFolders(files, from, to, path.Dir(name)); err != nil {
			return err
		}
		if err := files.Rename(path.Join(from, name), path.Join(to, name)); err != nil {
			return err
		}
	}
	return nil
}

// likeFolders makes the folder name, and those above it, below to as they are below from.
func likeFolders(files device.Files, from, to, name string) error {
	if name == "." || name == "/" {
		return nil
	}
	if _, err := files.Lstat(path.Join(to, name)); err == nil {
		return nil
	}
	if err := likeFolders(files, from, to, path.Dir(name)); err != nil {
		return err
	}
	info, err := files.Lstat(path.Join(from, name))
	if err != nil {
		return err
	}
	look, err := lookAtRoot(files, path.Join(from, name), info)
	if err != nil {
		return err
	}
	if err := files.MkdirAll(path.Join(to, name), 0o700); err != nil {
		return err
	}
	return look.apply(files, path.Join(to, name))
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
	var root asideRoot
	text, err := files.ReadFile(path.Join(aside, rootMark))
	switch {
	case errors.Is(err, fs.ErrNotExist) && len(entries) == 0:
		return files.Remove(aside) // nothing was moved yet
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	case err == nil:
		if err := json.Unmarshal(text, &root); err != nil {
			return fmt.Errorf("read %s: %w", path.Join(aside, rootMark), err)
		}
	}
	if root.Single {
		err = putFileBack(files, target, aside)
	} else {
		err = putFolderBack(files, target, aside, root)
	}
	if err != nil {
		return err
	}
	return files.RemoveAll(aside)
}

// putFileBack puts the file back in one rename; where there was none, the restored one goes.
func putFileBack(files device.Files, target, aside string) error {
	old := path.Join(aside, path.Base(target))
	if _, err := files.Lstat(old); err == nil {
		return files.Rename(old, target)
	}
	if !marked(files, aside, asideMark) || marked(files, aside, returnMark) {
		return nil
	}
	return files.RemoveAll(target)
}

func putFolderBack(files device.Files, target, aside string, root asideRoot) error {
	if err := files.MkdirAll(target, 0o700); err != nil { // somebody may have removed it
		return err
	}
	if marked(files, aside, asideMark) && !marked(files, aside, returnMark) {
		if err := returnKept(files, target, aside, root.Keep); err != nil {
			return err
		}
		if err := clearFolder(files, target, aside); err != nil {
			return err
		}
		if err := files.WriteFile(path.Join(aside, returnMark), nil, 0o600); err != nil {
			return err
		}
	}
	if err := moveEntries(files, aside, target); err != nil {
		return err
	}
	if root.Look == nil {
		return nil
	}
	return root.Look.apply(files, target)
}

// returnKept brings what was kept back among what was set aside, unless it is there: then it never left.
func returnKept(files device.Files, target, aside string, keep []string) error {
	for _, name := range keep {
		if _, err := files.Lstat(path.Join(aside, name)); err == nil {
			continue
		}
		if err := moveKept(files, target, aside, []string{name}); err != nil {
			return err
		}
	}
	return nil
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

func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
