package jobs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"syscall"
	"time"

	"keepstead/device"
	"keepstead/model"
	"keepstead/restic"
)

// newName is where in a folder aside a single file is laid before it takes its place.
const newName = ".keepstead-new"

// note journals an act of the restore.
func (b *rebuild) note(ctx context.Context, action model.UndoAction, target, name, aside string) error {
	_, err := b.journal(ctx, b.job.ID, model.Undo{DeviceID: b.device, Action: action, Target: target, Name: name, Aside: aside})
	return err
}

// bringBack replaces the content of one volume or folder by what the snapshot holds; that of a database's folder by
// nothing, because its server makes it anew.
func (b *rebuild) bringBack(ctx context.Context, t *target) (string, error) {
	begun := time.Now()
	var entry restic.Entry
	var err error
	if t.from != "" {
		if entry, err = b.command(b.o).Entry(ctx, b.snapshot.ResticSnapshotID, t.from); err != nil {
			return "", fmt.Errorf("look at %s in the snapshot: %w", t.volume.Label(), err)
		}
	}
	if t.from != "" && entry.Type != "dir" {
		if t.to == "" {
			return "", fmt.Errorf("restore %s: a volume cannot be a file", t.volume.Label())
		}
		return b.bringFileBack(ctx, t.from, t.to, t.to)
	}
	if err := b.stays(t.to, t.to); err != nil {
		return "", err
	}
	if err := b.makePlace(ctx, t); err != nil {
		return "", err
	}
	aside := ""
	if t.there {
		var keep []string
		if t.from != "" {
			if keep, err = b.keepIn(ctx, t); err != nil {
				return "", err
			}
		}
		if aside, err = b.putAside(ctx, t.to, true, keep); err != nil {
			return "", err
		}
	}
	if t.from == "" {
		return "", nil
	}
	sum, err := b.lay(ctx, restic.RestoreOptions{Subfolder: t.from, Target: t.to})
	if err != nil {
		return "", err
	}
	if err := lookOf(entry).apply(b.files, t.to); err != nil {
		return "", fmt.Errorf("give %s its owner and mode: %w", t.to, err)
	}
	for _, rel := range t.empty {
		if err := b.stays(t.to, path.Join(t.to, rel)); err != nil {
			return "", err
		}
		if err := b.emptyFolder(aside, t.to, rel); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d %s, %s, verified, in %s.", sum.FilesRestored, plural(sum.FilesRestored, "file or folder", "files and folders"), size(sum.TotalBytes), took(time.Since(begun))), nil
}

// makePlace makes the volume or the folder where there is none.
func (b *rebuild) makePlace(ctx context.Context, t *target) error {
	if t.there {
		return nil
	}
	if t.volume.Kind == model.MountBind {
		return b.makeFolder(ctx, t.to)
	}
	if err := b.makeVolume(ctx, t.volume); err != nil {
		return err
	}
	at, _, err := b.engine.Volume(ctx, t.volume.Name)
	if err != nil {
		return engineFailure(err, "The volume %s cannot be looked at.", t.volume.Name)
	}
	here, ok := b.engine.HostPath(at)
	if !ok {
		return fail(model.CauseTarget, fmt.Sprintf("Add the volume %s:%s to Keepstead's container, then restore again.", path.Dir(path.Dir(at)), path.Dir(path.Dir(at))),
			"Keepstead's container does not see %s.", at)
	}
	if t.to, err = b.files.Resolve(here); err != nil {
		return fmt.Errorf("find the volume %s: %w", t.volume.Name, err)
	}
	return nil
}

// makeVolume makes a volume that is not there.
func (b *rebuild) makeVolume(ctx context.Context, v model.ContentVolume) error {
	if _, _, err := b.engine.Volume(ctx, v.Name); err == nil {
		return nil
	} else if !errors.Is(err, model.ErrNotFound) {
		return engineFailure(err, "The volume %s cannot be looked at.", v.Name)
	}
	if err := b.note(ctx, model.UndoRemoveVolume, v.Name, v.Name, ""); err != nil {
		return err
	}
	if _, _, err := b.engine.EnsureVolume(ctx, v); err != nil {
		return engineFailure(err, "The volume %s could not be made.", v.Name)
	}
	return nil
}

// aroundOnly marks the row of a folder that was made around another one: another restore may use it by then, so it goes
// only when it is empty.
const aroundOnly = "around"

// makeFolder makes a folder and those above it that are not there.
func (b *rebuild) makeFolder(ctx context.Context, dir string) error {
	return b.makeFolders(ctx, dir, "")
}

// makeFolders writes each folder that it makes down, the one around the others first; last is the mark of dir itself.
func (b *rebuild) makeFolders(ctx context.Context, dir, last string) error {
	var lacking []string
	for at := dir; ; at = path.Dir(at) {
		if _, err := b.files.Lstat(at); err == nil {
			break
		} else if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("make the folder %s: %w", dir, err)
		}
		lacking = append(lacking, at)
	}
	for i := len(lacking) - 1; i >= 0; i-- {
		mark := aroundOnly
		if i == 0 {
			mark = last
		}
		if err := b.note(ctx, model.UndoRemoveFolder, lacking[i], lacking[i], mark); err != nil {
			return err
		}
	}
	if len(lacking) == 0 {
		return nil
	}
	if err := b.files.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the folder %s: %w", dir, err)
	}
	return nil
}

