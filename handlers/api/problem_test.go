package api

import (
	"errors"
	"fmt"
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
