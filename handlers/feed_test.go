package handlers

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"

	"keepstead/events"
	"keepstead/model"
)

// counter is a page that shows how often it was read.
type counter struct {
	hub   *events.Hub
	pages *Handlers
	reads int // by the feed's goroutine alone
	shows func(reads int) string
}

func newCounter(t *testing.T, shows func(int) string) *counter {
	t.Helper()
	c := &counter{hub: events.New(), shows: shows}
	c.pages = New(Options{Hub: c.hub, Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(c.hub.Close)
	return c
}

func (c *counter) view(*feed, changes) ([]fragment, error) {
	c.reads++
	text := c.shows(c.reads)
	return []fragment{{id: "it", component: templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})}}, nil
}

func (c *counter) open(t *testing.T, key string) (<-chan []byte, func()) {
	t.Helper()
	return c.pages.join(&feed{Handlers: c.pages, ctx: t.Context(), key: key, view: c.view}, "")
}

// tell publishes what no count of jobs is read for: progress.
func (c *counter) tell() { c.hub.Publish(model.Event{Kind: model.EventProgress, ID: model.NewID()}) }

func update(t *testing.T, from <-chan []byte) string {
	t.Helper()
	select {
	case text, open := <-from:
		if !open {
			t.Fatal("the feed ended")
		}
		return string(text)
	case <-time.After(10 * time.Second):
		t.Fatal("no update within ten seconds")
	}
	return ""
}

func TestPagesShareOneReading(t *testing.T) {
	t.Parallel()
	c := newCounter(t, func(reads int) string { return strings.Repeat("x", reads) })
	a, leaveA := c.open(t, "/live/it")
	b, leaveB := c.open(t, "/live/it")
	defer leaveB()
	c.tell()
	for _, page := range []<-chan []byte{a, b} {
		if got := update(t, page); got != "event: it\ndata: x\n\n" {
			t.Errorf("an open page got %q", got)
		}
	}
	leaveA()
	leaveA() // a page that goes twice is harmless
	if _, open := <-a; open {
		t.Error("a page that went gets updates still")
	}
	c.tell()
	if got := update(t, b); got != "event: it\ndata: xx\n\n" {
		t.Errorf("the page that stayed got %q", got)
	}
	if _, there := c.pages.feeds.open["/live/it"]; !there || len(c.pages.feeds.open) != 1 {
		t.Errorf("%d feeds are open, want one", len(c.pages.feeds.open))
	}
}

// TestANewPageGetsWhatOthersHave: it was made at another moment, so what is unchanged for others is sent once more.
func TestANewPageGetsWhatOthersHave(t *testing.T) {
	t.Parallel()
	c := newCounter(t, func(int) string { return "the same" })
	a, leaveA := c.open(t, "/live/it")
	defer leaveA()
	c.tell()
	update(t, a)
	b, leaveB := c.open(t, "/live/it")
	defer leaveB()
	c.tell()
	if got := update(t, b); !strings.Contains(got, "the same") {
		t.Errorf("the new page got %q", got)
	}
	update(t, a)
	c.tell()
	select {
	case text := <-a:
		t.Errorf("what looks the same was sent again: %q", text)
	case <-time.After(2 * linger):
	}
}

func TestFeedsEnd(t *testing.T) {
	t.Parallel()
	c := newCounter(t, func(reads int) string { return strings.Repeat("x", reads) })
	_, leave := c.open(t, "/live/it")
	slow, _ := c.open(t, "/live/it")
	other, _ := c.open(t, "/live/other")
	c.pages.feeds.mu.Lock()
	open := c.pages.feeds.open["/live/it"]
	c.pages.feeds.mu.Unlock()
	for range behind + 1 { // nobody reads
		open.hand([]byte("update"))
	}
	n := 0
	for range slow {
		n++
	}
	if n != behind {
		t.Errorf("a page that does not read got %d updates before it was dropped, want %d", n, behind)
	}
	leave() // of a page that was dropped already
	if _, there := c.pages.feeds.open["/live/it"]; there {
		t.Error("a feed without pages is still there")
	}
	c.hub.Close()
	for range other { // until the feed has closed it
	}
	again, _ := c.open(t, "/live/other")
	for range again { // a closed hub ends it at once
	}
}

func TestAFeedThatPanicsEnds(t *testing.T) {
	t.Parallel()
	c := newCounter(t, func(int) string { panic("boom") })
	page, leave := c.open(t, "/live/it")
	defer leave()
	c.tell()
	for range page { // until it is closed
	}
}
