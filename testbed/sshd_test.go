package testbed_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"keepstead/testbed"
)

// TestMachine holds that a machine is another one: its own name, users and files, and a link that can be cut.
func TestMachine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("shared"), 0o600); err != nil {
		t.Fatal(err)
	}
	m, other := testbed.NewMachine(t, testbed.MachineOptions{Bind: map[string]string{"/mnt/shared": dir}}), testbed.NewMachine(t, testbed.MachineOptions{})
	if m.Address == other.Address || m.HostKey == other.HostKey || m.Name() == other.Name() {
		t.Errorf("two machines are one: %s %s", m.Address, other.Address)
	}
	if got := m.Run(t, "hostname; id -u plain; cat /mnt/shared/file; echo here >/tmp/only"); got != m.Name()+"\n2002\nshared" {
		t.Errorf("it says %q", got)
	}
	if got := m.Run(t, "touch /usr/x 2>&1 || true"); !strings.Contains(got, "Read-only") {
		t.Errorf("this machine's programs may be changed there: %s", got)
	}
	if _, err := os.Stat("/tmp/only"); err == nil {
		t.Error("its /tmp is this machine's")
	}
	if text, err := os.ReadFile(m.Path("/tmp/only")); err != nil || string(text) != "here\n" {
		t.Errorf("its file holds %q, %v", text, err)
	}
	dial := func() error {
		conn, err := net.DialTimeout("tcp", net.JoinHostPort(m.Address, "22"), 500*time.Millisecond)
		if err == nil {
			_ = conn.Close()
		}
		return err
	}
	m.Cut()
	if dial() == nil {
		t.Error("a cut link carries a connection")
	}
	m.Mend()
	if err := dial(); err != nil {
		t.Error(err)
	}
	m.Slow(200*time.Millisecond, 0)
	if began := time.Now(); dial() != nil || time.Since(began) < 200*time.Millisecond {
		t.Errorf("a slow link connected in %s", time.Since(began))
	}
}
