package device_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"keepstead/device"
	"keepstead/testbed"
)

// counting is a command on a machine that tells the pid of a child of its own and what ends it, and writes all the time.
func counting(t *testing.T, dir string) device.Cmd {
	runDir := os.TempDir()
	if t != nil {
		runDir = t.TempDir()
	}
	return device.Cmd{
		Path: "/bin/sh", Env: []string{"PATH=/usr/bin:/bin"}, RunDir: runDir,
		Args: []string{"-c", `trap 'echo INT >"$1/ended"; exit 130' INT; trap '' PIPE; sleep 1000 & echo "$!" >"$1/child"
		echo ready; while :; do echo "$((n+=1))" 2>/dev/null || { echo PIPE >"$1/ended"; exit 1; }; sleep 0.02; done`, "sh", dir},
	}
}

// onTheWay is a command that runs.
type onTheWay struct {
	process device.Process
	out     *watcher
	ended   chan error
	dir     string
}

func begin(t *testing.T, s *device.SSH, dir string) *onTheWay {
	t.Helper()
	ready := make(chan struct{})
	r := &onTheWay{out: &watcher{text: "ready", act: func() { close(ready) }}, ended: make(chan error, 1), dir: dir}
	c := counting(t, dir)
	c.Stdout = r.out
	c.Started = func(p device.Process) error { r.process = p; return nil }
	go func() { r.ended <- s.Run(t.Context(), c) }()
	select {
	case <-ready:
	case err := <-r.ended:
		t.Fatal(err)
	}
	return r
}

// wantEnded fails the test unless the command was interrupted, and it and its child are gone.
func (r *onTheWay) wantEnded(t *testing.T, b bed) {
	t.Helper()
	b.wantGone(t, fmt.Sprint(r.process.PID))
	child, err := os.ReadFile(filepath.Join(r.dir, "child"))
	if err != nil {
		t.Fatal(err)
	}
	b.wantGone(t, strings.TrimSpace(string(child)))
	if how, err := os.ReadFile(filepath.Join(r.dir, "ended")); err != nil || string(how) != "INT\n" {
		t.Errorf("it was ended by %q, %v", how, err)
	}
}

