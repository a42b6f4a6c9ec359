package model

import (
	"strings"
	"time"
	"unicode/utf8"
)

// RepositoryKey is one of the keys of a repository: each opens it with a password of its own.
type RepositoryKey struct {
	ID      string // 64 hexadecimal digits
	Host    string // the machine that made it
	User    string // whom it was made for, or who made it
	Made    time.Time
	Current bool // opened with the password that Keepstead uses
}

// MaxRepositoryKeys is how many keys of a repository restic tries a password with: one more, and the right password may be
// refused.
const MaxRepositoryKeys = 20

// OwnKey is a key that somebody adds, to open a repository without Keepstead. It is on its way from a form to restic, and
// never stored or shown.
type OwnKey struct {
	Name     string
	Password string
}

// String hides the password.
func (OwnKey) String() string { return sealedText }

// GoString hides the password from %#v.
func (OwnKey) GoString() string { return sealedText }

// Validate checks the name that the key gets, and its password.
func (k OwnKey) Validate() error {
	var problems Invalids
	checkName(&problems, "name", k.Name)
	switch n := utf8.RuneCountInString(k.Password); {
	case n < MinPassword || n > MaxPassword:
		problems.Add("password", "Use %d to %d characters.", MinPassword, MaxPassword)
	case !printable(k.Password) || strings.TrimSpace(k.Password) != k.Password:
		problems.Add("password", "Use printable characters on one line, without a space at the beginning or the end.")
	}
	return problems.Err()
}

// OwnKeys says what protects the credentials in the database: a data key seals them, and a master key, which is not in the
// database, protects that.
type OwnKeys struct {
	Master string    // file or passphrase
	Made   time.Time // when the data key was made
	Sealed int       // how many credentials it seals
}