// removeMade takes back that a folder or file was made.
func removeMade(files device.Files, u model.Undo) error {
	if u.Aside != aroundOnly {
		return files.RemoveAll(u.Target)
	}
	err := files.Remove(u.Target)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTEMPTY) || errors.Is(err, syscall.EEXIST) {
		return nil
	}
	return err
}

// putAside moves the present content out of the way and returns where it is.
func (b *rebuild) putAside(ctx context.Context, to string, isDir bool, keep []string) (string, error) {
	b.asides++
	aside, inside := asidesOf(to, b.job.ID, b.asides)
	if err := b.note(ctx, model.UndoPutBack, to, to, aside); err != nil {
		return "", err
	}
	if isDir {
		switch ok, err := reachesBeside(b.files, aside, inside); {
		case err != nil:
			return "", err
		case !ok:
			aside = inside
			if err := b.note(ctx, model.UndoPutBack, to, to, aside); err != nil {
				return "", err
			}
		}
	}
	return aside, setAside(b.files, to, aside, keep...)
}

// lay restores from the snapshot and counts what it brought.
func (b *rebuild) lay(ctx context.Context, o restic.RestoreOptions) (restic.RestoreSummary, error) {
	o.Snapshot, o.Verify, o.Sparse = b.snapshot.ResticSnapshotID, true, true
	sum, err := b.command(b.o).Restore(ctx, o, b.report)
	if err != nil {
		return sum, restoreFailure(o.Target, sum, err)
	}
	if sum.FilesRestored < sum.TotalFiles {
		return sum, fail(model.CauseRestic, "The job's log has the details.", "Only %d of %d entries of %s were restored.", sum.FilesRestored, sum.TotalFiles, o.Subfolder)
	}
	b.fileCount += sum.FilesRestored
	b.bytes += sum.TotalBytes
	return sum, nil
}

// bringFileBack replaces a single file, which must lie in root or be it.
func (b *rebuild) bringFileBack(ctx context.Context, from, to, root string) (string, error) {
	files := b.files
	if err := b.stays(root, to); err != nil {
		return "", err
	}
	if info, err := files.Lstat(to); err == nil && info.IsDir() {
		return "", fail(model.CauseTarget, "Move the folder away, then restore again.", "%s is a folder now, and a file in the snapshot.", to)
	}
	if err := b.makeFolders(ctx, path.Dir(to), aroundOnly); err != nil {
		return "", err
	}
	aside, err := b.putAside(ctx, to, false, nil)
	if err != nil {
		return "", err
	}
	staged := path.Join(aside, newName)
	if err := files.MkdirAll(staged, 0o700); err != nil {
		return "", fmt.Errorf("make a folder for %s: %w", to, err)
	}
	sum, err := b.lay(ctx, restic.RestoreOptions{Subfolder: path.Dir(from), Includes: []string{"/" + path.Base(from)}, Target: staged})
	if err != nil {
		return "", err
	}
	if sum.FilesRestored == 0 {
		return "", fail(model.CauseNothing, "Browse the snapshot to see what it holds.", "%s is not in the snapshot.", from)
	}
	if err := files.Rename(path.Join(staged, path.Base(from)), to); err != nil {
		return "", fmt.Errorf("put %s in its place: %w", to, err)
	}
	return "", nil
}

// emptyFolder makes a folder for a database to fill, like the one that was there.
func (b *rebuild) emptyFolder(aside, to, rel string) error {
	files := b.files
	if aside != "" {
		if _, err := files.Lstat(path.Join(aside, rel)); err == nil {
			return likeFolder(files, path.Join(aside, rel), path.Join(to, rel))
		}
	}
	if err := files.MkdirAll(path.Join(to, rel), 0o755); err != nil {
		return fmt.Errorf("make the folder %s: %w", path.Join(to, rel), err)
	}
	return nil
}

