package model

import (
	"time"

	"github.com/google/uuid"
)

// AlertState is where something stands that may need somebody.
type AlertState string

// The states. What is in no state has gone away by itself, such as the app that was forgotten: nobody is told.
const (
	AlertFiring   AlertState = "firing"   // it needs somebody
	AlertPending  AlertState = "pending"  // it is about to change: what was told stands
	AlertResolved AlertState = "resolved" // it is well
)

// Alert is something that needs somebody, as Home says it, or the news that it does no more.
type Alert struct {
	// Key says what it is about, the same from one look to the next; the channel that it concerns is told nothing.
	Key     string
	State   AlertState
	Kind    string // a word for what is wrong: with another one it is told anew
	Title   string
	Text    string
	Path    string    // of the page about it
	Channel uuid.UUID // that is not told, since it is the one that fails
}

// OpenAlert is an alert that a channel was told of and that has not ended.
type OpenAlert struct {
	ChannelID uuid.UUID `bun:",pk"`
	Key       string    `bun:",pk"`
	Kind      string
	Since     time.Time
}

// Told is what becomes of the alerts of a channel: those that begin, those that end, and those that are dropped unsaid.
type Told struct {
	Begun, Ended []Alert
	Dropped      []string // keys
}

// Tell compares what is with what a channel was told of.
func Tell(channel uuid.UUID, open []OpenAlert, now []Alert) Told {
	known := map[string]OpenAlert{}
	for _, o := range open {
		known[o.Key] = o
	}
	var t Told
	for _, a := range now {
		if a.Channel == channel && a.Channel != uuid.Nil {
			continue
		}
		o, told := known[a.Key]
		delete(known, a.Key)
		switch {
		case a.State == AlertFiring && (!told || o.Kind != a.Kind):
			t.Begun = append(t.Begun, a)
		case a.State == AlertResolved && told:
			t.Ended = append(t.Ended, a)
		}
	}
	for _, o := range open {
		if _, gone := known[o.Key]; gone {
			t.Dropped = append(t.Dropped, o.Key)
		}
	}
	return t
}

// Notification is a row of the outbox: a part of a message that a channel has not got yet.
type Notification struct {
	ID        uuid.UUID `bun:",pk"`
	ChannelID uuid.UUID
	JobID     uuid.UUID `bun:",nullzero"` // whose end it tells; its words are made when it is sent
	Title     string
	Text      string
	Path      string
	CreatedAt time.Time
}

// Message is what a channel gets at once.
type Message struct {
	Title string
	Text  string // lines
	Link  string // of a page; empty where nobody said under which address it is reached
}

// ChannelTest is how a test of a channel went.
type ChannelTest struct {
	OK     bool
	Reason string // why it failed, without a secret
}

// GiveUpAfter is how long the outbox tries to deliver something.
const GiveUpAfter = 24 * time.Hour

// Pace is how the outbox gathers parts into one message.
type Pace struct {
	Quiet time.Duration // since the last part came
	Most  time.Duration // since the first one did, and from one message to the next
}

// UsualPace puts together what comes within a minute.
func UsualPace() Pace { return Pace{Quiet: 10 * time.Second, Most: time.Minute} }

// DueAt is when the waiting parts of a channel's next message go out, oldest part first; the zero time where nothing
// waits. After a failure they wait for the next attempt.
func (c Channel) DueAt(waiting []Notification, pace Pace) time.Time {
	if len(waiting) == 0 {
		return time.Time{}
	}
	first, last := waiting[0].CreatedAt, waiting[len(waiting)-1].CreatedAt
	due := last.Add(pace.Quiet)
	if most := first.Add(pace.Most); most.Before(due) {
		due = most
	}
	if c.SentAt != nil && due.Before(c.SentAt.Add(pace.Most)) {
		due = c.SentAt.Add(pace.Most)
	}
	if c.NextAt != nil && due.Before(*c.NextAt) {
		due = *c.NextAt
	}
	return due
}
