package device_test

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"keepstead/device"
	"keepstead/testbed"
)

// states are the ways in which a machine cannot be used, and what is said then.
func states(t *testing.T, m *testbed.Machine) []stateCase {
	other, _, err := device.GenerateKey("")
	if err != nil {
		t.Fatal(err)
	}
	otherHost, err := device.AuthorizedKey(other)
	if err != nil {
		t.Fatal(err)
	}
	run := func(s *device.SSH) error { return s.Run(t.Context(), shell(t, "exit 0")) }
	listen := func(network, address string) func(*device.SSH) error {
		return func(s *device.SSH) error {
			_, err := s.Listen(t.Context(), network, address)
			return err
		}
	}
	files := func(s *device.SSH) error {
		_, err := s.Files()
		return err
	}
	password := func(word string) func(*device.SSHConfig) {
		return func(c *device.SSHConfig) { c.Key, c.Password = nil, word }
	}
	return []stateCase{
		{"host key never confirmed", "plain", func(c *device.SSHConfig) { c.HostKey = "" }, run, device.StateHostKeyUnknown},
		{"another host key", "plain", func(c *device.SSHConfig) { c.HostKey = otherHost }, run, device.StateHostKeyChanged},
		{"a host key of a type that is gone", "plain", func(c *device.SSHConfig) { c.HostKey = rsaHost }, run, device.StateHostKeyChanged},
		{"key refused", "plain", func(c *device.SSHConfig) { c.Key = other }, run, device.StateAuthRefused},
		{"no key at all", "plain", func(c *device.SSHConfig) { c.Key = []byte("nonsense") }, run, device.StateKeyUnusable},
		{"password refused", "plain", password("wrong"), run, device.StateAuthRefused},
		{"password taken", "plain", password(testbed.MachinePassword), run, ""},
		{"no such user", "nobody-at-all", nil, run, device.StateAuthRefused},
		{"password expired", "expired", password(testbed.MachinePassword), run, device.StatePasswordExpired},
		{"no login shell", "nologin", nil, run, device.StateNoShell},
		{"a shell that is not there", "noshell", nil, run, device.StateAuthRefused},
		{"only files", "sftponly", nil, run, device.StateNoShell},
		{"no sudo", "plain", func(c *device.SSHConfig) { c.Sudo = true }, run, device.StateNoSudo},
		{"no sudo for files", "plain", func(c *device.SSHConfig) { c.Sudo = true }, func(s *device.SSH) error {
			files, err := s.Files()
			if err == nil {
				_, err = files.Stat("/")
			}
			return err
		}, device.StateNoSudo},
		{"no files", "nologin", func(c *device.SSHConfig) { c.FilesOnly = true }, files, device.StateNoSFTP},
		{"nobody forwards a socket", "nofwd", nil, listen("unix", ""), device.StateForwardingDenied},
		{"nobody forwards a port", "nofwd", nil, listen("tcp", "127.0.0.1:0"), device.StateForwardingDenied},
		{"nobody connects to a port", "nofwd", nil, func(s *device.SSH) error {
			_, err := s.Dial(t.Context(), "tcp", "127.0.0.1:22")
			return err
		}, device.StateForwardingDenied},
		{"noexec", "noexec", nil, func(s *device.SSH) error {
			c := shell(t, "")
			c.Path = "/home/noexec/program"
			return errors.Join(put(s, c.Path), s.Run(t.Context(), c))
		}, device.StateNoExec},
		{"nobody at the port", "plain", func(c *device.SSHConfig) { c.Port = 23 }, run, device.StateUnreachable},
		{"a peer that says nothing", "plain", func(c *device.SSHConfig) {
			c.Address, c.Port = silentPeer(t)
			c.GiveUp = time.Second
		}, run, device.StateUnreachable},
		{"the jump host refuses", "plain", func(c *device.SSHConfig) {
			jump := *c
			jump.Key = other
			c.Jump = &jump
		}, run, device.StateAuthRefused},
	}
}

// rsaHost is some machine's RSA key.
const rsaHost = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC6ao7qJIpKkHhvZuN76Fam22Aea8aQ/K32CZ3P77xNkZBWThpeGQoOK+fjalbR8aCcFHPvlgkppCbztA0QFURxR1vu73qONSZ0njTViIpvkWFE01v9dTsFvHzeXUPGqD1RTomms1gNWKalRt87BHIXz54vTNYthVHMydUWb4+zBogJAc9QDgDI5FnPHI24muBqbi/rRvQ3NzBnvOYkCNwaVRxDkTrB8RvOUUz9CkQYd5WCD0kUO++dF6Z5EMMncYOgF4VEjDmrVe74Me14eYgPnuLmIm5cFUnXgtKSQMY09LaulHm38YjVlyZkBjm+kHropk756xG4Bx+z0DoFWBQl"

