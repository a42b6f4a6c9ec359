package device_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"keepstead/device"
	"keepstead/testbed"
)

// sshListens serves HTTP at a socket of the machine to many clients at once.
func sshListens(t *testing.T, m *testbed.Machine) {
	for _, c := range []struct{ user, network, address string }{
		{"sudoer", "unix", ""}, {"plain", "unix", "/tmp/socket-of-plain"}, {"plain", "tcp", "127.0.0.1:0"},
	} {
		s := sshTo(t, m, c.user)
		if c.network == "unix" && c.address != "" {
			m.Run(t, `su plain -s /bin/sh -c 'perl -MIO::Socket::UNIX -e "IO::Socket::UNIX->new(Local => shift, Listen => 1)" `+c.address+"'")
		}
		l, err := s.Listen(t.Context(), c.network, c.address)
		if err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
		address := l.Addr().String()
		if c.network == "unix" {
			if mode := m.Run(t, "stat -c '%a %U' "+address); mode != "600 "+c.user {
				t.Errorf("the socket is %s", mode)
			}
		}
		server := &http.Server{
			ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute,
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				_, _ = w.Write(body)
			}),
		}
		go func() { _ = server.Serve(l) }()
		manyRequests(t, s, c.network, address)
		if err := server.Close(); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
		if c.network == "unix" {
			if left := m.Run(t, "ls -d "+address+" 2>/dev/null || true"); left != "" {
				t.Errorf("%s is left", left)
			}
		}
	}
	if _, err := sshTo(t, m, "plain").Listen(t.Context(), "tcp", "0.0.0.0:0"); err == nil {
		t.Error("it listens for the whole network")
	}
	if _, err := sshTo(t, m, "plain").Listen(t.Context(), "unix", "/etc/hostname"); err == nil {
		t.Error("it listens at a file")
	}
}

func manyRequests(t *testing.T, s *device.SSH, network, address string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: 16,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return s.Dial(ctx, network, address)
		},
	}}
	defer client.CloseIdleConnections()
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			for n := range 3 {
				body := bytes.Repeat([]byte{byte(i)}, 100_000*n+i)
				res, err := client.Post("http://machine/", "", bytes.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				back, err := io.ReadAll(res.Body)
				_ = res.Body.Close()
				if err != nil || !bytes.Equal(back, body) {
					t.Errorf("%d bytes came back of %d, %v", len(back), len(body), err)
				}
			}
		})
	}
	all.Wait()
}

// echoSocket is a server on the machine that sends back what it gets, at a socket of root's.
const echoSocket = `perl -MIO::Socket::UNIX -e '
my $s = IO::Socket::UNIX->new(Local => "/run/echo.sock", Listen => 8) or die; chmod 0600, "/run/echo.sock";
fork and exit; close STDOUT; close STDERR; close STDIN;
while (my $c = $s->accept) { if (!fork) { while (sysread($c, my $b, 65536)) { print $c $b; $c->flush } exit } close $c }'`

// sshDials reaches a socket of root's, by sshd as root and by a program there as a sudoer.
func sshDials(t *testing.T, m *testbed.Machine) {
	m.Run(t, echoSocket)
	for user, want := range map[string]error{"root": nil, "sudoer": nil, "odd": nil, "plain": syscall.EACCES} {
		conn, err := sshTo(t, m, user).Dial(t.Context(), "unix", "/run/echo.sock")
		if !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("%s: %v, want %v", user, err, want)
		}
		if err != nil {
			continue
		}
		data := bytes.Repeat([]byte("0123456789"), 50_000)
		go func() {
			_, _ = conn.Write(data)
			_ = conn.(interface{ CloseWrite() error }).CloseWrite()
		}()
		back, err := io.ReadAll(conn)
		if err != nil || !bytes.Equal(back, data) {
			t.Errorf("%s: %d bytes came back, %v", user, len(back), err)
		}
		_ = conn.Close()
	}
	s := sshTo(t, m, "root")
	if _, err := s.Dial(t.Context(), "unix", "/run/nothing.sock"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no socket: %v", err)
	}
	if _, err := s.Dial(t.Context(), "tcp", "127.0.0.1:1"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("no port: %v", err)
	}
	conn, err := s.Dial(t.Context(), "unix", "/run/echo.sock")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a read that is late: %v", err)
	}
	if err := conn.SetDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 5)
	if _, err := conn.Write([]byte("again")); err != nil {
		t.Error(err)
	}
	if _, err := io.ReadFull(conn, buf); err != nil || string(buf) != "again" {
		t.Errorf("after that: %q, %v", buf, err)
	}
}

// sshLeavesNoTrace looks for a secret in all that others on the machine may see while a command that has it runs.
func sshLeavesNoTrace(t *testing.T, m *testbed.Machine) {
	const secret, inEnv = "verySecretWordInAFile", "verySecretWordInTheEnvironment"
	s := sshTo(t, m, "root")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ready := make(chan struct{})
	out := &watcher{text: "ready", act: func() { close(ready) }}
	var process device.Process
	c := shell(t, `cat "$1"; echo ready; exec sleep 1000`, "{fd:a}")
	c.Env = append(c.Env, "PASSWORD="+inEnv)
	c.Secrets = []device.Secret{{Name: "a", Content: []byte(secret)}}
	c.Stdout = out
	c.Started = func(p device.Process) error { process = p; return nil }
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, c) }()
	<-ready
	pattern := secret[:12] + `[I]nAFile\|` + inEnv[:12] + `[I]nThe`
	look := fmt.Sprintf(`
		for f in /proc/[0-9]*/cmdline /proc/[0-9]*/environ; do
			case $f in /proc/%[1]d/environ | /proc/$$/*) continue ;; esac
			if { tr '\0' '\n' <$f | grep -q '%[2]s'; } 2>/dev/null; then echo $f; fi
		done
		grep -rl '%[2]s' /home /root /tmp /var/tmp /run /dev/shm /srv /mnt || true
		find /dev/shm /run /tmp /var/tmp /home /root -name '*eepstead*' ! -path '*/.cache/*' -newer /proc/%[1]d/cmdline`, process.PID, pattern)

	if found := m.Run(t, look); found != "" {
		t.Errorf("seen in %s", found)
	}
	if !strings.HasPrefix(out.String(), secret) {
		t.Errorf("the program read %q", out.String())
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