func TestSSHBadLinks(t *testing.T) {
	t.Parallel()
	quick := func(c *device.SSHConfig) { c.GiveUp = 2 * time.Second }
	for name, test := range map[string]func(*testing.T, *testbed.Machine, bed){
		"cut for ten seconds": func(t *testing.T, m *testbed.Machine, b bed) {
			r := begin(t, sshTo(t, m, "plain"), b.dir(t))
			m.Cut()
			time.Sleep(10 * time.Second) // the fault itself
			m.Mend()
			mended := len(r.out.String())
			for deadline := time.Now().Add(40 * time.Second); len(r.out.String()) == mended; time.Sleep(10 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("nothing comes any more")
				}
			}
			if err := device.InterruptOn(t.Context(), sshTo(t, m, "plain"), r.process, time.Minute); err != nil {
				t.Error(err)
			}
			var exit *device.ExitError
			if err := <-r.ended; !errors.As(err, &exit) || exit.Code != 130 {
				t.Errorf("error is %v", err)
			}
		},
		"cut for good": func(t *testing.T, m *testbed.Machine, b bed) {
			r := begin(t, sshTo(t, m, "sudoer", quick), b.dir(t))
			m.Cut()
			wantUnreachable(t, <-r.ended)
			r.wantEnded(t, b)
		},
		"cut, then found again": func(t *testing.T, m *testbed.Machine, b bed) {
			s := sshTo(t, m, "plain", quick)
			files, err := s.Files()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := files.Stat("/"); err != nil {
				t.Fatal(err)
			}
			m.Cut()
			_, err = files.Stat("/")
			wantUnreachable(t, err)
			m.Mend()
			if _, err := files.Stat("/"); err != nil {
				t.Errorf("after the cut: %v", err)
			}
			if err := s.Run(t.Context(), shell(t, "exit 0")); err != nil {
				t.Errorf("after the cut: %v", err)
			}
		},
		"reset": func(t *testing.T, m *testbed.Machine, b bed) {
			s := sshTo(t, m, "plain")
			r := begin(t, s, b.dir(t))
			l, err := s.Listen(t.Context(), "unix", "")
			if err != nil {
				t.Fatal(err)
			}
			m.Run(t, "pkill -KILL -u plain -x sshd")
			wantUnreachable(t, <-r.ended)
			r.wantEnded(t, b)
			_, err = l.Accept()
			wantUnreachable(t, err)
			if err := l.Close(); err != nil {
				t.Error(err)
			}
			if err := s.Run(t.Context(), shell(t, "exit 0")); err != nil {
				t.Errorf("after it: %v", err)
			}
		},
		"slow and lossy": func(t *testing.T, m *testbed.Machine, b bed) {
			m.Slow(300*time.Millisecond, 0.02)
			s := sshTo(t, m, "plain")
			c, want := shell(t, "seq 10000"), 48894
			var got strings.Builder
			c.Stdout = &got
			if err := s.Run(t.Context(), c); err != nil || got.Len() != want {
				t.Errorf("%d bytes, %v", got.Len(), err)
			}
			files, err := s.Files()
			if err != nil {
				t.Fatal(err)
			}
			data := make([]byte, 200_000)
			name := filepath.Join(b.dir(t), "file")
			if err := files.WriteFile(name, data, 0o600); err != nil {
				t.Error(err)
			}
			if back, err := files.ReadFile(name); err != nil || len(back) != len(data) {
				t.Errorf("%d bytes, %v", len(back), err)
			}
		},
		"Keepstead killed": keepsteadKilled,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dirs := sharedDir(t)
			m := testbed.NewMachine(t, testbed.MachineOptions{NarrowLink: true, Bind: map[string]string{dirs: dirs}})
			test(t, m, bed{root: m.Path(""), dirs: dirs})
		})
	}
}

func wantUnreachable(t *testing.T, err error) {
	t.Helper()
	var told *device.SSHError
	if !errors.As(err, &told) || told.State != device.StateUnreachable {
		t.Errorf("error is %v", err)
	}
}

// keepsteadKilled kills the process that has the connection, with and without an input for the command.
func keepsteadKilled(t *testing.T, m *testbed.Machine, b bed) {
	for _, input := range []bool{false, true} {
		dir := b.dir(t)
		if err := os.Chmod(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		config, err := json.Marshal(remoteParent{
			Dir: dir, Input: input, Key: m.Key, Config: device.SSHConfig{Address: m.Address, User: "plain", HostKey: m.HostKey},
		})
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(os.Args[0])
		cmd.Env = []string{remoteParentConfig + "=" + string(config), "TMPDIR=" + t.TempDir()}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		r := &onTheWay{dir: dir}
		lines := bufio.NewReader(out)
		if _, err := fmt.Fscan(lines, &r.process.PID); err != nil {
			t.Fatal(err)
		}
		for text := ""; text != "ready\n"; {
			if text, err = lines.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		_ = cmd.Process.Signal(syscall.SIGKILL)
		_ = cmd.Wait()
		r.wantEnded(t, b)
	}
}

// remoteParentConfig makes the test binary a Keepstead that runs a command on a machine.
const remoteParentConfig = "KEEPSTEAD_TEST_REMOTE_PARENT"

type remoteParent struct {
	Dir    string
	Input  bool
	Key    []byte
	Config device.SSHConfig
}

func (p remoteParent) run() {
	p.Config.Key = p.Key
	s := device.NewSSH(p.Config, slog.New(slog.DiscardHandler))
	c := counting(nil, p.Dir)
	c.Stdout = os.Stdout
	if p.Input {
		in, _, err := os.Pipe() // never ends
		if err != nil {
			panic(err)
		}
		c.Stdin = io.MultiReader(in)
	}
	c.Started = func(p device.Process) error {
		fmt.Println(p.PID)
		return nil
	}
	fmt.Println("ended", s.Run(context.Background(), c))
}
