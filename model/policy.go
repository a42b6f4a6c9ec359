package model

import (
	"time"

	"github.com/google/uuid"
)

// Policy says when the apps that follow it are backed up, where to, and for how long the snapshots are kept.
type Policy struct {
	ID          uuid.UUID `bun:",pk"`
	Name        string
	Description string
	IsDefault   bool // exactly one policy is the default
	Enabled     bool
	Schedule    string // cron of five fields, or @daily and its kind
	TimeZone    string // IANA name; empty means the server's zone
	// JitterMinutes spreads the starts of the apps over so many minutes after each slot; 0 starts them all at once.
	JitterMinutes int
	Retention
	// DestinationIDs are kept in policy_destinations, in the order given.
	DestinationIDs []uuid.UUID `bun:"-"`
	// LastSlotAt is up to when the schedule was looked at and jobs were made: the newest slot, with jitter as much later.
	LastSlotAt *time.Time
	Stamps
}

// The default policy of the spec.
const (
	DefaultPolicyName = "Default"
	DefaultSchedule   = "0 2 * * *"
)

// DefaultPolicy returns the policy that a first start creates and every new app follows.
func DefaultPolicy() Policy {
	return Policy{
		ID: NewID(), Name: DefaultPolicyName, Description: "Applied to every new app.", IsDefault: true, Enabled: true,
		Schedule: DefaultSchedule, Retention: Retention{KeepDaily: 7, KeepWeekly: 4, KeepMonthly: 6},
	}
}

// Unchanged returns a Conflict when the policy is not the one that was seen at its UpdatedAt; zero compares nothing.
func (p Policy) Unchanged(seen time.Time) error {
	if seen.IsZero() || seen.Equal(p.UpdatedAt) {
		return nil
	}
	return Conflict{Field: "version", Reason: "This policy was changed meanwhile; look at what it is now, then change that."}
}

// Validate checks name, schedule, zone and retention. A policy other than the default needs a destination; the default
// may wait for the first one.
func (p Policy) Validate() error {
	var problems Invalids
	checkName(&problems, "name", p.Name)
	checkText(&problems, "description", p.Description, maxText)
	cron, err := p.Cron()
	problems = append(problems, Refused(err)...)
	p.checkJitter(&problems, cron)
	problems = append(problems, p.check()...)
	if len(p.DestinationIDs) == 0 && !p.IsDefault {
		problems.Add("destination_ids", "Choose at least one destination.")
	}
	seen := map[uuid.UUID]bool{}
	for _, id := range p.DestinationIDs {
		if seen[id] {
			problems.Add("destination_ids", "Destination %s is listed twice.", id)
		}
		seen[id] = true
	}
	return problems.Err()
}
