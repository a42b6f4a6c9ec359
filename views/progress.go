package views

import (
	"fmt"
	"time"

	"keepstead/model"
	"keepstead/views/ui"
)

// phaseWord says what a running job is at.
func phaseWord(j JobItem, phase string) string {
	switch {
	case j.State == model.JobQueued:
		return "Waiting for its turn"
	case j.State.Final():
		return "Ended"
	case phase == "" && j.Progress == nil:
		return "Starting"
	}
	return phase
}

// spoken is the progress for a screen reader: it changes at every tenth, not several times a second.
func spoken(j JobItem, p model.Progress) string {
	return fmt.Sprintf("%s: %d percent", jobTitle(j), int(p.Percent*10)*10)
}

// roughly is a span without its smaller unit: what fits a row of a list.
func roughly(d time.Duration) string {
	for _, unit := range []time.Duration{time.Hour, time.Minute} {
		if d >= unit {
			return ui.Duration(d.Round(unit))
		}
	}
	return ui.Duration(d.Round(time.Second))
}
