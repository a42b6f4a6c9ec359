package model

import "time"

// upkeepGrace is how late upkeep may be before it counts as overdue: a window comes at least once a week.
const upkeepGrace = 8 * 24 * time.Hour

// Upkeep is one kind of work that a destination gets by itself.
type Upkeep struct {
	Kind   JobKind
	Due    time.Time // when it came due, or comes due
	Starts time.Time // when it may start: never before Due, and in the destination's window
}

// UpkeepAt says when upkeep that is due at a moment may start, as seen from now.
func (d Destination) UpkeepAt(kind JobKind, due, now time.Time) Upkeep {
	from := due
	if from.Before(now) {
		from = now
	}
	return Upkeep{Kind: kind, Due: due, Starts: d.Window.Next(from)}
}

// Ready says that it starts now.
func (u Upkeep) Ready(now time.Time) bool { return !u.Due.After(now) && !u.Starts.After(now) }

// Waits says that it is due, and that the window is closed.
func (u Upkeep) Waits(now time.Time) bool { return !u.Due.After(now) && u.Starts.After(now) }

// Overdue says that it has been due for longer than any window takes to come.
func (u Upkeep) Overdue(now time.Time) bool { return now.Sub(u.Due) > upkeepGrace }
