package testbed_test

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"keepstead/testbed"
)

// endVariable says to this test's second process how it is to end.
const endVariable = "KEEPSTEAD_TEST_ENGINE_END"

// TestNothingOfAnEngineIsLeft ends a process that has an engine with a container, in each way a test can end.
func TestNothingOfAnEngineIsLeft(t *testing.T) {
	if end := os.Getenv(endVariable); end != "" {
		engineUser(t, end)
		return
	}
	t.Parallel()
	testbed.NewEngine(t) // ends here where engines cannot run
	for _, end := range []string{"return", "fail", "panic", "kill"} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestNothingOfAnEngineIsLeft$")
			cmd.Env = append(os.Environ(), endVariable+"="+end, "TMPDIR="+t.TempDir())
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			var left []string
			for lines := bufio.NewScanner(out); lines.Scan(); {
				if text, ok := strings.CutPrefix(lines.Text(), "engine: "); ok {
					left = strings.Fields(text)
					if end == "kill" {
						_ = cmd.Process.Kill()
					}
				}
			}
			_ = cmd.Wait()
			if len(left) != 3 {
				t.Fatalf("the process told %q of its engine", left)
			}
			for range 10 { // the kernel takes a moment to end a killed engine
				if end != "kill" || len(remains(t, left[0], left[1], left[2])) == 0 {
					break
				}
				testbed.NewEngine(t) // the next to come removes what a killed process could not
			}
			if found := remains(t, left[0], left[1], left[2]); len(found) > 0 {
				t.Errorf("left: %s", strings.Join(found, ", "))
			}
		})
	}
}

// engineUser has a container run in an engine and ends as told.
func engineUser(t *testing.T, end string) {
	e := testbed.NewEngine(t)
	network := e.Docker(t, "network", "create", "lost")
	container := e.Docker(t, "run", "-d", "--network", "lost", "-v", "data:/data", "-e", "LOG=/data/log", "webapp:1")
	_, _ = os.Stdout.WriteString("engine: " + strings.Join([]string{e.Root, container, "br-" + network[:12]}, " ") + "\n")
	if found := remains(t, e.Root, container, "br-"+network[:12]); len(found) < 5 {
		t.Fatalf("of a running engine only this is seen: %q", found)
	}
	switch end {
	case "fail":
		t.Fatal("as told")
	case "panic":
		panic("as told")
	case "kill":
		time.Sleep(time.Minute)
	}
}

// remains lists what there is of an engine: processes, a bridge, mounts, a folder and control groups of its container.
func remains(t *testing.T, root, container, bridge string) []string {
	t.Helper()
	var found []string
	if _, err := net.InterfaceByName(bridge); err == nil {
		found = append(found, bridge)
	}
	if _, err := os.Stat(filepath.Join(root, "containers", container)); err == nil {
		found = append(found, root)
		if mounts, err := os.ReadFile("/proc/self/mountinfo"); err == nil && strings.Contains(string(mounts), root) {
			found = append(found, "a mount in "+root)
		}
	}
	for _, pattern := range []string{"/sys/fs/cgroup/*/" + container, "/sys/fs/cgroup/*/*/" + container} {
		groups, _ := filepath.Glob(pattern)
		found = append(found, groups...)
	}
	processes, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range processes {
		if line, err := os.ReadFile(file); err == nil && strings.Contains(string(line), container) {
			found = append(found, string(line))
		}
	}
	return found
}
