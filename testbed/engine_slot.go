package testbed

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// slots is how many engines may run on one machine, whoever's tests they are.
const slots = 32

// slot is one engine's place on the machine: folders, networks and control groups that no other engine has. A lock says
// that it is taken; its file names the data folder, so that the next taker can remove what a killed test left.
type slot struct {
	number  int
	lock    *os.File
	run     string // sockets and pid files, at a short path: a socket's has 108 bytes at most
	data    string
	network netip.Prefix
}

// slotDir is where the locks are. It is the same for all, since what they guard is the machine's.
const slotDir = "/run/keepstead-tests"

func takeSlot(t testing.TB) *slot {
	t.Helper()
	check(t, os.MkdirAll(slotDir, 0o700))
	var taken *slot
	for n := range slots {
		s, err := trySlot(n, taken == nil)
		if err != nil {
			t.Logf("the place of a Docker engine cannot be used: %v", err)
		}
		if s != nil {
			taken = s
		}
	}
	if taken == nil {
		t.Fatalf("no place for a Docker engine is free in %s", slotDir)
	}
	cache, err := cacheDir()
	check(t, err)
	taken.data = filepath.Join(cache, "engines", strconv.Itoa(taken.number))
	check(t, taken.lock.Truncate(0))
	_, err = taken.lock.WriteAt([]byte(taken.data), 0)
	check(t, err)
	check(t, os.MkdirAll(taken.data, 0o710))
	check(t, os.MkdirAll(taken.run, 0o700))
	return taken
}

// trySlot removes what a killed test left in the slot, unless it is in use, and takes it where that is wanted.
func trySlot(n int, want bool) (*slot, error) {
	path := filepath.Join(slotDir, strconv.Itoa(n))
	flags := os.O_RDWR
	if want {
		flags |= os.O_CREATE
	}
	lock, err := os.OpenFile(path+".lock", flags, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	s := &slot{number: n, lock: lock, run: path, network: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(192 + n), 0, 0}), 16)}
	if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		return nil, lock.Close() // taken
	}
	left := make([]byte, 4096)
	size, _ := lock.ReadAt(left, 0)
	s.data = string(left[:size])
	if s.data != "" {
		if err := s.clear(); err != nil {
			return nil, errors.Join(fmt.Errorf("remove what a test left: %w", err), lock.Close())
		}
	}
	if !want {
		return nil, lock.Close()
	}
	return s, nil
}

// cacheDir is the folder of tools/testimages/make.sh.
func cacheDir() (string, error) {
	if dir := os.Getenv("KEEPSTEAD_TEST_CACHE"); dir != "" {
		return dir, nil
	}
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "keepstead-tests"), err
}

func (s *slot) log() string { return filepath.Join(s.run, "log") }

func (s *slot) volumes() string { return filepath.Join(s.data, "volumes") }

// share makes the folder of volumes a mount, so that what the engine mounts below it is seen by the test too.
func (s *slot) share() error {
	dir := s.volumes()
	if err := os.MkdirAll(dir, 0o701); err != nil {
		return err
	}
	if err := syscall.Mount(dir, dir, "", syscall.MS_BIND, ""); err != nil {
		return fmt.Errorf("mount %s: %w", dir, err)
	}
	for _, kind := range []uintptr{syscall.MS_PRIVATE, syscall.MS_SHARED} {
		if err := syscall.Mount("", dir, "", kind, ""); err != nil {
			return fmt.Errorf("share %s: %w", dir, err)
		}
	}
	return nil
}

func (s *slot) cgroup() string { return "keepstead-tests-" + strconv.Itoa(s.number) }

// thaw lets the processes of paused containers go on: frozen, they do not die of a kill, nor does who waits for them.
func (s *slot) thaw() {
	for pattern, word := range map[string]string{"/sys/fs/cgroup/freezer/%s/*/freezer.state": "THAWED", "/sys/fs/cgroup/%s/*/cgroup.freeze": "0"} {
		states, _ := filepath.Glob(fmt.Sprintf(pattern, s.cgroup()))
		for _, state := range states {
			_ = os.WriteFile(state, []byte(word), 0o600) // one that has gone meanwhile needs nothing
		}
	}
}

// release removes all of the slot's engine, whose processes have ended, and lets others take it.
func (s *slot) release() error {
	return errors.Join(s.clear(), s.lock.Close())
}

// clear removes bridges, firewall rules, control groups, the volumes' mounts and folders, and in the end the note that there are any.
func (s *slot) clear() error {
	s.thaw()
	err := errors.Join(s.removeBridges(), s.closeFirewall())
	for _, pattern := range []string{"/sys/fs/cgroup/", "/sys/fs/cgroup/*/"} {
		groups, _ := filepath.Glob(pattern + s.cgroup())
		for _, group := range groups {
			err = errors.Join(err, retry(func() error { return removeGroup(group) }))
		}
	}
	for _, place := range slices.Backward(mountsBelow(s.volumes())) {
		err = errors.Join(err, syscall.Unmount(place, syscall.MNT_DETACH))
	}
	for _, dir := range []string{s.data, s.run} {
		if mounts := mountsBelow(dir); len(mounts) > 0 {
			err = errors.Join(err, fmt.Errorf("%s is not removed: mounted there: %s", dir, strings.Join(mounts, ", ")))
			continue
		}
		err = errors.Join(err, retry(func() error { return os.RemoveAll(dir) }))
	}
	if err != nil {
		return err
	}
	return s.lock.Truncate(0)
}

// removeGroup removes a control group and those in it, whose other entries are not files to remove.
func removeGroup(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, entry := range entries {
		if entry.IsDir() {
			err = errors.Join(err, removeGroup(filepath.Join(dir, entry.Name())))
		}
	}
	return errors.Join(err, syscall.Rmdir(dir))
}

// mountsBelow lists what is mounted at dir or below it. Of an engine's own mounts only volumes are seen here; any other
// must keep a tree from being removed.
func mountsBelow(dir string) []string {
	raw, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return []string{err.Error()}
	}
	var found []string
	for _, line := range strings.Split(string(raw), "\n") {
		if fields := strings.Fields(line); len(fields) > 4 && (fields[4] == dir || strings.HasPrefix(fields[4], dir+"/")) {
			found = append(found, fields[4])
		}
	}
	return found
}

// retry repeats what may fail while the last of an engine's processes end.
func retry(act func() error) (err error) {
	for range 50 {
		if err = act(); err == nil {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return err
}
