package gateway

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"syscall"
)

// Storage is where a repository's files lie. Names are restic's, as its own local layout has them: config,
// data/ab/abcd…, index/…, keys/…, locks/… and snapshots/…
type Storage interface {
	// Save stores a new file of size bytes, whole or not at all, and durable when it returns nil. It must read body to
	// its end and store nothing when body ends in an error. A name that is taken is fs.ErrExist; the file stays as it is.
	Save(ctx context.Context, name string, size int64, body io.Reader) error
	// Load opens length bytes of a file from offset on, or all from there where length is 0 or reaches beyond its end,
	// and tells the size of the whole file. An offset beyond the end is ErrRange.
	Load(ctx context.Context, name string, offset, length int64) (body io.ReadCloser, size int64, err error)
	// Stat returns a file's size.
	Stat(ctx context.Context, name string) (int64, error)
	// List calls each for every file of a kind (data, index, keys, locks, snapshots) in the order of their ids, with
	// the id alone. A kind without files is no error. An error of each ends the list and is returned.
	List(ctx context.Context, kind string, each func(id string, size int64) error) error
	// Remove removes a file. It may or may not say fs.ErrNotExist for one that is not there.
	Remove(ctx context.Context, name string) error
}

// ErrRange is an offset beyond the end of a file.
var ErrRange = errors.New("the offset lies beyond the end of the file")

// errFull is a storage that has no room, where the system does not say so by a number.
var errFull = errors.New("the storage is full")

// full says whether err is a storage without room.
func full(err error) bool {
	return errors.Is(err, errFull) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// Full says whether a Failure is that of a storage without room.
func Full(failure error) bool { return failure != nil && full(failure) }

// lasting says whether err will be the same when the storage is asked again.
func lasting(err error) bool {
	for _, kind := range []error{
		fs.ErrNotExist, fs.ErrExist, fs.ErrPermission, ErrRange, errForGood,
		syscall.EROFS, syscall.ENOTDIR, syscall.EISDIR, syscall.ENAMETOOLONG, syscall.ELOOP, syscall.EXDEV,
	} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return full(err)
}

// errForGood marks a failure of another kind that no second try mends.
var errForGood = errors.New("not tried again")

// The parts of storages that have more to do than serving files.
type (
	// creator makes what a new repository needs before its first file.
	creator interface {
		create(ctx context.Context) error
	}
	// sweeper removes what a crash left behind.
	sweeper interface {
		sweep(ctx context.Context) error
	}
	// rereader is a storage that reads a body more than once.
	rereader interface{ rereads() }
)