type stateCase struct {
	name, user string
	bend       func(*device.SSHConfig)
	act        func(*device.SSH) error
	want       device.SSHState
}

func put(s *device.SSH, name string) error {
	files, err := s.Files()
	if err != nil {
		return err
	}
	return files.WriteFile(name, []byte("#!/bin/sh\n"), 0o700)
}

// silentPeer takes connections and says nothing.
func silentPeer(t *testing.T) (address string, port int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return "127.0.0.1", l.Addr().(*net.TCPAddr).Port
}

func TestSSHStates(t *testing.T) {
	t.Parallel()
	m := testbed.NewMachine(t, testbed.MachineOptions{})
	t.Run("no trace", func(t *testing.T) { sshLeavesNoTrace(t, m) }) // before the others leave theirs
	for _, c := range states(t, m) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.bend == nil {
				c.bend = func(*device.SSHConfig) {}
			}
			err := c.act(sshTo(t, m, c.user, c.bend))
			var told *device.SSHError
			switch {
			case c.want == "" && err != nil, c.want != "" && !errors.As(err, &told):
				t.Fatalf("error is %v, want %q", err, c.want)
			case c.want == "":
				return
			}
			if told.State != c.want || told.Message == "" || told.Mend == "" {
				t.Errorf("state %q, %v; mend: %s", told.State, err, told.Mend)
			}
			if strings.Contains(err.Error(), testbed.MachinePassword) || strings.Contains(err.Error(), "wrong") {
				t.Errorf("the error tells the password: %v", err)
			}
			if c.want == device.StateHostKeyUnknown && !errors.Is(err, device.ErrHostKeyUnknown) {
				t.Errorf("error is %v", err)
			}
		})
	}
	t.Run("keys", func(t *testing.T) { t.Parallel(); sshKeys(t, m) })
	t.Run("facts", func(t *testing.T) { t.Parallel(); sshFacts(t, m) })
	t.Run("disk full", func(t *testing.T) { t.Parallel(); sshDiskFull(t, m) })
	t.Run("sessions", func(t *testing.T) { t.Parallel(); sshManySessions(t, m) })
	t.Run("users", func(t *testing.T) { t.Parallel(); sshUsers(t, m) })
	t.Run("listen", func(t *testing.T) { t.Parallel(); sshListens(t, m) })
	t.Run("dial", func(t *testing.T) { t.Parallel(); sshDials(t, m) })
}

