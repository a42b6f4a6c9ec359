package device_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"keepstead/device"
)

// parentDir makes the test binary a Keepstead of its own, whose run folder it names.
const parentDir = "KEEPSTEAD_TEST_PARENT"

func TestMain(m *testing.M) {
	if dir := os.Getenv(parentDir); dir != "" {
		parent(dir)
		return
	}
	if text := os.Getenv(remoteParentConfig); text != "" {
		var p remoteParent
		if err := json.Unmarshal([]byte(text), &p); err != nil {
			panic(err)
		}
		p.run()
		return
	}
	os.Exit(m.Run())
}

// parent runs a child that tells its pid and what ended it, and waits to be killed itself.
func parent(dir string) {
	l := device.NewLocal(slog.New(slog.DiscardHandler))
	c := device.Cmd{
		Path: "/bin/sh", Env: []string{"PATH=/usr/bin:/bin"}, RunDir: dir, Stdout: os.Stdout, Stderr: os.Stderr,
		Args: []string{"-c", `trap 'echo TERM >"$1/ended"; exit 130' TERM; echo begun; while :; do sleep 0.01; done`, "sh", dir},
		Started: func(p device.Process) error {
			fmt.Println(p.PID, p.Start, p.BootID)
			if _, err := os.Stat(filepath.Join(dir, "hold")); err == nil {
				select {} // the gate stays shut until this process is killed
			}
			return nil
		},
	}
	fmt.Println("ended", l.Run(context.Background(), c))
}

// startParent starts one and returns it with the process of its child. With hold the child never gets past the gate.
func startParent(t *testing.T, hold bool) (dir string, p device.Process, kill func(syscall.Signal)) {
	t.Helper()
	dir = t.TempDir()
	if hold {
		if err := os.WriteFile(filepath.Join(dir, "hold"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{parentDir + "=" + dir}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func(sig syscall.Signal) { _ = cmd.Process.Signal(sig); _ = cmd.Wait() }
	t.Cleanup(func() { kill(syscall.SIGKILL) })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		switch line := lines.Text(); {
		case p.PID == 0:
			if _, err := fmt.Sscan(line, &p.PID, &p.Start, &p.BootID); err != nil {
				t.Fatalf("read %q: %v", line, err)
			}
			if hold {
				return dir, p, kill
			}
		case line == "begun":
			return dir, p, kill
		}
	}
	t.Fatalf("the parent told nothing: %v", lines.Err())
	return dir, p, kill
}

func TestTheChildEndsWhenKeepsteadDies(t *testing.T) {
	t.Parallel()
	dir, p, kill := startParent(t, false)
	if !device.Alive(p) {
		t.Fatalf("%+v is not alive", p)
	}
	kill(syscall.SIGKILL)
	(bed{}).wantGone(t, fmt.Sprint(p.PID))
	if text, err := os.ReadFile(filepath.Join(dir, "ended")); err != nil || strings.TrimSpace(string(text)) != "TERM" {
		t.Errorf("the child was ended by %q, %v", text, err)
	}
	if device.Alive(p) {
		t.Error("a dead process is alive")
	}
}

func TestTheGateStaysShutWhenKeepsteadDies(t *testing.T) {
	t.Parallel()
	dir, p, kill := startParent(t, true)
	kill(syscall.SIGKILL)
	(bed{}).wantGone(t, fmt.Sprint(p.PID))
	if text, err := os.ReadFile(filepath.Join(dir, "ended")); err == nil {
		t.Errorf("the program ran: %s", text)
	}
}

// orphan starts a process that Local knows nothing of, in a group of its own.
func orphan(t *testing.T, script string) device.Process {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", script)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = cmd.Wait() }()
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	p := device.Process{PID: cmd.Process.Pid, BootID: device.BootID()}
	fields := strings.Fields(string(raw))
	if _, err := fmt.Sscan(fields[21], &p.Start); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestInterruptOfAnEarlierProcess(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, script string
		grace        time.Duration
		atLeast      time.Duration
	}{
		{"obeys", `trap 'exit 130' INT; echo; while :; do sleep 0.01; done`, 30 * time.Second, 0},
		{"ignores", `trap '' INT; echo; while :; do sleep 0.01; done`, 200 * time.Millisecond, 200 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := orphan(t, c.script)
			if !device.Alive(p) {
				t.Fatal("it is not alive")
			}
			began := time.Now()
			if err := device.Interrupt(p, c.grace); err != nil {
				t.Error(err)
			}
			if took := time.Since(began); device.Alive(p) || took < c.atLeast {
				t.Errorf("alive %t after %s", device.Alive(p), took)
			}
			if err := device.Interrupt(p, c.grace); err != nil {
				t.Errorf("a second time: %v", err)
			}
		})
	}
}

func TestInterruptSparesOthers(t *testing.T) {
	t.Parallel()
	p := orphan(t, `echo; while :; do sleep 0.01; done`)
	for name, other := range map[string]device.Process{
		"another start": {PID: p.PID, Start: p.Start + 1, BootID: p.BootID},
		"another boot":  {PID: p.PID, Start: p.Start, BootID: "00000000-0000-0000-0000-000000000000"},
		"no process":    {PID: 0, Start: p.Start, BootID: p.BootID},
		"negative":      {PID: -1, Start: p.Start, BootID: p.BootID},
	} {
		if device.Alive(other) {
			t.Errorf("%s is alive", name)
		}
		if err := device.Interrupt(other, time.Millisecond); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	time.Sleep(50 * time.Millisecond)
	if !device.Alive(p) {
		t.Error("the process was ended for another")
	}
}
