package jobs

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"keepstead/device"
	"keepstead/model"
)

// stays refuses a path that leads out of root. A container may write where its data lies, so it can put a link in the
// place of any folder there between the look and the act, and Keepstead would follow it as root.
func (b *rebuild) stays(root, to string) error {
	if to == "" { // a volume that is made on the way
		return nil
	}
	return staysIn(b.files, root, to)
}

// staysIn says the same of root, which was resolved when it was looked at: it must still be what it was.
func staysIn(files device.Files, root, to string) error {
	top, err := files.Resolve(path.Dir(root))
	if err != nil {
		return fmt.Errorf("find %s: %w", root, err)
	}
	folder, err := files.Resolve(path.Dir(to))
	if err != nil {
		return fmt.Errorf("find %s: %w", to, err)
	}
	inside := model.Within(folder, path.Clean(root)) || path.Clean(to) == path.Clean(root)
	if top != path.Dir(path.Clean(root)) || !inside {
		return ledAway(to, root)
	}
	for _, at := range []string{root, to} {
		if info, err := files.Lstat(at); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			return ledAway(at, root)
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("look at %s: %w", at, err)
		}
	}
	return nil
}

func ledAway(at, root string) error {
	return fail(model.CauseTarget, "Look at who put the link there, remove it, then restore again.",
		"There is a symbolic link on the way to %s, which may lead out of %s. Nothing is written through it.", at, root)
}

// unswapped says that one of the project's own files, which may be a link of its owner's, lies in no folder that a
// container may write, or leads out of none.
func (b *rebuild) unswapped(at string) error {
	var sources []string
	for _, p := range b.all {
		for _, c := range p.Containers {
			for _, m := range c.Mounts {
				if m.Kind == model.MountBind && !m.ReadOnly {
					sources = append(sources, m.Source)
				}
			}
		}
	}
	for _, v := range b.manifest.Volumes {
		if v.Kind == model.MountBind && !v.ReadOnly {
			sources = append(sources, v.Source)
		}
	}
	for _, source := range sources {
		here, ok := b.engine.HostPath(source)
		if !ok || source == "" || path.Clean(source) == "/" || !model.Within(at, here) {
			continue
		}
		root, err := b.files.Resolve(here)
		if err != nil {
			return fmt.Errorf("find %s: %w", here, err)
		}
		if err := staysIn(b.files, root, path.Join(root, path.Clean(at)[len(path.Clean(here)):])); err != nil {
			return err
		}
	}
	return nil
}
