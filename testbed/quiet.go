package testbed

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// QuietNetwork keeps the engines of all test processes away until the test has ended: each adds interfaces to the
// machine, and Chromium then gives up every page that is on its way.
func QuietNetwork(t testing.TB) {
	t.Helper()
	shareNetwork(t, syscall.LOCK_EX)
}

// shareNetwork takes the lock on the machine's interfaces, alone or beside others, until the test has ended.
func shareNetwork(t testing.TB, how int) {
	t.Helper()
	if os.Getuid() != 0 {
		return // no engine can run either
	}
	check(t, os.MkdirAll(slotDir, 0o700))
	f, err := os.OpenFile(filepath.Join(slotDir, "network"), os.O_RDWR|os.O_CREATE, 0o600)
	check(t, err)
	t.Cleanup(func() { _ = f.Close() })
	for {
		if err = syscall.Flock(int(f.Fd()), how); err != syscall.EINTR { //nolint:errorlint // a bare errno
			break
		}
	}
	check(t, err)
}
