package device

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// BootID returns the kernel's id of this boot, or an empty text where the kernel has none.
func BootID() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}

// stat returns what the kernel says of a process.
func stat(pid int) (status, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return status{}, err
	}
	return parseStat(string(raw))
}

// status is the part of /proc/PID/stat that is of use.
type status struct {
	pid, group int
	state      byte
	start      int64
}

func (s status) ended() bool { return s.state == 'Z' || s.state == 'X' }

func parseStat(raw string) (s status, err error) {
	// The second field is the program's name in parentheses and may hold anything, more parentheses included.
	first, _, _ := strings.Cut(raw, " ")
	fields := strings.Fields(raw[strings.LastIndexByte(raw, ')')+1:])
	if len(fields) < 20 {
		return s, fmt.Errorf("read the state of process %q: %d fields after the name", first, len(fields))
	}
	s.state = fields[0][0]
	s.pid, err = strconv.Atoi(first)
	if err == nil {
		s.group, err = strconv.Atoi(fields[2])
	}
	if err == nil {
		s.start, err = strconv.ParseInt(fields[19], 10, 64)
	}
	if err != nil {
		return s, fmt.Errorf("read the state of process %q: %w", first, err)
	}
	return s, nil
}

// Alive says whether the very process still runs: same boot, same pid, same start time. One that ended and was not
// waited for yet does not count.
func Alive(p Process) bool {
	if p.PID <= 0 || p.BootID != BootID() {
		return false
	}
	s, err := stat(p.PID)
	return err == nil && s.start == p.Start && !s.ended()
}

// Traffic returns how many bytes the process has read and written so far, over files, pipes and connections; 0 when it
// is gone or the kernel does not say.
func Traffic(p Process) int64 {
	if !Alive(p) {
		return 0
	}
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", p.PID))
	if err != nil {
		return 0
	}
	return moved(string(raw))
}

// moved is what /proc/PID/io counts.
func moved(raw string) (total int64) {
	for line := range strings.Lines(raw) {
		name, count, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if name == "rchar" || name == "wchar" {
			n, _ := strconv.ParseInt(count, 10, 64) // the kernel writes numbers
			total += n
		}
	}
	return total
}

// Interrupt ends a process of an earlier Keepstead: one SIGINT, up to grace for it to clean up, then SIGKILL of its
// process group. It returns nil when the process is gone, also when it was gone before.
func Interrupt(p Process, grace time.Duration) error {
	handle, err := os.FindProcess(p.PID)
	if err != nil {
		return fmt.Errorf("find process %d: %w", p.PID, err)
	}
	defer func() { _ = handle.Release() }()
	// The handle was taken first, so from here on it cannot mean another process with the same number.
	if !Alive(p) {
		return nil
	}
	s, err := stat(p.PID)
	if err != nil {
		return gone(fmt.Errorf("interrupt process %d: %w", p.PID, err))
	}
	if err := handle.Signal(unix.SIGINT); err != nil {
		return gone(fmt.Errorf("interrupt process %d: %w", p.PID, err))
	}
	if vanishes(p, grace) {
		return nil
	}
	if s.group == p.PID {
		err = unix.Kill(-s.group, unix.SIGKILL)
	} else {
		err = handle.Kill()
	}
	if err = gone(err); err != nil {
		return fmt.Errorf("kill process %d: %w", p.PID, err)
	}
	if !vanishes(p, killWait) {
		return fmt.Errorf("process %d is still there after SIGKILL", p.PID)
	}
	return nil
}

// killWait is how long a killed process may take to vanish; one that waits for a broken disk takes for ever.
const killWait = 10 * time.Second

func vanishes(p Process, within time.Duration) bool {
	deadline := time.Now().Add(within)
	for Alive(p) {
		if time.Now().After(deadline) {
			return false
		}
		time.Sleep(20 * time.Millisecond)
	}
	return true
}

// gone turns the errors that say "no such process" into success.
func gone(err error) error {
	if errors.Is(err, os.ErrProcessDone) || errors.Is(err, unix.ESRCH) || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
