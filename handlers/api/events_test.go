package api

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"keepstead/model"
)

// TestEvents listens over a real connection: events arrive, the stream keeps itself alive, and it ends with the hub.
func TestEvents(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	go func() { _ = h.web.Listener(listener) }()
	t.Cleanup(func() { _ = h.web.Shutdown() })

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+listener.Addr().String()+Base+"/events", nil)
	must(t, err)
	response, err := http.DefaultClient.Do(r)
	must(t, err)
	defer func() { _ = response.Body.Close() }()
	if got := response.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Fatalf("content type %s", got)
	}
	lines := bufio.NewScanner(response.Body)
	await(t, lines, ": connected")

	id := model.NewID()
	h.hub.Publish(model.Event{Kind: model.EventJob, ID: id, JobKind: model.JobBackup})
	await(t, lines, "event: job")
	var e Event
	must(t, json.Unmarshal([]byte(strings.TrimPrefix(await(t, lines, "data: "), "data: ")), &e))
	if e.ID != id || e.Kind != model.EventJob || e.JobKind != model.JobBackup {
		t.Errorf("got %+v", e)
	}
	await(t, lines, ": still here")
	h.hub.Close()
	for lines.Scan() { //nolint:revive // to the end of the stream
	}
	if err := lines.Err(); err != nil {
		t.Errorf("the stream does not end with the hub: %v", err)
	}
}

// await reads up to the line that starts with the text.
func await(t *testing.T, lines *bufio.Scanner, text string) string {
	t.Helper()
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), text) {
			return lines.Text()
		}
	}
	t.Fatalf("%q does not come: %v", text, lines.Err())
	return ""
}
