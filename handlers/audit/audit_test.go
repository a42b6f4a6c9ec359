package audit

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
)

func TestSubjectOfAddress(t *testing.T) {
	t.Parallel()
	id := uuid.MustParse("0192aaaa-0000-7000-8000-000000000001")
	for path, want := range map[string]struct {
		kind model.SubjectKind
		id   uuid.UUID
	}{
		"/apps/" + id.String() + "/toggle":                   {model.SubjectApp, id},
		"/apps/" + id.String() + "/configurations":           {model.SubjectApp, id},
		"/api/v1/backup/snapshots/" + id.String():            {model.SubjectSnapshot, id},
		"/api/v1/backup/destinations/s3":                     {model.SubjectDestination, uuid.Nil},
		"/settings/users":                                    {model.SubjectUser, uuid.Nil},
		"/settings/tokens/" + id.String() + "/revoke?next=/": {model.SubjectToken, id},
		"/settings/theme":                                    {"", uuid.Nil},
		"/jobs/nonsense/cancel":                              {model.SubjectJob, uuid.Nil},
		"":                                                   {"", uuid.Nil},
	} {
		if kind, got := subject(path); kind != want.kind || got != want.id {
			t.Errorf("%s is about %s %s", path, kind, got)
		}
	}
}

func TestQuota(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	q := newQuota(func() time.Time { return at })
	counts := func(network string, tries int) (written, muted int) {
		for range tries {
			last, ok := q.take(network)
			if ok {
				written++
			}
			if last {
				muted++
			}
		}
		return written, muted
	}
	if n, muted := counts("a", 50); n != quotaNetwork || muted != 1 {
		t.Errorf("one network: %d, %d", n, muted)
	}
	together := quotaNetwork
	for i := range 1000 {
		n, _ := counts(fmt.Sprint("b", i), 1)
		together += n
	}
	if together != quotaTogether || len(q.networks) > quotaTogether+1 {
		t.Errorf("all networks: %d entries, %d remembered", together, len(q.networks))
	}
	at = at.Add(quotaSpan)
	if n, _ := counts("a", 50); n != quotaNetwork {
		t.Errorf("an hour later: %d", n)
	}
}

func TestShorten(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"": 0, "short": 5, strings.Repeat("ü", 300): 300, strings.Repeat("ü", 999): 300} {
		if got := len([]rune(shorten(text))); got != want {
			t.Errorf("%d characters became %d", len([]rune(text)), got)
		}
	}
}
