package web

import (
	"context"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"keepstead/static"
)

// healthz answers as long as the process does.
func (s *server) healthz(c *fiber.Ctx) error { return c.SendString("ok\n") }

// readyz answers 200 when backups can run, else 503 with the names of what is amiss. The reasons are in the log.
func (s *server) readyz(c *fiber.Ctx) error {
	ctx, cancel := context.WithTimeout(c.UserContext(), 5*time.Second)
	defer cancel()
	var amiss []string
	for _, check := range s.Ready {
		if err := check.Test(ctx); err != nil {
			s.Log.Warn("not ready", "check", check.Name, "error", err)
			amiss = append(amiss, check.Name)
		}
	}
	if len(amiss) > 0 {
		return c.Status(fiber.StatusServiceUnavailable).SendString("not ready: " + strings.Join(amiss, ", ") + "\n")
	}
	return c.SendString("ready\n")
}

// manifest tells a browser how to install Keepstead as an app.
func (s *server) manifest(c *fiber.Ctx) error {
	data, err := s.Static.Manifest()
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "application/manifest+json")
	return c.Send(data)
}

// asset sends a built file. Its URL names its content, so the browser may keep it for ever.
func (s *server) asset(c *fiber.Ctx) error {
	f, ok := s.Static.File(c.Path())
	if !ok {
		return fiber.ErrNotFound
	}
	c.Set(fiber.HeaderContentType, f.ContentType)
	c.Set(fiber.HeaderCacheControl, static.CacheControl)
	c.Vary(fiber.HeaderAcceptEncoding)
	if f.Gzip != nil && c.AcceptsEncodings("gzip") == "gzip" {
		c.Set(fiber.HeaderContentEncoding, "gzip")
		return c.Send(f.Gzip)
	}
	return c.Send(f.Data)
}
