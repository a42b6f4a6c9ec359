package events

import (
	"context"
	"sync"
	"testing"
	"time"

	"keepstead/model"
)

// next reads one event, or fails when there is none soon.
func next(t *testing.T, from <-chan model.Event) (model.Event, bool) {
	t.Helper()
	select {
	case e, ok := <-from:
		return e, ok
	case <-time.After(5 * time.Second):
		t.Fatal("no event and no end within five seconds")
		return model.Event{}, false
	}
}

func TestEveryReaderGetsEveryEvent(t *testing.T) {
	t.Parallel()
	h := New()
	a, b := h.Subscribe(t.Context()), h.Subscribe(t.Context())
	want := model.Event{Kind: model.EventJob, ID: model.NewID(), JobKind: model.JobBackup}
	h.Publish(want)
	for _, reader := range []<-chan model.Event{a, b} {
		if got, ok := next(t, reader); !ok || got != want {
			t.Errorf("got %+v, %v", got, ok)
		}
	}
}

func TestASlowReaderIsDropped(t *testing.T) {
	t.Parallel()
	h := New()
	ctx, cancel := context.WithCancel(t.Context())
	slow, quick := h.Subscribe(ctx), h.Subscribe(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range buffer + 1 {
			h.Publish(model.Event{Kind: model.EventJob})
			<-quick
		}
	}()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Fatal("publishing waited for a slow reader")
	}
	n := 0
	for range slow {
		n++
	}
	if n != buffer {
		t.Errorf("the slow reader got %d events before its channel was closed, want %d", n, buffer)
	}
	cancel() // ending what has been dropped already is harmless
	h.Publish(model.Event{Kind: model.EventApp})
	if e, ok := next(t, quick); !ok || e.Kind != model.EventApp {
		t.Errorf("the quick reader got %+v, %v", e, ok)
	}
}

func TestTheContextEndsASubscription(t *testing.T) {
	t.Parallel()
	h := New()
	ctx, cancel := context.WithCancel(t.Context())
	reader := h.Subscribe(ctx)
	cancel()
	if e, ok := next(t, reader); ok {
		t.Errorf("got %+v after the end", e)
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	h := New()
	early := h.Subscribe(t.Context())
	h.Close()
	h.Close()
	h.Publish(model.Event{Kind: model.EventJob})
	for _, reader := range []<-chan model.Event{early, h.Subscribe(t.Context())} {
		if e, ok := next(t, reader); ok {
			t.Errorf("got %+v from a closed hub", e)
		}
	}
}

func TestAllAtOnce(t *testing.T) {
	t.Parallel()
	h := New()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 2000 {
				h.Publish(model.Event{Kind: model.EventProgress})
			}
		})
		wg.Go(func() {
			for range 100 {
				ctx, cancel := context.WithCancel(t.Context())
				reader := h.Subscribe(ctx)
				select {
				case <-reader:
				case <-time.After(time.Millisecond):
				}
				cancel()
				for range reader { // until it is closed
				}
			}
		})
	}
	wg.Wait()
	h.Close()
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.readers) != 0 {
		t.Errorf("%d readers are left", len(h.readers))
	}
}
