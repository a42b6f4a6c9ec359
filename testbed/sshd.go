package testbed

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// MachinePassword is the password of every user of every Machine.
const MachinePassword = "machine-Password-0123"

// WritablePlaces are where somebody can write on a Machine.
func WritablePlaces() []string {
	return []string{"/root", "/home", "/tmp", "/var/tmp", "/run", "/srv", "/mnt", "/dev/shm"}
}

// MachineOptions says what a machine is like.
type MachineOptions struct {
	// Bind shows folders or sockets of this machine there: path on the machine → path here. A path below /srv, /home,
	// /root, /run, /mnt or /tmp is made where it is missing.
	Bind map[string]string
	// Sshd are more lines of sshd_config, before those of single users.
	Sshd string
	// Sftp are more arguments of the internal-sftp that sftponly gets.
	Sftp string
	// Sudoers replaces the rules of sudo, which let sudoer and odd do everything without a password.
	Sudoers string
	// NarrowLink makes packets as small as on a real network, for tests of a bad one; else they are large and quick.
	NarrowLink bool
}

// Machine is another machine as seen over the network: OpenSSH's sshd in a process, mount, network and host name space
// of its own, with its own users, homes, sudo, /tmp, /run, /srv, /mnt and an address that only this machine reaches.
// Programs are this machine's, and cannot be changed there. The kernel ends all of it with the test.
//
// Users, each with MachinePassword and the key Key: root, sudoer (sudo without a password), plain, odd (a sudoer whose
// shell knows neither quotes nor syntax), nofwd (no forwarding of any kind), noexec (nothing in the home and temporary
// folders may be run), small (a home of 1 MiB), expired (a password that must be changed), nologin (no shell),
// noshell (a shell that is not there), sftponly (internal-sftp in /srv/sftp, a chroot, writable at /data).
type Machine struct {
	Address string // its IP address; sshd listens at port 22
	Gateway string // the address under which the machine reaches this one
	HostKey string // "ssh-ed25519 AAAA…"
	Key     []byte // private key that every user accepts, PEM

	slot    *machineSlot
	link    *link
	init    *machineInit
	options MachineOptions
}

// NewMachine starts a machine, which ends with the test.
func NewMachine(t testing.TB, o MachineOptions) *Machine {
	t.Helper()
	for _, name := range []string{"sshd", "sudo", "ip", "perl"} {
		if program(name) == "" {
			Missing(t, "A machine with sshd cannot be started for want of %s; apt-get install openssh-server openssh-sftp-server sudo iproute2.", name)
		}
	}
	if os.Getuid() != 0 {
		Missing(t, "A machine of the test's own needs root; run the tests as root.")
	}
	m := &Machine{slot: takeMachineSlot(t), options: o}
	t.Cleanup(func() { m.close(t) })
	m.Address, m.Gateway = fmt.Sprintf("10.224.%d.2", m.slot.number), fmt.Sprintf("10.224.%d.1", m.slot.number)
	check(t, m.writeFiles(t.TempDir(), o))
	check(t, m.start(t, o))
	return m
}

// Path returns where a test finds the machine's file.
func (m *Machine) Path(name string) string { return m.init.root() + name }

// Run runs a script as the machine's root, for tests to look at the machine past sshd, and returns what it printed.
func (m *Machine) Run(t testing.TB, script string) string {
	t.Helper()
	out, err := m.init.command("/bin/sh", "-c", script).CombinedOutput()
	if err != nil {
		t.Fatalf("on the machine: %v: %s", err, out)
	}
	return strings.TrimSuffix(string(out), "\n")
}

// Cut lets nothing pass between the machine and this one until Mend.
func (m *Machine) Cut() { m.link.cut.Store(true) }

// Mend ends what Cut and Slow did.
func (m *Machine) Mend() {
	m.link.cut.Store(false)
	m.Slow(0, 0)
}

// Slow makes each packet late by half of roundTrip, in both directions, and loses a part of them.
func (m *Machine) Slow(roundTrip time.Duration, loss float64) {
	m.link.delay.Store(int64(roundTrip / 2))
	m.link.loss.Store(int64(loss * lossScale))
}

func (m *Machine) start(t testing.TB, o MachineOptions) (err error) {
	mtu := 9000
	if o.NarrowLink {
		mtu = 1500
	}
	if m.link, err = newLink(m.slot.number, mtu, m.Gateway, m.Address); err != nil {
		return err
	}
	if m.init, err = startMachine(m.slot, m.link, m.Address, m.Gateway, mtu); err != nil {
		return err
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		conn, err := net.DialTimeout("tcp", net.JoinHostPort(m.Address, "22"), time.Second)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-m.init.exited:
			return fmt.Errorf("the machine ended at once:\n%s", m.Log())
		default:
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("sshd does not answer: %w\n%s", err, m.Log())
		}
	}
}

// Reboot ends all that runs on the machine at once, without a word to anybody, and starts it again: disks and keys are as
// they were, /tmp and /run are empty.
func (m *Machine) Reboot(t testing.TB) {
	t.Helper()
	m.init.close()
	m.link.close()
	check(t, m.start(t, m.options))
}

// Log returns what sshd logged.
func (m *Machine) Log() string {
	raw, err := os.ReadFile(filepath.Join(m.slot.dir, "log"))
	if err != nil {
		return err.Error()
	}
	return string(raw[max(0, len(raw)-8<<10):])
}

func (m *Machine) close(t testing.TB) {
	if m.init != nil {
		m.init.close()
	}
	if m.link != nil {
		m.link.close()
	}
	if err := m.slot.lock.Close(); err != nil {
		t.Errorf("give back the machine's place: %v", err)
	}
}

// makeKey returns a key pair: PEM, and the public part as authorized_keys has it.
func makeKey() (private []byte, public string, err error) {
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, "", err
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		return nil, "", err
	}
	sshPub, err := ssh.NewPublicKey(pub)
	if err != nil {
		return nil, "", err
	}
	return pem.EncodeToMemory(block), strings.TrimSpace(string(ssh.MarshalAuthorizedKey(sshPub))), nil
}

// hashPassword returns the password as /etc/shadow has it.
func hashPassword(password string) (string, error) {
	cmd := exec.Command(program("perl"), "-e", `print crypt(<STDIN>, '$5$keepstead$')`)
	cmd.Stdin = strings.NewReader(password)
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	return string(out), nil
}
