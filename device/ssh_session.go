package device

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// talkWait is how long a machine may take to begin a script.
const talkWait = 30 * time.Second

// noiseLimit bounds what a login may print before the script begins.
const noiseLimit = 64 << 10

// talk is a shell on the machine that reads a script from its input.
type talk struct {
	session *ssh.Session
	link    *link
	in      io.WriteCloser
	out     *bufio.Reader
	errs    io.Reader
	once    sync.Once
	release func()
}

// shell begins a script on the machine. Not a word of it is in an argument: that of the login shell is a command which
// any shell understands, whatever its syntax.
func (s *SSH) shell(ctx context.Context, script string, sudo bool) (*talk, error) {
	command := "env -i /bin/sh"
	if sudo {
		command = "sudo -n " + command
	}
	session, l, err := s.session(ctx)
	if err != nil {
		return nil, err
	}
	t := &talk{session: session, link: l, release: func() { s.leave(l, nil) }}
	t.in, err = session.StdinPipe()
	if err == nil {
		var out io.Reader
		out, err = session.StdoutPipe()
		t.out = bufio.NewReader(out)
	}
	if err == nil {
		t.errs, err = session.StderrPipe()
	}
	if err == nil {
		_, err = waitOn(ctx, l, func() (struct{}, error) { return struct{}{}, session.Start(command) }, func(struct{}) {})
	}
	if err != nil {
		t.close()
		return nil, s.explain(err)
	}
	go func() { _, _ = io.WriteString(t.in, script) }() // where it breaks off, the session ends, and says why
	return t, nil
}

func (t *talk) close() {
	t.once.Do(func() {
		_ = t.session.Close()
		t.release()
	})
}

// heading returns what the script says after the word nonce, however much a login talks before.
func (s *SSH) heading(ctx context.Context, t *talk, nonce string, sudo bool) (string, error) {
	var noise bytes.Buffer
	stop := context.AfterFunc(ctx, t.close)
	defer stop()
	late := time.AfterFunc(talkWait, t.close)
	defer late.Stop()
	for {
		line, err := t.out.ReadString('\n')
		if rest, ok := strings.CutPrefix(line, nonce+" "); ok && err == nil {
			return strings.TrimSpace(rest), nil
		}
		noise.WriteString(line)
		switch {
		case err == nil && noise.Len() < noiseLimit:
			continue
		case ctx.Err() != nil:
			return "", context.Cause(ctx)
		}
		return "", s.mute(t, noise.String(), err, sudo)
	}
}

// mute says why a script did not begin.
func (s *SSH) mute(t *talk, noise string, err error, sudo bool) error {
	said, _ := io.ReadAll(io.LimitReader(t.errs, noiseLimit))
	ended := t.session.Wait()
	var exit *ssh.ExitError
	if !errors.As(ended, &exit) && s.isDead(t.link) {
		return s.unreachable(err)
	}
	text := strings.TrimSpace(string(said) + "\n" + noise)
	cause := fmt.Errorf("it says: %.300q", text)
	switch {
	case strings.Contains(text, "password has expired"), strings.Contains(text, "Password change required"):
		return s.passwordExpired(cause) // sshd has no other way to tell
	case sudo && strings.Contains(text, "sudo"):
		return s.noSudo(cause)
	}
	return s.noShell(cause)
}

func (s *SSH) isDead(l *link) bool {
	select {
	case <-l.life.Done():
		return true
	default:
		return l.ping(s.base) != nil
	}
}

// askLimit bounds what a script of ours may answer.
const askLimit = 4 << 20

// ask runs a short script of ours and returns what it printed. A non-zero end is an *ExitError that carries the
// script's words.
func (s *SSH) ask(ctx context.Context, script string, sudo bool) (string, error) {
	nonce := newNonce()
	text := group("PATH=" + searchPath + "\nprintf '\\n%s \\n' " + nonce + "\n" + script)
	t, err := s.shell(ctx, text, sudo)
	if err != nil {
		return "", err
	}
	defer t.close()
	if _, err := s.heading(ctx, t, nonce, sudo); err != nil {
		return "", err
	}
	stop := context.AfterFunc(ctx, t.close)
	defer stop()
	var said []byte
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		said, _ = io.ReadAll(io.LimitReader(t.errs, noiseLimit))
		_, _ = io.Copy(io.Discard, t.errs)
	}()
	out, err := io.ReadAll(io.LimitReader(t.out, askLimit))
	<-heard
	if err == nil {
		err = t.session.Wait()
	}
	var exit *ssh.ExitError
	switch {
	case err == nil:
		return string(out), nil
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case errors.As(err, &exit):
		return string(out), &wordsError{words: strings.TrimSpace(string(said)), err: exitOf(exit)}
	}
	return "", s.unreachable(err)
}

// wordsError is a bad end with what the command said about it.
type wordsError struct {
	words string
	err   error
}

func (e *wordsError) Error() string {
	if e.words == "" {
		return e.err.Error()
	}
	return e.words
}

func (e *wordsError) Unwrap() error { return e.err }
