package device

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
)

// Listen listens on the machine and accepts here. A socket is of the login's user, mode 0600, and so is of use to root
// too; with an empty address it is made in a fresh folder that only that user enters, and Addr tells where. For "tcp"
// the address must be of the machine itself, such as 127.0.0.1:0. Where sshd does not forward, the error is an *SSHError
// with StateForwardingDenied.
func (s *SSH) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	l, err := s.link(ctx)
	if err != nil {
		return nil, err
	}
	switch network {
	case "unix":
		return s.listenUnix(ctx, l, address)
	case "tcp", "tcp4", "tcp6":
		if err := ownAddress(address); err != nil {
			return nil, err
		}
	}
	inner, err := waitOn(ctx, l, func() (net.Listener, error) { return l.client.Listen(network, address) }, func(late net.Listener) { _ = late.Close() })
	if err != nil {
		return nil, s.refusedListen(l, err)
	}
	return &sshListener{Listener: inner, s: s, link: l, address: inner.Addr()}, nil
}

// ownAddress keeps a forwarded port from the machine's network.
func ownAddress(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("listen at %s: only an address that the machine alone reaches is allowed, such as 127.0.0.1:0", address)
	}
	return nil
}

// refusedListen is called with a refusal of sshd, which gives no reason, or with the end of the connection.
func (s *SSH) refusedListen(l *link, err error) error {
	if s.isDead(l) {
		return s.unreachable(err)
	}
	return s.forwardingDenied(err)
}

// makeSocketDir prints the folder of the socket. A socket that an earlier listener left would keep its place taken.
const makeSocketDir = `
umask 077
name=%s
if [ -z "$name" ]; then
	for dir in "/run/user/$(id -u)" /tmp /var/tmp; do
		name=$(mktemp -d "$dir/keepstead-XXXXXXXX" 2>/dev/null) && break
	done
	[ -n "$name" ] || { echo "no folder can be made in /tmp" >&2; exit 1; }
	printf %%s "$name/s"
	exit 0
fi
[ ! -S "$name" ] || rm -f -- "$name"
[ ! -e "$name" ] || { echo "$name is there and is no socket" >&2; exit 1; }
dir=${name%%/*}
[ -d "$dir" ] && [ -w "$dir" ] || { echo "no socket can be made in $dir" >&2; exit 1; }
printf %%s "$name"
`

func (s *SSH) listenUnix(ctx context.Context, l *link, address string) (net.Listener, error) {
	name, err := s.ask(ctx, fmt.Sprintf(makeSocketDir, Quote(address)), false)
	if err != nil {
		return nil, fmt.Errorf("make room for a socket on %s: %w", s.config.Address, err)
	}
	out := &sshListener{s: s, link: l, address: &net.UnixAddr{Net: "unix", Name: name}, remove: name, ownDir: address == ""}
	inner, err := waitOn(ctx, l, func() (net.Listener, error) { return l.client.ListenUnix(name) }, func(late net.Listener) { _ = late.Close() })
	if err != nil {
		out.tidy()
		return nil, s.refusedListen(l, err)
	}
	out.Listener = inner
	return out, nil
}

// sshListener is a listener on a machine.
type sshListener struct {
	net.Listener
	s       *SSH
	link    *link
	address net.Addr
	remove  string // the socket's file, which sshd leaves
	ownDir  bool   // its folder is ours too
	once    sync.Once
	err     error
}

func (l *sshListener) Addr() net.Addr { return l.address }

// Accept returns the next connection; after the end of the connection to the machine, an *SSHError.
func (l *sshListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		return newForwarded(conn.(stream), l.address, place{l.address.Network(), "ssh"}), nil
	}
	select {
	case <-l.link.life.Done():
		if l.s.base.Err() == nil {
			return nil, l.s.unreachable(err)
		}
	default:
	}
	if errors.Is(err, io.EOF) {
		return nil, net.ErrClosed
	}
	return nil, err
}

// Close stops listening and removes the socket there.
func (l *sshListener) Close() error {
	l.once.Do(func() {
		l.err = l.Listener.Close()
		select {
		case <-l.link.life.Done():
			l.err = nil // it ended with its connection
		default:
		}
		l.tidy()
	})
	return l.err
}

func (l *sshListener) tidy() {
	if l.remove == "" || l.s.base.Err() != nil {
		return
	}
	script := "rm -f -- " + Quote(l.remove)
	if l.ownDir {
		script += " && rmdir -- " + Quote(l.remove[:strings.LastIndexByte(l.remove, '/')])
	}
	ctx, cancel := context.WithTimeout(l.s.base, talkWait)
	defer cancel()
	if _, err := l.s.ask(ctx, script, false); err != nil {
		l.s.log.Warn("remove a socket on a machine", "machine", l.s.config.Address, "socket", l.remove, "error", err)
	}
}
