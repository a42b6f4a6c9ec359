package device

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Files reads and changes files of a machine. Paths are absolute. Errors are *fs.PathError where the system gave one,
// so errors.Is works with fs.ErrNotExist, fs.ErrPermission and syscall numbers.
type Files interface {
	Stat(name string) (fs.FileInfo, error)
	Lstat(name string) (fs.FileInfo, error)
	// ReadDir returns the entries of a folder, sorted by name.
	ReadDir(name string) ([]fs.DirEntry, error)
	MkdirAll(name string, perm fs.FileMode) error
	ReadFile(name string) ([]byte, error)
	// WriteFile replaces the file as a whole: a reader sees the old content or the new, also after a power cut.
	WriteFile(name string, data []byte, perm fs.FileMode) error
	// Open reads a file as a stream; Create makes a new one and fails where the name is taken.
	Open(name string) (File, error)
	Create(name string, perm fs.FileMode) (WriteSyncer, error)
	// Remove removes a file or an empty folder; RemoveAll a whole tree, and nothing is no error.
	Remove(name string) error
	RemoveAll(name string) error
	Rename(from, to string) error
	// Syncs makes durable which names a folder holds, and says whether that, and what was synced in it, reaches the disk: an
	// SFTP server may have no word for it.
	Syncs(dir string) (bool, error)
	// SyncDir makes durable which names a folder holds, as far as its file system can.
	SyncDir(name string) error
	// Chmod sets permission bits, setuid, setgid and sticky; Lchown the owner, of a link itself too.
	Chmod(name string, mode fs.FileMode) error
	Lchown(name string, uid, gid int) error
	// Xattrs returns the extended attributes of name, of a link itself too; none where the file system knows none.
	Xattrs(name string) (map[string][]byte, error)
	// SetXattr sets one extended attribute; nil removes it, and one that is not there is no error.
	SetXattr(name, attr string, value []byte) error
	// Space returns the bytes that Keepstead may still write on the file system of name, or of its nearest parent that
	// exists.
	Space(name string) (int64, error)
	// Resolve returns name with every symbolic link followed; the part that does not exist yet stays as it is.
	Resolve(name string) (string, error)
	// Writable returns nil when Keepstead may make files in the folder.
	Writable(name string) error
}

// File is a file being read, as a stream or at any place of it.
type File interface {
	io.ReadSeekCloser
	io.ReaderAt
}

// WriteSyncer is a file being written. Its content is durable after Sync.
type WriteSyncer interface {
	io.WriteCloser
	Sync() error
}

type localFiles struct{}

func (localFiles) Stat(name string) (fs.FileInfo, error)        { return os.Stat(name) }
func (localFiles) Lstat(name string) (fs.FileInfo, error)       { return os.Lstat(name) }
func (localFiles) ReadDir(name string) ([]fs.DirEntry, error)   { return os.ReadDir(name) }
func (localFiles) MkdirAll(name string, perm fs.FileMode) error { return os.MkdirAll(name, perm) }
func (localFiles) ReadFile(name string) ([]byte, error)         { return os.ReadFile(name) }
func (localFiles) Remove(name string) error                     { return os.Remove(name) }
func (localFiles) RemoveAll(name string) error                  { return os.RemoveAll(name) }
func (localFiles) Rename(from, to string) error                 { return os.Rename(from, to) }
func (localFiles) Chmod(name string, mode fs.FileMode) error    { return os.Chmod(name, mode) }
func (localFiles) Lchown(name string, uid, gid int) error       { return os.Lchown(name, uid, gid) }
func (localFiles) Syncs(dir string) (bool, error)               { return true, syncDir(dir) }
func (localFiles) SyncDir(name string) error                    { return syncDir(name) }

func (localFiles) Open(name string) (File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (localFiles) Create(name string, perm fs.FileMode) (WriteSyncer, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// WriteFile writes beside the file, syncs, renames and syncs the folder.
func (localFiles) WriteFile(name string, data []byte, perm fs.FileMode) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), ".keepstead-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreMissing(os.Remove(f.Name())))
		}
	}()
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(perm)
	}
	if err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err == nil {
		err = syncDir(filepath.Dir(name))
	}
	return err
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func syncDir(name string) error {
	dir, err := os.Open(name)
	if err != nil {
		return err
	}
	err = dir.Sync()
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP) {
		err = nil // FUSE and some network file systems cannot sync a folder
	}
	return errors.Join(err, dir.Close())
}

func (localFiles) Space(name string) (int64, error) {
	for {
		var st unix.Statfs_t
		err := unix.Statfs(name, &st)
		if parent := filepath.Dir(name); errors.Is(err, unix.ENOENT) && parent != name {
			name = parent
			continue
		}
		if err != nil {
			return 0, &fs.PathError{Op: "statfs", Path: name, Err: err}
		}
		return int64(st.Bavail) * st.Bsize, nil
	}
}

func (f localFiles) Resolve(name string) (string, error) {
	return resolve(name, f, filepath.EvalSymlinks)
}

// resolve follows the links of what exists, which follow does, and keeps the rest.
func resolve(name string, files Files, follow func(string) (string, error)) (string, error) {
	if !filepath.IsAbs(name) {
		return "", fmt.Errorf("resolve %q: the path is not absolute", name)
	}
	name = filepath.Clean(name)
	real, err := follow(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return real, err
	}
	if _, err := files.Lstat(name); err == nil {
		return "", &fs.PathError{Op: "resolve", Path: name, Err: fmt.Errorf("dangling symbolic link: %w", fs.ErrNotExist)}
	}
	parent, err := resolve(filepath.Dir(name), files, follow)
	if err != nil {
		return "", err
	}
	return filepath.Join(parent, filepath.Base(name)), nil
}

func (localFiles) Writable(name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return &fs.PathError{Op: "write", Path: name, Err: unix.ENOTDIR}
	}
	// Faccessat asks for the effective user and sees read-only file systems too.
	if err := unix.Faccessat(unix.AT_FDCWD, name, unix.W_OK|unix.X_OK, unix.AT_EACCESS); err != nil {
		return &fs.PathError{Op: "write", Path: name, Err: err}
	}
	return nil
}
