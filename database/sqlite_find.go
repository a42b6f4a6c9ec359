package database

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
	"syscall"
	"time"

	"keepstead/device"
)

const (
	// findWithin and findEntries bound a search: a folder with more is not one that holds a database among its files.
	findWithin  = 30 * time.Second
	findEntries = 3_000_000
	// sniffed bounds how many files are opened whose names say nothing.
	sniffed = 200_000
)

// ErrTooLarge says that a folder was not searched whole. What was found is returned with it.
var ErrTooLarge = errors.New("the folder is too large to search for databases")

const sqliteHeader = "SQLite format 3\x00"

// sqliteSides are the files that SQLite keeps beside a database.
var sqliteSides = []string{"-wal", "-shm", "-journal"}

// FindSQLite returns the paths of the SQLite databases below dir, sorted by folder. A file is looked into where its name
// or a file beside it suggests a database. An encrypted one has no header and is not found: it is a file like others.
// ErrTooLarge comes with what was found until then.
func FindSQLite(ctx context.Context, files device.Files, dir string) ([]string, error) {
	w := &search{ctx: ctx, files: files, deadline: time.Now().Add(findWithin)}
	err := w.folder(path.Clean(dir))
	if err == nil && w.opened > sniffed {
		err = ErrTooLarge
	}
	if errors.Is(err, fs.ErrNotExist) && len(w.found) == 0 {
		return nil, fmt.Errorf("look for SQLite databases: %w", err)
	}
	return w.found, err
}

type search struct {
	ctx      context.Context
	files    device.Files
	deadline time.Time
	entries  int
	opened   int
	found    []string
}

func (w *search) folder(dir string) error {
	if w.ctx.Err() != nil {
		return context.Cause(w.ctx)
	}
	entries, err := w.files.ReadDir(dir)
	if err != nil {
		return err
	}
	if w.entries += len(entries); w.entries > findEntries || time.Now().After(w.deadline) {
		return ErrTooLarge
	}
	beside := map[string]bool{}
	for _, e := range entries {
		for _, side := range sqliteSides {
			if base, ok := strings.CutSuffix(e.Name(), side); ok {
				beside[base] = true
			}
		}
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		switch {
		case e.IsDir() && !strings.HasPrefix(e.Name(), ".keepstead-"):
			// A folder that goes away or may not be read holds nothing back.
			if err := w.folder(name); errors.Is(err, ErrTooLarge) || w.ctx.Err() != nil {
				return err
			}
		case e.Type().IsRegular() && (beside[e.Name()] || w.worth(e.Name())) && w.isSQLite(name):
			w.found = append(w.found, name)
		}
	}
	return nil
}

// worth says that a file is looked into for its name alone.
func (w *search) worth(name string) bool {
	switch strings.ToLower(path.Ext(strings.TrimPrefix(name, "."))) {
	case ".db", ".db2", ".db3", ".sqlite", ".sqlite2", ".sqlite3", ".sqlitedb", ".sdb", ".s3db", ".sl3", ".kexi", ".fossil", ".gpkg", ".mbtiles":
		return true
	case ".dat", ".data", ".index", ".storage", ".library", ".bak", "":
		w.opened++
		return w.opened <= sniffed
	}
	return false
}

// isSQLite reads the header. A file that is being copied now is not opened: see openInodes.
func (w *search) isSQLite(name string) bool {
	info, err := w.files.Lstat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() < 512 {
		return false
	}
	known, done := inUse.look(info)
	defer done()
	if known {
		return true
	}
	f, err := openRegular(name)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	header := make([]byte, 100)
	if _, err := io.ReadFull(f, header); err != nil || !bytes.HasPrefix(header, []byte(sqliteHeader)) {
		return false
	}
	size := int(header[16])<<8 | int(header[17])
	return size == 1 || size >= 512 && size&(size-1) == 0
}

// openInodes knows which files CopySQLite has open. The system forgets all locks of a process on a file as soon as the
// process closes the file once, so nobody else here may open one of these: SQLite would go on without its lock.
type openInodes struct {
	mu     sync.RWMutex
	inodes map[inode]int
}

type inode struct{ device, number uint64 }

// inUse is one for the whole process, because the system's locks are.
var inUse = &openInodes{inodes: map[inode]int{}}

// take notes that a file is in use until the returned function is called.
func (o *openInodes) take(info os.FileInfo) func() {
	id, ok := inodeOf(info)
	if !ok {
		return func() {}
	}
	o.mu.Lock()
	o.inodes[id]++
	o.mu.Unlock()
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.inodes[id]--; o.inodes[id] == 0 {
			delete(o.inodes, id)
		}
	}
}

// look says whether a file is in use, and keeps it from coming into use until the returned function is called.
func (o *openInodes) look(info os.FileInfo) (bool, func()) {
	id, ok := inodeOf(info)
	if !ok {
		return false, func() {}
	}
	o.mu.RLock()
	return o.inodes[id] > 0, o.mu.RUnlock
}

func inodeOf(info os.FileInfo) (inode, bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return inode{}, false
	}
	return inode{uint64(st.Dev), st.Ino}, true
}
