package model

import "time"

// Lock is a mark that a program leaves in a repository while it is at work there.
type Lock struct {
	ID        string // 64 hexadecimal digits
	Host      string
	User      string
	PID       int
	Since     time.Time // when it was made or last renewed
	Exclusive bool      // nobody else may be in the repository
}

// lockStale is the age from which restic calls a lock stale: one that runs renews its own every five minutes.
const lockStale = 30 * time.Minute

// Stale says that whoever made the lock has not renewed it for so long that it most likely ended.
func (l Lock) Stale(now time.Time) bool { return now.Sub(l.Since) > lockStale }
