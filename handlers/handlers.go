// Package handlers answers browsers: each handler reads the request, makes one call, and renders. Pages work without
// scripts; a request by htmx gets the fragment it asked for.
package handlers

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"keepstead/auth"
	"keepstead/events"
	"keepstead/jobs"
	"keepstead/model"
	"keepstead/static"
	"keepstead/store"
	"keepstead/views"
	"keepstead/views/ui"
)

// Options are what the handlers are built from.
type Options struct {
	Store   *store.Store
	Jobs    *jobs.Manager
	Auth    *auth.Auth
	Hub     *events.Hub
	Static  *static.Files
	Log     *slog.Logger
	Version string
	// Reference tells the JSON API.
	Reference model.Reference
	// DataDir is shown on the settings page and offered as the place of a first local destination.
	DataDir string
	// PublicURL is the address under which browsers reach the pages, for links in notifications; empty when not known.
	PublicURL string
	// Clock is time.Now when nil.
	Clock func() time.Time
	// KeepAlive is how often an open stream is proved alive; 0 means every three seconds.
	KeepAlive time.Duration
}

// Handlers holds every page. Make it with New.
type Handlers struct {
	Options
	downloads *auth.Tickets[model.Download]
	feeds     *feeds
}

// New returns the handlers.
func New(o Options) *Handlers {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.KeepAlive == 0 {
		o.KeepAlive = 3 * time.Second
	}
	return &Handlers{Options: o, downloads: auth.NewTickets[model.Download](o.Clock), feeds: &feeds{open: map[string]*feed{}}}
}

// requestKey is where a request carries its id.
type requestKey struct{}

// SetRequestID gives the request an id, in its log lines and in the X-Request-Id header.
func SetRequestID(c *fiber.Ctx) {
	id := uuid.NewString()
	c.Locals(requestKey{}, id)
	c.Set("X-Request-Id", id)
}

// RequestID returns the request's id, empty before SetRequestID.
func RequestID(c *fiber.Ctx) string {
	id, _ := c.Locals(requestKey{}).(string)
	return id
}

// LogPath is the request's path as it may be written down: a ticket in it is not.
func LogPath(c *fiber.Ctx) string {
	if c.Params("token") != "" {
		return c.Route().Path
	}
	return c.Path()
}

// frame is the part of a page's props that no request is needed for.
func (h *Handlers) frame(clock ui.Clock) views.Chrome {
	return views.Chrome{Clock: clock, Version: h.Version, Asset: h.Static.URL}
}

// chrome is the frame of the request's page, without a stream of the page's own.
func (h *Handlers) chrome(c *fiber.Ctx) (f views.Chrome, err error) {
	seen := h.Hub.Count()
	a, err := h.appearance(c)
	f = h.frame(h.clockOf(c, a))
	f.Seen = seen
	f.Path, f.Flash, f.Theme, f.FollowsZone = c.Path(), takeFlash(c), a.Theme, a.TimeZone == ""
	who, ok := auth.Who(c)
	if !ok || err != nil {
		return f, err
	}
	f.User, f.Live = who.User.Name, views.LivePath("shell", uuid.Nil)
	if f.Running, err = h.Store.OpenJobs(c.UserContext()); err != nil {
		return f, fmt.Errorf("count open jobs: %w", err)
	}
	return f, nil
}

// live is the chrome of a page with a stream; the stream gets the page's query, so that it filters as the page does.
func (h *Handlers) live(c *fiber.Ctx, view string, id uuid.UUID) (views.Chrome, error) {
	f, err := h.chrome(c)
	f.Live = views.LivePath(view, id)
	if query := string(c.Request().URI().QueryString()); query != "" {
		f.Live += "?" + query
	}
	return f, err
}

// pathID reads the id in the path. What is no id names nothing.
func pathID(c *fiber.Ctx) (uuid.UUID, error) {
	id, err := uuid.Parse(c.Params("id"))
	if err != nil {
		return id, fmt.Errorf("%w: %q is no id", model.ErrNotFound, c.Params("id"))
	}
	return id, nil
}

// named reads the row whose id the path has.
func named[T any](c *fiber.Ctx, read func(context.Context, uuid.UUID) (T, error)) (T, error) {
	id, err := pathID(c)
	if err != nil {
		var none T
		return none, err
	}
	return read(c.UserContext(), id)
}

// isFragment says that htmx asked, and wants only the changed part of the page.
func isFragment(c *fiber.Ctx) bool { return c.Get("HX-Request") == "true" }
