package database

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// errSwapped says that a path does not lead to the file that was looked at, or that a link lies beside it.
var errSwapped = errors.New("the file or one beside it is a link, or was replaced meanwhile")

// pin holds on to a database's file: the app that writes into the folder could lay something else in its place.
type pin struct {
	path   string
	folder string // where it is, with links followed
	file   *os.File
	info   fs.FileInfo
}

// pinSQLite takes hold of a file without reading it: unlike an ordinary one, such a descriptor can be closed without the
// system forgetting SQLite's locks, and waits for no FIFO.
func pinSQLite(name string) (*pin, error) {
	folder, err := filepath.EvalSymlinks(filepath.Dir(name))
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(name, unix.O_PATH|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	p := &pin{path: name, folder: folder, file: file}
	if p.info, err = file.Stat(); err == nil && !p.info.Mode().IsRegular() {
		err = fmt.Errorf("%s: %w", name, ErrNotSQLite)
	}
	if err == nil {
		err = p.same()
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return p, nil
}

// same makes sure that the path still leads to the file, and that no link lies beside it.
func (p *pin) same() error {
	info, err := os.Lstat(p.path)
	if err != nil {
		return err
	}
	folder, err := filepath.EvalSymlinks(filepath.Dir(p.path))
	if err != nil {
		return err
	}
	if !os.SameFile(info, p.info) || folder != p.folder {
		return errSwapped
	}
	for _, side := range sqliteSides {
		info, err := os.Lstat(p.path + side)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err == nil && !info.Mode().IsRegular() {
			return errSwapped
		}
	}
	return nil
}

// itself is a path to the file that nobody can change.
func (p *pin) itself() string { return fmt.Sprintf("/proc/self/fd/%d", p.file.Fd()) }

// openRegular opens a file for reading, never one that a link leads to or that makes its reader wait.
func openRegular(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errSwapped
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
