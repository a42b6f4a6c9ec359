package web

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/gofiber/fiber/v2"

	"keepstead/auth"
	"keepstead/handlers"
	"keepstead/static"
)

// begin gives the request its id and its context.
func (s *server) begin(c *fiber.Ctx) error {
	handlers.SetRequestID(c)
	c.SetUserContext(s.base)
	return c.Next()
}

// record writes one line for each request, without its query: that may hold a set-up code. A path that is a ticket is
// written as its route.
func (s *server) record(c *fiber.Ctx) error {
	start := time.Now()
	if err := c.Next(); err != nil {
		// The answer has to be there before the line that reports it.
		if err := s.fail(c, err); err != nil {
			return err
		}
	}
	attrs := []any{
		"method", c.Method(), "path", handlers.LogPath(c), "status", c.Response().StatusCode(),
		"ms", time.Since(start).Milliseconds(), "ip", auth.ClientIP(c), "request", handlers.RequestID(c),
	}
	if who, ok := auth.Who(c); ok {
		if who.SessionHash() != nil {
			attrs = append(attrs, "user", who.User.Name)
		} else {
			attrs = append(attrs, "token", who.Token.Name)
		}
	}
	s.Log.Log(c.UserContext(), level(c), "request", attrs...)
	return nil
}

func level(c *fiber.Ctx) slog.Level {
	route := c.Route().Path
	if c.Response().StatusCode() < 400 && (route == "/healthz" || route == "/readyz" || route == static.Prefix+"*") {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// rescue turns a panic into an error, so that one bad request does not end the program.
func (s *server) rescue(c *fiber.Ctx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.Log.Error("panic", "request", handlers.RequestID(c), "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = errors.New("the handler panicked")
		}
	}()
	return c.Next()
}

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"

// headers tells the browser to load nothing from elsewhere and to tell nobody where it was.
func (s *server) headers(c *fiber.Ctx) error {
	h := &c.Response().Header
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cache-Control", "no-store")
	if s.Auth.Secure(c) {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	return c.Next()
}

// plainBody refuses compressed requests: a few kilobytes of them can unpack to gigabytes.
func plainBody(c *fiber.Ctx) error {
	if c.Get(fiber.HeaderContentEncoding) != "" {
		return fiber.NewError(fiber.StatusUnsupportedMediaType, "Send the request without a Content-Encoding.")
	}
	return c.Next()
}
