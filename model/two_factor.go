package model

import (
	"time"

	"github.com/google/uuid"
)

// TwoFactor is the second factor of a user's sign-in: codes of an app that has the same secret (TOTP, RFC 6238).
type TwoFactor struct {
	UserID    uuid.UUID `bun:",pk"`
	Secret    Sealed    // in base32, as the app was given it
	LastStep  int64     // the newest time step whose code was taken; none is taken twice
	CreatedAt time.Time
}

// RecoveryCodes is how many recovery codes a user is given.
const RecoveryCodes = 10

// Proof is what somebody who is signed in is asked for once more.
type Proof struct {
	Password string
	Code     string // of the second factor, or a recovery code; empty without one
}
