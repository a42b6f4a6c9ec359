package web

import (
	"errors"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"keepstead/auth"
)

// Access says who may use a route. The zero value is nobody.
type Access int

// The access classes.
const (
	Public  Access = iota + 1 // anybody; still no form posted by another site
	Session                   // a signed-in user, from our own pages
	Token                     // a platform with a bearer token
)

// apiPrefix is where the API's routes hang; all of them take a token.
const apiPrefix = "/api/v1"

// guard lets a request on to its handler when its credentials fit. It is attached to each route, not to a prefix of
// the path: Fiber matches the path as it was sent, so `//apps` and `/%61pps` would slip past a prefix.
func (s *server) guard(access Access) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if err := s.allow(c, access); err != nil {
			return err
		}
		if changes(c.Method()) {
			s.Trail.Begin(c)
		}
		if access != Token {
			s.Pages.SetLanguage(c)
		}
		return c.Next()
	}
}

func (s *server) allow(c *fiber.Ctx, access Access) error {
	switch access {
	case Public:
		return s.Auth.SameOrigin(c)
	case Session:
		if err := s.Auth.SameOrigin(c); err != nil {
			return err
		}
		return s.Auth.Session(c)
	case Token:
		return bearerError(c, s.Auth.Bearer(c))
	}
	return fiber.ErrForbidden
}

// bearerError says in HTTP's words why a token was refused.
func bearerError(c *fiber.Ctx, err error) error {
	var throttled auth.Throttled
	switch {
	case errors.As(err, &throttled):
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(throttled.Seconds()))
		return fiber.ErrTooManyRequests
	case errors.Is(err, auth.ErrDenied):
		return fiber.ErrUnauthorized
	}
	return err
}

// guardUnknown asks for credentials before it is told that a path does not exist.
func (s *server) guardUnknown(c *fiber.Ctx) error {
	if isAPI(c) {
		return s.guard(Token)(c)
	}
	return s.guard(Session)(c)
}

func (s *server) unknown(*fiber.Ctx) error { return fiber.ErrNotFound }

// fail shows an error the way its reader understands it: problem JSON or a page.
func (s *server) fail(c *fiber.Ctx, err error) error {
	if isAPI(c) {
		return s.API.Fail(c, err)
	}
	return s.Pages.Fail(c, err)
}

// isAPI only chooses the form of an answer, never whether there is one.
func isAPI(c *fiber.Ctx) bool { return strings.HasPrefix(c.Path(), "/api/") }

// access finds the class of a route, 0 where it has none.
func (s *server) access(method, path string) Access {
	if strings.HasPrefix(path, apiPrefix+"/") {
		return Token
	}
	for _, r := range s.routes() {
		if r.Path == path && (r.Method == method || r.Method == fiber.MethodGet && method == fiber.MethodHead) {
			return r.Access
		}
	}
	return 0
}
