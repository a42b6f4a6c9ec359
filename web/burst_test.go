package web

import (
	"fmt"
	"regexp"
	"strconv"
	"testing"
	"time"

	"keepstead/model"
)

var countedEdit = regexp.MustCompile(`edit (\d+)<`)

// TestLiveBurst has ten thousand things change as fast as they can, far more than in a bad minute, while the page of the
// policies is open: it hears of them in their order and in few messages, and ends with the last. A stream that cannot
// follow is closed, and the page opens another and reads itself anew, as app.js does.
func TestLiveBurst(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	p, err := s.store.DefaultPolicy(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l := s.listen("/live/policies", cookie)
	const events, every = 10000, 100
	begun := time.Now()
	done := make(chan error, 1)
	go func() {
		for i := range events {
			if i%every == 0 {
				p.Description = fmt.Sprintf("edit %d", i/every)
				if p, err = s.store.UpdatePolicy(t.Context(), p, p.UpdatedAt); err != nil {
					done <- err
					return
				}
			}
			s.hub.Publish(model.Event{Kind: []model.EventKind{model.EventPolicy, model.EventJob, model.EventProgress, model.EventLog}[i%4], ID: model.NewID()})
		}
		done <- nil
	}()
	seen, messages, streams := -1, 0, 1
	look := func(html string) {
		found := countedEdit.FindStringSubmatch(html)
		if found == nil {
			return
		}
		n, err := strconv.Atoi(found[1])
		if err != nil || n < seen {
			t.Fatalf("edit %d comes after edit %d, %v", n, seen, err)
		}
		seen = n
	}
	for late := time.After(time.Minute); seen < events/every-1; {
		select {
		case e, open := <-l.events:
			if messages++; open {
				look(e)
				continue
			}
			l = s.listen("/live/policies", cookie)
			look(s.do(ask{path: "/policies", cookie: cookie}).body)
			streams++
		case <-late:
			t.Fatalf("after a minute the page shows edit %d of %d", seen, events/every-1)
		}
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	// Four updates a second of two elements, and twenty signs of life.
	if most := (1 + int(time.Since(begun).Seconds())) * (2*4 + 20) * 2; messages > most+streams {
		t.Errorf("%d messages in %s", messages, time.Since(begun))
	}
	t.Logf("%d events in %s were %d messages on %d streams", events, time.Since(begun), messages, streams)
}
