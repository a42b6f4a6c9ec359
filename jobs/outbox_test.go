package jobs

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"keepstead/model"
)

// hook is a real webhook that keeps what it gets, and refuses while it is told to.
type hook struct {
	url      string
	refuses  atomic.Bool
	received chan map[string]string
}

func newHook(t *testing.T) *hook {
	t.Helper()
	k := &hook{received: make(chan map[string]string, 20)}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body map[string]string
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		if k.refuses.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		k.received <- body
	}))
	t.Cleanup(srv.Close)
	k.url = srv.URL + "/hook"
	return k
}

func (k *hook) next(t *testing.T) map[string]string {
	t.Helper()
	select {
	case m := <-k.received:
		return m
	case <-time.After(time.Minute):
		t.Fatal("no message within a minute")
		return nil
	}
}

// state is what needs somebody, as a test wants it.
type state struct {
	mu  sync.Mutex
	all []model.Alert
}

func (s *state) set(all ...model.Alert) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = all
}

func (s *state) voice() Voice {
	return Voice{Alerts: func(context.Context) ([]model.Alert, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.all, nil
	}, Summary: func(context.Context) (model.Notification, error) {
		return model.Notification{Title: "This week", Text: "All is well."}, nil
	}}
}

func quick(o *Options) {
	o.Pace = model.Pace{Quiet: 100 * time.Millisecond, Most: 400 * time.Millisecond}
}

func (h *house) channel(url string) model.Channel {
	h.t.Helper()
	c, err := h.CreateChannel(h.t.Context(), model.Channel{Name: "House", Service: model.ServiceWebhook, Enabled: true, TellsNeeds: true, TellsWeekly: true}, model.ChannelSecrets{URL: url})
	h.must(err)
	return c
}

func (h *house) eventually(what string, is func(model.Channel, int) bool, c model.Channel) {
	h.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		got, err := h.Store.Channel(h.t.Context(), c.ID)
		h.must(err)
		waiting, err := h.Store.WaitingByChannel(h.t.Context())
		h.must(err)
		if is(got, waiting[c.ID]) {
			return
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("not %s: %+v with %d waiting", what, got, waiting[c.ID])
		}
	}
}

// TestDelivery has what begins and ends told once each, together where it comes together, and after a failure later.
func TestDelivery(t *testing.T) {
	t.Parallel()
	h, k, s := newHouse(t, quick), newHook(t), &state{}
	h.Speak(s.voice())
	c := h.channel(k.url)
	h.start()
	tell := func(all ...model.Alert) {
		s.set(all...)
		h.publish(model.EventApp, c.ID)
	}
	photos := model.Alert{Key: "a", State: model.AlertFiring, Title: "Photos could not be backed up", Text: "The disk is full."}
	late := model.Alert{Key: "b", State: model.AlertFiring, Title: "Mail is overdue", Text: "It is late."}
	tell(photos, late)
	if m := k.next(t); m["title"] != photos.Title || m["message"] != "The disk is full.\nIt is late." {
		t.Errorf("got %v", m)
	}
	h.eventually("delivered", func(c model.Channel, waiting int) bool { return c.SentAt != nil && waiting == 0 }, c)

	k.refuses.Store(true)
	photos.State, photos.Title, photos.Text = model.AlertResolved, "Photos is protected again", ""
	tell(photos, late)
	h.eventually("failing", func(c model.Channel, waiting int) bool {
		return strings.Contains(c.LastError, "503") && c.FailingSince != nil && c.NextAt != nil && waiting == 1
	}, c)
	k.refuses.Store(false)
	test, err := h.TestChannel(t.Context(), c, model.ChannelSecrets{})
	if err != nil || !test.OK {
		t.Fatalf("the test says %+v, %v", test, err)
	}
	if m := k.next(t); m["title"] != "This is a test" {
		t.Errorf("got %v, want the test", m)
	}
	if m := k.next(t); m["title"] != "Photos is protected again" {
		t.Errorf("got %v, want what waited", m)
	}
	h.eventually("well", func(c model.Channel, waiting int) bool { return c.LastError == "" && waiting == 0 }, c)
	if extra := len(k.received); extra != 0 {
		t.Errorf("%d more messages came", extra)
	}
}

// TestWhatWaitsSurvives delivers after a start what waited at the end of an earlier run.
func TestWhatWaitsSurvives(t *testing.T) {
	t.Parallel()
	h, k, s := newHouse(t, quick), newHook(t), &state{}
	c := h.channel(k.url)
	h.must(h.Store.Tell(t.Context(), c.ID, model.Told{Begun: []model.Alert{{Key: "a", Title: "Photos could not be backed up", Text: "Full."}}}))
	s.set(model.Alert{Key: "a", State: model.AlertFiring, Title: "Photos could not be backed up"})
	h.Speak(s.voice())
	h.start()
	if m := k.next(t); m["title"] != "Photos could not be backed up" {
		t.Errorf("got %v", m)
	}
	h.eventually("delivered", func(_ model.Channel, waiting int) bool { return waiting == 0 }, c)
	select {
	case m := <-k.received:
		t.Errorf("it was told again: %v", m)
	case <-time.After(tellAtStart + 2*tellSoon): // the first look has been
	}
}

