package model

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"time"

	"github.com/google/uuid"
)

// MaxJitter is how many minutes the starts of a policy's apps may be spread over.
const MaxJitter = 24 * 60

// Jitter returns the span that the starts of the policy's apps are spread over.
func (p Policy) Jitter() time.Duration { return time.Duration(p.JitterMinutes) * time.Minute }

// Delay returns how long after each slot an app of the policy starts: whole minutes from 0 to JitterMinutes, the same at
// each slot. The app's id alone decides, so nothing has to be stored and the next run that is shown is the one that comes.
// More jitter never brings a start forward.
func (p Policy) Delay(app uuid.UUID) time.Duration {
	sum := sha256.Sum256(app[:])
	minutes, _ := bits.Mul64(binary.BigEndian.Uint64(sum[:]), uint64(max(0, p.JitterMinutes))+1)
	return time.Duration(minutes) * time.Minute
}

// Later returns the schedule with each slot later by d.
func (c Cron) Later(d time.Duration) Cron {
	c.delay += d
	return c
}

// checkJitter refuses a spread that is longer than a day, or that reaches the next slot.
func (p Policy) checkJitter(problems *Invalids, c Cron) {
	switch shortest := c.shortest(); {
	case p.JitterMinutes < 0 || p.JitterMinutes > MaxJitter:
		problems.Add("jitter_minutes", "Use 0 to %d minutes.", MaxJitter)
	case p.JitterMinutes > 0 && c.schedule != nil && p.Jitter() >= shortest:
		problems.Add("jitter_minutes", "Use less than the %d minutes between two runs of the schedule.", int(shortest.Minutes()))
	}
}

// shortestRuns bounds how many slots are looked at for the shortest time between two: a day of minutes has all there is
// within a day.
const shortestRuns = 24*60 + 60

// shortest returns the least time between two slots, where the clocks are not changed.
func (c Cron) shortest() time.Duration {
	if c.schedule == nil {
		return 0
	}
	at := c.schedule.Next(time.Date(2023, 12, 31, 23, 59, 0, 0, time.UTC))
	least := time.Duration(1<<63 - 1)
	for range shortestRuns {
		next := c.schedule.Next(at)
		if next.IsZero() || least == time.Minute {
			break
		}
		least, at = min(least, next.Sub(at)), next
	}
	return least
}
