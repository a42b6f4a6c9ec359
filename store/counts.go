package store

import (
	"context"
	"strings"
	"time"

	"keepstead/model"
)

// finalStates are the states that a job ends with, in the order of model.DayOutcome.
func finalStates() []model.JobState {
	return []model.JobState{model.JobSuccess, model.JobPartial, model.JobFailed, model.JobCancelled, model.JobInterrupted}
}

// Counts returns the figures of the home and activity pages.
func (s *Store) Counts(ctx context.Context) (model.Counts, error) {
	out := model.Counts{Finished: map[model.JobState]int{}}
	err := s.r.NewRaw(`SELECT (SELECT count(*) FROM jobs WHERE state = 'queued'), (SELECT count(*) FROM jobs WHERE state = 'running'),
		(SELECT coalesce(sum(total_snapshots), 0) FROM destinations WHERE removed_at IS NULL),
		(SELECT coalesce(sum(total_size), 0) FROM destinations WHERE removed_at IS NULL),
		(SELECT count(*) FROM apps WHERE forgotten_at IS NULL)`).
		Scan(ctx, &out.Queued, &out.Running, &out.Snapshots, &out.StoredBytes, &out.Apps)
	if err != nil {
		return out, fail("count", err)
	}
	since := now().Add(-24 * time.Hour)
	for _, state := range finalStates() {
		var n int
		err := s.r.NewRaw("SELECT count(*) FROM jobs WHERE state = ? AND finished_at >= ?", state, since).Scan(ctx, &n)
		if err != nil {
			return out, fail("count jobs", err)
		}
		out.Finished[state] = n
	}
	return out, nil
}

// OpenJobs counts the jobs that wait or run.
func (s *Store) OpenJobs(ctx context.Context) (n int, err error) {
	err = s.r.NewRaw(`SELECT (SELECT count(*) FROM jobs WHERE state = 'queued') + (SELECT count(*) FROM jobs WHERE state = 'running')`).
		Scan(ctx, &n)
	return n, fail("count open jobs", err)
}

// DailyOutcomes counts, for each day of the zone from the day of since up to today, how that day's backups ended. Days
// begin at midnight there, so one at the change of the clock has 23 or 25 hours.
func (s *Store) DailyOutcomes(ctx context.Context, since time.Time, zone *time.Location) ([]model.DayOutcome, error) {
	days := daysSince(since, now(), zone)
	if len(days) < 2 {
		return []model.DayOutcome{}, nil
	}
	// The days are given to SQLite as ranges, which knows no time zones; each state and range is one walk in an index.
	var values strings.Builder
	args := []any{}
	for i := range days[:len(days)-1] {
		if i > 0 {
			values.WriteString(", ")
		}
		values.WriteString("(?, ?)")
		args = append(args, days[i], days[i+1])
	}
	var counts strings.Builder
	for _, state := range finalStates() {
		counts.WriteString(`, (SELECT count(*) FROM jobs WHERE state = '` + string(state) +
			`' AND finished_at >= d.day AND finished_at < d.next AND +kind = 'backup') AS "` + string(state) + `"`)
	}
	out := []model.DayOutcome{}
	err := s.r.NewRaw("WITH d (day, next) AS (VALUES "+values.String()+") SELECT d.day AS day"+counts.String()+" FROM d ORDER BY d.day",
		args...).Scan(ctx, &out)
	for i := range out {
		out[i].Day = out[i].Day.In(zone)
	}
	return out, fail("count backups by day", err)
}

// maxDays bounds the days of one question.
const maxDays = 400

// daysSince returns the midnights from the day of since to the one after until, so that each pair bounds one day.
func daysSince(since, until time.Time, zone *time.Location) []time.Time {
	y, m, d := since.In(zone).Date()
	var out []time.Time
	for i := 0; i <= maxDays; i++ {
		day := time.Date(y, m, d+i, 0, 0, 0, 0, zone)
		out = append(out, day)
		if day.After(until) {
			break
		}
	}
	return out
}
