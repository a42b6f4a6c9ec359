package device_test

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"keepstead/device"
	"keepstead/testbed"
)

func sshTo(t *testing.T, m *testbed.Machine, user string, bend ...func(*device.SSHConfig)) *device.SSH {
	t.Helper()
	c := device.SSHConfig{Address: m.Address, User: user, HostKey: m.HostKey, Key: m.Key, Sudo: user == "sudoer" || user == "odd"}
	for _, b := range bend {
		b(&c)
	}
	s := device.NewSSH(c, slog.New(slog.DiscardHandler))
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestSSHFirst(t *testing.T) {
	t.Parallel()
	m := testbed.NewMachine(t, testbed.MachineOptions{})
	for _, user := range []string{"root", "sudoer", "plain", "odd"} {
		s := sshTo(t, m, user)
		var out, errs bytes.Buffer
		c := gated(shell(t, `id -un; cat "$1" "$1"; echo "$FOO"; env; ls -l /proc/self/fd; echo err >&2; exit 3`, "{fd:a}"))
		c.Env = append(c.Env, "FOO=b'a\nr")
		c.Secrets = []device.Secret{{Name: "a", Content: []byte("sec\x00ret %s\\n\n")}}
		c.Stdout, c.Stderr = &out, &errs
		began := time.Now()
		err := s.Run(t.Context(), c)
		t.Logf("%s: %v %s\n%s\n%s", user, err, time.Since(began), out.String(), errs.String())
		files, err := s.Files()
		if err != nil {
			t.Fatal(err)
		}
		data, err := files.ReadFile("/etc/hostname")
		t.Logf("%q %v", data, err)
		t.Log(files.Space("/home"))
		l, err := s.Listen(t.Context(), "unix", "")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			c, err := l.Accept()
			if err != nil {
				t.Error(err)
				return
			}
			io.Copy(c, c)
			c.Close()
		}()
		conn, err := s.Dial(t.Context(), "unix", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conn.Write([]byte("hello"))
		conn.(interface{ CloseWrite() error }).CloseWrite()
		back, err := io.ReadAll(conn)
		t.Logf("%s %v", back, err)
		conn.Close()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		var _ net.Conn = conn
	}
	t.Log(m.Run(t, "ps -ef; ls -la /tmp /dev/shm"))
}
