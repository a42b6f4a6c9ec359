package testbed

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// initScript is the first process of an engine's namespaces: when it ends, the kernel kills all others in it. It reads
// commands from the test, and ends when the test process has gone and with it the other end of that pipe.
const initScript = `
set -eu
run=$1 volumes=$2
shift 2
# What is mounted here stays here, but for volumes that are mounts: those the test sees as well. Shared again, lest the
# engine mounts its data folder anew, over the volumes, to have it shared.
while read -r _ _ _ _ place _; do
	printf -v place %b "$place"
	if [ "$place" != "$volumes" ]; then mount --make-slave --make-shared "$place" || true; fi
done </proc/self/mountinfo
mount -t proc proc /proc
# The engine's parts keep sockets at fixed places, where a second engine's or the machine's own may be.
mkdir -p /run/containerd /run/docker
mount -t tmpfs none /run/containerd
mount -t tmpfs none /run/docker
mkdir /run/docker/plugins
mount --bind "$run/plugins" /run/docker/plugins
while read -r command; do
	case $command in
	start) { "$@" >>"$run/log" 2>&1 </dev/null || true; echo ended; } & ;;
	*) kill -s "$command" "$(<"$run/pid")" ;;
	esac
done
`

// engineInit is the running initScript of an engine.
type engineInit struct {
	process  *os.Process
	exited   chan struct{}
	commands *os.File
	ended    chan struct{} // a value for each end of dockerd
}

func startInit(t testing.TB, e *Engine) (*engineInit, error) {
	t.Helper()
	config := filepath.Join(e.slot.run, "config") // not the machine's own settings
	if err := os.WriteFile(config, []byte("{}"), 0o600); err != nil {
		return nil, err
	}
	dockerd := []string{
		program("dockerd"), "--config-file", config, "--data-root", e.Root, "--exec-root", filepath.Join(e.slot.run, "exec"),
		"--pidfile", filepath.Join(e.slot.run, "pid"), "--host", "unix://" + e.Socket, "--storage-driver", "overlay2",
		"--bridge", "none", "--iptables=false", "--ip6tables=false", "--ip-masq=false",
		"--default-address-pool", "base=" + e.slot.network.String() + ",size=24",
		"--exec-opt", "native.cgroupdriver=cgroupfs", "--cgroup-parent", "/" + e.slot.cgroup(),
	}
	cmd := exec.Command("bash", append([]string{"-c", initScript, "init", e.slot.run, e.slot.volumes()}, dockerd...)...)
	cmd.Env = e.Env()
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS}
	cmd.ExtraFiles = []*os.File{e.slot.lock} // the slot is taken until the last process of the engine has gone
	log, err := os.OpenFile(e.slot.log(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	in, commands, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	events, out, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer func() { _ = out.Close() }()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, log
	i := &engineInit{commands: commands, ended: make(chan struct{}, 1)}
	if i.exited, err = Start(cmd); err != nil {
		return nil, fmt.Errorf("start the engine's first process: %w", err)
	}
	i.process = cmd.Process
	go i.listen(events)
	return i, nil
}

func (i *engineInit) listen(events *os.File) {
	defer func() { _ = events.Close() }()
	for lines := bufio.NewScanner(events); lines.Scan(); {
		select {
		case i.ended <- struct{}{}:
		case <-i.exited:
			return
		}
	}
}

// start starts dockerd and waits until it answers.
func (i *engineInit) start(socket string) error {
	if _, err := io.WriteString(i.commands, "start\n"); err != nil {
		return err
	}
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
	}}
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); {
		if res, err := client.Get("http://engine/_ping"); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-i.ended:
			return errors.New("it ended at once")
		case <-i.exited:
			return errors.New("its first process ended")
		case <-time.After(20 * time.Millisecond):
		}
	}
	return errors.New("it does not answer")
}

// end sends dockerd a signal and waits for its end.
func (i *engineInit) end(signal string) error {
	if _, err := io.WriteString(i.commands, signal+"\n"); err != nil {
		return err
	}
	select {
	case <-i.ended:
		return nil
	case <-i.exited:
		return errors.New("its first process ended")
	case <-time.After(60 * time.Second):
		return errors.New("it does not end")
	}
}

func (i *engineInit) close() {
	_ = i.process.Kill()
	<-i.exited
	_ = i.commands.Close()
}
