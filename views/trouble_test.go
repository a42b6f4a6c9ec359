package views

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
)

// troubled is the page of an app whose newest backup into its first destination ended badly.
func troubled(t *testing.T, change func(*model.ConfigurationOverview)) (AppProps, string) {
	t.Helper()
	s := newSample(t)
	p := AppProps{Chrome: s.chrome, App: s.apps[1], Policies: s.policies, Destinations: s.destinations}
	c := &p.App.Configurations[0]
	c.Coverage[0].LastMend = "Mount the disk or correct the app's folders, then back up again."
	change(c)
	return p, render(t, AppPage(p))
}

// inOrder fails where the texts do not stand on a page, each behind the one before.
func inOrder(t *testing.T, html string, texts ...string) {
	t.Helper()
	at := 0
	for _, text := range texts {
		n := strings.Index(html[at:], text)
		if n < 0 {
			t.Fatalf("%q does not stand behind those before it (%q)", text, texts)
		}
		at += n
	}
}

func lacks(t *testing.T, html string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(html, text) {
			t.Errorf("the page says %q", text)
		}
	}
}

// TestTroubleComesFirst: why a backup failed and what mends it stand over the hold of retention, and while the source is
// missing nothing lets that go.
func TestTroubleComesFirst(t *testing.T) {
	t.Parallel()
	at := time.Now()
	missing := func(c *model.ConfigurationOverview) {
		c.Configuration.FrozenAt, c.Configuration.FrozenReason = &at, "Nothing to back up: /srv/nextcloud (not there)."
		for i := range c.Coverage {
			c.Coverage[i].LastState, c.Coverage[i].LastCause = model.JobFailed, model.CauseSourceMissing
			c.Coverage[i].LastMessage, c.Coverage[i].LastMend = c.Configuration.FrozenReason, c.Coverage[0].LastMend
		}
	}
	p, html := troubled(t, missing)
	c := p.App.Configurations[0]
	inOrder(t, html, "Nothing to back up: /srv/nextcloud (not there).", "Mount the disk or correct the app&#39;s folders", JobPath(c.Coverage[0].LastJobID),
		ConfigurationBackupPath(c.Configuration.ID), "Back up again", "Backup disk, Backblaze B2", "No snapshot is removed until a backup works again", "Snapshots")
	lacks(t, html, "Looks right", ConfigurationUnfreezePath(c.Configuration.ID))
	if n := strings.Count(html, "Back up again"); n != 1 {
		t.Errorf("two destinations with the same trouble are told %d times", n)
	}

	// A channel that was told of the source is told anew when only the hold is left.
	c.Status = model.Frozen
	lost, _ := needOf(HomeProps{}, p.App.App, c)
	c.Coverage = slices.Clone(c.Coverage)
	for i := range c.Coverage {
		c.Coverage[i].LastState, c.Coverage[i].LastCause = model.JobSuccess, ""
	}
	if held, _ := needOf(HomeProps{}, p.App.App, c); held.key != lost.key || held.kind == lost.kind {
		t.Errorf("a lost source and a hold are the same to channels: %s %q, %s %q", lost.key, lost.kind, held.key, held.kind)
	}

	_, html = troubled(t, func(c *model.ConfigurationOverview) {
		missing(c)
		c.Coverage[1].RunningJobID = id(201)
	})
	lacks(t, html, "Back up again")

	// One folder of several that is empty may be meant so: that can be confirmed.
	_, html = troubled(t, func(c *model.ConfigurationOverview) {
		missing(c)
		for i := range c.Coverage {
			c.Coverage[i].LastState, c.Coverage[i].LastCause = model.JobPartial, model.CauseSourceEmpty
		}
	})
	inOrder(t, html, "Nothing to back up", "Retention is held back", "Looks right: go on")
	if n := strings.Count(html, "Nothing to back up"); n != 1 {
		t.Errorf("the reason is told %d times", n)
	}
}

// TestPartialSnapshotsAreShown: partial snapshots are something, and can be restored.
func TestPartialSnapshotsAreShown(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	at := s.chrome.Now.Add(-48 * time.Hour)
	p, html := troubled(t, func(c *model.ConfigurationOverview) {
		for i := range c.Coverage {
			v := &c.Coverage[i]
			v.LastGoodID, v.LastGoodAt, v.LastState = uuid.Nil, nil, model.JobPartial
			v.PartialID, v.PartialAt, v.PartialSize = id(402+i), &at, 20<<10
		}
	})
	inOrder(t, html, RestorePath(id(402)), "Restore", "Backup disk", SnapshotPath(id(402)), "20 KiB", "partial")
	lacks(t, html, "Nothing yet")
	row := render(t, AppRow(AppRowProps{Clock: s.chrome.Clock, App: p.App, Destinations: s.destinations}))
	inOrder(t, row, "is-warn", SnapshotPath(id(402)), "2 d ago", "partial", "20 KiB")
	lacks(t, row, "none</em>")
}

// TestSnapshotsStandOverSettings: on every kind of app the way back stands over what is set up, and what ends it last.
func TestSnapshotsStandOverSettings(t *testing.T) {
	t.Parallel()
	all := pages(t, newSample(t))
	inOrder(t, render(t, all["docker-app"]), ">Restore", ">Snapshots<", ">What is captured<", ">How it is captured<", ">How it is backed up<", "Forget this app")
	inOrder(t, render(t, all["app"]), ">Restore", ">Snapshots<", ">How it is backed up<", ">What is captured<", "Forget this app")
}

// TestCapturedSaysWhatIs: before somebody has decided, and after an app has gone, nothing is captured.
func TestCapturedSaysWhatIs(t *testing.T) {
	t.Parallel()
	all := pages(t, newSample(t))
	pending := render(t, all["docker-app-pending"])
	inOrder(t, pending, "Do not protect", "What a backup would take", "Would be captured", "How it would be captured")
	lacks(t, pending, "Forget app", ">Captured<", "What is captured")
	gone := render(t, all["docker-app-gone"])
	inOrder(t, gone, "It can no longer be backed up.", "What was captured", "How it was captured")
	_, captured, _ := strings.Cut(gone, "What was captured")
	captured, _, _ = strings.Cut(captured, "How it is backed up")
	lacks(t, captured, "is-good", "Leave out", "<button class=\"btn\">Save", "Commands before and after")
}
