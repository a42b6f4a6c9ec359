package auth

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"

	"keepstead/model"
	"keepstead/store"
)

const (
	cookieName   = "keepstead"
	idleLimit    = 30 * 24 * time.Hour
	seenEvery    = 10 * time.Minute // how often a session in use is written to the store
	maxUserAgent = 300
)

// The keys of a session's values.
const (
	valueUser = "user"
	valueName = "name"
)

// sessionStore keeps gorilla sessions in the store. The cookie holds a random id and the row its hash, so that a
// stolen database opens no session, and deleting a row ends one.
type sessionStore struct {
	store *store.Store
	now   func() time.Time
}

var _ sessions.Store = (*sessionStore)(nil)

// Get returns the request's session, decoded once.
func (s *sessionStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(s, name)
}

// New returns the session that the cookie names, or an empty one where there is none, or none any more.
func (s *sessionStore) New(r *http.Request, name string) (*sessions.Session, error) {
	session := sessions.NewSession(s, name)
	session.IsNew = true
	session.Options = &sessions.Options{Path: "/", MaxAge: int(idleLimit.Seconds()), HttpOnly: true, SameSite: http.SameSiteLaxMode}
	cookie, err := r.Cookie(name)
	if err != nil || len(cookie.Value) > 100 {
		return session, nil
	}
	row, err := s.store.Session(r.Context(), digest(cookie.Value))
	if errors.Is(err, model.ErrNotFound) || err == nil && !s.now().Before(row.ExpiresAt) {
		return session, nil
	}
	if err != nil {
		return session, fmt.Errorf("read session: %w", err)
	}
	if err := (securecookie.GobEncoder{}).Deserialize(row.Data, &session.Values); err != nil {
		return session, fmt.Errorf("decode session: %w", err)
	}
	session.ID, session.IsNew = cookie.Value, false
	session.Values[seenAt{}] = row.SeenAt
	return session, nil
}

// seenAt is the key under which New notes when the session was last used; it is not stored.
type seenAt struct{}

// Save writes a new session, notes the use of an old one, or deletes one whose MaxAge is negative.
func (s *sessionStore) Save(r *http.Request, w http.ResponseWriter, session *sessions.Session) error {
	now := s.now().UTC()
	var err error
	switch {
	case session.Options.MaxAge < 0:
		err = s.store.DeleteSession(r.Context(), digest(session.ID))
	case session.IsNew:
		err = s.create(r, session, now)
	default:
		err = s.store.TouchSession(r.Context(), digest(session.ID), now, now.Add(idleLimit))
	}
	if err != nil {
		return fmt.Errorf("save session: %w", err)
	}
	http.SetCookie(w, sessions.NewCookie(session.Name(), session.ID, session.Options))
	return nil
}

func (s *sessionStore) create(r *http.Request, session *sessions.Session, now time.Time) error {
	data, err := (securecookie.GobEncoder{}).Serialize(session.Values)
	if err != nil {
		return err
	}
	user, err := userOf(session)
	if err != nil {
		return err
	}
	id := make([]byte, 32)
	if _, err := rand.Read(id); err != nil {
		return err
	}
	session.ID = base64.RawURLEncoding.EncodeToString(id)
	agent := r.UserAgent()
	return s.store.CreateSession(r.Context(), model.Session{
		IDHash: digest(session.ID), UserID: user.ID, Data: data, IP: r.RemoteAddr,
		UserAgent: agent[:min(len(agent), maxUserAgent)], CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(idleLimit),
	})
}
