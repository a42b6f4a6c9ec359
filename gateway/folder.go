package gateway

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"keepstead/device"
)

// folder is a repository in a folder of a machine, in restic's own layout.
type folder struct {
	files device.Files
	root  string
	// taking lets one upload at a time look for its name and take it.
	taking sync.Mutex
}

// Folder returns the storage that is a folder of the machine whose files are given: this one, one that SSH reaches, or
// an SFTP server.
func Folder(files device.Files, root string) Storage {
	return &folder{files: files, root: path.Clean(root)}
}

// The names of uploads that are under way, which restic passes over, and the age at which nobody can be at work on one.
const (
	tempPrefix = ".keepstead-upload-"
	tempAge    = 24 * time.Hour
)

// buffer is what is read or written at once: over SFTP, that many bytes are under way.
const buffer = 512 << 10

func (f *folder) path(name string) string { return path.Join(f.root, name) }

// create makes the folders of a new repository.
func (f *folder) create(context.Context) error {
	for _, kind := range kinds {
		if err := f.files.MkdirAll(f.path(kind), 0o700); err != nil {
			return err
		}
	}
	if err := f.files.SyncDir(f.root); err != nil {
		return err
	}
	return f.files.SyncDir(path.Dir(f.root))
}

// Save writes beside, syncs, and renames where the name is free.
func (f *folder) Save(ctx context.Context, name string, size int64, body io.Reader) (err error) {
	if err := f.free(name); err != nil {
		return err
	}
	kind, _, _ := strings.Cut(name, "/")
	temp, file, err := f.temp(kind)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.files.Remove(temp) // the first error says more; what stays is swept when it is a day old
		}
	}()
	if err := write(ctx, file, size, body); err != nil {
		return err
	}
	return f.take(temp, name)
}

// write writes the whole body and makes it durable.
func write(ctx context.Context, file device.WriteSyncer, size int64, body io.Reader) error {
	to := bufio.NewWriterSize(file, int(min(size, buffer)))
	written, err := io.Copy(to, body)
	if err == nil {
		err = to.Flush()
	}
	if err == nil && written != size {
		err = fmt.Errorf("%d bytes came instead of %d: %w", written, size, io.ErrUnexpectedEOF)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = file.Sync()
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	return err
}

// temp makes a file for an upload under way, in the folder of its kind.
func (f *folder) temp(kind string) (string, device.WriteSyncer, error) {
	where := f.path(kind)
	if kind == kindConfig {
		where = f.root
	}
	name := path.Join(where, tempPrefix+rand.Text())
	file, err := f.files.Create(name, 0o600)
	if !errors.Is(err, fs.ErrNotExist) {
		return name, file, err
	}
	if err := f.complete(kind); err != nil {
		return "", nil, err
	}
	file, err = f.files.Create(name, 0o600)
	return name, file, err
}

// complete makes the folder of a kind that a repository lacks. Where there is no repository nothing is made: a disk
// that is not mounted must not be mistaken for one.
func (f *folder) complete(kind string) error {
	mark := f.path(kindConfig)
	if kind == kindConfig || kind == kindKeys {
		mark = f.root // one that is being made
	}
	if _, err := f.files.Stat(mark); err != nil {
		return fmt.Errorf("there is no repository in %s, perhaps because its disk is not mounted: %w: %s", f.root, errForGood, err.Error())
	}
	if err := f.files.MkdirAll(f.path(kind), 0o700); err != nil {
		return err
	}
	return f.files.SyncDir(f.root)
}

// take gives a written file its name, unless that is taken.
func (f *folder) take(temp, name string) error {
	final := f.path(name)
	f.taking.Lock()
	defer f.taking.Unlock()
	if err := f.free(name); err != nil {
		return err
	}
	err := f.files.Rename(temp, final)
	if errors.Is(err, fs.ErrNotExist) && strings.HasPrefix(name, kindData+"/") {
		if err = f.files.MkdirAll(path.Dir(final), 0o700); err == nil {
			err = f.files.SyncDir(f.path(kindData))
		}
		if err == nil {
			err = f.files.Rename(temp, final)
		}
	}
	if err != nil {
		return err
	}
	return f.files.SyncDir(path.Dir(final))
}

// free returns nil when a name is free. One that is taken is made durable: the try that took it may have ended before.
func (f *folder) free(name string) error {
	_, err := f.files.Lstat(f.path(name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	if err := f.files.SyncDir(path.Dir(f.path(name))); err != nil {
		return err
	}
	return fs.ErrExist
}

// Load opens a file at a place of it.
func (f *folder) Load(_ context.Context, name string, offset, length int64) (io.ReadCloser, int64, error) {
	file, err := f.files.Open(f.path(name))
	if err != nil {
		return nil, 0, err
	}
	size, err := file.Seek(0, io.SeekEnd)
	if err == nil && offset > size {
		err = ErrRange
	}
	if err != nil {
		return nil, 0, errors.Join(err, file.Close())
	}
	if length <= 0 || length > size-offset {
		length = size - offset
	}
	part := io.NewSectionReader(file, offset, length)
	return opened{bufio.NewReaderSize(part, int(min(length, buffer))), file}, size, nil
}

// opened is a part of a file, and the file to close.
type opened struct {
	io.Reader
	io.Closer
}

// Stat returns a file's size.
func (f *folder) Stat(_ context.Context, name string) (int64, error) {
	info, err := f.files.Stat(f.path(name))
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, fmt.Errorf("%s is no file: %w", name, errForGood)
	}
	return info.Size(), nil
}

// List reads the folder of a kind; that of data has a folder for each first two digits.
func (f *folder) List(ctx context.Context, kind string, each func(id string, size int64) error) error {
	if kind != kindData {
		return f.list(ctx, kind, "", each)
	}
	entries, err := f.entries(kind)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.IsDir() && len(entry.Name()) == 2 {
			if err := f.list(ctx, path.Join(kind, entry.Name()), entry.Name(), each); err != nil {
				return err
			}
		}
	}
	return nil
}

// list tells the files of one folder whose ids begin as given.
func (f *folder) list(ctx context.Context, dir, begin string, each func(id string, size int64) error) error {
	entries, err := f.entries(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !isID(entry.Name()) || !strings.HasPrefix(entry.Name(), begin) {
			continue
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed meanwhile
		}
		if err != nil {
			return err
		}
		if err := each(entry.Name(), info.Size()); err != nil {
			return err
		}
	}
	return nil
}

// entries reads a folder in order; one that is not there is empty.
func (f *folder) entries(dir string) ([]fs.DirEntry, error) {
	entries, err := f.files.ReadDir(f.path(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, err
}

// Remove removes a file. That its name is gone need not be durable: nobody counts on what is no longer there.
func (f *folder) Remove(_ context.Context, name string) error { return f.files.Remove(f.path(name)) }

// sweep removes uploads that a crash cut off.
func (f *folder) sweep(ctx context.Context) error {
	var failed error
	for _, dir := range append([]string{"."}, kinds...) {
		entries, err := f.entries(dir)
		failed = errors.Join(failed, err)
		for _, entry := range entries {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if !strings.HasPrefix(entry.Name(), tempPrefix) {
				continue
			}
			info, err := entry.Info()
			if err == nil && time.Since(info.ModTime()) > tempAge {
				err = f.files.Remove(f.path(path.Join(dir, entry.Name())))
			}
			if !errors.Is(err, fs.ErrNotExist) {
				failed = errors.Join(failed, err)
			}
		}
	}
	return failed
}
