package handlers

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/a-h/templ"
	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/views"
	"keepstead/views/ui"
)

const (
	gather = 40 * time.Millisecond  // changes are gathered this long, so that one act is one update
	linger = 250 * time.Millisecond // progress and logs come in floods, and nobody reads faster
	pause  = 50 * time.Millisecond  // between two updates at least, and twice as long as the last one took to read
	// refresh is how old what only the clock changes, such as “overdue”, gets at most.
	refresh = time.Minute
	// behind is how many updates a page may be late before it is dropped and connects again.
	behind = 16
)

// feed reads for all open pages that show the same: it hears what changed, reads that again once, and hands every page
// the fragments that look different now. Five hundred tabs so cost the database what one does. What it sends names no
// user, since it goes to all who see times written alike.
type feed struct {
	*Handlers
	ctx   context.Context
	end   context.CancelFunc
	key   string
	view  liveView
	id    uuid.UUID
	query liveQuery
	clock ui.Clock // how the pages show times; its moment is that of the first of them

	sent  map[string][sha256.Size]byte // what each element last looked like
	shown map[uuid.UUID]bool           // jobs that stand in the list on the pages
	at    int64                        // bytes of the job's log that were sent
	late  chan struct{}                // a page came that may have missed a change

	// The registry's lock guards these.
	readers map[chan []byte]bool
	joined  bool // a page came since the last reading: it has not seen what was sent before
}

// frame is what a fragment needs of the frame around it: now, written as the pages that it goes into write it.
func (f *feed) frame() views.Chrome {
	clock := f.clock
	clock.Now = f.Clock()
	return f.Handlers.frame(clock)
}

// feeds are the open feeds, by what they show.
type feeds struct {
	mu   sync.Mutex
	open map[string]*feed
}

// join returns the updates of what f shows, from a feed that is open already or from f itself. The channel is closed
// when the feed ends and when its reader is too slow; leave ends the reading. seen is the hub's count when the page was
// read, empty where it does not say: what changed between that and now is sent at once.
func (h *Handlers) join(f *feed, seen string) (updates <-chan []byte, leave func()) {
	reader := make(chan []byte, behind)
	h.feeds.mu.Lock()
	defer h.feeds.mu.Unlock()
	if there := h.feeds.open[f.key]; there != nil {
		f = there
	} else {
		f.start()
		h.feeds.open[f.key] = f
	}
	f.readers[reader], f.joined = true, true
	if seen != "" && seen != strconv.FormatUint(h.Hub.Count(), 10) {
		select {
		case f.late <- struct{}{}:
		default: // it reads anew already
		}
	}
	return reader, func() {
		h.feeds.mu.Lock()
		defer h.feeds.mu.Unlock()
		f.drop(reader)
	}
}

// start begins to listen before it returns; the caller holds the lock.
func (f *feed) start() {
	f.ctx, f.end = context.WithCancel(f.ctx)
	f.sent, f.shown, f.readers = map[string][sha256.Size]byte{}, map[uuid.UUID]bool{}, map[chan []byte]bool{}
	f.at, f.late = f.firstByte(), make(chan struct{}, 1)
	events := f.Hub.Subscribe(f.ctx)
	go func() {
		defer f.close()
		f.run(events)
	}()
}

// drop closes a reader's channel once, and ends the feed with its last reader; the caller holds the lock.
func (f *feed) drop(reader chan []byte) {
	if !f.readers[reader] {
		return
	}
	delete(f.readers, reader)
	close(reader)
	if len(f.readers) == 0 {
		f.forget()
	}
}

// forget ends the feed, so that the next page of its kind opens another; the caller holds the lock.
func (f *feed) forget() {
	f.end()
	if f.feeds.open[f.key] == f {
		delete(f.feeds.open, f.key)
	}
}

func (f *feed) close() {
	f.feeds.mu.Lock()
	defer f.feeds.mu.Unlock()
	f.forget()
	for reader := range f.readers {
		f.drop(reader)
	}
}

