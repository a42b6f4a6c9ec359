package ui

import "keepstead/model"

// Gone is how an app is shown whose source is no longer there.
func Gone() State { return State{"is-idle", IconBroken, "Gone", false} }

// OfService is how a service of an app stands: its health where it has a check, else the engine's word.
func OfService(s model.FoundService) State {
	switch {
	case s.Health == "unhealthy":
		return State{"is-bad", IconBad, "Unhealthy", false}
	case s.Health == "starting":
		return State{"is-run", IconMoving, "Starting", true}
	case s.State == "running" && s.Health == "healthy":
		return State{"is-good", IconGood, "Healthy", false}
	case s.State == "running":
		return State{"is-good", IconGood, "Up", false}
	case s.State == "paused":
		return State{"is-warn", IconPaused, "Up, paused", false}
	case s.State == "restarting":
		return State{"is-warn", IconRetry, "Restarting", false}
	case s.State == "dead":
		return State{"is-bad", IconBad, "Dead", false}
	case s.State == "created":
		return State{"is-idle", IconRing, "Never started", false}
	}
	return State{"is-idle", IconStopped, "Stopped", false}
}

// OfMount is how the role of a mount is shown.
func OfMount(r model.MountRole) State {
	switch r {
	case model.RoleData:
		return State{"is-good", IconGood, "Captured", false}
	case model.RoleDumped:
		return State{"is-good", IconDatabase, "Dumped instead", false}
	case model.RoleAsk:
		return State{"is-warn", IconWarning, "Your decision", false}
	case model.RoleLost:
		return State{"is-bad", IconBad, "Cannot be read", false}
	}
	return State{"is-idle", IconSkipped, "Left out", false}
}

// OfStep is how one step of a job is shown.
func OfStep(s model.StepState) State {
	switch s {
	case model.StepRunning:
		return State{"is-run", IconMoving, "Running", true}
	case model.StepDone:
		return State{"is-good", IconGood, "Done", false}
	case model.StepFailed:
		return State{"is-bad", IconBad, "Failed", false}
	case model.StepSkipped:
		return State{"is-idle", IconSkipped, "Skipped", false}
	}
	return State{"is-idle", IconRing, "Waiting", false}
}

// OfEngine is how the container engine of a device is shown.
func OfEngine(s model.EngineState) State {
	switch s {
	case model.EngineReady:
		return State{"is-good", IconGood, "Docker is ready", false}
	case model.EngineAbsent:
		return State{"is-idle", IconRing, "No Docker here", false}
	case model.EngineOff:
		return State{"is-idle", IconPower, "Docker is switched off", false}
	case model.EngineDown:
		return State{"is-bad", IconBroken, "Docker does not answer", false}
	case model.EngineForbidden:
		return State{"is-bad", IconLock, "Docker is out of reach", false}
	}
	return State{"is-bad", IconBad, "Docker is too old", false}
}
