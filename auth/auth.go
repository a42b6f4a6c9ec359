// Package auth answers who is asking: a person with a password and a session, or a platform with a bearer token. It
// also keeps other sites from acting in a person's name, and guessers from guessing fast.
package auth

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"keepstead/secret"
	"keepstead/store"
)

// ErrDenied says that a name, password, code or token is not right, without saying which.
var ErrDenied = errors.New("denied")

// ErrForeign says that another site's page made the request.
var ErrForeign = errors.New("request from another site")

// ErrSetUp says that the first user exists, so that set-up is over.
var ErrSetUp = errors.New("already set up")

// Throttled refuses an attempt because too many before it failed.
type Throttled struct {
	After time.Duration // how long to wait before the next attempt
}

// Error says how long to wait.
func (e Throttled) Error() string {
	return fmt.Sprintf("Too many attempts. Try again in %d seconds.", e.Seconds())
}

// Seconds is the wait in whole seconds, as the Retry-After header carries it.
func (e Throttled) Seconds() int { return int((e.After + time.Second - 1) / time.Second) }

// Auth checks credentials against the store. Make it with New.
type Auth struct {
	store    *store.Store
	log      *slog.Logger
	now      func() time.Time
	sessions *sessionStore
	origins  *http.CrossOriginProtection

	hashing chan struct{} // one place for each password hash at work
	decoy   string        // a hash that stands in for an unknown user's

	byAddress, byName, byToken, byCode *throttle

	box       *secret.Box
	sealing   sync.Locker
	halves    *halves
	enrolling *enrolling

	code        string // of the set-up
	publicHTTPS string // host of the public address when that is https
}

// Options change how an Auth works.
type Options struct {
	// Clock is time.Now when nil.
	Clock func() time.Time
	// PublicURL is the address under which browsers reach Keepstead through a proxy; empty when there is none.
	PublicURL string
	// Box seals the secrets of second factors. Commands that neither ask for nor turn on one leave it out.
	Box *secret.Box
	// Sealing is held from the sealing of a secret to its writing, so that the data key is not replaced in between; nil where
	// nothing replaces it.
	Sealing sync.Locker
}

// New returns an Auth over st.
func New(st *store.Store, log *slog.Logger, o Options) (*Auth, error) {
	clock := o.Clock
	if clock == nil {
		clock = time.Now
	}
	a := &Auth{
		store: st, log: log, now: clock,
		sessions: &sessionStore{store: st, now: clock},
		origins:  http.NewCrossOriginProtection(),
		hashing:  make(chan struct{}, 2),
		// A name may be blocked for less long than an address: a stranger must not be able to lock a person out for long.
		byAddress: newThrottle(clock, 8, 5*time.Minute, forgiveAfter),
		byName:    newThrottle(clock, 8, time.Minute, forgiveAfter),
		byToken:   newThrottle(clock, 20, time.Minute, forgiveAfter),
		byCode:    newThrottle(clock, 8, 5*time.Minute, forgiveCodes),
		code:      randomText(setupCodeLength),
		box:       o.Box,
		sealing:   o.Sealing,
		halves:    newHalves(clock),
		enrolling: newEnrolling(clock),
	}
	if a.sealing == nil {
		a.sealing = new(sync.Mutex)
	}
	if o.PublicURL != "" {
		if err := a.origins.AddTrustedOrigin(o.PublicURL); err != nil {
			return nil, fmt.Errorf("trust the public address: %w", err)
		}
		a.publicHTTPS, _ = strings.CutPrefix(o.PublicURL, "https://")
		if a.publicHTTPS == o.PublicURL {
			a.publicHTTPS = ""
		}
	}
	var err error
	a.decoy, err = hash(randomText(20))
	return a, err
}

// Secure says that the browser reached Keepstead over https, as far as a trusted proxy or the public address tells.
func (a *Auth) Secure(c *fiber.Ctx) bool {
	return c.Protocol() == "https" || a.publicHTTPS != "" && strings.EqualFold(c.Hostname(), a.publicHTTPS)
}