// hand gives an update to every reader and never waits for one.
func (f *feed) hand(update []byte) {
	f.feeds.mu.Lock()
	defer f.feeds.mu.Unlock()
	for reader := range f.readers {
		select {
		case reader <- update:
		default:
			f.drop(reader)
		}
	}
}

// run reads and hands on until the last page goes, the hub closes or the server stops.
func (f *feed) run(events <-chan model.Event) {
	defer func() {
		if p := recover(); p != nil {
			f.Log.Error("feed panicked", "view", f.key, "error", fmt.Sprintf("%v\n%s", p, debug.Stack()))
		}
	}()
	again := time.NewTicker(refresh)
	defer again.Stop()
	due := time.NewTimer(refresh)
	defer due.Stop()
	seen, at, rest := newChanges(), time.Time{}, time.Time{}
	within := func(wait time.Duration) {
		if next := later(time.Now().Add(wait), rest); at.IsZero() || next.Before(at) {
			at = next
			due.Reset(time.Until(at))
		}
	}
	for {
		select {
		case <-f.ctx.Done():
			return
		case e, open := <-events:
			if !open {
				return
			}
			seen.add(e)
			within(patience(e))
		case <-f.late:
			seen.all = true
			within(gather)
		case <-again.C:
			seen.all, at = true, time.Now()
			due.Reset(0)
		case <-due.C:
			if at.IsZero() {
				continue
			}
			begun := time.Now()
			f.update(seen)
			seen, at = newChanges(), time.Time{}
			rest = time.Now().Add(max(pause, 2*time.Since(begun)))
		}
	}
}

// patience is how long an event waits for others.
func patience(e model.Event) time.Duration {
	if e.Kind == model.EventProgress || e.Kind == model.EventLog {
		return linger
	}
	return gather
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// update reads again what the view shows and hands on what looks different.
func (f *feed) update(seen changes) {
	f.meet()
	fragments, err := f.view(f, seen)
	if err != nil && !errors.Is(err, model.ErrNotFound) && f.ctx.Err() == nil {
		f.Log.Error("read for open pages", "view", f.key, "error", err)
	}
	if len(seen.events) > 0 || seen.all {
		open, err := f.Store.OpenJobs(f.ctx)
		if err == nil {
			fragments = append(fragments, navRunning(open))
		} else if f.ctx.Err() == nil {
			f.Log.Error("count open jobs", "error", err)
		}
	}
	var out bytes.Buffer
	for _, one := range fragments {
		if err := f.render(&out, one); err != nil {
			f.Log.Error("render for open pages", "view", f.key, "error", err)
		}
	}
	if out.Len() > 0 {
		f.hand(out.Bytes())
	}
}

// meet forgets what was sent when a page came since: it was made from the database at another moment, so that what is
// unchanged for the others may be new to it.
func (f *feed) meet() {
	f.feeds.mu.Lock()
	defer f.feeds.mu.Unlock()
	if f.joined {
		clear(f.sent)
		clear(f.shown)
		f.joined = false
	}
}

// fragment is an element of the page as it looks now.
type fragment struct {
	id        string
	component templ.Component
	appends   bool // it is added to what stands there, so it is sent even when it looks like the last one
}

func (f *feed) render(out *bytes.Buffer, one fragment) error {
	var html bytes.Buffer
	if err := one.component.Render(f.ctx, &html); err != nil {
		return fmt.Errorf("render %s: %w", one.id, err)
	}
	sum := sha256.Sum256(html.Bytes())
	if !one.appends && f.sent[one.id] == sum {
		return nil
	}
	f.sent[one.id] = sum
	out.WriteString("event: " + one.id + "\n")
	for line := range strings.SplitSeq(strings.ReplaceAll(html.String(), "\r", ""), "\n") {
		out.WriteString("data: " + line + "\n")
	}
	out.WriteString("\n")
	return nil
}
