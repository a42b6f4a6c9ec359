package auth

import (
	"errors"
	"strings"
	"testing"
	"time"

	"keepstead/model"
)

func TestTickets(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	tickets := NewTickets[string](func() time.Time { return now })
	ada, bob := Identity{session: []byte("a")}, Identity{session: []byte("b")}
	token := tickets.Issue(ada, "photos")
	late := tickets.Issue(ada, "films")

	for name, who := range map[string]Identity{"another session": bob, "no session": {}} {
		if _, err := tickets.Redeem(who, token); !errors.Is(err, model.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := tickets.Redeem(ada, strings.Repeat("x", tokenLength)); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("a made-up token: %v", err)
	}
	now = now.Add(ticketLife)
	if what, err := tickets.Redeem(ada, token); err != nil || what != "photos" {
		t.Errorf("redeemed %q, %v", what, err)
	}
	if _, err := tickets.Redeem(ada, token); !errors.Is(err, ErrSpent) {
		t.Errorf("a second time: %v", err)
	}
	now = now.Add(time.Second)
	if _, err := tickets.Redeem(ada, late); !errors.Is(err, ErrSpent) {
		t.Errorf("too late: %v", err)
	}
	now = now.Add(ticketMemory)
	first := tickets.Issue(bob, "one")
	if len(tickets.known) != 1 {
		t.Errorf("%d tickets are remembered", len(tickets.known))
	}
	now = now.Add(time.Second)
	for range maxTickets {
		now = now.Add(time.Millisecond)
		tickets.Issue(bob, "many")
	}
	if _, err := tickets.Redeem(bob, first); len(tickets.known) != maxTickets || !errors.Is(err, model.ErrNotFound) {
		t.Errorf("%d tickets; the oldest: %v", len(tickets.known), err)
	}
	for key := range tickets.known {
		if strings.Contains(key, token) {
			t.Error("the token itself is kept")
		}
	}
}