// placeCopies puts the consistent copies of SQLite files where the files were. What SQLite keeps beside a file belongs to
// the one that is replaced.
func (b *rebuild) placeCopies(ctx context.Context) (string, error) {
	for _, d := range b.copies {
		to, root, fresh, err := b.placeOf(ctx, d)
		if err != nil {
			return "", err
		}
		if err := b.stays(root, to); err != nil {
			return "", err
		}
		if fresh {
			err = b.copyFresh(ctx, d, to)
		} else {
			err = b.copyOver(ctx, d, to, root)
		}
		if err != nil {
			return "", err
		}
		b.dumps++
	}
	return fmt.Sprintf("%d %s.", len(b.copies), plural(len(b.copies), "database", "databases")), nil
}

// sidecars are the files that SQLite keeps beside one of its own.
func sidecars() []string { return []string{"-wal", "-shm", "-journal"} }

// copyFresh puts a SQLite file into a folder whose own content is aside already.
func (b *rebuild) copyFresh(ctx context.Context, d model.Dump, to string) error {
	for _, suffix := range sidecars() {
		if err := b.files.RemoveAll(to + suffix); err != nil {
			return fmt.Errorf("remove %s: %w", to+suffix, err)
		}
	}
	sum, err := b.lay(ctx, restic.RestoreOptions{Subfolder: path.Dir(d.File), Includes: []string{"/" + path.Base(d.File)}, Target: path.Dir(to)})
	if err == nil && sum.FilesRestored == 0 {
		err = fail(model.CauseNothing, "Browse the snapshot to see what it holds.", "%s is not in the snapshot.", d.File)
	}
	return err
}

// copyOver replaces a SQLite file among others that stay.
func (b *rebuild) copyOver(ctx context.Context, d model.Dump, to, root string) error {
	for _, suffix := range sidecars() {
		if _, err := b.files.Lstat(to + suffix); err != nil {
			continue
		}
		if _, err := b.putAside(ctx, to+suffix, false, nil); err != nil {
			return err
		}
	}
	_, err := b.bringFileBack(ctx, d.File, to, root)
	return err
}

// placeOf is where a SQLite file goes, and the folder that it must not lead out of: in a target, whose own content is
// aside, or where its volume is now.
func (b *rebuild) placeOf(ctx context.Context, d model.Dump) (to, root string, fresh bool, err error) {
	for _, t := range b.targets {
		if t.from != "" && model.Within(d.Source, t.from) {
			return path.Join(t.to, strings.TrimPrefix(d.Source, t.from)), t.to, true, nil
		}
	}
	for _, v := range b.manifest.Volumes {
		if v.In == "" || !model.Within(d.Source, v.In) {
			continue
		}
		t := target{volume: v}
		if err := b.place(ctx, &t); err != nil {
			return "", "", false, err
		}
		if t.to != "" {
			return path.Join(t.to, strings.TrimPrefix(d.Source, v.In)), t.to, false, nil
		}
	}
	return "", "", false, fail(model.CauseTarget, "Restore the whole app in place instead.", "There is no place now for the database %s.", d.Database)
}

// file is one of the project's own files: From in the snapshot, To on this machine.
type file struct{ from, to string }

// projectFiles are the compose and env files that do not come back with a folder around them.
func (b *rebuild) projectFiles() []file {
	if b.want.Mode != model.AppInPlace {
		return nil
	}
	var out []file
	for _, p := range b.manifest.Files {
		covered := false
		for _, t := range b.targets {
			covered = covered || t.from != "" && model.Within(p, t.from)
		}
		if here, ok := b.engine.HostPath(hostPath(b.manifest.Contents, p)); ok && !covered {
			out = append(out, file{p, here})
		}
	}
	return out
}

// hostPath is the path on the host of a file that Keepstead saw at p when it made the snapshot: its container may have
// shown the host's folders elsewhere.
func hostPath(c model.Contents, p string) string {
	for _, v := range c.Volumes {
		if root, ok := strings.CutSuffix(v.Path, v.Source); ok && root != "" && v.Source != "" && strings.HasPrefix(p, root+"/") {
			return strings.TrimPrefix(p, root)
		}
	}
	if i := strings.Index(p, c.WorkingDir+"/"); c.WorkingDir != "" && i > 0 {
		return p[i:]
	}
	return p
}

// restoreFiles replaces the project's own files.
func (b *rebuild) restoreFiles(ctx context.Context, list []file) (string, error) {
	for _, f := range list {
		if err := b.unswapped(f.to); err != nil {
			return "", err
		}
		real, err := b.files.Resolve(f.to)
		if err != nil {
			return "", fmt.Errorf("find %s: %w", f.to, err)
		}
		if _, err := b.bringFileBack(ctx, f.from, real, real); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d %s.", len(list), plural(len(list), "file", "files")), nil
}
