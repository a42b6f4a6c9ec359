package model

import (
	"fmt"
	"sort"
	"strings"
	"time"
)

// Retention is a grandfather-father-son rule: how many snapshots to keep of each span of time. All zero keeps
// everything.
type Retention struct {
	KeepLast    int `json:"keep_last"`
	KeepHourly  int `json:"keep_hourly"`
	KeepDaily   int `json:"keep_daily"`
	KeepWeekly  int `json:"keep_weekly"`
	KeepMonthly int `json:"keep_monthly"`
	KeepYearly  int `json:"keep_yearly"`
}

const maxKeep = 10000

// rule is one span of time of a retention.
type rule struct {
	field, word, unit string
	count             int
	// span names the span a moment falls in, in the moment's own zone; n is the snapshot's rank, newest first.
	span func(t time.Time, n int) string
}

func (r Retention) rules() []rule {
	return []rule{
		{"keep_last", "last", "latest", r.KeepLast, func(_ time.Time, n int) string { return fmt.Sprint(n) }},
		{"keep_hourly", "hourly", "hourly", r.KeepHourly, func(t time.Time, _ int) string { return t.Format("2006-01-02 15") }},
		{"keep_daily", "daily", "daily", r.KeepDaily, func(t time.Time, _ int) string { return t.Format(time.DateOnly) }},
		{"keep_weekly", "weekly", "weekly", r.KeepWeekly, func(t time.Time, _ int) string {
			year, week := t.ISOWeek()
			return fmt.Sprintf("%d-%02d", year, week)
		}},
		{"keep_monthly", "monthly", "monthly", r.KeepMonthly, func(t time.Time, _ int) string { return t.Format("2006-01") }},
		{"keep_yearly", "yearly", "yearly", r.KeepYearly, func(t time.Time, _ int) string { return t.Format("2006") }},
	}
}

// KeepsAll says that no rule is set, so nothing is ever forgotten.
func (r Retention) KeepsAll() bool { return r == Retention{} }

// Words says the rule in plain English.
func (r Retention) Words() string {
	var parts []string
	for _, rule := range r.rules() {
		if rule.count > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", rule.count, rule.unit))
		}
	}
	if len(parts) == 0 {
		return "everything, for ever"
	}
	return strings.Join(parts, ", ")
}

func (r Retention) check() Invalids {
	var problems Invalids
	for _, rule := range r.rules() {
		if rule.count < 0 || rule.count > maxKeep {
			problems.Add(rule.field, "Use a number from 0 to %d.", maxKeep)
		}
	}
	return problems
}

// Kept is a snapshot as retention sees it.
type Kept struct {
	ID   string
	Time time.Time
	// Partial snapshots are counted apart, so that none of them ever pushes out a full one.
	Partial bool
	// Safety snapshots, the state that a restore replaced, are counted apart too: that state may be a broken one, so it
	// pushes out no backup.
	Safety bool
	// Empty snapshots are of a source that had nothing: they go in any case.
	Empty bool
}

// group is what a snapshot is counted among.
func (k Kept) group() int {
	switch {
	case k.Safety:
		return 2
	case k.Partial:
		return 1
	}
	return 0
}

// Decision says whether a snapshot stays, and by which rules ("daily", "monthly"; "everything" where no rule is set).
type Decision struct {
	Kept
	Keep    bool
	Reasons []string
}

// Decide applies the rule to the snapshots, in zone, and returns a decision for each, newest first. A span keeps its
// newest snapshot, and a rule with counts left also keeps the oldest, as restic's forget does.
func (r Retention) Decide(snapshots []Kept, zone *time.Location) []Decision {
	out := make([]Decision, len(snapshots))
	for i, s := range snapshots {
		out[i] = Decision{Kept: s}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Time.After(out[j].Time) })
	for among := range 3 {
		var group []*Decision
		for i := range out {
			if out[i].group() == among {
				group = append(group, &out[i])
			}
		}
		r.decide(group, zone)
	}
	return out
}

func (r Retention) decide(group []*Decision, zone *time.Location) {
	if r.KeepsAll() {
		for _, d := range group {
			d.Keep, d.Reasons = true, []string{"everything"}
		}
		return
	}
	for _, rule := range r.rules() {
		left, last := rule.count, ""
		for n, d := range group {
			if left == 0 {
				break
			}
			span := rule.span(d.Time.In(zone), n)
			if span == last && n != len(group)-1 {
				continue
			}
			last = span
			left--
			d.Keep = true
			d.Reasons = append(d.Reasons, rule.word)
		}
	}
}
