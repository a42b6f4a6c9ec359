package model

import "time"

// Protection is the one status language of the pages and the API: colour, shape and word follow from it.
type Protection string

// What an app may be, worst last in Severity's order.
const (
	Protected   Protection = "protected"
	Running     Protection = "running"
	Waiting     Protection = "waiting" // enabled, its first backup not due yet
	Paused      Protection = "paused"
	Frozen      Protection = "frozen"
	PartialSafe Protection = "partial"
	Overdue     Protection = "overdue"
	Unprotected Protection = "unprotected"
	FailedSafe  Protection = "failed"
)

// Facts are what the status of one configuration is judged from.
type Facts struct {
	Enabled      bool // configuration, policy and app are on
	Destinations int  // enabled destinations of the policy
	Running      bool
	Frozen       bool
	// LastState is the newest final backup's state over all destinations, the worst of them; empty when there was none.
	LastState JobState
	// LastGood is the oldest, over the destinations, of each one's newest good snapshot; nil when one has none.
	LastGood *time.Time
	// Due is when the app starts for the first run of the schedule after LastGood, or after the configuration was made.
	Due time.Time
}

// Grace is how late a backup may be before it counts as overdue.
const Grace = 2 * time.Hour

// Judge turns facts into a status.
func (f Facts) Judge(now time.Time) Protection {
	late := !f.Due.IsZero() && now.After(f.Due.Add(Grace))
	switch {
	case !f.Enabled:
		return Paused
	case f.Running:
		return Running
	case f.Destinations == 0:
		return Unprotected
	case f.LastState == JobFailed || f.LastState == JobInterrupted && late:
		return FailedSafe
	case late:
		return Overdue
	case f.Frozen: // before partial: it is what waits for somebody, and its reason tells of the partial backup
		return Frozen
	case f.LastState == JobPartial:
		return PartialSafe
	case f.LastGood == nil:
		return Waiting
	}
	return Protected
}

// Severity orders statuses: the higher, the more it needs somebody.
func (p Protection) Severity() int {
	for i, s := range []Protection{Protected, Running, Waiting, Paused, PartialSafe, Frozen, Overdue, Unprotected, FailedSafe} {
		if p == s {
			return i
		}
	}
	return 0
}
