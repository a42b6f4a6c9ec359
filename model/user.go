package model

import (
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// User may sign in at the browser.
type User struct {
	ID           uuid.UUID `bun:",pk"`
	Name         string
	PasswordHash string // Argon2id, in PHC form
	Stamps
}

// Shortest and longest password, in characters.
const (
	MinPassword = 10
	MaxPassword = 256
)

// ValidateUser checks a name and a new password.
func ValidateUser(name, password string) error {
	var problems Invalids
	checkName(&problems, "name", name)
	if n := utf8.RuneCountInString(password); n < MinPassword || n > MaxPassword {
		problems.Add("password", "Use %d to %d characters.", MinPassword, MaxPassword)
	}
	return problems.Err()
}

// Session is one browser that signed in. The id in the cookie is stored only as its hash.
type Session struct {
	IDHash    []byte `bun:",pk"` // SHA-256 of the cookie's id
	UserID    uuid.UUID
	Data      []byte // the session's values, as gorilla/sessions encodes them
	UserAgent string
	IP        string
	CreatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time
}

// Token lets the platform call the API. Only its hash is stored.
type Token struct {
	ID         uuid.UUID `bun:",pk"`
	Name       string
	Hash       []byte // SHA-256 of the token
	CreatedAt  time.Time
	LastUsedAt *time.Time
	ExpiresAt  *time.Time
}

// ValidateTokenName checks the name of a new token.
func ValidateTokenName(name string) error {
	var problems Invalids
	checkName(&problems, "name", name)
	return problems.Err()
}

// DataKey is a key that seals credentials, itself wrapped by the master key.
type DataKey struct {
	ID        uuid.UUID `bun:",pk"`
	Source    string    // file or passphrase
	Salt      []byte    // of the passphrase's Argon2id; empty for a file
	Wrapped   []byte
	CreatedAt time.Time
}
