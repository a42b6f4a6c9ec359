package device

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"
)

// Deadlines of making a connection. A peer that takes a connection and then says nothing is as good as none.
const (
	dialWait      = 10 * time.Second
	handshakeWait = 20 * time.Second
)

// clientVersion is how Keepstead names itself to a server.
const clientVersion = "SSH-2.0-Keepstead"

// link is one connection to a machine.
type link struct {
	client   *ssh.Client
	conn     *heard
	once     sync.Once
	life     context.Context // ends with the connection
	end      context.CancelFunc
	sessions int // in use, and
	room     int // at most; both guarded by the SSH's mu
}

// heard is a network connection that knows when it last heard from the other side.
type heard struct {
	net.Conn
	last atomic.Int64 // unix time in nanoseconds
}

func (h *heard) Read(p []byte) (int, error) {
	n, err := h.Conn.Read(p)
	if n > 0 {
		h.last.Store(time.Now().UnixNano())
	}
	return n, err
}

func (h *heard) silence() time.Duration { return time.Since(time.Unix(0, h.last.Load())) }

// connect makes a connection and keeps it in links. Its caller holds connecting.
func (s *SSH) connect(ctx context.Context) (*link, error) {
	if s.base.Err() != nil {
		return nil, ErrClosed
	}
	if s.config.HostKey == "" {
		return nil, s.hostKeyUnknown()
	}
	pinned, _, _, _, err := ssh.ParseAuthorizedKey([]byte(s.config.HostKey))
	if err != nil {
		return nil, fmt.Errorf("read the pinned host key of %s: %w", s.config.Address, err)
	}
	auth, err := s.auth()
	if err != nil {
		return nil, err
	}
	conn, err := s.dialMachine(ctx)
	if err != nil {
		return nil, err
	}
	login := &login{s: s, pinned: pinned}
	client, err := login.handshake(ctx, conn, auth)
	if err != nil {
		return nil, errors.Join(err, ignoreClosed(conn.Close()))
	}
	l := &link{client: client, conn: conn, room: sessionsPerLink}
	l.life, l.end = context.WithCancel(context.WithoutCancel(s.base)) // what Close ends is ended over it
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errors.Join(ErrClosed, l.close())
	}
	s.links = append(s.links, l)
	go s.watch(l)
	return l, nil
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// dialMachine opens the network connection, through the jump host where there is one.
func (s *SSH) dialMachine(ctx context.Context) (*heard, error) {
	ctx, cancel := context.WithTimeout(ctx, min(dialWait, s.config.giveUp()))
	defer cancel()
	dial := (&net.Dialer{}).DialContext
	if s.jump != nil {
		dial = s.jump.Dial
	}
	conn, err := dial(ctx, "tcp", s.config.endpoint())
	if err != nil {
		var known *SSHError
		if errors.As(err, &known) {
			return nil, fmt.Errorf("through the jump host: %w", err)
		}
		return nil, s.unreachable(err)
	}
	h := &heard{Conn: conn}
	h.last.Store(time.Now().UnixNano())
	return h, nil
}

// auth is how to log in: the key, or else the password, asked for in either of two ways.
func (s *SSH) auth() ([]ssh.AuthMethod, error) {
	if len(s.config.Key) > 0 {
		signer, err := ssh.ParsePrivateKey(s.config.Key)
		if err != nil {
			return nil, &SSHError{
				State: StateKeyUnusable, err: err, Message: "The private key cannot be used",
				Mend: "Paste a private key without a passphrase, or let Keepstead make one.",
			}
		}
		return []ssh.AuthMethod{ssh.PublicKeys(signer)}, nil
	}
	return []ssh.AuthMethod{ssh.Password(s.config.Password), ssh.KeyboardInteractive(s.answer)}, nil
}

