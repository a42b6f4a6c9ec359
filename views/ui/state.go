package ui

import "keepstead/model"

// State is how a status is shown: always a colour, a shape and a word.
type State struct {
	Class string // is-good is-run is-warn is-bad is-idle is-ice
	Icon  IconName
	Word  string
	Moves bool
}

// OfProtection is how the status of an app is shown.
func OfProtection(p model.Protection) State {
	switch p {
	case model.Protected:
		return State{"is-good", IconGood, "Protected", false}
	case model.Running:
		return State{"is-run", IconMoving, "Running", true}
	case model.Waiting:
		return State{"is-idle", IconWaiting, "Waiting", false}
	case model.Paused:
		return State{"is-idle", IconPaused, "Paused", false}
	case model.Frozen:
		return State{"is-ice", IconFrozen, "Frozen", false}
	case model.PartialSafe:
		return State{"is-warn", IconHalf, "Partial", false}
	case model.Overdue:
		return State{"is-warn", IconLate, "Overdue", false}
	case model.FailedSafe:
		return State{"is-bad", IconBad, "Failed", false}
	}
	return State{"is-idle", IconRing, "Unprotected", false}
}

// OfJob is how the state of a job is shown.
func OfJob(s model.JobState) State {
	switch s {
	case model.JobQueued:
		return State{"is-idle", IconQueued, "Queued", false}
	case model.JobRunning:
		return State{"is-run", IconMoving, "Running", true}
	case model.JobSuccess:
		return State{"is-good", IconGood, "Done", false}
	case model.JobPartial:
		return State{"is-warn", IconHalf, "Partial", false}
	case model.JobCancelled:
		return State{"is-idle", IconStopped, "Cancelled", false}
	case model.JobInterrupted:
		return State{"is-warn", IconBroken, "Interrupted", false}
	}
	return State{"is-bad", IconBad, "Failed", false}
}

// OfSnapshot is how the status of a snapshot is shown.
func OfSnapshot(s model.SnapshotStatus) State {
	switch s {
	case model.SnapshotSuccess:
		return State{"is-good", IconGood, "Complete", false}
	case model.SnapshotPartial:
		return State{"is-warn", IconHalf, "Partial", false}
	case model.SnapshotInProgress:
		return State{"is-run", IconMoving, "Running", true}
	}
	return State{"is-bad", IconBad, "Failed", false}
}

// OfDestination is how a destination is shown.
func OfDestination(d model.Destination) State {
	switch {
	case !d.Enabled:
		return State{"is-idle", IconPaused, "Disabled", false}
	case d.LastError != "":
		return State{"is-bad", IconBad, "Failing", false}
	case d.Damage != "":
		return State{"is-bad", IconBad, "Damaged", false}
	}
	return State{"is-good", IconGood, "Ready", false}
}

// OfProbe is how a step of a test is shown.
func OfProbe(s model.ProbeState) State {
	switch s {
	case model.ProbeOK:
		return State{"is-good", IconGood, "Good", false}
	case model.ProbeFailed:
		return State{"is-bad", IconBad, "Failed", false}
	}
	return State{"is-idle", IconSkipped, "Skipped", false}
}
