package model

import (
	"time"

	"github.com/google/uuid"
)

// MaxSimulated bounds the snapshots that a simulation looks at.
const MaxSimulated = 5000

// MaxForecast bounds the snapshots that are there and that a forecast looks at.
const MaxForecast = 1000

// Simulation is what a retention makes of the backups that a schedule will bring.
type Simulation struct {
	// At is the moment it is judged from: the end of the days asked for, or the last run looked at where Cut.
	At        time.Time
	Decisions []Decision // newest first
	Cut       bool       // the schedule has more than MaxSimulated runs in these days
}

// Simulate decides over the runs that c brings within so many days after from. Retention runs after each backup, but a
// rule that only looks at spans of time comes to the same in one go.
func (r Retention) Simulate(c Cron, from time.Time, days int) Simulation {
	out := Simulation{At: from.In(c.zone).AddDate(0, 0, days)}
	var runs []Kept
	for t := c.Next(from); !t.IsZero() && !t.After(out.At); t = c.Next(t) {
		if len(runs) == MaxSimulated {
			out.Cut, out.At = true, runs[len(runs)-1].Time
			break
		}
		runs = append(runs, Kept{Time: t})
	}
	out.Decisions = r.Decide(runs, c.zone)
	return out
}

// Staying counts the decisions that keep.
func Staying(all []Decision) int {
	n := 0
	for _, d := range all {
		if d.Keep {
			n++
		}
	}
	return n
}

// Forecast is what the retention of one configuration makes of what it has in one destination.
type Forecast struct {
	AppID       uuid.UUID
	AppName     string
	Destination string
	Own         bool // by a rule of the app's own, whatever the policy says
	Frozen      bool // retention is held back: nothing goes until somebody has looked
	Decisions   []Decision
}

// Going counts what retention lets go with the next backup.
func (f Forecast) Going() int {
	if f.Frozen {
		return 0
	}
	return len(f.Decisions) - Staying(f.Decisions)
}

// PolicyForecast is what a policy, if it were saved, makes of the snapshots that are there.
type PolicyForecast struct {
	Each []Forecast
	More bool // there are more than MaxForecast snapshots; Each has the first of them
}

// Going counts what retention lets go; of is how many snapshots were looked at.
func (p PolicyForecast) Going() (going, of int) {
	for _, f := range p.Each {
		going += f.Going()
		of += len(f.Decisions)
	}
	return going, of
}

// GoingBy counts what another rule of the policy would let go of the same snapshots. Rules of the apps' own stay as they are.
func (p PolicyForecast) GoingBy(r Retention, zone *time.Location) int {
	n := 0
	for _, f := range p.Each {
		if f.Own || f.Frozen {
			n += f.Going()
			continue
		}
		var judged []Kept
		for _, d := range f.Decisions {
			if d.Empty {
				n++
				continue
			}
			judged = append(judged, d.Kept)
		}
		n += len(judged) - Staying(r.Decide(judged, zone))
	}
	return n
}

// Judge decides over rows as retention does. What was saved of an empty source protects nothing, so it goes first.
func (r Retention) Judge(rows []Snapshot, zone *time.Location) []Decision {
	var judged []Kept
	var out []Decision
	for _, s := range rows {
		if s.Status == SnapshotFailed {
			out = append(out, Decision{Kept: s.asKept()})
			continue
		}
		judged = append(judged, s.asKept())
	}
	return append(r.Decide(judged, zone), out...)
}

func (s Snapshot) asKept() Kept {
	return Kept{ID: s.ResticSnapshotID, Time: s.StartedAt, Partial: s.Status == SnapshotPartial, Safety: s.Safety, Empty: s.Status == SnapshotFailed}
}
