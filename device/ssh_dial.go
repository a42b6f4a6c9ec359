package device

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"

	"golang.org/x/crypto/ssh"
)

// Dial connects from the machine. A socket that the login's user may not open, or that sshd does not forward, is
// reached by a program there, as root where Sudo is set.
func (s *SSH) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	l, err := s.link(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := waitOn(ctx, l, func() (net.Conn, error) { return l.client.Dial(network, address) }, func(late net.Conn) { _ = late.Close() })
	if err == nil {
		return newForwarded(conn.(stream), place{network, "ssh"}, place{network, address}), nil
	}
	if ctx.Err() != nil || network != "unix" || s.config.FilesOnly {
		return nil, s.refusedDial(network, address, err)
	}
	relayed, relayErr := s.dialByProgram(ctx, address)
	if relayErr != nil {
		return nil, relayErr
	}
	return relayed, nil
}

// refusedDial says why a connection from the machine did not come to be.
func (s *SSH) refusedDial(network, address string, err error) error {
	var open *ssh.OpenChannelError
	if errors.As(err, &open) {
		if open.Reason == ssh.Prohibited {
			return s.forwardingDenied(err)
		}
		return &net.OpError{Op: "dial", Net: network, Addr: place{network, address}, Err: fmt.Errorf("%w: %s", syscall.ECONNREFUSED, open.Message)}
	}
	return s.explain(err)
}

func (s *SSH) forwardingDenied(err error) error {
	return &SSHError{
		State: StateForwardingDenied, err: err,
		Message: fmt.Sprintf("sshd on %s does not forward connections for %s", s.config.Address, s.config.User),
		Mend:    "Set AllowTcpForwarding and AllowStreamLocalForwarding to yes for this user in the machine's sshd_config.",
	}
}

// place is an address on a machine.
type place struct{ network, name string }

func (p place) Network() string { return p.network }
func (p place) String() string  { return p.name }

// socketPrograms connects to a socket with the first program that can.
const socketPrograms = `
[ -e %[1]s ] || { echo missing; exit 0; }
[ -r %[1]s ] && [ -w %[1]s ] || { echo denied; exit 0; }
run() { command -v "$1" >/dev/null || return 1; echo ok; exec "$@"; }
run socat - UNIX-CONNECT:%[1]s
nc -h 2>&1 | grep -q -- -U && run nc -U %[1]s
run perl -e 'use IO::Socket::UNIX; use IO::Select; my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or exit 1;
my %%to = (fileno(STDIN), $s, fileno($s), \*STDOUT); my $w = IO::Select->new(\*STDIN, $s);
while (my @r = $w->can_read) { for my $f (@r) { my $n = sysread($f, my $b, 65536);
if (!$n) { exit 0 if fileno($f) == fileno($s); $w->remove($f); shutdown($s, 1); next }
my $o = 0; while ($o < $n) { my $d = syswrite($to{fileno($f)}, $b, $n - $o, $o); exit 1 unless $d; $o += $d } } }' %[1]s
run docker -H unix://%[1]s system dial-stdio
run python3 -c 'import os, select, socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); r = [0, s.fileno()]
while True:
    for f in select.select(r, [], [])[0]:
        b = os.read(f, 65536)
        if not b:
            if f != 0: sys.exit()
            r.remove(0); s.shutdown(socket.SHUT_WR); continue
        o = 1 if f else s.fileno()
        while b: b = b[os.write(o, b):]' %[1]s
echo none
`

func (s *SSH) dialByProgram(ctx context.Context, address string) (net.Conn, error) {
	nonce := newNonce()
	script := group("PATH=" + searchPath + "\nprintf '\\n%s \\n' " + nonce + fmt.Sprintf(socketPrograms, Quote(address)))
	t, err := s.shell(ctx, script, s.config.Sudo)
	if err != nil {
		return nil, err
	}
	_, err = s.heading(ctx, t, nonce, s.config.Sudo)
	var answer string
	if err == nil {
		answer, err = t.out.ReadString('\n')
		answer = strings.TrimSpace(answer)
	}
	fails := func(err error) error {
		return &net.OpError{Op: "dial", Net: "unix", Addr: place{"unix", address}, Err: err}
	}
	switch {
	case err != nil:
		err = s.explain(err)
	case answer == "missing":
		err = fails(syscall.ENOENT)
	case answer == "denied":
		err = fails(syscall.EACCES)
	case answer == "none":
		err = &SSHError{
			State: StateNoTool, Message: fmt.Sprintf("nothing on %s can connect to %s for Keepstead", s.config.Address, address),
			Mend: "Let sshd forward connections for this user, or install socat there.",
		}
	}
	if err != nil {
		t.close()
		return nil, err
	}
	go func() { _, _ = io.Copy(io.Discard, t.errs) }()
	c := newForwarded(talkStream{t}, place{"unix", "ssh"}, place{"unix", address})
	return c, nil
}

// talkStream is the connection that a program on the machine makes for us.
type talkStream struct{ t *talk }

func (s talkStream) Read(p []byte) (int, error)  { return s.t.out.Read(p) }
func (s talkStream) Write(p []byte) (int, error) { return s.t.in.Write(p) }
func (s talkStream) CloseWrite() error           { return s.t.in.Close() }

func (s talkStream) Close() error {
	s.t.close()
	return nil
}
