package auth

import (
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"keepstead/model"
)

// Bounds of half sessions: between the password and the code.
const (
	halfCookie = "keepstead-code"
	halfLife   = 5 * time.Minute
	halfTries  = 5 // wrong codes before the password is asked for again
	maxHalves  = 1000
)

// ErrNoHalf says that no password was given before the code, or too long ago, or that too many codes were wrong.
var ErrNoHalf = errors.New("no password was given before the code")

// halves are the users who gave their password and not yet their code, by the hash of what their cookie holds. They live
// in memory; a restart forgets them. A half session opens nothing but the second step.
type halves struct {
	now func() time.Time

	mu    sync.Mutex
	known map[string]half
}

type half struct {
	user  model.User
	made  time.Time
	tries int
}

func newHalves(now func() time.Time) *halves { return &halves{now: now, known: map[string]half{}} }

func (h *halves) issue(user model.User) string {
	token := randomText(tokenLength)
	h.mu.Lock()
	defer h.mu.Unlock()
	oldest, when := "", h.now()
	for key, k := range h.known {
		switch {
		case h.now().Sub(k.made) >= halfLife:
			delete(h.known, key)
		case !k.made.After(when):
			oldest, when = key, k.made
		}
	}
	if len(h.known) >= maxHalves {
		delete(h.known, oldest)
	}
	h.known[string(digest(token))] = half{user: user, made: h.now()}
	return token
}

// find returns the half session, and counts one more try of it.
func (h *halves) find(token string, try bool) (model.User, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	key := string(digest(token))
	k, ok := h.known[key]
	if !ok || h.now().Sub(k.made) >= halfLife || k.tries >= halfTries {
		delete(h.known, key)
		return model.User{}, ErrNoHalf
	}
	if try {
		k.tries++
		h.known[key] = k
	}
	return k.user, nil
}

func (h *halves) drop(token string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.known, string(digest(token)))
}

// forget ends the half sessions of a user whose password is another one now.
func (h *halves) forget(user model.User) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for key, k := range h.known {
		if k.user.ID == user.ID {
			delete(h.known, key)
		}
	}
}

// AskForCode remembers that the browser's user gave the right password, for as long as it takes to type a code.
func (a *Auth) AskForCode(c *fiber.Ctx, user model.User) {
	a.setHalf(c, a.halves.issue(model.User{ID: user.ID, Name: user.Name}), int(halfLife.Seconds()))
}

// Half returns the user who gave the password at this browser and still has to give a code, or ErrNoHalf.
func (a *Auth) Half(c *fiber.Ctx) (model.User, error) {
	return a.halves.find(c.Cookies(halfCookie), false)
}

// EnterCode signs the browser's user in with a code, and says whether it was a recovery code. It fails with ErrNoHalf,
// ErrDenied or Throttled.
func (a *Auth) EnterCode(c *fiber.Ctx, code string) (user model.User, recovery bool, err error) {
	token := c.Cookies(halfCookie)
	if user, err = a.halves.find(token, true); err != nil {
		return user, false, err
	}
	recovery, err = a.checkCode(c.UserContext(), user.ID, code, ClientIP(c))
	if errors.Is(err, model.ErrNotFound) { // two-factor went away meanwhile
		err = ErrNoHalf
	}
	if err != nil {
		return user, false, err
	}
	a.halves.drop(token)
	a.setHalf(c, "", -1)
	return user, recovery, a.SignIn(c, user)
}

func (a *Auth) setHalf(c *fiber.Ctx, value string, age int) {
	cookie := &http.Cookie{
		Name: halfCookie, Value: value, Path: "/signin", MaxAge: age, HttpOnly: true, Secure: a.Secure(c), SameSite: http.SameSiteStrictMode,
	}
	c.Response().Header.Add(fiber.HeaderSetCookie, cookie.String())
}
