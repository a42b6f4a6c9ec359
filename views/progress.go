package views

import (
	"fmt"

	"keepstead/model"
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
