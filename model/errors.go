package model

import (
	"errors"
	"fmt"
)

// The three refusals that every layer understands. The store wraps driver errors in them, handlers turn them into
// 404, 409 and 503.
var (
	ErrNotFound = errors.New("not found")
	ErrConflict = errors.New("conflict")
	ErrBusy     = errors.New("busy")
)

// Invalid says that one field of an input cannot be accepted, why, and how to mend it. Field is the wire name
// (`s3_bucket`, `schedule`); Reason is a sentence for the person who typed it.
type Invalid struct {
	Field  string
	Reason string
}

// Error joins field and reason.
func (e Invalid) Error() string { return e.Field + ": " + e.Reason }

// Invalids is a list of refused fields, worst first. It is an error only when it is not empty; see Err.
type Invalids []Invalid

// Add appends a refusal for field.
func (l *Invalids) Add(field, format string, args ...any) {
	*l = append(*l, Invalid{Field: field, Reason: fmt.Sprintf(format, args...)})
}

// Err returns nil for an empty list, so that `return problems.Err()` is right.
func (l Invalids) Err() error {
	if len(l) == 0 {
		return nil
	}
	return l
}

// Error joins all refusals.
func (l Invalids) Error() string {
	out := ""
	for i, e := range l {
		if i > 0 {
			out += "; "
		}
		out += e.Error()
	}
	return out
}

// Refused lists the fields that err refuses, or nothing when err is of another kind.
func Refused(err error) Invalids {
	var one Invalid
	var many Invalids
	switch {
	case errors.As(err, &many):
		return many
	case errors.As(err, &one):
		return Invalids{one}
	}
	return nil
}

// Conflict is ErrConflict with a sentence that names what stands in the way, and the field it concerns if any.
type Conflict struct {
	Field  string
	Reason string
}

// Error returns the sentence.
func (e Conflict) Error() string { return e.Reason }

// Is makes errors.Is(err, ErrConflict) true.
func (e Conflict) Is(target error) bool { return target == ErrConflict }

// Busy is ErrBusy with a sentence that says what to wait for.
type Busy struct{ Reason string }

// Error returns the sentence.
func (e Busy) Error() string { return e.Reason }

// Is makes errors.Is(err, ErrBusy) true.
func (e Busy) Is(target error) bool { return target == ErrBusy }
