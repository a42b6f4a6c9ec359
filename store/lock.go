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
	// lockPatience bridges the moment in which a command brings the schema up to date.
	lockPatience = 500 * time.Millisecond
)

// lockDir takes dir for this process until the file is closed. The kernel gives the lock free when the process dies,
// however it dies.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data directory: %w", err)
	}
	if err := flock(f); err != nil {
		return nil, errors.Join(refusal(dir, f, err), f.Close())
	}
	if err := f.Truncate(0); err == nil {
		_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0) // only for the sentence of refusal
	}
	return f, nil
}

func flock(f *os.File) error {
	for end := time.Now().Add(lockPatience); ; time.Sleep(20 * time.Millisecond) {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil || !errors.Is(err, syscall.EWOULDBLOCK) || time.Now().After(end) {
			return err
		}
	}
}

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
