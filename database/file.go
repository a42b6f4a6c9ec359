package database

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"path"
	"strings"

	"keepstead/device"
	"keepstead/model"
)

// maxLine is how much of a line the scan for ends and objects sees.
const maxLine = 64 << 10

// target makes the files of one server's dump and removes them all when the dump fails.
type target struct {
	files    device.Files
	dir      string
	progress func(int64)
	total    int64
	made     []string
}

// file is a dump being written: to the disk, into its checksum and past a scan, in pieces as they come.
type file struct {
	target *target
	path   string
	out    device.WriteSyncer
	sum    hash.Hash
	size   int64
	line   []byte            // the line that has not ended yet, its first maxLine bytes
	scan   func(line []byte) // told every line without its end; nil for what is not text
}

// create makes a file of the dump.
func (t *target) create(name string, scan func([]byte)) (*file, error) {
	f := &file{target: t, path: path.Join(t.dir, name), sum: sha256.New(), scan: scan}
	out, err := t.files.Create(f.path, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", name, err)
	}
	f.out = out
	t.made = append(t.made, f.path)
	return f, nil
}

// Write takes a piece of the dump.
func (f *file) Write(p []byte) (int, error) {
	n, err := f.out.Write(p)
	f.sum.Write(p[:n])
	f.size += int64(n)
	f.target.total += int64(n)
	if err != nil {
		return n, err
	}
	f.look(p)
	f.target.progress(f.target.total)
	return n, nil
}

// look hands whole lines to the scan. Long ones are cut: what is looked for stands at a line's beginning.
func (f *file) look(p []byte) {
	if f.scan == nil {
		return
	}
	for len(p) > 0 {
		end := bytes.IndexByte(p, '\n')
		switch {
		case end < 0:
			f.line = append(f.line, p[:min(len(p), maxLine-len(f.line))]...)
			return
		case len(f.line) == 0:
			f.scan(p[:min(end, maxLine)])
		default:
			f.scan(append(f.line, p[:min(end, maxLine-len(f.line))]...))
			f.line = f.line[:0]
		}
		p = p[end+1:]
	}
}

// close makes the file durable and says what was written.
func (f *file) close(d model.Dump) (model.Dump, error) {
	err := f.out.Sync()
	if err := errors.Join(err, f.out.Close()); err != nil {
		return d, fmt.Errorf("write %s: %w", path.Base(f.path), err)
	}
	f.out = nil
	d.File, d.Bytes, d.SHA256 = f.path, f.size, hex.EncodeToString(f.sum.Sum(nil))
	return d, nil
}

// abandon closes a file that is of no use.
func (f *file) abandon() {
	if f.out != nil {
		_ = f.out.Close() // it is removed
		f.out = nil
	}
}

// remove removes what was made.
func (t *target) remove() error {
	var all error
	for _, name := range t.made {
		if err := t.files.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			all = errors.Join(all, fmt.Errorf("remove a dump that is not whole: %w", err))
		}
	}
	return all
}

// safeName makes a name of a file from the name of a database: a number keeps names apart that look alike.
func safeName(n int, database, extension string) string {
	const limit = 60
	safe := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		}
		return '_'
	}, database)
	if len(safe) > limit {
		safe = safe[:limit]
	}
	return fmt.Sprintf("%02d-%s%s", n, safe, extension)
}
