package handlers

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"time"

	"github.com/gofiber/fiber/v2"

	"keepstead/auth"
)

const writeTimeout = 10 * time.Second

// stream is one open page, which gets what its feed hands on.
type stream struct {
	*Handlers
	ctx     context.Context
	who     auth.Identity
	conn    net.Conn
	updates <-chan []byte
}

// liveQuery is the query of a stream: the filter of its page's list, or where its page's log ended.
type liveQuery struct {
	apps      appsQuery
	snapshots snapshotsQuery
	activity  activityQuery
	log       logQuery
}

type logQuery struct {
	From int64 `query:"log"` // bytes of the log that the page has
	At   int64 `query:"at"`  // when the page was made, in Unix seconds
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
	seen := c.Query("seen")
	c.Request().URI().QueryArgs().Del("seen") // pages of any age share a feed
	// Every request's context is the server's own, so the feed may outlive the page that opened it.
	updates, leave := h.join(&feed{
		Handlers: h, ctx: c.UserContext(),
		key:  fmt.Sprintf("%s?%s %s %q %q %s", c.Path(), c.Request().URI().QueryArgs(), clock.Zone, clock.Hours, clock.Dates, clock.Language.Code),
		view: view, id: optionalID(nil, "", c.Params("id")), query: q, clock: clock,
	}, seen)
	s := &stream{Handlers: h, ctx: c.UserContext(), who: who, conn: c.Context().Conn(), updates: updates}
	c.Set(fiber.HeaderContentType, "text/event-stream")
	c.Set(fiber.HeaderCacheControl, "no-cache")
	c.Set("X-Accel-Buffering", "no")
	c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
		defer leave()
		if err := s.run(w); err != nil {
			h.Log.Debug("stream ended", "user", who.User.Name, "error", err)
		}
	})
	return nil
}

// run sends until the page goes, the session ends, the feed drops it or the server stops. Nothing in it may touch the
// Fiber context: that serves another request by now.
func (s *stream) run(w *bufio.Writer) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a stream: %v\n%s", p, debug.Stack())
			s.Log.Error("stream panicked", "error", err)
		}
	}()
	if err := s.write(w, []byte("retry: 2000\nevent: hello\ndata: ok\n\n")); err != nil {
		return err
	}
	keepAlive := time.NewTicker(s.KeepAlive)
	defer keepAlive.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return context.Cause(s.ctx)
		case update, open := <-s.updates:
			if !open {
				return errors.New("the feed ended")
			}
			if err := s.write(w, update); err != nil {
				return err
			}
		case <-keepAlive.C:
			if !s.Auth.Alive(s.ctx, s.who) {
				return errors.New("the session ended")
			}
			if err := s.write(w, []byte(": alive\n\n")); err != nil {
				return err
			}
		}
	}
}

// write sends text now, and gives up on a page that does not take it. The server's own deadline was set once, for the
// start of the answer.
func (s *stream) write(w *bufio.Writer, text []byte) error {
	if err := s.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return err
	}
	return w.Flush()
}
