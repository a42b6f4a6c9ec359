package storage

import (
	"context"
	"errors"
	"io/fs"
	"syscall"

	"keepstead/device"
	"keepstead/model"
)

// explain puts a failure of the file system into words.
func (p *folderPlace) explain(err error) *Error {
	if e, ok := err.(*Error); ok { //nolint:errorlint // only our own, unwrapped, is already in words
		return e
	}
	e := p.explainErrno(err)
	e.err = err
	if errors.Is(err, fs.ErrNotExist) {
		e.err = model.ErrNotFound
	}
	return e
}

func (p *folderPlace) explainErrno(err error) *Error {
	var remote *device.SSHError
	if errors.As(err, &remote) {
		return &Error{Reason: remote.Message + ".", Mend: remote.Mend}
	}
	where := quote(p.root)
	is := func(codes ...syscall.Errno) bool {
		for _, code := range codes {
			if errors.Is(err, code) {
				return true
			}
		}
		return false
	}
	switch {
	case is(syscall.ENOTDIR):
		return &Error{Reason: where + " is not a folder, or lies under a file.", Mend: "Give a folder, such as /mnt/backups/keepstead."}
	case is(syscall.EROFS):
		return &Error{Reason: "The file system of " + where + " is read-only.", Mend: "Mount it writable. A disk that went read-only by itself has errors: check it first."}
	case is(syscall.ENOSPC, syscall.EDQUOT):
		return &Error{Reason: "The disk of " + where + " is full.", Mend: "Free some space there (100 MiB are the least), or give another folder."}
	case errors.Is(err, fs.ErrPermission):
		return &Error{Reason: "Keepstead may not read and write in " + where + ".", Mend: "Give the folder to " + p.user + ", or choose another."}
	case is(syscall.EIO, syscall.ESTALE, syscall.ENODEV, syscall.ENXIO):
		return &Error{Reason: "The disk of " + where + " does not answer as it should.", Mend: "Check the disk, its cable, or the network mount."}
	case is(syscall.ELOOP, syscall.ENAMETOOLONG):
		return &Error{Reason: where + " cannot be followed to a folder.", Mend: "Give the folder's real path, without links that lead in a circle."}
	case errors.Is(err, context.Canceled):
		return &Error{Reason: "The test was stopped.", Mend: "Test again."}
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{Reason: "The disk of " + where + " did not answer within 10s.", Mend: "If it is a network mount, check that its server is up."}
	case errors.Is(err, fs.ErrNotExist):
		return &Error{Reason: "It is not there, or its disk is not mounted: " + where + ".", Mend: "Mount the disk, or bring the folder back."}
	}
	return &Error{Reason: "The folder " + where + " cannot be used.", Mend: "Look into the log for the system's own message, or give another folder."}
}
