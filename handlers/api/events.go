package api

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"time"

	"github.com/gofiber/fiber/v2"

	"keepstead/model"
)

// A listener that is gone shows at the third write, so the stream writes often; one that takes nothing for
// writePatience is cut off.
const (
	keepAlive     = 3 * time.Second
	writePatience = 10 * time.Second
)

// streamEvents sends what changes until the listener or the hub goes.
func (a *API) streamEvents(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentType, "text/event-stream")
	c.Set("X-Accel-Buffering", "no")
	// The writer outlives the handler and its fiber context: it gets what it needs by value.
	ctx, conn := c.UserContext(), c.Context().Conn()
	c.Context().SetBodyStreamWriter(func(w *bufio.Writer) { a.stream(ctx, conn, w) })
	return nil
}

func (a *API) stream(ctx context.Context, conn net.Conn, w *bufio.Writer) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	changes := a.Hub.Subscribe(ctx)
	beat := time.NewTicker(keepAlive)
	defer beat.Stop()
	text := "retry: 2000\n: connected\n\n"
	for {
		if conn.SetWriteDeadline(a.now().Add(writePatience)) != nil {
			return
		}
		if _, err := w.WriteString(text); err != nil || w.Flush() != nil {
			return
		}
		select {
		case e, open := <-changes:
			if !open {
				return
			}
			text = eventText(e)
		case <-beat.C:
			text = ": still here\n\n"
		case <-ctx.Done():
			return
		}
	}
}

func eventText(e model.Event) string {
	data, err := json.Marshal(Event{Kind: e.Kind, ID: e.ID, JobKind: e.JobKind, AppID: e.AppID, DestinationID: e.DestinationID})
	if err != nil {
		return ": an event that cannot be written\n\n"
	}
	return fmt.Sprintf("event: %s\ndata: %s\n\n", e.Kind, data)
}