// TestWhatWasSentIsNotSentAgain claims a channel twice on the strength of one look at what waits.
func TestWhatWasSentIsNotSentAgain(t *testing.T) {
	t.Parallel()
	h, k := newHouse(t, quick), newHook(t)
	c := h.channel(k.url)
	h.must(h.Store.Tell(t.Context(), c.ID, model.Told{Begun: []model.Alert{{Key: "a", Title: "It fails", Text: "Full."}}}))
	time.Sleep(200 * time.Millisecond) // until it is due
	for range 2 {
		h.loops.Add(1)
		h.deliver(c.ID)
		time.Sleep(500 * time.Millisecond) // until the next message may go out
	}
	if n := len(k.received); n != 1 {
		t.Errorf("%d messages came, want 1", n)
	}
}

// TestStopDoesNotWaitForAService stops while a service has a message and says nothing; the message still waits then.
func TestStopDoesNotWaitForAService(t *testing.T) {
	t.Parallel()
	h, s := newHouse(t, quick), &state{}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	h.must(err)
	t.Cleanup(func() { _ = listener.Close() })
	h.Speak(s.voice())
	c := h.channel("http://" + listener.Addr().String())
	h.must(h.Store.Tell(t.Context(), c.ID, model.Told{Begun: []model.Alert{{Key: "a", Title: "It fails"}}}))
	h.start()
	taken, err := listener.Accept()
	h.must(err)
	t.Cleanup(func() { _ = taken.Close() })
	begin := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
	defer cancel()
	if err := h.Stop(ctx); err != nil || time.Since(begin) > 5*time.Second {
		t.Errorf("the stop took %s: %v", time.Since(begin), err)
	}
	if waiting, err := h.Store.WaitingByChannel(t.Context()); err != nil || waiting[c.ID] != 1 {
		t.Errorf("%v wait, %v", waiting, err)
	}
}

// TestWeeklySummary is queued once for each Monday that has passed, the newest alone.
func TestWeeklySummary(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClockAt(time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)) // a Wednesday
	h, s := newHouse(t, func(o *Options) { o.Clock = clock }), &state{}
	h.Speak(s.voice())
	c := h.channel("http://127.0.0.1:1/hook")
	for i, step := range []struct {
		days, want int
	}{{0, 0}, {0, 0}, {6, 1}, {0, 1}, {5, 1}, {1, 2}, {30, 3}} {
		clock.Advance(time.Duration(step.days) * 24 * time.Hour)
		h.must(h.tickWeekly(t.Context()))
		waiting, err := h.Store.WaitingByChannel(t.Context())
		h.must(err)
		if waiting[c.ID] != step.want {
			t.Errorf("step %d at %s: %d wait, want %d", i, clock.Now(), waiting[c.ID], step.want)
		}
	}
}

// TestRetryAfter grows to an hour.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for attempts, want := range map[int]time.Duration{0: 30 * time.Second, 1: time.Minute, 3: 4 * time.Minute, 10: time.Hour, 5000: time.Hour} {
		if got := retryAfter(attempts); got < want*8/10 || got > want*12/10 {
			t.Errorf("after %d attempts the pause is %s, want about %s", attempts, got, want)
		}
	}
}

// TestChangeChannel keeps secrets that are left out, and gives none to another server.
func TestChangeChannel(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	c, err := h.CreateChannel(ctx, model.Channel{Name: "Push", Service: model.ServiceGotify, Server: "https://one.example.org", TellsNeeds: true}, model.ChannelSecrets{Token: "Ageheim12345678"})
	h.must(err)
	c.Name, c.Service = "Renamed", model.ServiceNtfy
	changed, err := h.ChangeChannel(ctx, c, model.ChannelSecrets{})
	h.must(err)
	kept, err := h.openChannel(changed)
	if err != nil || kept.Token != "Ageheim12345678" || changed.Service != model.ServiceGotify || changed.Name != "Renamed" {
		t.Errorf("changed %+v with %q, %v", changed, kept.Token, err)
	}
	changed.Server = "https://two.example.org"
	_, err = h.ChangeChannel(ctx, changed, model.ChannelSecrets{})
	if refused := model.Refused(err); len(refused) != 1 || refused[0].Field != "token" {
		t.Errorf("another server got the stored token: %v", err)
	}
	if _, err := h.TestChannel(ctx, changed, model.ChannelSecrets{}); len(model.Refused(err)) != 1 {
		t.Errorf("another server was tested with the stored token: %v", err)
	}
	changed, err = h.ChangeChannel(ctx, changed, model.ChannelSecrets{Token: "Aanother1234567"})
	h.must(err)
	if kept, err = h.openChannel(changed); err != nil || kept.Token != "Aanother1234567" {
		t.Errorf("kept %q, %v", kept.Token, err)
	}
	h.must(h.Store.RecordFailure(ctx, changed.ID, h.now(), h.now(), "No answer.", h.now().Add(-time.Hour)))
	if saved, err := h.ChangeChannel(ctx, changed, model.ChannelSecrets{}); err != nil || saved.LastError != "No answer." {
		t.Errorf("saved without a delivery it is %+v, %v", saved, err)
	}
	moved := changed
	moved.ID = model.NewID()
	if _, err := h.openChannel(moved); err == nil {
		t.Error("a secret opens in another row")
	}
}