// sshKeys goes the way of a new machine: see its key, log in with the password once, leave a key there, use it.
func sshKeys(t *testing.T, m *testbed.Machine) {
	shown, fingerprint, err := device.ScanHostKey(t.Context(), device.SSHConfig{Address: m.Address})
	if err != nil || shown != m.HostKey {
		t.Fatalf("the host shows %q, want %q, %v", shown, m.HostKey, err)
	}
	if want := m.Run(t, "ssh-keygen -lf /etc/ssh/host_key"); !strings.Contains(want, " "+fingerprint+" ") {
		t.Errorf("the fingerprint is %s, ssh-keygen says %s", fingerprint, want)
	}
	private, authorized, err := device.GenerateKey("Keepstead of\nhome")
	if err != nil || !strings.HasPrefix(authorized, "ssh-ed25519 ") || !strings.HasSuffix(authorized, " Keepstead of home") {
		t.Fatalf("made %q, %v", authorized, err)
	}
	m.Run(t, `mkdir -m 0755 /home/plain/.ssh && printf '# mine' >/home/plain/.ssh/authorized_keys && chown -R plain: /home/plain/.ssh`)
	s := sshTo(t, m, "plain", func(c *device.SSHConfig) { c.Key, c.Password = nil, testbed.MachinePassword })
	for range 2 {
		if err := s.InstallKey(t.Context(), authorized); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.InstallKey(t.Context(), "nonsense"); err == nil {
		t.Error("nonsense was installed")
	}
	want := "# mine\n" + authorized + "\n700 plain\n600 plain"
	if got := m.Run(t, "cd /home/plain/.ssh; cat authorized_keys; stat -c '%a %U' . authorized_keys"); got != want {
		t.Errorf("left %q, want %q", got, want)
	}
	with := func(c *device.SSHConfig) {
		jump := *c
		c.Key, c.Jump = private, &jump // and through a jump host at once
	}
	if err := sshTo(t, m, "plain", with).Run(t.Context(), shell(t, "exit 0")); err != nil {
		t.Error(err)
	}
}

func sshFacts(t *testing.T, m *testbed.Machine) {
	m.Run(t, `perl -MIO::Socket::UNIX -e 'my $s = IO::Socket::UNIX->new(Local => "/run/docker.sock", Listen => 1) or die; chmod 0600, "/run/docker.sock"'`)
	for user, want := range map[string]struct {
		root, sudo, engine bool
	}{"root": {true, true, true}, "sudoer": {false, true, true}, "plain": {false, false, false}} {
		f, err := sshTo(t, m, user).Facts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if f.Hostname != m.Name() || f.Kernel != "Linux" || f.OS == "" || f.Arch == "" || f.ClockSkew.Abs() > 10*time.Second {
			t.Errorf("%s: %+v", user, f)
		}
		if f.IsRoot != want.root || (f.UserID == 0) != want.root || f.SudoWorks != want.sudo || f.Engine != "/run/docker.sock" || f.EngineAllowed != want.engine {
			t.Errorf("%s: %+v", user, f)
		}
		found := false
		for _, mount := range f.Mounts {
			found = found || mount.Path == "/home/small" && mount.Type == "tmpfs" && mount.Total == 1<<20
		}
		if !found {
			t.Errorf("%s: mounts %+v", user, f.Mounts)
		}
	}
}

func sshDiskFull(t *testing.T, m *testbed.Machine) {
	files, err := sshTo(t, m, "small").Files()
	if err != nil {
		t.Fatal(err)
	}
	name := "/home/small/file"
	if err := files.WriteFile(name, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := files.WriteFile(name, make([]byte, 2<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a full disk: %v", err)
	}
	if data, err := files.ReadFile(name); err != nil || string(data) != "old" {
		t.Errorf("the old content is %q, %v", data, err)
	}
	if entries, err := files.ReadDir("/home/small"); err != nil || len(entries) != 1 {
		t.Errorf("left: %v, %v", entries, err)
	}
	if err := files.WriteFile("/usr/file", nil, 0o600); !errors.Is(err, syscall.EROFS) && !errors.Is(err, fs.ErrPermission) {
		t.Errorf("a read-only disk: %v", err)
	}
}

// sshManySessions needs more sessions at once than sshd allows in a connection.
func sshManySessions(t *testing.T, m *testbed.Machine) {
	s := sshTo(t, m, "plain")
	const many = 20
	began, ended := make(chan struct{}, many), make(chan error, many)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	for range many {
		c := shell(t, "echo; exec sleep 100")
		c.Stdout = &watcher{text: "\n", act: func() { began <- struct{}{} }}
		go func() { ended <- s.Run(ctx, c) }()
	}
	for range many {
		select {
		case <-began:
		case err := <-ended:
			t.Fatal(err)
		}
	}
	cancel(errStop)
	for range many {
		if err := <-ended; !errors.Is(err, errStop) {
			t.Error(err)
		}
	}
	if left := m.Run(t, "pgrep -u plain -x sleep || true"); left != "" {
		t.Errorf("processes %s are left", left)
	}
}

// sshUsers has users with odd shells and rights run words that a shell would take for its own.
func sshUsers(t *testing.T, m *testbed.Machine) {
	words := []string{"it's", `a "b" $HOME \n`, "new\nline", "", "*", "!x", "\xff\xfe", "{args}"}
	for user, as := range map[string]string{"root": "root", "plain": "plain", "odd": "root"} {
		var out strings.Builder
		c := shell(t, `id -un; printf '%s|' "$@" "$WORD"`, words...)
		c.Env = append(c.Env, "WORD="+strings.Join(words, ","))
		c.Stdout = &out
		err := sshTo(t, m, user).Run(t.Context(), c)
		if want := as + "\n" + strings.Join(words, "|") + "|" + strings.Join(words, ",") + "|"; err != nil || out.String() != want {
			t.Errorf("%s: %q, want %q, %v", user, out.String(), want, err)
		}
	}
	c := shell(t, "exit 0")
	c.Env = append(c.Env, "NOT.A.NAME=1")
	if err := sshTo(t, m, "plain").Run(t.Context(), c); err == nil {
		t.Error("a variable that no shell can set was taken")
	}
	files, err := sshTo(t, m, "plain").Files()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := files.ReadFile("/etc/shadow"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("a file of root's: %v", err)
	}
}

// TestSSHClosed holds that a closed machine says so.
func TestSSHClosed(t *testing.T) {
	t.Parallel()
	s := device.NewSSH(device.SSHConfig{Address: "127.0.0.1", HostKey: rsaHost}, slog.New(slog.DiscardHandler))
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Run(t.Context(), shell(t, "exit 0")); !errors.Is(err, device.ErrClosed) {
		t.Error(err)
	}
	if _, err := s.Files(); !errors.Is(err, device.ErrClosed) && !errors.Is(err, os.ErrClosed) {
		t.Error(err)
	}
}
