package gateway

import (
	"errors"
	"io"
	"io/fs"
	"syscall"
	"time"

	"keepstead/device"
)

// flaky are files that fail once their budget is spent. Every call costs one, and so does every byte.
type flaky struct {
	device.Files
	budget int64
	how    failure
	fired  bool
}

// failure is a way to fail.
type failure struct {
	err    error
	done   bool // a rename, a removal: done, but said to have failed
	short  bool // fewer bytes than asked for, without a word
	delay  bool // nothing but a pause
	lasts  bool // every call from then on fails
	during bool // the upload breaks off instead, at the client
}

var failures = []failure{
	{err: syscall.EIO},
	{err: syscall.EIO, lasts: true},
	{err: syscall.ECONNRESET},
	{err: syscall.ECONNRESET, lasts: true},
	{err: syscall.ECONNRESET, done: true},
	{err: syscall.ENOSPC},
	{err: syscall.ENOSPC, lasts: true},
	{err: fs.ErrPermission},
	{err: io.ErrUnexpectedEOF, short: true},
	{err: io.EOF, short: true},
	{short: true},
	{short: true, lasts: true},
	{delay: true},
	{err: io.ErrUnexpectedEOF, during: true},
	{err: io.EOF, during: true},
}

func (f *flaky) none() { *f = flaky{Files: f.Files, budget: 1 << 62} }

// spend takes n from the budget, and returns how many were left.
func (f *flaky) spend(n int64) int64 {
	left := min(n, max(f.budget, 0))
	f.budget -= n
	if left < n {
		f.fired = true
		if !f.how.lasts {
			f.budget = 1 << 62
		}
	}
	return left
}

// call does what is asked, or fails.
func (f *flaky) call(do func() error) error {
	if f.how.during || f.spend(1) == 1 {
		return do()
	}
	switch {
	case f.how.delay:
		time.Sleep(time.Microsecond)
		return do()
	case f.how.done:
		return errors.Join(do(), f.how.err)
	case f.how.err == nil || errors.Is(f.how.err, io.EOF):
		return syscall.EIO
	}
	return f.how.err
}

func (f *flaky) Lstat(name string) (info fs.FileInfo, err error) {
	err = f.call(func() (err error) { info, err = f.Files.Lstat(name); return err })
	return info, err
}

func (f *flaky) Stat(name string) (info fs.FileInfo, err error) {
	err = f.call(func() (err error) { info, err = f.Files.Stat(name); return err })
	return info, err
}

func (f *flaky) ReadDir(name string) (entries []fs.DirEntry, err error) {
	err = f.call(func() (err error) { entries, err = f.Files.ReadDir(name); return err })
	return entries, err
}

func (f *flaky) MkdirAll(name string, perm fs.FileMode) error {
	return f.call(func() error { return f.Files.MkdirAll(name, perm) })
}

func (f *flaky) Remove(name string) error {
	return f.call(func() error { return f.Files.Remove(name) })
}

func (f *flaky) Rename(from, to string) error {
	return f.call(func() error { return f.Files.Rename(from, to) })
}

// SyncDir and Sync do not wait for the disk: the test is about what is written, ten thousand times.
func (f *flaky) SyncDir(string) error { return f.call(func() error { return nil }) }

func (f *flaky) Open(name string) (file device.File, err error) {
	err = f.call(func() (err error) { file, err = f.Files.Open(name); return err })
	return &flakyFile{file, f}, err
}

func (f *flaky) Create(name string, perm fs.FileMode) (file device.WriteSyncer, err error) {
	err = f.call(func() (err error) { file, err = f.Files.Create(name, perm); return err })
	return &flakyWriter{file, f}, err
}

type flakyFile struct {
	device.File
	f *flaky
}

func (f *flakyFile) ReadAt(p []byte, at int64) (int, error) {
	if f.f.how.during {
		return f.File.ReadAt(p, at)
	}
	left := f.f.spend(int64(len(p)))
	n, err := f.File.ReadAt(p[:left], at)
	if left < int64(len(p)) && err == nil && !f.f.how.delay {
		err = f.f.how.err
		if err == nil {
			err = io.EOF // a file that ends too early
		}
	}
	if f.f.how.delay && left < int64(len(p)) {
		return f.File.ReadAt(p, at)
	}
	return n, err
}

type flakyWriter struct {
	device.WriteSyncer
	f *flaky
}

func (w *flakyWriter) Write(p []byte) (int, error) {
	if w.f.how.during || w.f.how.delay {
		return w.WriteSyncer.Write(p)
	}
	left := w.f.spend(int64(len(p)))
	n, err := w.WriteSyncer.Write(p[:left])
	if left < int64(len(p)) && err == nil {
		err = w.f.how.err
	}
	return n, err
}

func (w *flakyWriter) Sync() error { return w.f.call(func() error { return nil }) }

func (w *flakyWriter) Close() error {
	return errors.Join(w.WriteSyncer.Close(), w.f.call(func() error { return nil }))
}

// cut is an upload that breaks off.
type cut struct {
	from io.Reader
	f    *flaky
}

func (c *cut) Read(p []byte) (int, error) {
	if !c.f.how.during {
		return c.from.Read(p)
	}
	left := c.f.spend(int64(len(p)))
	n, err := c.from.Read(p[:left])
	if left < int64(len(p)) && err == nil {
		err = c.f.how.err
	}
	return n, err
}
