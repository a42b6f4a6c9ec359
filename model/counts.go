package model

import "time"

// Counts are the figures of the home and activity pages.
type Counts struct {
	Queued, Running int
	// Finished counts the jobs that ended in the last 24 hours, by their state.
	Finished map[JobState]int
	// Snapshots counts what can be restored; StoredBytes is the size of all repositories.
	Snapshots   int
	StoredBytes int64
	Apps        int
}

// DayOutcome counts how the backups of one day ended.
type DayOutcome struct {
	Day         time.Time // midnight at the start of the day, in the zone that was asked for
	Success     int
	Partial     int
	Failed      int
	Cancelled   int
	Interrupted int
}

// Total counts the day's backups.
func (d DayOutcome) Total() int {
	return d.Success + d.Partial + d.Failed + d.Cancelled + d.Interrupted
}
