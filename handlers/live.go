package handlers

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"keepstead/auth"
	"keepstead/model"
	"keepstead/views"
	"keepstead/views/ui"
)

const (
	gather       = 250 * time.Millisecond // changes are gathered this long, so that a page gets four updates a second at most
	refresh      = time.Minute            // what only the clock changes, such as “overdue”, is as old as this at most
	writeTimeout = 10 * time.Second
)

// stream is one open page: it hears what changed, reads it again and sends the fragments that look different now.
type stream struct {
	*Handlers
	ctx    context.Context
	view   liveView
	id     uuid.UUID
	query  liveQuery
	clock  ui.Clock // how the page shows times; its moment is that of the page
	who    auth.Identity
	conn   net.Conn
	events <-chan model.Event
	sent   map[string][sha256.Size]byte // what each element last looked like
	shown  map[uuid.UUID]bool           // jobs that stand in the list on the page
	lines  int                          // lines of the job's log that were sent
}

// liveQuery is the query of a stream: the filter of its page's list, or where its page's log ended.
type liveQuery struct {
	apps      appsQuery
	snapshots snapshotsQuery
	activity  activityQuery
	log       logQuery
}

type logQuery struct {
	Lines int   `query:"log"`
	At    int64 `query:"at"` // when the page was made, in Unix seconds
}

func readLiveQuery(c *fiber.Ctx) (q liveQuery, err error) {
	if q.apps, err = query[appsQuery](c); err != nil {
		return q, err
	}
	if q.snapshots, err = query[snapshotsQuery](c); err != nil {
		return q, err
	}
	if q.activity, err = query[activityQuery](c); err != nil {
		return q, err
	}
	q.log, err = query[logQuery](c)
	return q, err
}

// Live sends a page's changes for as long as it is open and its session stands.
func (h *Handlers) Live(c *fiber.Ctx) error {
	view, ok := liveViews()[c.Params("view")]
	if !ok {
		return fiber.ErrNotFound
	}
	q, err := readLiveQuery(c)
	if err != nil {
		return err
	}
	clock, err := h.clock(c)
	if err != nil {
		return err
	}
	who, _ := auth.Who(c)
	ctx, cancel := context.WithCancel(c.UserContext())
	s := &stream{
		Handlers: h, ctx: ctx, view: view, query: q, clock: clock, who: who, conn: c.Context().Conn(), events: h.Hub.Subscribe(ctx),
		id: optionalID(nil, "", c.Params("id")), sent: map[string][sha256.Size]byte{}, shown: map[uuid.UUID]bool{},
	}
	s.lines = s.firstLine()
	c.Set(fiber.HeaderContentType, "text/event-stream")
	c.Set(fiber.HeaderCacheControl, "no-cache")
	c.Set("X-Accel-Buffering", "no")
	c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
		defer cancel()
		if err := s.run(w); err != nil {
			h.Log.Debug("stream ended", "user", who.User.Name, "error", err)
		}
	})
	return nil
}

// frame is what a fragment needs of the frame around it: now, written as the page that it goes into writes it.
func (s *stream) frame() views.Chrome {
	f := s.Handlers.frame()
	now := f.Now
	f.Clock = s.clock
	f.Now = now
	return f
}

// run sends until the page goes, the session ends, the hub closes or the server stops. Nothing in it may touch the
// Fiber context: that serves another request by now.
func (s *stream) run(w *bufio.Writer) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a stream: %v\n%s", p, debug.Stack())
			s.Log.Error("stream panicked", "error", err)
		}
	}()
	if err := s.write(w, "retry: 2000\nevent: hello\ndata: ok\n\n"); err != nil {
		return err
	}
	keepAlive, again := time.NewTicker(s.KeepAlive), time.NewTicker(refresh)
	defer keepAlive.Stop()
	defer again.Stop()
	var due <-chan time.Time
	seen := newChanges()
	for {
		select {
		case <-s.ctx.Done():
			return context.Cause(s.ctx)
		case e, open := <-s.events:
			if !open {
				return errors.New("the hub closed the stream")
			}
			seen.add(e)
			if due == nil {
				due = time.After(gather)
			}
		case <-again.C:
			seen.all = true
			due = time.After(0)
		case <-due:
			if err := s.send(w, seen); err != nil {
				return err
			}
			due, seen = nil, newChanges()
		case <-keepAlive.C:
			if !s.Auth.Alive(s.ctx, s.who) {
				return errors.New("the session ended")
			}
			if err := s.write(w, ": alive\n\n"); err != nil {
				return err
			}
		}
	}
}

// send reads again what the view shows and sends what looks different.
func (s *stream) send(w *bufio.Writer, seen changes) error {
	fragments, err := s.view(s, seen)
	if err != nil && !errors.Is(err, model.ErrNotFound) {
		s.Log.Error("read for a stream", "error", err)
	}
	if len(seen.events) > 0 || seen.all {
		counts, err := s.Store.Counts(s.ctx)
		if err != nil {
			return fmt.Errorf("count open jobs: %w", err)
		}
		fragments = append(fragments, navRunning(counts))
	}
	var out strings.Builder
	for _, f := range fragments {
		if err := s.render(&out, f); err != nil {
			return err
		}
	}
	if out.Len() == 0 {
		return nil
	}
	return s.write(w, out.String())
}

// fragment is an element of the page as it looks now.
type fragment struct {
	id        string
	component templ.Component
	appends   bool // it is added to what stands there, so it is sent even when it looks like the last one
}

func (s *stream) render(out *strings.Builder, f fragment) error {
	var html bytes.Buffer
	if err := f.component.Render(s.ctx, &html); err != nil {
		return fmt.Errorf("render %s: %w", f.id, err)
	}
	sum := sha256.Sum256(html.Bytes())
	if !f.appends && s.sent[f.id] == sum {
		return nil
	}
	s.sent[f.id] = sum
	out.WriteString("event: " + f.id + "\n")
	for line := range strings.SplitSeq(strings.ReplaceAll(html.String(), "\r", ""), "\n") {
		out.WriteString("data: " + line + "\n")
	}
	out.WriteString("\n")
	return nil
}

// write sends text now, and gives up on a page that does not take it. The server's own deadline was set once, for the
// start of the answer.
func (s *stream) write(w *bufio.Writer, text string) error {
	if err := s.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	if _, err := w.WriteString(text); err != nil {
		return err
	}
	return w.Flush()
}
