package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ErrInUse says that another process has the data directory.
var ErrInUse = errors.New("the data directory is in use")

const (
	lockFile = "keepstead.lock"
	// lockPatience bridges the moment in which a command, or a server that starts, brings the schema up to date.
	lockPatience = 5 * time.Second
	lockPause    = 20 * time.Millisecond
)

// lockDir takes dir for this process until the file is closed. The kernel gives the lock free when the process dies,
// however it dies. Commands that migrate share the lock for a moment, so they are waited for; another server is not.
func lockDir(dir string) (*os.File, error) {
	f, err := openLock(dir)
	if err != nil {
		return nil, err
	}
	for end := time.Now().Add(lockPatience); ; time.Sleep(lockPause) {
		if err = tryLock(f, syscall.LOCK_EX); err == nil {
			break
		}
		shared := tryLock(f, syscall.LOCK_SH) == nil
		_ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN)
		if !shared || time.Now().After(end) {
			return nil, errors.Join(refusal(dir, f, err), f.Close())
		}
	}
	if err := f.Truncate(0); err == nil {
		_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0) // only for the sentence of refusal
	}
	return f, nil
}

// shareDir keeps servers out of dir until the file is closed. It waits a while for one that starts, for as long as
// needed says that there is something to wait for; the file is nil when there is not any more.
func shareDir(dir string, needed func() (bool, error)) (*os.File, error) {
	f, err := openLock(dir)
	if err != nil {
		return nil, err
	}
	for end := time.Now().Add(lockPatience); ; time.Sleep(lockPause) {
		if err = tryLock(f, syscall.LOCK_SH); err == nil {
			return f, nil
		}
		if still, oops := needed(); oops != nil || !still {
			return nil, errors.Join(oops, f.Close())
		}
		if time.Now().After(end) {
			return nil, errors.Join(refusal(dir, f, err), f.Close())
		}
	}
}

func openLock(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data directory: %w", err)
	}
	return f, nil
}

func tryLock(f *os.File, how int) error { return syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB) }

func refusal(dir string, f *os.File, err error) error {
	if !errors.Is(err, syscall.EWOULDBLOCK) {
		return fmt.Errorf("lock the data directory: %w", err)
	}
	who := "another Keepstead"
	text := make([]byte, 20)
	n, _ := f.ReadAt(text, 0)
	if pid := strings.TrimSpace(string(text[:n])); pid != "" {
		who += " (process " + pid + ")"
	}
	return fmt.Errorf("%w: %s already runs on %s; stop it first, or give --data another directory", ErrInUse, who, dir)
}
