package device

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// SSHConfig is how a machine is reached over SSH.
type SSHConfig struct {
	Address string // host name or IP
	Port    int    // 0 is 22
	User    string
	// HostKey is the machine's pinned key, "ssh-ed25519 AAAA…". Without one every connection is refused with
	// ErrHostKeyUnknown: a key is shown to a person and confirmed, never taken over by itself.
	HostKey  string
	Key      []byte `json:"-"` // PEM private key; nil where a password is used
	Password string `json:"-"` // used where there is no key
	// Jump is the machine to go through, nil for none.
	Jump *SSHConfig
	// Sudo runs commands, and reads and writes files, as root by sudo -n.
	Sudo bool
	// FilesOnly says that only Files is used, as of an SFTP storage: no shell is asked for anything.
	FilesOnly bool
	// GiveUp is how long a connection may be silent before it counts as dead; 0 is DefaultGiveUp. The machine ends what
	// runs there after three times as long without a sign of Keepstead.
	GiveUp time.Duration
}

// DefaultGiveUp survives a link that is cut for ten seconds: TCP then repeats what was lost up to twice as late.
const DefaultGiveUp = 30 * time.Second

// String hides the credentials.
func (c SSHConfig) String() string { return c.User + "@" + c.endpoint() }

// GoString hides the credentials from %#v.
func (c SSHConfig) GoString() string { return "device.SSHConfig{" + c.String() + "}" }

func (c SSHConfig) endpoint() string {
	port := c.Port
	if port == 0 {
		port = 22
	}
	return net.JoinHostPort(c.Address, strconv.Itoa(port))
}

func (c SSHConfig) giveUp() time.Duration {
	if c.GiveUp > 0 {
		return c.GiveUp
	}
	return DefaultGiveUp
}

// SSH is a machine reached over SSH, with nothing installed there. It connects when it is first used and again when the
// connection was lost; all that goes on shares one connection, and more only where the machine allows no more sessions
// in one.
type SSH struct {
	config SSHConfig
	log    *slog.Logger
	base   context.Context // ends with Close
	stop   context.CancelCauseFunc
	jump   *SSH

	connecting sync.Mutex // one at a time makes a connection
	mu         sync.Mutex
	closed     bool
	links      []*link // the first carries what is not a session
	runs       sync.WaitGroup
	restic     checkedRestic
	files      *sftpLink // nil until files were used
	opening    sync.Mutex
}

// NewSSH returns a machine reached over SSH. Close must be called when it is no longer needed.
func NewSSH(c SSHConfig, log *slog.Logger) *SSH {
	s := &SSH{config: c, log: log}
	s.base, s.stop = context.WithCancelCause(context.Background())
	if c.Jump != nil {
		s.jump = NewSSH(*c.Jump, log)
	}
	return s
}

// Close ends the commands that run, waits for their Runs to return and closes the connection.
func (s *SSH) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.stop(ErrClosed)
	s.runs.Wait()
	s.mu.Lock()
	links := s.links
	s.links = nil
	s.mu.Unlock()
	var err error
	for _, l := range links {
		err = errors.Join(err, l.close())
	}
	if s.jump != nil {
		err = errors.Join(err, s.jump.Close())
	}
	return err
}

func (s *SSH) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.runs.Add(1)
	}
	return !s.closed
}

// Test connects, or makes sure that the connection there is still answers.
func (s *SSH) Test(ctx context.Context) error {
	l, err := s.link(ctx)
	if err != nil {
		return err
	}
	return l.ping(ctx)
}

// link returns the connection that carries forwarded ones, made anew where there is none.
func (s *SSH) link(ctx context.Context) (*link, error) {
	if l := s.first(); l != nil {
		return l, nil
	}
	s.connecting.Lock()
	defer s.connecting.Unlock()
	if l := s.first(); l != nil {
		return l, nil // somebody else made it meanwhile
	}
	return s.connect(ctx)
}

func (s *SSH) first() *link {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.links {
		if l.life.Err() == nil {
			return l
		}
	}
	return nil
}

// sessionsPerLink stays below the ten that sshd allows in a connection if nobody changed it.
const sessionsPerLink = 8

// session opens a session, in a connection of its own where those that are there are full.
func (s *SSH) session(ctx context.Context) (*ssh.Session, *link, error) {
	for again := false; ; {
		l, err := s.roomy(ctx)
		if err != nil {
			return nil, nil, err
		}
		session, err := waitOn(ctx, l, l.client.NewSession, func(late *ssh.Session) { _ = late.Close() })
		if err == nil {
			return session, l, nil
		}
		full := s.leave(l, err)
		if stale := ctx.Err() == nil && !again && s.isDead(l); stale {
			s.drop(l)
			again = true // it broke while nobody looked
			continue
		}
		if !full {
			return nil, nil, s.explain(err)
		}
	}
}

// roomy returns a connection that has room for one more session, and takes that room.
func (s *SSH) roomy(ctx context.Context) (*link, error) {
	s.connecting.Lock()
	defer s.connecting.Unlock()
	s.mu.Lock()
	for _, l := range s.links {
		if l.sessions < l.room && l.life.Err() == nil {
			l.sessions++
			s.mu.Unlock()
			return l, nil
		}
	}
	s.mu.Unlock()
	l, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	l.sessions++
	s.mu.Unlock()
	return l, nil
}

// leave gives the room of a session back. It says whether the session was refused for want of room, of which there is
// then less than was thought.
func (s *SSH) leave(l *link, refused error) (full bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.sessions--
	var open *ssh.OpenChannelError
	if errors.As(refused, &open) && l.sessions > 0 {
		l.room = l.sessions
		full = true
	}
	if l.sessions == 0 && len(s.links) > 0 && s.links[0] != l {
		s.forgo(l) // at once: nobody may begin in it any more
		go func() { _ = l.close() }()
	}
	return full
}

func (s *SSH) drop(l *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgo(l)
}

// forgo takes a connection, such as one made for a rush that is over, from those that are used. Its caller holds mu.
func (s *SSH) forgo(l *link) {
	s.links = slices.DeleteFunc(s.links, func(other *link) bool { return other == l })
}

// within returns a context that ends with the device too.
func (s *SSH) within(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(s.base, func() { cancel(ErrClosed) })
	return ctx, func() {
		stop()
		cancel(nil)
	}
}

// wait does what cannot be told to stop, and goes on without it when the context ends; late then gets rid of what came
// of it.
func wait[T any](ctx context.Context, act func() (T, error), late func(T)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	done := make(chan answer, 1)
	go func() {
		value, err := act()
		done <- answer{value, err}
	}()
	select {
	case a := <-done:
		return a.value, a.err
	case <-ctx.Done():
		go func() {
			if a := <-done; a.err == nil {
				late(a.value)
			}
		}()
		var none T
		return none, context.Cause(ctx)
	}
}

// waitOn is wait for what a connection does; it ends with the connection too, which the package ssh does not promise.
func waitOn[T any](ctx context.Context, l *link, act func() (T, error), late func(T)) (T, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := context.AfterFunc(l.life, func() { cancel(fmt.Errorf("the connection is over: %w", net.ErrClosed)) })
	defer stop()
	return wait(ctx, act, late)
}
