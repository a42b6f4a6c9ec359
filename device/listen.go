package device

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Listen listens on this machine. A socket that is left over at the address is replaced.
func (l *Local) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	if network != "unix" {
		if err := ownAddress(address); err != nil {
			return nil, err
		}
		return (&net.ListenConfig{}).Listen(ctx, network, address)
	}
	dir := ""
	if address == "" {
		made, err := os.MkdirTemp("", "keepstead-*") // 0700
		if err != nil {
			return nil, fmt.Errorf("make a folder for a socket: %w", err)
		}
		dir, address = made, filepath.Join(made, "s")
	}
	inner, err := listenUnix(ctx, address)
	if err != nil {
		return nil, errors.Join(err, removeDir(dir))
	}
	return &localListener{Listener: inner, dir: dir}, nil
}

func listenUnix(ctx context.Context, address string) (net.Listener, error) {
	info, err := os.Lstat(address)
	switch {
	case err == nil && info.Mode().Type() != fs.ModeSocket:
		return nil, fmt.Errorf("listen at %s: it is there and is no socket", address)
	case err == nil:
		if err := ignoreMissing(os.Remove(address)); err != nil {
			return nil, err
		}
	}
	inner, err := (&net.ListenConfig{}).Listen(ctx, "unix", address)
	if err != nil {
		return nil, err
	}
	// Nobody connects before Accept is called with a mode wider than this: the listener is not known yet.
	if err := unix.Chmod(address, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("close the socket %s to others: %w", address, err), inner.Close())
	}
	return inner, nil
}

func removeDir(dir string) error {
	if dir == "" {
		return nil
	}
	return ignoreMissing(os.Remove(dir))
}

// localListener removes the folder that was made for it.
type localListener struct {
	net.Listener
	dir string
}

func (l *localListener) Close() error { return errors.Join(l.Listener.Close(), removeDir(l.dir)) }
