package web

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
)

// listener reads a stream in the background.
type listener struct {
	t      *testing.T
	events chan string // "name\ndata"; comments as ":text"
}

func (s *site) listen(path string, cookie *http.Cookie) listener {
	s.t.Helper()
	r := s.do(ask{path: path, cookie: cookie, header: map[string]string{"Accept": "text/event-stream"}})
	if r.stream == nil {
		s.t.Fatalf("GET %s: %d, no stream", path, r.status)
	}
	l := listener{t: s.t, events: make(chan string, 1000)}
	go func() {
		defer close(l.events)
		l.read(r.stream)
	}()
	if got := l.next(); got != "hello\nok" {
		s.t.Fatalf("the stream begins with %q", got)
	}
	return l
}

func (l listener) read(in io.Reader) {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	var name, data string
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ": ")
		switch {
		case strings.HasPrefix(lines.Text(), ":"):
			l.events <- lines.Text()
		case field == "event":
			name = value
		case field == "data":
			data += "\n" + value
		case lines.Text() == "" && name != "":
			l.events <- name + data
			name, data = "", ""
		}
	}
}

// next returns the next event that is no comment, or the empty text at the stream's end.
func (l listener) next() string {
	l.t.Helper()
	late := time.After(10 * time.Second)
	for {
		select {
		case e := <-l.events:
			if !strings.HasPrefix(e, ":") {
				return e
			}
		case <-late:
			l.t.Fatal("no event for ten seconds")
		}
	}
}

// until skips events until one has the name, and returns its data.
func (l listener) until(name string) string {
	l.t.Helper()
	for {
		e := l.next()
		if e == "" {
			l.t.Fatalf("the stream ended before %s", name)
		}
		if data, ok := strings.CutPrefix(e, name+"\n"); ok {
			return data
		}
	}
}

// ended waits for the end of the stream.
func (l listener) ended() {
	l.t.Helper()
	for l.next() != "" {
	}
}

func TestLiveSendsFragments(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	tests := []struct {
		view, element string
		event         model.Event
	}{
		{"shell", "nav-running", model.Event{Kind: model.EventJob, ID: model.NewID()}},
		{"home", "home-verdict", model.Event{Kind: model.EventApp, ID: model.NewID()}},
		{"apps?q=data", "apps-list", model.Event{Kind: model.EventApp, ID: model.NewID()}},
		{"destinations", "destinations-list", model.Event{Kind: model.EventDestination, ID: model.NewID()}},
		{"policies", "policies-list", model.Event{Kind: model.EventPolicy, ID: model.NewID()}},
		{"snapshots?status=failed", "snapshots-list", model.Event{Kind: model.EventSnapshot, ID: model.NewID()}},
		{"activity?state=open", "activity-list", model.Event{Kind: model.EventJob, ID: model.NewID()}},
	}
	for _, tt := range tests {
		l := s.listen("/live/"+tt.view, cookie)
		s.hub.Publish(tt.event)
		if html := l.until(tt.element); !strings.Contains(html, `id="`+tt.element+`"`) && tt.element != "nav-running" {
			t.Errorf("%s: %s does not carry its id:\n%.300s", tt.view, tt.element, html)
		}
	}
	if r := s.do(ask{path: "/live/nothing", cookie: cookie}); r.status != http.StatusNotFound {
		t.Errorf("an unknown view: %d, want 404", r.status)
	}
}

// TestLiveCatchesUp changes something after a page was read and before its stream was there: the page learns it at once.
func TestLiveCatchesUp(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	page := s.do(ask{path: "/policies", cookie: cookie}).body
	found := regexp.MustCompile(`sse-connect="([^"]+)"`).FindStringSubmatch(page)
	if found == nil {
		t.Fatalf("the page has no stream:\n%.500s", page)
	}
	p, err := s.store.DefaultPolicy(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p.Name = "Renamed meanwhile"
	if _, err := s.store.UpdatePolicy(t.Context(), p, p.UpdatedAt); err != nil {
		t.Fatal(err)
	}
	s.hub.Publish(model.Event{Kind: model.EventPolicy, ID: p.ID})
	l := s.listen(html.UnescapeString(found[1]), cookie)
	if list := l.until("policies-list"); !strings.Contains(list, p.Name) {
		t.Errorf("the list came without the new name:\n%.500s", list)
	}
}

func TestLiveKeepsAlive(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	l := s.listen("/live/home", s.signIn())
	for e := range l.events {
		if e == ": alive" {
			return
		}
	}
	t.Error("the stream ended without a sign of life")
}

func TestLiveEndsWithItsSession(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie, other := s.signIn(), s.signIn()
	l, still := s.listen("/live/home", cookie), s.listen("/live/home", other)
	if r := s.post("/settings/sessions/others/revoke", other, nil); r.status != http.StatusSeeOther {
		t.Fatalf("revoke: %d %s", r.status, r.body)
	}
	l.ended()
	s.hub.Publish(model.Event{Kind: model.EventApp, ID: model.NewID()})
	still.until("home-verdict")
}

func TestLiveEndsWithTheHub(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	l := s.listen("/live/home", s.signIn())
	s.hub.Close()
	l.ended()
	start := time.Now()
	if err := s.app.ShutdownWithTimeout(5 * time.Second); err != nil || time.Since(start) > 3*time.Second {
		t.Errorf("shutdown after %s: %v", time.Since(start), err)
	}
}

// TestLiveGathers writes a log quickly: each line arrives once, and no more than a few events a second carry them.
func TestLiveGathers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	job := uuid.New()
	dir := filepath.Join(s.dir, "logs")
	log, err := os.OpenFile(filepath.Join(dir, job.String()+".log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	_, _ = fmt.Fprintln(log, "line of the page")
	l := s.listen(fmt.Sprintf("/live/job/%s?log=1&at=%d", job, time.Now().Unix()), s.signIn())
	const lines = 100
	begun := time.Now()
	for i := range lines {
		_, _ = fmt.Fprintf(log, "line %d <&>\n", i)
		s.hub.Publish(model.Event{Kind: model.EventLog, ID: job})
		time.Sleep(10 * time.Millisecond)
	}
	events, got := 0, ""
	for !strings.Contains(got, fmt.Sprintf("line %d ", lines-1)) {
		got += l.until("job-log-" + job.String())
		events++
	}
	if most := 8 * (1 + int(time.Since(begun).Seconds())); events > most {
		t.Errorf("%d events for a log of %s", events, time.Since(begun))
	}
	for i := range lines {
		if n := strings.Count(got, fmt.Sprintf("line %d &lt;", i)); n != 1 {
			t.Errorf("line %d came %d times", i, n)
		}
	}
	if strings.Contains(got, "line of the page") {
		t.Error("a line that the page has came again")
	}
}
