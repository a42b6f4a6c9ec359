// Package model holds Keepstead's nouns and their rules, without I/O: what a destination, a policy, an app, a
// configuration, a snapshot and a job are, and when one of them is valid. Field tags name the SQLite columns.
package model

import (
	"time"

	"github.com/google/uuid"
)

// NewID returns a UUIDv7: unique, and sorted by the time it was made.
func NewID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// Stamps are the times every durable row carries, in UTC.
type Stamps struct {
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Touch sets UpdatedAt, and CreatedAt where it is unset.
func (s *Stamps) Touch(now time.Time) {
	if s.CreatedAt.IsZero() {
		s.CreatedAt = now.UTC()
	}
	s.UpdatedAt = now.UTC()
}
