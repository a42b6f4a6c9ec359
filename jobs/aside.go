package jobs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
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
	Keep   []string  `json:"keep,omitempty"` // what stays where it is
}

// asidesOf returns where the n-th content of a job can be set aside: beside the folder or file, or inside the folder.
func asidesOf(target string, job uuid.UUID, n int) (beside, inside string) {
	name := asidePrefix + job.String() + "-" + strconv.Itoa(n)
	return path.Join(path.Dir(target), name), path.Join(target, name)
}

// reachesBeside tries whether content of the folder can be moved beside it, and leaves an empty folder in the place that
// can be used. A database that is made anew wants its folder empty, so beside is better.
func reachesBeside(files device.Files, beside, inside string) (bool, error) {
	if err := files.MkdirAll(inside, 0o700); err != nil {
		return false, fmt.Errorf("make the folder %s: %w", inside, err)
	}
	return files.Rename(inside, beside) == nil, nil
}

// setAside moves the content of a folder, or a single file, out of the way; what is in keep, relative to target, stays
// where it is and is never moved. Its undo row is there already.
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
		if root.Look, err = lookAt(files, target); err != nil {
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
		err = moveTree(files, target, aside, ".", keep)
	}
	if err != nil {
		return err
	}
	return files.WriteFile(path.Join(aside, asideMark), nil, 0o600)
}

// moveTree moves what is in one folder into another, but for folders aside, marks, and what is kept. A folder around
// something that is kept stays too, and what else is in it goes to one like it.
func moveTree(files device.Files, from, to, rel string, keep []string) error {
	entries, err := files.ReadDir(path.Join(from, rel))
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := path.Join(rel, e.Name())
		switch {
		case strings.HasPrefix(e.Name(), asidePrefix):
			// One that a crash left empty would be in the way of a database that wants an empty folder.
			_ = files.Remove(path.Join(from, name))
		case rel == "." && temporary(e): // a mark that a crash cut short
			_ = files.Remove(path.Join(from, name))
		case name == asideMark || name == rootMark || name == returnMark || slices.Contains(keep, name):
		case e.IsDir() && around(name, keep):
			if err = likeFolder(files, path.Join(from, name), path.Join(to, name)); err == nil {
				err = moveTree(files, from, to, name, keep)
			}
		default:
			err = files.Rename(path.Join(from, name), path.Join(to, name))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// around says that something kept lies below the folder.
func around(name string, keep []string) bool {
	return slices.ContainsFunc(keep, func(k string) bool { return strings.HasPrefix(k, name+"/") })
}

// likeFolder makes a folder like another one, or makes the one that is there so.
func likeFolder(files device.Files, from, to string) error {
	look, err := lookAt(files, from)
	if err != nil {
		return err
	}
	if err := files.MkdirAll(to, 0o700); err != nil {
		return err
	}
	return look.apply(files, to)
}

// putBack removes what a restore put into the folder and moves what was set aside back. It may be cut off anywhere and
// be run again.
func putBack(files device.Files, target, aside string) error {
	entries, err := files.ReadDir(aside)
	if errors.Is(err, fs.ErrNotExist) {
		_ = files.Remove(path.Join(target, path.Base(aside))) // a try that a crash left, if any; it is empty
		return nil                                            // put back before, or never set aside
	}
	if err != nil {
		return err
	}
	var root asideRoot
	text, err := files.ReadFile(path.Join(aside, rootMark))
	switch {
	case errors.Is(err, fs.ErrNotExist) && !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return !temporary(e) }):
		return files.RemoveAll(aside) // nothing was moved yet: the mark is the first thing in it
	case err != nil:
		return fmt.Errorf("put back what is in %s: %w", aside, err)
	}
	if err := json.Unmarshal(text, &root); err != nil {
		return fmt.Errorf("read %s: %w", path.Join(aside, rootMark), err)
	}
	if root.Single {
		err = putFileBack(files, target, aside)
	} else {
		err = putFolderBack(files, target, aside, root)
	}
	if err != nil {
		return err
	}
	return dropAside(files, aside)
}

// dropAside removes a folder aside, its marks last: while there is anything in it, they say what it is.
func dropAside(files device.Files, aside string) error {
	entries, err := files.ReadDir(aside)
	if err != nil {
		return ignoreGone(err)
	}
	for _, e := range entries {
		if name := e.Name(); name != rootMark && name != asideMark && name != returnMark {
			if err := files.RemoveAll(path.Join(aside, name)); err != nil {
				return err
			}
		}
	}
	for _, mark := range []string{asideMark, returnMark, rootMark} {
		if err := ignoreGone(files.Remove(path.Join(aside, mark))); err != nil {
			return err
		}
	}
	return ignoreGone(files.Remove(aside))
}

// putFileBack puts the file back in one rename; where there was none, the restored one goes.
func putFileBack(files device.Files, target, aside string) error {
	old := path.Join(aside, path.Base(target))
	if _, err := files.Lstat(old); err == nil {
		if err := files.WriteFile(path.Join(aside, returnMark), nil, 0o600); err != nil {
			return err
		}
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
		if err := clearTree(files, target, ".", root.Keep); err != nil {
			return err
		}
		if err := files.WriteFile(path.Join(aside, returnMark), nil, 0o600); err != nil {
			return err
		}
	}
	if err := moveTree(files, aside, target, ".", root.Keep); err != nil {
		return err
	}
	return root.Look.apply(files, target)
}

// clearTree removes everything in the folder but what is set aside there and what is kept.
func clearTree(files device.Files, dir, rel string, keep []string) error {
	made, err := files.ReadDir(path.Join(dir, rel))
	if err != nil {
		return err
	}
	for _, e := range made {
		name := path.Join(rel, e.Name())
		switch {
		case strings.HasPrefix(e.Name(), asidePrefix) || slices.Contains(keep, name):
		case e.IsDir() && around(name, keep):
			err = clearTree(files, dir, name, keep)
		default:
			err = files.RemoveAll(path.Join(dir, name))
		}
		if err != nil {
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

// temporary says that a file was being written by device.Files when a crash came: .keepstead- and a number.
func temporary(e fs.DirEntry) bool {
	number, ours := strings.CutPrefix(e.Name(), ".keepstead-")
	return ours && number != "" && strings.Trim(number, "0123456789") == "" && e.Type().IsRegular()
}
