package e2e

import (
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// process is one entry of /proc.
type process struct {
	pid, parent int
	start       string // with the pid, names the process beyond doubt
	name        string
	zombie      bool
}

func readProcess(pid int) (process, bool) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return process{}, false
	}
	text := string(raw)
	open, end := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
	fields := strings.Fields(text[end+1:])
	parent, err := strconv.Atoi(fields[1])
	if err != nil {
		return process{}, false
	}
	return process{pid: pid, parent: parent, name: text[open+1 : end], start: fields[19], zombie: fields[0] == "Z"}, true
}

// descendants lists the children of a process and theirs.
func descendants(pid int) []process {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	children := map[int][]process{}
	for _, e := range entries {
		id, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if p, ok := readProcess(id); ok {
			children[p.parent] = append(children[p.parent], p)
		}
	}
	var out []process
	for next := []int{pid}; len(next) > 0; next = next[1:] {
		for _, p := range children[next[0]] {
			out = append(out, p)
			next = append(next, p.pid)
		}
	}
	return out
}

// awaitGone waits until none of the processes is left, and fails the test when one is after the limit.
func awaitGone(t *testing.T, processes []process, limit time.Duration) {
	t.Helper()
	for _, p := range processes {
		deadline := time.Now().Add(limit)
		for {
			now, ok := readProcess(p.pid)
			if !ok || now.start != p.start || now.zombie {
				break
			}
			if time.Now().After(deadline) {
				t.Errorf("%s (%d) is still there after %s", p.name, p.pid, limit)
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
}

// resticRuns says whether one of the processes is restic itself and not the gate before it.
func resticRuns(processes []process) bool {
	for _, p := range processes {
		if p.name == "restic" && !p.zombie {
			return true
		}
	}
	return false
}

// writeRandom writes a file that does not compress and is like no other.
func writeRandom(t testing.TB, path string, size int64) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.CopyN(f, rand.Reader, size)
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		t.Fatal(err)
	}
}
