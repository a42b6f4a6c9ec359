package model

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// AuditEntry says who did what, when and from where. Names are as they were then, and nothing of it is changed later.
type AuditEntry struct {
	ID          uuid.UUID `bun:",pk"` // a UUIDv7: entries sort by it
	At          time.Time
	ActorKind   ActorKind
	Actor       string // the name; empty for somebody who is not known
	IP          string // empty for the command line
	Act         AuditAct
	SubjectKind SubjectKind // empty where the act is about Keepstead as a whole
	SubjectID   uuid.UUID   `bun:",nullzero"`
	SubjectName string
	Outcome     AuditOutcome
	Reason      AuditReason // why it was refused; empty when it was done
}

// ActorKind is what kind of somebody acted.
type ActorKind string

// The kinds of actors.
const (
	ActorUser    ActorKind = "user"    // at a browser
	ActorToken   ActorKind = "token"   // a program with an API token
	ActorCommand ActorKind = "command" // somebody at the machine's command line; the name is that of the system's user
	ActorUnknown ActorKind = "unknown" // nobody who is known
)

// AuditOutcome is whether an act was done.
type AuditOutcome string

// The outcomes.
const (
	AuditDone    AuditOutcome = "done"
	AuditRefused AuditOutcome = "refused"
)

// AuditReason is the class of why an act was refused.
type AuditReason string

// The reasons.
const (
	ReasonDenied    AuditReason = "denied"    // no or wrong credentials
	ReasonForeign   AuditReason = "foreign"   // another site's page sent it
	ReasonThrottled AuditReason = "throttled" // too many attempts
	ReasonMuted     AuditReason = "muted"     // denied, and further ones from there are left out for a while
	ReasonInvalid   AuditReason = "invalid"   // what was given cannot be accepted
	ReasonMissing   AuditReason = "missing"   // what it is about is not there
	ReasonConflict  AuditReason = "conflict"  // something stands in the way
	ReasonFailed    AuditReason = "failed"    // it came to nothing, in Keepstead or where it asked
)

// AuditReasonOf is the class of an HTTP status that refuses, ReasonDenied for one that does not.
func AuditReasonOf(status int) AuditReason {
	switch status {
	case 403:
		return ReasonForeign
	case 404, 405, 410:
		return ReasonMissing
	case 409:
		return ReasonConflict
	case 429:
		return ReasonThrottled
	}
	switch {
	case status >= 500:
		return ReasonFailed
	case status < 400 || status == 401:
		return ReasonDenied
	}
	return ReasonInvalid
}

// SubjectKind is what kind of thing an act is about. It is the word that addresses have for it, in the singular.
type SubjectKind string

// The kinds of subjects.
const (
	SubjectApp           SubjectKind = "app"
	SubjectConfiguration SubjectKind = "configuration" // named by its app
	SubjectDestination   SubjectKind = "destination"
	SubjectDevice        SubjectKind = "device"
	SubjectJob           SubjectKind = "job" // named by its app or destination
	SubjectPolicy        SubjectKind = "policy"
	SubjectSnapshot      SubjectKind = "snapshot" // named by its app, and by the file if it is about one
	SubjectToken         SubjectKind = "token"
	SubjectChannel       SubjectKind = "channel" // of notifications
	SubjectUser          SubjectKind = "user"
)

// AuditFilter chooses entries; zero values do not filter.
type AuditFilter struct {
	Who     string // a part of the actor's name
	Subject string // a part of the subject's name
	Acts    []AuditAct
	Outcome AuditOutcome
	Page
}

// Bounds of the audit log. What is past them goes, the oldest first.
const (
	MaxAuditEntries = 100_000
	KeepAudit       = 400 * 24 * time.Hour
)

// AuditGroup is a kind of acts that somebody may look for.
type AuditGroup string

// The groups.
const (
	AuditSignIns AuditGroup = "sign-ins"
	AuditAccess  AuditGroup = "access" // users, passwords, tokens
	AuditReading AuditGroup = "reading"
	AuditWork    AuditGroup = "work"
	AuditRemoval AuditGroup = "removals"
	AuditChange  AuditGroup = "changes"
)

// AuditGroups lists the groups.
func AuditGroups() []AuditGroup {
	return []AuditGroup{AuditSignIns, AuditAccess, AuditReading, AuditRemoval, AuditChange, AuditWork}
}

// Acts lists the acts of a group, none for a group that does not exist.
func (g AuditGroup) Acts() []AuditAct {
	var out []AuditAct
	for _, act := range AuditActs() {
		if act.Group() == g {
			out = append(out, act)
		}
	}
	return out
}

// Known says that there is such an act.
func (a AuditAct) Known() bool { return slices.Contains(AuditActs(), a) }
