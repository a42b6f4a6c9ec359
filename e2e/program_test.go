// Package e2e drives the built program as its users do: the command line, HTTP, signals; with real restic, a real S3
// server and real folders.
package e2e

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"keepstead/testbed"
)

// program is built once for all tests of a run.
var program struct {
	once sync.Once
	path string
	err  error
}

// binary builds Keepstead, with the race detector where the tests have it.
func binary(t testing.TB) string {
	t.Helper()
	program.once.Do(func() {
		dir, err := os.MkdirTemp("", "keepstead-e2e-")
		if err != nil {
			program.err = err
			return
		}
		if program.err = os.Chmod(dir, 0o755); program.err != nil { // another user runs it too
			return
		}
		program.path = filepath.Join(dir, "keepstead")
		args := []string{"build", "-buildvcs=false", "-ldflags=-s -w", "-o", program.path}
		if raceBuild {
			args = append(args, "-race")
		}
		build := exec.Command("go", append(args, ".")...)
		build.Dir = testbed.Root(t)
		if out, err := build.CombinedOutput(); err != nil {
			program.err = fmt.Errorf("build keepstead: %w: %s", err, out)
		}
	})
	if program.err != nil {
		t.Fatal(program.err)
	}
	return program.path
}

// These tests wait for other programs most of the time, so twice as many as usual run at once.
func TestMain(m *testing.M) {
	flag.Parse()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "test.parallel" })
	if !asked {
		_ = flag.Set("test.parallel", strconv.Itoa(2*runtime.GOMAXPROCS(0))) // a number, which the flag takes
	}
	code := m.Run()
	if program.path != "" {
		_ = os.RemoveAll(filepath.Dir(program.path))
	}
	os.Exit(code)
}

const adminPassword = "e2e-Admin-Passw0rd-Zq81"

// keepstead is one data folder and the process that serves it.
type keepstead struct {
	t     testing.TB
	data  string
	env   []string
	uid   uint32 // other than 0: the user to run as
	token string
	stays bool // a start again takes the address of the one before

	url    string
	cmd    *exec.Cmd
	exited chan struct{}
	output *journal
}

// serve starts Keepstead on a new data folder and makes a token.
func serve(t testing.TB, env ...string) *keepstead {
	t.Helper()
	k := prepare(t, env...)
	k.start()
	k.makeToken()
	return k
}

func prepare(t testing.TB, env ...string) *keepstead {
	t.Helper()
	k := &keepstead{t: t, data: filepath.Join(t.TempDir(), "data"), output: &journal{}, env: append([]string{"KEEPSTEAD_ADMIN_PASSWORD=" + adminPassword, "KEEPSTEAD_DOCKER_SOCKET=off"}, env...)}
	t.Cleanup(func() {
		k.stop()
		text := k.output.String()
		if strings.Contains(text, "DATA RACE") || strings.Contains(text, "panic:") {
			t.Errorf("the program raced or panicked")
		}
		if t.Failed() {
			t.Logf("output of keepstead:\n%s", tail(text, 8000))
		}
	})
	return k
}

// tail returns the end of the output, without the lines of requests.
func tail(text string, n int) string {
	text = strings.Join(slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool { return strings.Contains(line, "msg=request") }), "\n")
	if len(text) > n {
		return "…" + text[len(text)-n:]
	}
	return text
}

// command is keepstead with arguments, in a small environment of its own.
func (k *keepstead) command(args ...string) *exec.Cmd {
	k.t.Helper()
	cmd := exec.Command(binary(k.t), args...)
	cmd.Dir = filepath.Dir(k.data)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Dir(k.data), "GORACE=halt_on_error=0"}, k.env...)
	if k.uid != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: k.uid, Gid: k.uid}}
	}
	return cmd
}

// launch starts the server and does not wait for it.
func (k *keepstead) launch() {
	k.t.Helper()
	address, again := strings.CutPrefix(k.url, "http://")
	if !again || !k.stays {
		address = testbed.FreePort(k.t)
	}
	k.url = "http://" + address
	k.cmd = k.command("serve", "--listen", address, "--data", k.data, "--restic", testbed.Binary(k.t, "restic"))
	k.cmd.Stdout, k.cmd.Stderr = k.output, k.output
	var err error
	if k.exited, err = testbed.Start(k.cmd); err != nil {
		k.t.Fatalf("start keepstead: %v", err)
	}
}

// start launches the server and waits until it is ready.
func (k *keepstead) start() {
	k.t.Helper()
	k.launch()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		select {
		case <-k.exited:
			k.t.Fatalf("keepstead ended at its start: %s", k.output.String())
		default:
		}
		res, err := http.Get(k.url + "/readyz")
		if err != nil {
			continue
		}
		_ = res.Body.Close()
		if res.StatusCode == http.StatusOK {
			return
		}
	}
	k.t.Fatalf("keepstead is not ready after 30 s: %s", k.output.String())
}

// again starts the server at the address that it had.
func (k *keepstead) again() {
	k.t.Helper()
	k.stays = true
	k.start()
}

func (k *keepstead) makeToken() {
	k.t.Helper()
	cmd := k.command("token", "create", "e2e", "--data", k.data)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	k.token = strings.TrimSuffix(string(out), "\n")
	if err != nil || !strings.HasPrefix(k.token, "ks_") || strings.ContainsAny(k.token, " \n") {
		k.t.Fatalf("token create: %v: %q %s", err, out, stderr.String())
	}
}

// stop ends the server as systemd would, and fails the test when it takes more than 15 s.
func (k *keepstead) stop() {
	if k.cmd == nil || k.cmd.Process == nil {
		return
	}
	select {
	case <-k.exited:
		return
	default:
	}
	_ = k.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-k.exited:
	case <-time.After(15 * time.Second):
		k.t.Errorf("keepstead was still there 15 s after SIGTERM")
		k.kill()
	}
}

func (k *keepstead) kill() {
	_ = k.cmd.Process.Kill()
	<-k.exited
}

func (k *keepstead) exitCode() int { return k.cmd.ProcessState.ExitCode() }

// journal is a buffer that a process writes and a test reads.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write appends.
func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

// String returns all that was written.
func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// run runs restic on a repository and returns its standard output.
func restic(t testing.TB, repository, password string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(testbed.Binary(t, "restic"), append(args, "--no-cache", "--quiet")...)
	cmd.Env = []string{"RESTIC_REPOSITORY=" + repository, "RESTIC_PASSWORD=" + password, "HOME=" + t.TempDir()}
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		t.Fatalf("restic %v: %v: %s", args, err, exit.Stderr)
	}
	if err != nil {
		t.Fatalf("restic %v: %v", args, err)
	}
	return out
}
