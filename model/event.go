package model

import "github.com/google/uuid"

// EventKind is the sort of thing that changed.
type EventKind string

// The kinds of event.
const (
	EventJob           EventKind = "job"          // state changed, or it was created
	EventProgress      EventKind = "job.progress" // a running job moved
	EventLog           EventKind = "job.log"      // a job's log grew
	EventSnapshot      EventKind = "snapshot"
	EventDestination   EventKind = "destination"
	EventPolicy        EventKind = "policy"
	EventConfiguration EventKind = "configuration"
	EventApp           EventKind = "app"
	EventDevice        EventKind = "device"
	EventChannel       EventKind = "channel" // of notifications
)

// Event says what changed, not its new value: a page reads it again.
type Event struct {
	Kind EventKind
	ID   uuid.UUID
	// JobKind, AppID and DestinationID let a listener pass over what it does not show; zero where they do not apply.
	JobKind       JobKind
	AppID         uuid.UUID
	DestinationID uuid.UUID
}
