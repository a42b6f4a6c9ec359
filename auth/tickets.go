package auth

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"time"

	"keepstead/model"
)

// ErrSpent says that a ticket was used before, or is too old.
var ErrSpent = errors.New("ticket is spent")

// Bounds of tickets: how long one is good for, how long it is remembered as spent, and how many there may be.
const (
	ticketLife   = time.Minute
	ticketMemory = time.Hour
	maxTickets   = 1000
)

// Tickets lets a session do one thing once, soon: such as fetching a file by an address that is worth nothing to
// anybody who sees it in a history or a log. They live in memory; a restart forgets them. Make it with NewTickets.
type Tickets[T any] struct {
	now func() time.Time

	mu    sync.Mutex
	known map[string]ticket[T] // by the hash of the token
}

type ticket[T any] struct {
	what    T
	session []byte
	made    time.Time
	used    bool
}

// NewTickets returns an empty store of tickets.
func NewTickets[T any](now func() time.Time) *Tickets[T] {
	return &Tickets[T]{now: now, known: map[string]ticket[T]{}}
}

// Issue makes a ticket for the identity's session and returns its token.
func (t *Tickets[T]) Issue(who Identity, what T) string {
	token := randomText(tokenLength)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forget()
	t.known[string(digest(token))] = ticket[T]{what: what, session: who.session, made: t.now()}
	return token
}

// Redeem returns what a ticket is for and spends it. A ticket of another session is model.ErrNotFound, as one that
// never was; one that was used or is too old is ErrSpent.
func (t *Tickets[T]) Redeem(who Identity, token string) (T, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var none T
	key := string(digest(token))
	found, ok := t.known[key]
	if !ok || who.session == nil || !bytes.Equal(found.session, who.session) {
		return none, fmt.Errorf("find the ticket: %w", model.ErrNotFound)
	}
	if found.used || t.now().Sub(found.made) > ticketLife {
		return none, ErrSpent
	}
	t.known[key] = ticket[T]{session: found.session, made: found.made, used: true}
	return found.what, nil
}

// forget drops what is long spent, and the oldest where there are too many.
func (t *Tickets[T]) forget() {
	oldest, when := "", t.now()
	for key, k := range t.known {
		switch {
		case t.now().Sub(k.made) > ticketMemory:
			delete(t.known, key)
		case k.made.Before(when):
			oldest, when = key, k.made
		}
	}
	if len(t.known) >= maxTickets {
		delete(t.known, oldest)
	}
}
