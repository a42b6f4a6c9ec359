package device

import (
	"bytes"
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"
)

func (localFiles) Xattrs(name string) (map[string][]byte, error) {
	list, err := sized(func(buf []byte) (int, error) { return unix.Llistxattr(name, buf) })
	if errors.Is(err, unix.ENOTSUP) {
		return nil, nil
	}
	if err != nil {
		return nil, &fs.PathError{Op: "listxattr", Path: name, Err: err}
	}
	out := map[string][]byte{}
	for _, attr := range bytes.Split(list, []byte{0}) {
		if len(attr) == 0 {
			continue
		}
		value, err := sized(func(buf []byte) (int, error) { return unix.Lgetxattr(name, string(attr), buf) })
		if errors.Is(err, unix.ENODATA) {
			continue // removed meanwhile
		}
		if err != nil {
			return nil, &fs.PathError{Op: "getxattr " + string(attr), Path: name, Err: err}
		}
		out[string(attr)] = value
	}
	return out, nil
}

// sized calls read with a buffer that is large enough, however the value grows meanwhile. The value is never nil.
func sized(read func([]byte) (int, error)) ([]byte, error) {
	for {
		size, err := read(nil)
		if err != nil {
			return nil, err
		}
		buf := make([]byte, size)
		if size == 0 {
			return buf, nil
		}
		n, err := read(buf)
		if errors.Is(err, unix.ERANGE) {
			continue
		}
		return buf[:max(0, n)], err
	}
}

func (localFiles) SetXattr(name, attr string, value []byte) error {
	op, err := "setxattr ", error(nil)
	if value != nil {
		err = unix.Lsetxattr(name, attr, value, 0)
	} else if op, err = "removexattr ", unix.Lremovexattr(name, attr); errors.Is(err, unix.ENODATA) {
		return nil
	}
	if err != nil {
		return &fs.PathError{Op: op + attr, Path: name, Err: err}
	}
	return nil
}
