package model

import (
	"time"

	"github.com/google/uuid"
)

// Coverage is what one destination holds of one configuration, and how its newest backup there went.
type Coverage struct {
	ConfigurationID uuid.UUID
	DestinationID   uuid.UUID
	// LastGoodID, LastGoodAt and LastGoodSize describe the newest full snapshot; zero when there is none.
	LastGoodID   uuid.UUID
	LastGoodAt   *time.Time
	LastGoodSize int64
	// PartialID, PartialAt and PartialSize describe the newest incomplete snapshot where there is no full one; zero
	// otherwise.
	PartialID   uuid.UUID
	PartialAt   *time.Time
	PartialSize int64
	// LastJobID, LastState, LastCause, LastMessage, LastMend and LastAt describe the newest final backup job; zero when
	// there was none.
	LastJobID   uuid.UUID
	LastState   JobState
	LastCause   Cause
	LastMessage string
	LastMend    string
	LastAt      *time.Time
	// RunningJobID is the open backup job, queued or running; nil id when there is none.
	RunningJobID uuid.UUID
}

// ConfigurationOverview is a configuration with all that a person asks about it.
type ConfigurationOverview struct {
	Configuration Configuration
	Policy        Policy
	Coverage      []Coverage // one per destination of the policy
	Status        Protection
	NextRun       time.Time // zero when none is planned
}

// AppOverview is an app with its configurations; Status is the worst of theirs.
type AppOverview struct {
	App            App
	Device         Device
	Configurations []ConfigurationOverview
	Status         Protection
}
