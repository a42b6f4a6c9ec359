package api

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/gofiber/fiber/v2"
)

// client sends requests and checks every request and answer against the published document, with the JSON Schema
// 2020-12 validator: another one than the API itself uses.
type client struct {
	t      *testing.T
	web    *fiber.App
	router routers.Router
}

// answer is a checked answer.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   []byte
}

func newClient(t *testing.T, app *fiber.App, a *API) *client {
	t.Helper()
	spec, err := openapi3.NewLoader().LoadFromData(a.document.json)
	must(t, err)
	router, err := legacy.NewRouter(spec)
	must(t, err)
	return &client{t: t, web: app, router: router}
}

// send sends body as JSON (nil: no body) and wants the status.
func (c *client) send(method, path string, body any, status int, headers ...string) answer {
	c.t.Helper()
	var text []byte
	kind := ""
	if body != nil {
		kind = "application/json"
		var err error
		text, err = json.Marshal(body)
		must(c.t, err)
	}
	return c.raw(method, path, kind, text, status, headers...)
}

// raw sends the bytes as they are.
func (c *client) raw(method, path, kind string, body []byte, status int, headers ...string) answer {
	c.t.Helper()
	request := func() *http.Request {
		r := httptest.NewRequest(method, Base+path, bytes.NewReader(body))
		if kind != "" {
			r.Header.Set("Content-Type", kind)
		}
		for i := 0; i+1 < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		return r
	}
	response, err := c.web.Test(request(), -1)
	must(c.t, err)
	text, err := io.ReadAll(response.Body)
	must(c.t, err)
	if response.StatusCode != status {
		c.t.Fatalf("%s %s %s: status %d, want %d: %s", method, path, body, response.StatusCode, status, text)
	}
	got := answer{t: c.t, status: status, header: response.Header, body: text}
	c.validate(request(), got)
	return got
}

// validate checks the pair against the document. A refused request need not agree with it, its answer must.
func (c *client) validate(r *http.Request, got answer) {
	c.t.Helper()
	if got.status >= 400 {
		checkProblem(got)
	}
	route, params, err := c.router.FindRoute(r)
	if err != nil {
		if got.status != 404 && got.status != 405 {
			c.t.Fatalf("%s %s is answered but not documented: %v", r.Method, r.URL, err)
		}
		return
	}
	options := &openapi3filter.Options{
		IncludeResponseStatus: true, MultiError: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
		SkipSettingDefaults: true,
	}
	input := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: options}
	if got.status < 400 {
		if err := openapi3filter.ValidateRequest(r.Context(), input); err != nil {
			c.t.Errorf("%s %s: the request is not as documented: %v", r.Method, r.URL, err)
		}
	}
	out := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: got.status, Header: got.header, Options: options,
	}
	if err := openapi3filter.ValidateResponse(r.Context(), out.SetBodyBytes(got.body)); err != nil {
		c.t.Errorf("%s %s: the answer is not as documented: %v", r.Method, r.URL, err)
	}
}

func checkProblem(got answer) {
	got.t.Helper()
	if kind := got.header.Get("Content-Type"); kind != "application/problem+json" {
		got.t.Errorf("a problem of type %q: %s", kind, got.body)
	}
	p := read[Problem](got)
	if p.Status != got.status || p.Instance == "" || p.Instance != got.header.Get("X-Request-Id") || !strings.HasPrefix(p.Type, "urn:keepstead:problem:") {
		got.t.Errorf("an incomplete problem: %s", got.body)
	}
}

// read decodes the answer; a member that the wire type does not have is an error.
func read[T any](got answer) T {
	got.t.Helper()
	var value T
	dec := json.NewDecoder(bytes.NewReader(got.body))
	if _, problem := any(value).(Problem); !problem {
		dec.DisallowUnknownFields()
	}
	if err := dec.Decode(&value); err != nil {
		got.t.Fatalf("decode %s: %v", got.body, err)
	}
	return value
}

// names wants a problem that names the field.
func (got answer) names(field string) {
	got.t.Helper()
	p := read[Problem](got)
	if !slices.ContainsFunc(p.Errors, func(e FieldError) bool { return e.Field == field && e.Detail != "" }) {
		got.t.Errorf("the problem does not name %q: %s", field, got.body)
	}
}
