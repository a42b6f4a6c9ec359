package device

import (
	"errors"
	"io"
	"io/fs"
	"os"
	pathpkg "path"
	"syscall"

	"github.com/pkg/sftp"
)

// sshFile is a file on a machine, open for reading or for writing.
type sshFile struct {
	f    sshFiles
	c    *sftpLink
	file *sftp.File
	name string
}

func (o *sshFile) Read(p []byte) (int, error) {
	n, err := o.file.Read(p)
	return n, o.f.failed(o.c, "read", o.name, err)
}

func (o *sshFile) ReadAt(p []byte, at int64) (int, error) {
	n, err := o.file.ReadAt(p, at)
	return n, o.f.failed(o.c, "read", o.name, err)
}

// WriteTo lets io.Copy keep many requests on their way.
func (o *sshFile) WriteTo(w io.Writer) (int64, error) {
	n, err := o.file.WriteTo(w)
	return n, o.f.failed(o.c, "read", o.name, err)
}

func (o *sshFile) Seek(offset int64, whence int) (int64, error) {
	n, err := o.file.Seek(offset, whence)
	return n, o.f.failed(o.c, "seek", o.name, err)
}

func (o *sshFile) Write(p []byte) (int, error) {
	n, err := o.file.Write(p)
	return n, o.f.failed(o.c, "write", o.name, err)
}

// ReadFrom lets io.Copy keep many requests on their way.
func (o *sshFile) ReadFrom(r io.Reader) (int64, error) {
	n, err := o.file.ReadFromWithConcurrency(r, requestsPerFile)
	return n, o.f.failed(o.c, "write", o.name, err)
}

// fsync is what a server calls it in its greeting that it can make things durable.
const fsync = "fsync@openssh.com"

// Sync makes the content durable, where the server knows how to.
func (o *sshFile) Sync() error {
	if _, ok := o.c.HasExtension(fsync); !ok {
		return nil
	}
	return o.f.failed(o.c, "sync", o.name, o.file.Sync())
}

func (o *sshFile) Close() error { return o.f.failed(o.c, "close", o.name, o.file.Close()) }

// MkdirAll makes what is missing of the path.
func (f sshFiles) MkdirAll(name string, perm fs.FileMode) error {
	info, err := f.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return nil
	case err == nil:
		return &fs.PathError{Op: "mkdir", Path: name, Err: syscall.ENOTDIR}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if parent := pathpkg.Dir(name); parent != name {
		if err := f.MkdirAll(parent, perm); err != nil {
			return err
		}
	}
	err = f.do("mkdir", name, func(c *sftpLink) error { return c.Mkdir(name) })
	if errors.Is(err, fs.ErrExist) {
		if info, e := f.Stat(name); e == nil && info.IsDir() {
			return nil // somebody else made it meanwhile
		}
	}
	if err != nil {
		return err
	}
	return f.Chmod(name, perm)
}

// Create makes a new file.
func (f sshFiles) Create(name string, perm fs.FileMode) (WriteSyncer, error) {
	made, err := f.create(name, perm)
	if err != nil {
		return nil, err
	}
	return made, nil
}

func (f sshFiles) create(name string, perm fs.FileMode) (made *sshFile, err error) {
	err = f.do("create", name, func(c *sftpLink) error {
		file, err := c.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
		if err != nil {
			return err
		}
		made = &sshFile{f: f, c: c, file: file, name: name}
		if err := file.Chmod(perm); err != nil {
			return errors.Join(err, file.Close(), c.Remove(name))
		}
		return nil
	})
	return made, err
}

// WriteFile writes beside the file, syncs and renames.
func (f sshFiles) WriteFile(name string, data []byte, perm fs.FileMode) (err error) {
	temporary := pathpkg.Join(pathpkg.Dir(name), "."+newNonce())
	file, err := f.create(temporary, perm)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = f.Rename(temporary, name)
	}
	if err != nil {
		err = errors.Join(err, ignoreMissing(f.Remove(temporary)))
	}
	return err
}

// SyncDir opens the folder as if it were a file, which OpenSSH's server allows, and syncs that. A server that does not is
// left to its own ways: there is no other word for it.
func (f sshFiles) SyncDir(name string) error {
	_, err := f.Syncs(name)
	return err
}

// Syncs is SyncDir, and says whether the server did it.
func (f sshFiles) Syncs(dir string) (done bool, err error) {
	err = f.do("sync", dir, func(c *sftpLink) error {
		if _, ok := c.HasExtension(fsync); !ok {
			return nil
		}
		var status *sftp.StatusError
		folder, err := c.Open(dir)
		if errors.As(err, &status) {
			return nil
		}
		if err != nil {
			return err
		}
		err = folder.Sync()
		if done = err == nil; errors.As(err, &status) {
			err = nil
		}
		return errors.Join(err, folder.Close())
	})
	return done, err
}
