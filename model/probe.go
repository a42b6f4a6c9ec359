package model

import "time"

// ProbeStep is one step of the test of a destination or a device.
type ProbeStep struct {
	// Name is of a destination: resolve connect tls host_key login credentials bucket folder write read delete repository;
	// of a device: resolve connect host_key login shell sudo files forwarding restic engine.
	Name     string
	State    ProbeState
	Detail   string // what was found, or why it failed
	Mend     string // what to do about a failure; empty otherwise
	Field    string // the form's field that is wrong, where the step's name alone does not say
	Duration time.Duration
}

// ProbeState is how a step of a test ended.
type ProbeState string

// The states of a step.
const (
	ProbeOK      ProbeState = "ok"
	ProbeFailed  ProbeState = "failed"
	ProbeSkipped ProbeState = "skipped" // an earlier step failed, or the storage has no such step
)

// Probe is a whole test of a destination.
type Probe struct {
	Steps []ProbeStep
	// Repository says what the place holds.
	Repository RepositoryState
	// Ours says that it is the repository of the stored destination that was tested, by its config file.
	Ours bool
	// FreeBytes is the free space of a folder's file system, -1 where it is not known.
	FreeBytes int64
}

// RepositoryState is what a place holds before anything is created there.
type RepositoryState string

// What a place may hold.
const (
	RepositoryNone    RepositoryState = "none"    // empty or absent: a new repository can be made
	RepositoryPresent RepositoryState = "present" // a restic repository: it can be adopted with its password
	RepositoryForeign RepositoryState = "foreign" // other files: nothing will be made here
	RepositoryUnknown RepositoryState = "unknown" // the test failed before it could be seen
)

// Failed returns the first failed step, or nil.
func (p Probe) Failed() *ProbeStep {
	for i := range p.Steps {
		if p.Steps[i].State == ProbeFailed {
			return &p.Steps[i]
		}
	}
	return nil
}