// answer gives the password to a server that asks one question whose answer is not shown. A second one in a row is
// about a new password.
func (s *SSH) answer(_, _ string, questions []string, shown []bool) ([]string, error) {
	switch {
	case len(questions) == 0:
		return nil, nil
	case len(questions) == 1 && !shown[0]:
		return []string{s.config.Password}, nil
	}
	return nil, fmt.Errorf("the machine asks %d questions at once", len(questions))
}

// login is one handshake.
type login struct {
	s        *SSH
	pinned   ssh.PublicKey
	offered  ssh.PublicKey // what the server showed
	accepted bool          // that it is the pinned one
}

func (g *login) handshake(ctx context.Context, conn *heard, auth []ssh.AuthMethod) (*ssh.Client, error) {
	if err := conn.SetDeadline(time.Now().Add(min(handshakeWait, g.s.config.giveUp()))); err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	c, channels, requests, err := ssh.NewClientConn(conn, g.s.config.endpoint(), &ssh.ClientConfig{
		User: g.s.config.User, Auth: auth, HostKeyCallback: g.check, HostKeyAlgorithms: algorithms(g.pinned.Type()),
		ClientVersion: clientVersion,
	})
	if err != nil {
		return nil, g.judge(ctx, err)
	}
	if !stop() {
		return nil, errors.Join(context.Cause(ctx), ignoreClosed(c.Close()))
	}
	if err := conn.SetDeadline(time.Time{}); err != nil {
		return nil, errors.Join(err, ignoreClosed(c.Close()))
	}
	return ssh.NewClient(c, channels, requests), nil
}

// algorithms are the signatures that a pinned key can make: a server with keys of several types shows that one.
func algorithms(keyType string) []string {
	if keyType == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return []string{keyType}
}

func (g *login) check(_ string, _ net.Addr, key ssh.PublicKey) error {
	g.offered = key
	if !bytes.Equal(key.Marshal(), g.pinned.Marshal()) {
		return g.s.hostKeyChanged(ssh.FingerprintSHA256(key))
	}
	g.accepted = true
	return nil
}

// judge says what a handshake failed at.
func (g *login) judge(ctx context.Context, err error) error {
	var algorithm *ssh.AlgorithmNegotiationError
	var network net.Error
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("log in to %s: %w", g.s.config.Address, context.Cause(ctx))
	case g.offered != nil && !g.accepted:
		return g.s.hostKeyChanged(ssh.FingerprintSHA256(g.offered))
	case errors.As(err, &algorithm) && strings.Contains(err.Error(), "host key"):
		return g.s.hostKeyChanged("") // it has no key of the pinned type any more
	case errors.As(err, &network), !g.accepted:
		return g.s.unreachable(err)
	}
	return g.s.authRefused(err)
}

// watch asks a quiet connection whether it is still there, and closes it when it has been silent for too long.
func (s *SSH) watch(l *link) {
	over := make(chan struct{})
	go func() {
		_ = l.client.Wait()
		close(over)
	}()
	tick := time.NewTicker(s.config.giveUp() / 6)
	defer tick.Stop()
	for asking := make(chan struct{}, 1); ; {
		select {
		case <-over:
			s.drop(l)
			_ = l.close()
			return
		case <-tick.C:
		}
		if l.conn.silence() > s.config.giveUp() {
			s.log.Warn("a machine is silent; its connection is given up", "machine", s.config.Address, "after", s.config.giveUp())
			_ = l.close()
			continue
		}
		select {
		case asking <- struct{}{}: // one question at a time: it blocks where nothing can be sent
			go func() {
				_, _, _ = l.client.SendRequest("keepalive@openssh.com", true, nil)
				<-asking
			}()
		default:
		}
	}
}

// ping asks for a sign of life.
func (l *link) ping(ctx context.Context) error {
	_, err := waitOn(ctx, l, func() (struct{}, error) {
		_, _, err := l.client.SendRequest("keepalive@openssh.com", true, nil)
		return struct{}{}, err
	}, func(struct{}) {})
	return err
}

func (l *link) close() error {
	var err error
	l.once.Do(func() {
		l.end()
		err = ignoreClosed(l.client.Close())
	})
	return err
}
