package device

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	pathpkg "path"
	"slices"
	"strings"
	"syscall"

	"github.com/pkg/sftp"
)

// sshFiles are the files of a machine over SFTP.
type sshFiles struct{ s *SSH }

// do does one thing with one name, and makes errors of it that tell the same as those of local files.
func (f sshFiles) do(op, name string, act func(*sftpLink) error) error {
	c, err := f.s.sftp()
	if err != nil {
		return err
	}
	return f.failed(c, op, name, act(c))
}

// failed wraps an error. SFTP has words for few of them; what it calls a failure is looked into.
func (f sshFiles) failed(c *sftpLink, op, name string, err error) error {
	var known *SSHError
	var wrapped *fs.PathError
	var status *sftp.StatusError
	switch {
	case err == nil, errors.Is(err, io.EOF) && op == "read", errors.As(err, &known):
		return err
	case errors.As(err, &wrapped):
		err = wrapped.Err
	}
	if errors.Is(err, sftp.ErrSSHFxConnectionLost) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) {
		f.s.forget(c)
		return fmt.Errorf("%s %s: %w", op, name, f.s.unreachable(err))
	}
	if errors.As(err, &status) {
		if number := c.number(op, name); number != 0 {
			err = number
		}
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// number finds out which of the errors it was that SFTP has no word for; 0 where it stays unknown.
func (c *sftpLink) number(op, name string) syscall.Errno {
	dir := pathpkg.Dir(name)
	if space, err := c.StatVFS(dir); err == nil {
		const readOnly = 1 // ST_RDONLY of statvfs
		switch {
		case op == "stat", op == "open", op == "read":
		case space.Flag&readOnly != 0:
			return syscall.EROFS
		case space.Bavail == 0 || space.Files > 0 && space.Favail == 0:
			if op != "remove" && op != "chmod" {
				return syscall.ENOSPC
			}
		}
	}
	info, err := c.Lstat(name)
	switch {
	case err != nil:
	case op == "create", op == "mkdir":
		return syscall.EEXIST
	case op == "remove" && info.IsDir():
		if entries, err := c.ReadDir(name); err == nil && len(entries) > 0 {
			return syscall.ENOTEMPTY
		}
		return syscall.EBUSY
	case op == "open" && info.IsDir(), op == "rename" && info.IsDir():
		return syscall.EISDIR
	}
	return 0
}

func (f sshFiles) Stat(name string) (info fs.FileInfo, err error) {
	err = f.do("stat", name, func(c *sftpLink) error { info, err = c.Stat(name); return err })
	return info, err
}

func (f sshFiles) Lstat(name string) (info fs.FileInfo, err error) {
	err = f.do("lstat", name, func(c *sftpLink) error { info, err = c.Lstat(name); return err })
	return info, err
}

func (f sshFiles) ReadDir(name string) (entries []fs.DirEntry, err error) {
	err = f.do("open", name, func(c *sftpLink) error {
		infos, err := c.ReadDir(name)
		for _, info := range infos {
			entries = append(entries, fs.FileInfoToDirEntry(info))
		}
		return err
	})
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, err
}

func (f sshFiles) ReadFile(name string) (data []byte, err error) {
	file, err := f.Open(name)
	if err != nil {
		return nil, err
	}
	var all bytes.Buffer
	_, err = io.Copy(&all, file)
	return all.Bytes(), errors.Join(err, file.Close())
}

// Open reads large pieces, so that many requests are on their way at once.
func (f sshFiles) Open(name string) (out File, err error) {
	err = f.do("open", name, func(c *sftpLink) error {
		opened, err := c.Open(name)
		if err == nil {
			out = &sshFile{f: f, c: c, file: opened, name: name}
		}
		return err
	})
	return out, err
}

func (f sshFiles) Remove(name string) error {
	return f.do("remove", name, func(c *sftpLink) error {
		info, err := c.Lstat(name)
		if err != nil {
			return err
		}
		if info.IsDir() {
			return c.RemoveDirectory(name)
		}
		return c.Remove(name)
	})
}

// RemoveAll leaves a large tree to rm, where there is a shell: it is done there, and not one name at a time over the
// network. What rm could not remove is tried here, to say why.
func (f sshFiles) RemoveAll(name string) error {
	info, err := f.Lstat(name)
	if err != nil {
		return ignoreMissing(err)
	}
	if info.IsDir() && !f.s.config.FilesOnly {
		_, err = f.s.ask(f.s.base, "exec rm -rf -- "+Quote(name), f.s.config.Sudo)
		if err == nil {
			return nil
		}
	}
	return f.removeTree(name, info)
}

func (f sshFiles) removeTree(name string, info fs.FileInfo) error {
	var all error
	if info.IsDir() {
		entries, err := f.ReadDir(name)
		if err != nil {
			return ignoreMissing(err)
		}
		for _, entry := range entries {
			child, err := entry.Info()
			if err == nil {
				err = f.removeTree(pathpkg.Join(name, entry.Name()), child)
			}
			all = errors.Join(all, err)
		}
	}
	if all != nil {
		return all
	}
	return ignoreMissing(f.Remove(name))
}

func (f sshFiles) Rename(from, to string) error {
	return f.do("rename", from, func(c *sftpLink) error { return c.PosixRename(from, to) })
}

func (f sshFiles) Chmod(name string, mode fs.FileMode) error {
	return f.do("chmod", name, func(c *sftpLink) error { return c.Chmod(name, mode) })
}

// Lchown asks the machine's shell for a link's sake: SFTP as it is spoken here follows links.
func (f sshFiles) Lchown(name string, uid, gid int) error {
	info, err := f.Lstat(name)
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSymlink {
		return f.do("lchown", name, func(c *sftpLink) error { return c.Chown(name, uid, gid) })
	}
	if f.s.config.FilesOnly {
		return &fs.PathError{Op: "lchown", Path: name, Err: syscall.ENOTSUP}
	}
	script := fmt.Sprintf("exec chown -h %d:%d -- %s", uid, gid, Quote(name))
	return f.command("lchown", name, script, nil)
}

// command has the machine's shell do what SFTP cannot.
func (f sshFiles) command(op, name, script string, out *string) error {
	said, err := f.s.ask(f.s.base, script, f.s.config.Sudo)
	if out != nil {
		*out = said
	}
	var words *wordsError
	if errors.As(err, &words) {
		return &fs.PathError{Op: op, Path: name, Err: words}
	}
	return err
}

func (f sshFiles) Space(name string) (free int64, err error) {
	for {
		err = f.do("statfs", name, func(c *sftpLink) error {
			space, err := c.StatVFS(name)
			if err == nil {
				free = int64(space.Bavail * space.Frsize)
			}
			return err
		})
		if parent := pathpkg.Dir(name); errors.Is(err, fs.ErrNotExist) && parent != name {
			name = parent
			continue
		}
		return free, err
	}
}

func (f sshFiles) Resolve(name string) (string, error) {
	return resolve(name, f, func(name string) (real string, err error) {
		if _, err := f.Stat(name); err != nil {
			return "", err
		}
		err = f.do("resolve", name, func(c *sftpLink) error { real, err = c.RealPath(name); return err })
		return real, err
	})
}

// Writable asks the kernel there, without a trace; a storage that has no shell is written to.
func (f sshFiles) Writable(name string) error {
	info, err := f.Stat(name)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return &fs.PathError{Op: "write", Path: name, Err: syscall.ENOTDIR}
	}
	if !f.s.config.FilesOnly {
		_, err := f.s.ask(f.s.base, fmt.Sprintf("[ -w %[1]s ] && [ -x %[1]s ]", Quote(name)), f.s.config.Sudo)
		var exit *ExitError
		if !errors.As(err, &exit) {
			return err
		}
		return f.do("write", name, func(c *sftpLink) error {
			if number := c.number("write", name+"/."); number == syscall.EROFS {
				return number
			}
			return syscall.EACCES
		})
	}
	probe := pathpkg.Join(name, ".keepstead-"+newNonce())
	made, err := f.Create(probe, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(made.Close(), f.Remove(probe))
}
