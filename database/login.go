package database

import (
	"context"
	"errors"
	"strings"
	"time"

	"keepstead/docker"
	"keepstead/model"
)

// login is a way into a server.
type login struct {
	user     string // a name, or the variable that holds it where it begins with $
	password string // the variable that holds the password; empty for none
	host     string // empty is the server's own socket
	exec     string // the user of the container to be; empty is the container's own
}

// tryLogins tries one login after the other until one is as good as can be. One that is not is good enough when there is
// no better. Where nobody listens, the other logins of that host are left out.
func (s *session) tryLogins(logins []login, try func(login) (best bool, err error)) error {
	silent := map[string]bool{}
	var refused, starting error
	found := false
	for _, l := range logins {
		if silent[l.host] {
			continue
		}
		best, err := try(l)
		switch {
		case err == nil && best:
			return nil
		case err == nil:
			found = true
		case errors.Is(err, ErrStarting):
			silent[l.host], starting = true, err
		case l.exec == "" && exitCode(err) == 0 || exitCode(err) == missingTool || gone(err):
			return err
		case refused == nil || errors.Is(err, ErrDenied) && !errors.Is(refused, ErrDenied):
			refused = err
		}
	}
	switch {
	case found:
		return nil
	case refused != nil:
		return refused
	}
	return starting
}

// gone says that no other login can help.
func gone(err error) bool {
	var engine *docker.Error
	return errors.As(err, &engine) || errors.Is(err, docker.ErrStopped) || errors.Is(err, model.ErrNotFound) ||
		errors.Is(err, model.ErrConflict) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// isName says that a text can be the name of a variable in a shell.
func isName(text string) bool {
	return text != "" && strings.Trim(strings.ToUpper(text), "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == "" && (text[0] < '0' || text[0] > '9')
}

// patiently tries until a server lets us in and has come to stay.
func (s *session) patiently(ctx context.Context, try func() (stays bool, err error)) error {
	for start := time.Now(); ; {
		stays, err := try()
		waited := time.Since(start)
		switch {
		case err == nil && (stays || s.long() || waited > readyWithin):
			return nil
		case err == nil, errors.Is(err, ErrStarting) && waited < readyWithin, errors.Is(err, ErrDenied) && s.fresh && waited < newPassword:
		default:
			return err
		}
		if err := wait(ctx, 300*time.Millisecond); err != nil {
			return err
		}
	}
}

// steady tells a server that stays from one that its image starts only to fill it, and stops again.
type steady struct {
	generation string
	since      time.Time
}

// still says that the same server was there at all looks of the last seconds.
func (s *steady) still(generation string) bool {
	if generation != s.generation {
		s.generation, s.since = generation, time.Now()
	}
	return time.Since(s.since) >= steadyFor
}

// wait pauses, or returns why the context ended.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// long says that the container was started long ago, as far as the caller knew.
func (s *session) long() bool {
	return !s.fresh && !s.container.StartedAt.IsZero() && time.Since(s.container.StartedAt) > longAgo
}
