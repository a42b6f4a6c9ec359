// Package api is the JSON API, version 1. openapi.yaml is the truth: the wire types are generated from it, requests
// are checked against it before a handler sees them, and every route is one of its operations.
package api

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"keepstead/events"
	"keepstead/jobs"
	"keepstead/store"
)

// Base is where the API lives; Register takes the group at this path.
const Base = "/api/v1"

// Deps is what the API works with.
type Deps struct {
	Store   *store.Store
	Jobs    *jobs.Manager
	Hub     *events.Hub
	Log     *slog.Logger
	Version string
}

// API answers the requests under Base.
type API struct {
	Deps
	document document
	now      func() time.Time
}

// New reads the OpenAPI document. Its error says which route and which operation do not match.
func New(deps Deps) (*API, error) {
	doc, err := loadDocument()
	if err != nil {
		return nil, fmt.Errorf("read the OpenAPI document: %w", err)
	}
	a := &API{Deps: deps, document: doc, now: time.Now}
	return a, a.matchRoutes()
}

// matchRoutes proves that each route is documented and each operation has a route.
func (a *API) matchRoutes() error {
	var problems []error
	routed := map[string]bool{}
	for _, r := range a.routes() {
		if a.document.operations[r.key()] == nil {
			problems = append(problems, fmt.Errorf("route %s is not in the OpenAPI document", r.key()))
		}
		routed[r.key()] = true
	}
	for key := range a.document.operations {
		if !routed[key] {
			problems = append(problems, fmt.Errorf("operation %s of the OpenAPI document has no route", key))
		}
	}
	return errors.Join(problems...)
}

// Register adds every route to r, the group at Base. Authorisation is in front of it, not here.
func (a *API) Register(r fiber.Router) {
	r.Use(a.problems)
	for _, route := range a.routes() {
		r.Add(route.method, route.path, a.check(a.document.operations[route.key()]), route.handler)
	}
	r.Use(a.otherwise)
}

// otherwise answers what no route takes: 405 where another method would do, else 404.
func (a *API) otherwise(c *fiber.Ctx) error {
	var methods []string
	for _, r := range a.routes() {
		if fiber.RoutePatternMatch(c.Path(), Base+r.path) {
			methods = append(methods, r.method)
		}
	}
	if len(methods) == 0 {
		return fiber.ErrNotFound
	}
	c.Set(fiber.HeaderAllow, strings.Join(methods, ", "))
	return fiber.ErrMethodNotAllowed
}

// problems turns whatever a route, or the lack of one, returns into a problem document.
func (a *API) problems(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	if err := c.Next(); err != nil {
		return a.Fail(c, err)
	}
	return nil
}
