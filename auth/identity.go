package auth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	"github.com/gorilla/sessions"

	"keepstead/model"
)

// Identity is who sent a request: a user with a session, or a token.
type Identity struct {
	User    model.User // ID and Name only
	Token   model.Token
	session []byte // hash of the session's id
}

// SessionHash is the hash of the session's id, as its row carries it; nil for a token.
func (i Identity) SessionHash() []byte { return i.session }

// identityKey is where a request carries its Identity.
type identityKey struct{}

// Who returns the request's identity; false where nobody signed in.
func Who(c *fiber.Ctx) (Identity, bool) {
	id, ok := c.Locals(identityKey{}).(Identity)
	return id, ok
}

// Session lets the request through as the user of its session, or fails with ErrDenied.
func (a *Auth) Session(c *fiber.Ctx) error {
	session, err := a.sessions.Get(request(c), cookieName)
	if err != nil {
		return err
	}
	if session.IsNew {
		return ErrDenied
	}
	user, err := userOf(session)
	if err != nil {
		return ErrDenied
	}
	c.Locals(identityKey{}, Identity{User: user, session: digest(session.ID)})
	if seen, _ := session.Values[seenAt{}].(time.Time); a.now().Sub(seen) < seenEvery {
		return nil
	}
	return a.save(c, session)
}

// Bearer lets the request through as the token in its Authorization header, or fails with ErrDenied or Throttled.
func (a *Auth) Bearer(c *fiber.Ctx) error {
	token, err := a.Token(c.UserContext(), c.Get("Authorization"), ClientIP(c))
	if err != nil {
		return err
	}
	c.Locals(identityKey{}, Identity{Token: token})
	return nil
}

// SameOrigin fails with ErrForeign when another site's page made the request. The rules are net/http's: reads pass,
// Sec-Fetch-Site decides where the browser sends it, and else Origin has to be the host.
func (a *Auth) SameOrigin(c *fiber.Ctx) error {
	if err := a.origins.Check(request(c)); err != nil {
		return fmt.Errorf("%w: %w", ErrForeign, err)
	}
	return nil
}

// SignIn starts a new session for the user and ends the one the browser had, so that an id from before the sign-in is
// worth nothing after it. The request is the user's from then on.
func (a *Auth) SignIn(c *fiber.Ctx, user model.User) error {
	if old := c.Cookies(cookieName); old != "" {
		if err := a.store.DeleteSession(c.UserContext(), digest(old)); err != nil {
			return fmt.Errorf("end the old session: %w", err)
		}
	}
	if err := a.store.DeleteExpiredSessions(c.UserContext()); err != nil {
		return fmt.Errorf("clear old sessions: %w", err)
	}
	r := request(c)
	r.Header.Del("Cookie")
	session, err := a.sessions.New(r, cookieName)
	if err != nil {
		return err
	}
	session.Values[valueUser], session.Values[valueName] = user.ID.String(), user.Name
	if err := a.save(c, session); err != nil {
		return err
	}
	c.Locals(identityKey{}, Identity{User: model.User{ID: user.ID, Name: user.Name}, session: digest(session.ID)})
	return nil
}

// SignOut ends the browser's session, if it has one.
func (a *Auth) SignOut(c *fiber.Ctx) error {
	session, err := a.sessions.New(request(c), cookieName)
	if err != nil {
		return err
	}
	if session.IsNew {
		return nil
	}
	session.Options.MaxAge = -1
	return a.save(c, session)
}

// Alive says whether the identity's session still stands. A stream that was opened with it asks again and again, so
// that revoking the session ends the stream.
func (a *Auth) Alive(ctx context.Context, id Identity) bool {
	row, err := a.store.Session(ctx, id.session)
	return err == nil && a.now().Before(row.ExpiresAt)
}

// RevokeSession ends one of the identity's own sessions; another user's is not found.
func (a *Auth) RevokeSession(ctx context.Context, who Identity, hash []byte) error {
	row, err := a.store.Session(ctx, hash)
	if err != nil {
		return err
	}
	if row.UserID != who.User.ID {
		return fmt.Errorf("session of another user: %w", model.ErrNotFound)
	}
	return a.store.DeleteSession(ctx, hash)
}

// RevokeOtherSessions ends all of the identity's sessions but the one that asks.
func (a *Auth) RevokeOtherSessions(ctx context.Context, who Identity) error {
	rows, err := a.store.Sessions(ctx, who.User.ID)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if bytes.Equal(row.IDHash, who.session) {
			continue
		}
		if err := a.store.DeleteSession(ctx, row.IDHash); err != nil {
			return err
		}
	}
	return nil
}

func (a *Auth) save(c *fiber.Ctx, session *sessions.Session) error {
	session.Options.Secure = a.Secure(c)
	w := &response{header: map[string][]string{}}
	if err := session.Save(request(c), w); err != nil {
		return err
	}
	w.copyTo(c)
	return nil
}

// userOf reads the user from a session's values.
func userOf(session *sessions.Session) (model.User, error) {
	text, _ := session.Values[valueUser].(string)
	id, err := uuid.Parse(text)
	if err != nil {
		return model.User{}, errors.New("the session names no user")
	}
	name, _ := session.Values[valueName].(string)
	return model.User{ID: id, Name: name}, nil
}
