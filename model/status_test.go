package model

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	now := time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC)
	good, soon, late, justLate := now.Add(-10*time.Hour), now.Add(14*time.Hour), now.Add(-3*time.Hour), now.Add(-time.Hour)
	fine := Facts{Enabled: true, Destinations: 1, LastState: JobSuccess, LastGood: &good, Due: soon}
	for _, c := range []struct {
		name string
		bend func(*Facts)
		want Protection
	}{
		{"all well", func(*Facts) {}, Protected},
		{"off", func(f *Facts) { f.Enabled, f.LastState = false, JobFailed }, Paused},
		{"running", func(f *Facts) { f.Running, f.LastState = true, JobFailed }, Running},
		{"nowhere to go", func(f *Facts) { f.Destinations = 0 }, Unprotected},
		{"failed", func(f *Facts) { f.LastState = JobFailed }, FailedSafe},
		{"failed and frozen", func(f *Facts) { f.LastState, f.Frozen = JobFailed, true }, FailedSafe},
		{"interrupted, next one to come", func(f *Facts) { f.LastState = JobInterrupted }, Protected},
		{"interrupted and late", func(f *Facts) { f.LastState, f.Due = JobInterrupted, late }, FailedSafe},
		{"cancelled", func(f *Facts) { f.LastState = JobCancelled }, Protected},
		{"late", func(f *Facts) { f.Due = late }, Overdue},
		{"late within the grace", func(f *Facts) { f.Due = justLate }, Protected},
		{"partial", func(f *Facts) { f.LastState = JobPartial }, PartialSafe},
		{"partial and late", func(f *Facts) { f.LastState, f.Due = JobPartial, late }, Overdue},
		{"frozen", func(f *Facts) { f.Frozen = true }, Frozen},
		{"first one to come", func(f *Facts) { f.LastGood, f.LastState = nil, "" }, Waiting},
		{"first one never came", func(f *Facts) { f.LastGood, f.LastState, f.Due = nil, "", late }, Overdue},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := fine
			c.bend(&f)
			if got := f.Judge(now); got != c.want {
				t.Errorf("judged %s, want %s", got, c.want)
			}
		})
	}
}

func TestSeverityGrows(t *testing.T) {
	t.Parallel()
	order := []Protection{Protected, Running, Waiting, Paused, PartialSafe, Frozen, Overdue, Unprotected, FailedSafe}
	for i, p := range order {
		if p.Severity() != i {
			t.Errorf("%s has %d, want %d", p, p.Severity(), i)
		}
	}
}

func TestSealedNeverPrints(t *testing.T) {
	t.Parallel()
	const secret = "c2VjcmV0"
	sealed := Sealed(secret)
	d := Destination{Name: "B2", S3SecretKey: sealed, RepoPassword: sealed}
	typed := DestinationSecrets{SecretKey: secret, RepoPassword: secret}
	var log strings.Builder
	logger := slog.New(slog.NewTextHandler(&log, nil))
	logger.Info("x", "sealed", sealed, "destination", d, "typed", typed)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "sealed", sealed, "destination", d)
	asJSON, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{log.String(), string(asJSON)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		texts = append(texts, fmt.Sprintf(verb, sealed), fmt.Sprintf(verb, d), fmt.Sprintf(verb, &d), fmt.Sprintf(verb, typed))
	}
	hex, decimal := fmt.Sprintf("%x", secret), strings.Trim(fmt.Sprintf("%d", []byte(secret)), "[]")
	for _, text := range texts {
		for _, shown := range []string{secret, hex, strings.ToUpper(hex), decimal} {
			if strings.Contains(text, shown) {
				t.Errorf("%q shows the secret", text)
			}
		}
	}
	if !Sealed(nil).Empty() || sealed.Empty() {
		t.Error("empty is told wrongly")
	}
}

func TestJobRules(t *testing.T) {
	t.Parallel()
	now := time.Now()
	began, ended := now.Add(-time.Minute), now.Add(-time.Second)
	for want, j := range map[time.Duration]Job{
		0: {}, time.Minute: {StartedAt: &began}, 59 * time.Second: {StartedAt: &began, FinishedAt: &ended},
	} {
		if got := j.Duration(now); got != want {
			t.Errorf("duration %s, want %s", got, want)
		}
	}
	for _, kind := range []JobKind{JobBackup, JobRestore, JobForget, JobPrune, JobCheck, JobSync, JobIndex} {
		listed := false
		for _, k := range ExclusiveKinds() {
			listed = listed || k == kind
		}
		if kind.Exclusive() != listed {
			t.Errorf("%s is exclusive %t, listed %t", kind, kind.Exclusive(), listed)
		}
	}
	for limit, want := range map[int]int{-1: DefaultPage, 0: DefaultPage, 5: 5, MaxPage + 1: MaxPage} {
		if got := (Page{Limit: limit}).Size(); got != want {
			t.Errorf("page of %d is %d", limit, got)
		}
	}
}

func TestWithin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		p, root string
		want    bool
	}{
		{"/srv", "/srv", true},
		{"/srv/a", "/srv/", true},
		{"/srvx", "/srv", false},
		{"/", "/srv", false},
		{"/srv", "/", true},
		{"/srv/../etc", "/srv", false},
	} {
		if got := Within(c.p, c.root); got != c.want {
			t.Errorf("%s within %s: %t", c.p, c.root, got)
		}
	}
}
