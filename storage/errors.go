package storage

import (
	"strconv"
	"strings"
)

// Error is a failure of the storage in plain words: what is wrong, and what to do about it.
type Error struct {
	Reason string
	Mend   string
	Field  string // the form's field that is wrong, where the step alone does not say
	err    error
}

// Error returns the reason.
func (e *Error) Error() string { return e.Reason }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.err }

// quote shortens a name that came from outside and makes it printable.
func quote(name string) string {
	const limit = 60
	if len(name) > limit {
		name = strings.ToValidUTF8(name[:limit], "") + "…"
	}
	return strconv.Quote(name)
}
