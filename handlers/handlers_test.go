package handlers

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"keepstead/auth"
	"keepstead/model"
	"keepstead/views"
)

func TestStatus(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		err    error
		status int
		says   string
	}{
		{"one field", fmt.Errorf("save: %w", model.Invalid{Field: "name", Reason: "Give a name."}), 422, "Give a name."},
		{"many fields", model.Invalids{{Field: "a", Reason: "One."}, {Field: "b", Reason: "Two."}}, 422, "One. Two."},
		{"missing", fmt.Errorf("read app: %w", model.ErrNotFound), 404, ""},
		{"conflict", fmt.Errorf("x: %w", model.Conflict{Reason: "It runs."}), 409, "It runs."},
		{"bare conflict", fmt.Errorf("x: %w", model.ErrConflict), 409, ""},
		{"busy", fmt.Errorf("x: %w", model.ErrBusy), 503, ""},
		{"signed out", auth.ErrDenied, 401, ""},
		{"another site", fmt.Errorf("%w: sec-fetch-site", auth.ErrForeign), 403, "This request came from another site, so nothing was done."},
		{"throttled", auth.Throttled{After: 1500 * time.Millisecond}, 429, "Too many attempts. Try again in 2 seconds."},
		{"fiber’s, which says nothing but its status", fiber.ErrMethodNotAllowed, 405, ""},
		{"fiber’s, in words", fiber.NewError(400, "The page number is no number."), 400, "The page number is no number."},
		{"fiber's own failure", fiber.NewError(502, "internal detail"), 502, ""},
		{"anything else", errors.New("sql: secret detail"), 500, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := status(tt.err); got != tt.status {
				t.Errorf("status %d, want %d", got, tt.status)
			}
			if got := sentence(tt.err); got != tt.says {
				t.Errorf("sentence %q, want %q", got, tt.says)
			}
		})
	}
}

func TestReadDestination(t *testing.T) {
	t.Parallel()
	d, s, err := readDestination(views.DestinationForm{
		Name: " Cloud ", Endpoint: " s3.example.org ", Bucket: "homelab", Prefix: "/a/b/", PathStyle: "on", AccessKey: " k ",
		SecretKey: "s", RepoPassword: "left over", Repository: "create",
	}, model.Destination{Type: model.DestinationS3})
	if err != nil {
		t.Fatal(err)
	}
	if d.Name != "Cloud" || d.S3Endpoint != "s3.example.org" || d.S3Prefix != "a/b" || !d.S3PathStyle || s.AccessKey != "k" || s.SecretKey != "s" {
		t.Errorf("read %+v", d)
	}
	if s.RepoPassword != "" {
		t.Error("the password of a repository to adopt was taken for one to create")
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	other := errors.New("other")
	form := model.Invalids{{Field: "keep_daily", Reason: "Use a whole number."}}
	tests := []struct {
		name   string
		form   model.Invalids
		err    error
		fields string
		other  bool
	}{
		{"nothing", nil, nil, "", false},
		{"the form's", form, nil, "keep_daily", false},
		{"both", form, model.Invalid{Field: "name", Reason: "x"}, "keep_daily name", false},
		{"another kind", nil, other, "", true},
	}
	for _, tt := range tests {
		err := merge(tt.form, tt.err)
		var fields []string
		for _, r := range model.Refused(err) {
			fields = append(fields, r.Field)
		}
		if got := strings.Join(fields, " "); got != tt.fields || errors.Is(err, other) != tt.other {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	f, err := snapshotsQuery{SnapshotQuery: views.SnapshotQuery{From: "2026-03-01", To: "2026-03-01"}}.filter(time.UTC)
	if err != nil || f.To.Sub(f.From) < 23*time.Hour {
		t.Errorf("one day from %s to %s: %v", f.From, f.To, err)
	}
	_, err = snapshotsQuery{SnapshotQuery: views.SnapshotQuery{AppID: "x", From: "y", To: "z"}, Cursor: "c"}.filter(time.UTC)
	if n := len(model.Refused(err)); n != 4 {
		t.Errorf("%d of four wrong fields were refused: %v", n, err)
	}
	open, err := activityQuery{ActivityQuery: views.ActivityQuery{State: "open"}}.filter()
	if err != nil || len(open.States) != 2 {
		t.Errorf("open jobs: %v, %v", open.States, err)
	}
}

func TestChangesGather(t *testing.T) {
	t.Parallel()
	c := newChanges()
	job := model.NewID()
	for range 1000 {
		c.add(model.Event{Kind: model.EventProgress, ID: job})
		c.add(model.Event{Kind: model.EventLog, ID: job})
		c.add(model.Event{Kind: model.EventJob, ID: job})
	}
	if len(c.moved) != 1 || len(c.logs) != 1 || len(c.events) != 1 {
		t.Errorf("3000 events of one job became %d, %d and %d", len(c.moved), len(c.logs), len(c.events))
	}
	if c.any(of(model.EventApp)) || !c.any(of(model.EventApp, model.EventJob)) {
		t.Error("the kinds are not told apart")
	}
}
