package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"keepstead/model"
)

func TestProblemOf(t *testing.T) {
	t.Parallel()
	invalid := model.Invalid{Field: "schedule", Reason: "Not a schedule."}
	for name, tc := range map[string]struct {
		err    error
		status int
		kind   string
		detail string
		field  string
	}{
		"one field":         {fmt.Errorf("create: %w", invalid), 422, "invalid", "Not a schedule.", "schedule"},
		"several fields":    {model.Invalids{invalid, {Field: "name", Reason: "Give a name."}}, 422, "invalid", "Mend the fields", "name"},
		"missing":           {fmt.Errorf("read a job: %w", model.ErrNotFound), 404, "not-found", "There is nothing", ""},
		"conflict":          {model.Conflict{Reason: "Taken."}, 409, "conflict", "Taken.", ""},
		"conflict of field": {fmt.Errorf("x: %w", model.Conflict{Field: "name", Reason: "Taken."}), 409, "conflict", "Taken.", "name"},
		"plain conflict":    {fmt.Errorf("secret words: %w", model.ErrConflict), 409, "conflict", "This clashes", ""},
		"busy":              {fmt.Errorf("secret words: %w", model.ErrBusy), 503, "busy", "Keepstead is busy", ""},
		"not signed in":     {fiber.ErrUnauthorized, 401, "unauthorized", "Send a valid token", ""},
		"throttled":         {fiber.ErrTooManyRequests, 429, "too-many-requests", "Wait", ""},
		"too large":         {fiber.ErrRequestEntityTooLarge, 413, "too-large", "The body is too large", ""},
		"wrong method":      {fiber.ErrMethodNotAllowed, 405, "method-not-allowed", "This address", ""},
		"teapot":            {fiber.ErrTeapot, 418, "http", "The request was not answered", ""},
		"unknown":           {errors.New("secret words"), 500, "internal", "Something went wrong", ""},
		"failed restore":    {restoreEnded{job: model.Job{State: model.JobFailed, Message: "Disk full."}}, 500, "internal", "Disk full.", ""},
		"cancelled restore": {restoreEnded{job: model.Job{State: model.JobCancelled}}, 409, "conflict", "The restore was cancelled.", ""},
		"stopping":          {restoreEnded{waiting: model.ErrBusy}, 503, "busy", "Keepstead is stopping", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := problemOf(tc.err)
			if p.Status != tc.status || p.Type != "urn:keepstead:problem:"+tc.kind || !strings.HasPrefix(p.Detail, tc.detail) || p.Title == "" {
				t.Errorf("got %+v", p)
			}
			if strings.Contains(fmt.Sprint(p), "secret words") {
				t.Errorf("an error for the log is shown: %+v", p)
			}
			found := tc.field == ""
			for _, e := range p.Errors {
				found = found || e.Field == tc.field
			}
			if !found {
				t.Errorf("%q is not named: %+v", tc.field, p)
			}
		})
	}
}

// TestFail answers what goes wrong in front of the routes, as the web server has it do.
func TestFail(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	a, err := New(Deps{Log: slog.New(slog.NewTextHandler(&log, nil))})
	must(t, err)
	app := fiber.New(fiber.Config{ErrorHandler: a.Fail})
	app.Get("/unauthorized", func(*fiber.Ctx) error { return fiber.ErrUnauthorized })
	app.Get("/unknown", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderXRequestID, "request-7")
		return errors.New("the disk fell off")
	})
	app.Get("/busy", func(*fiber.Ctx) error { return model.ErrBusy })
	for path, header := range map[string]string{"/unauthorized": "Www-Authenticate", "/unknown": "X-Request-Id", "/busy": "Retry-After"} {
		response, err := app.Test(httptest.NewRequest("GET", path, nil), -1)
		must(t, err)
		var p Problem
		must(t, json.NewDecoder(response.Body).Decode(&p))
		if p.Status != response.StatusCode || response.Header.Get(header) == "" || p.Instance != response.Header.Get("X-Request-Id") ||
			response.Header.Get("Content-Type") != "application/problem+json" || strings.Contains(p.Detail, "disk") {
			t.Errorf("%s: %+v %v", path, p, response.Header)
		}
	}
	if text := log.String(); !strings.Contains(text, "the disk fell off") || !strings.Contains(text, "request-7") || strings.Contains(text, "unauthorized") {
		t.Errorf("log: %s", text)
	}
}

// FuzzBody wants of any body: refused with a reason, or readable by the wire type.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{`{"name":"n","schedule":"0 2 * * *","keep_last":1e2}`, `{"name":"\u0000"}`, `[[{}]]`, `{"destination_ids":["x",{}]}`, "\xff", ``} {
		f.Add(seed)
	}
	a, err := New(Deps{})
	if err != nil {
		f.Fatal(err)
	}
	schema := a.document.operations["POST /backup/policies"].body
	f.Fuzz(func(t *testing.T, body string) {
		value, err := decodeJSON([]byte(body))
		if err != nil {
			if problemOf(err).Status != 400 {
				t.Errorf("%q: %v", body, err)
			}
			return
		}
		problems := violations("", schema, value)
		for _, p := range problems {
			if p.Reason == "" {
				t.Errorf("%q: no reason for %q", body, p.Field)
			}
		}
		var in PolicyWrite
		var wrong *json.UnmarshalTypeError
		if err := json.Unmarshal([]byte(body), &in); err != nil && len(problems) == 0 && !errors.As(err, &wrong) {
			t.Errorf("%q is accepted but cannot be read: %v", body, err)
		}
	})
}
