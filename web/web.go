// Package web is the HTTP server: the order of the middleware and every route, each with who may use it.
package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/gofiber/fiber/v2"

	"keepstead/auth"
	"keepstead/handlers"
	"keepstead/handlers/api"
	"keepstead/handlers/audit"
	"keepstead/static"
)

// Options are what the server is built from.
type Options struct {
	// Proxies are the addresses and networks whose X-Forwarded headers are believed; empty believes nobody.
	Proxies []netip.Prefix
	// Ready are asked by /readyz.
	Ready  []Check
	Auth   *auth.Auth
	Pages  *handlers.Handlers
	API    *api.API
	Static *static.Files
	Trail  *audit.Trail
	Log    *slog.Logger
	// Development offers the page that shows each shared piece, for those who work on the pages.
	Development bool
}

// Check is one thing that has to work before Keepstead counts as ready.
type Check struct {
	Name string
	Test func(context.Context) error
}

type server struct {
	Options
	base context.Context // of every request; its end ends what they wait for
}

// Bounds of one request. Streams set a write deadline of their own before each write.
const (
	maxBody      = 2 << 20
	maxHeaders   = 16 << 10
	readTimeout  = 30 * time.Second
	writeTimeout = time.Minute
	idleTimeout  = 2 * time.Minute
)

// New returns the app, ready to serve. Every request's context hangs from ctx. It fails when a route is registered
// that no table names, so that nothing is ever open by oversight.
func New(ctx context.Context, o Options) (*fiber.App, error) {
	s := &server{Options: o, base: ctx}
	app := fiber.New(fiber.Config{
		AppName: "Keepstead", DisableStartupMessage: true, Immutable: true, CaseSensitive: true,
		BodyLimit: maxBody, ReadBufferSize: maxHeaders,
		ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		EnableTrustedProxyCheck: true, TrustedProxies: texts(o.Proxies),
		ErrorHandler: s.fail,
	})
	app.Use(newCompressor().handle, s.begin, s.audit, s.record, s.rescue, s.headers, plainBody)
	for _, r := range s.routes() {
		if r.Method == fiber.MethodGet {
			app.Head(r.Path, s.guard(r.Access), r.Handle)
		}
		app.Add(r.Method, r.Path, s.guard(r.Access), r.Handle)
	}
	o.API.Register(app.Group(apiPrefix, s.guard(Token)))
	app.Use(s.guardUnknown, s.unknown)
	if err := s.checkRoutes(app); err != nil {
		return nil, err
	}
	return app, nil
}

// checkRoutes refuses an app with a route that has no access class.
func (s *server) checkRoutes(app *fiber.App) error {
	for _, r := range app.GetRoutes(true) {
		if s.access(r.Method, r.Path) == 0 {
			return fmt.Errorf("route %s %s has no access class", r.Method, r.Path)
		}
	}
	return nil
}

func texts(prefixes []netip.Prefix) []string {
	var out []string
	for _, p := range prefixes {
		out = append(out, p.String())
	}
	return out
}
