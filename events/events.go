// Package events tells open pages what changed. It carries no values: a listener reads the store again, so nothing is
// lost when an event is.
package events

import (
	"context"
	"sync"

	"keepstead/model"
)

// buffer is how many events a reader may be behind before it is dropped.
const buffer = 256

// Hub passes events from those who publish to all who subscribed. Make one with New.
type Hub struct {
	mu      sync.Mutex
	readers map[chan model.Event]struct{}
	closed  bool
	count   uint64
}

// New returns a hub without readers.
func New() *Hub { return &Hub{readers: map[chan model.Event]struct{}{}} }

// Publish passes the event on and never waits: a reader whose buffer is full is dropped, its channel closed, so that it
// connects again and reads fresh state.
func (h *Hub) Publish(e model.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if e.Kind != model.EventProgress && e.Kind != model.EventLog { // these come again within a moment
		h.count++
	}
	for reader := range h.readers {
		select {
		case reader <- e:
		default:
			h.drop(reader)
		}
	}
}

// Count is how many changes were published, progress and log lines aside. Who read before it grew may have read what is
// no longer so.
func (h *Hub) Count() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.count
}

// Subscribe returns the events published from now on. The channel is closed when ctx is done, when the reader is too
// slow, and when the hub closes.
func (h *Hub) Subscribe(ctx context.Context) <-chan model.Event {
	reader := make(chan model.Event, buffer)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		close(reader)
		return reader
	}
	h.readers[reader] = struct{}{}
	context.AfterFunc(ctx, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.drop(reader)
	})
	return reader
}

// Close drops all readers and takes no new ones. Publishing afterwards reaches nobody.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for reader := range h.readers {
		h.drop(reader)
	}
}

// drop closes a reader's channel once; the caller holds the lock.
func (h *Hub) drop(reader chan model.Event) {
	if _, ok := h.readers[reader]; ok {
		delete(h.readers, reader)
		close(reader)
	}
}
