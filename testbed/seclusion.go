package testbed

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// Seclusion is a network of a test's own, with nothing in it but a loopback. Chromium gives up every page that is on its
// way when an interface of its machine comes or goes, and the engines of other tests make and remove many. A user who is
// not root stays on the machine's network: no engine can run beside.
type Seclusion struct {
	namespace string
	inside    chan func()
}

// Seclude makes a network that ends with the test.
func Seclude(t testing.TB) *Seclusion {
	t.Helper()
	if os.Getuid() != 0 {
		return &Seclusion{}
	}
	s := &Seclusion{inside: make(chan func())}
	ready := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread, which is no longer like the others, ends with the loop
		s.namespace = fmt.Sprintf("/proc/%d/task/%d/ns/net", os.Getpid(), unix.Gettid())
		ready <- ownLoopback()
		for act := range s.inside {
			act()
		}
	}()
	t.Cleanup(func() { close(s.inside) })
	check(t, <-ready)
	return s
}

// ownLoopback moves the calling thread into a new network and brings its loopback up.
func ownLoopback() error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("make a network: %w", err)
	}
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("reach the loopback: %w", err)
	}
	defer func() { _ = unix.Close(socket) }()
	loopback, err := unix.NewIfreq("lo")
	if err != nil {
		return fmt.Errorf("name the loopback: %w", err)
	}
	loopback.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, loopback); err != nil {
		return fmt.Errorf("bring the loopback up: %w", err)
	}
	return nil
}

// Enter has the command, which is not started yet, run in the network.
func (s *Seclusion) Enter(cmd *exec.Cmd) {
	if s.inside == nil {
		return
	}
	cmd.Args = append([]string{"nsenter", "--net=" + s.namespace, "--", cmd.Path}, cmd.Args[1:]...)
	cmd.Path = program("nsenter")
}

// Reach makes a port of the machine's loopback reachable in the network, under the same address.
func (s *Seclusion) Reach(t testing.TB, port int) {
	t.Helper()
	if s.inside == nil {
		return
	}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	var l net.Listener
	made := make(chan error)
	s.inside <- func() {
		var err error
		l, err = net.Listen("tcp", address)
		made <- err
	}
	check(t, <-made)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // the test has ended
			}
			go passOn(conn, address)
		}
	}()
}

// passOn connects conn with the address until one of the two ends.
func passOn(conn net.Conn, address string) {
	defer func() { _ = conn.Close() }()
	to, err := net.Dial("tcp", address)
	if err != nil {
		return // as where nothing listens
	}
	defer func() { _ = to.Close() }()
	done := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{conn, to}, {to, conn}} {
		go func() {
			_, _ = io.Copy(way[0], way[1]) // an end of either side is what is waited for
			done <- struct{}{}
		}()
	}
	<-done
}
