package auth

import (
	"errors"
	"strings"
	"testing"
	"time"

	"keepstead/model"
)

// TestHalves ends half a session by time, by tries, by use and by another password.
func TestHalves(t *testing.T) {
	t.Parallel()
	c := &clock{at: time.Now()}
	h := newHalves(c.now)
	ada := model.User{ID: model.NewID(), Name: "ada"}
	token := h.issue(ada)
	for _, wrong := range []string{"", token + "x", strings.Repeat("x", tokenLength)} {
		if _, err := h.find(wrong, true); !errors.Is(err, ErrNoHalf) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	for i := range halfTries + 2 {
		_, err := h.find(token, true)
		if (err == nil) != (i < halfTries) {
			t.Errorf("try %d: %v", i, err)
		}
	}
	token = h.issue(ada)
	c.add(halfLife - time.Second)
	if user, err := h.find(token, false); err != nil || user.ID != ada.ID {
		t.Errorf("it ends too soon: %v", err)
	}
	c.add(time.Second)
	if _, err := h.find(token, false); !errors.Is(err, ErrNoHalf) {
		t.Errorf("it does not end: %v", err)
	}
	token = h.issue(ada)
	h.drop(token)
	if _, err := h.find(token, false); !errors.Is(err, ErrNoHalf) {
		t.Errorf("it is good twice: %v", err)
	}
	token = h.issue(ada)
	h.forget(model.User{ID: model.NewID()})
	if _, err := h.find(token, false); err != nil {
		t.Errorf("it ends with somebody else's password: %v", err)
	}
	h.forget(ada)
	if _, err := h.find(token, false); !errors.Is(err, ErrNoHalf) {
		t.Errorf("it outlives the password: %v", err)
	}
	for range maxHalves + 50 {
		h.issue(ada)
	}
	if len(h.known) > maxHalves {
		t.Errorf("%d are remembered", len(h.known))
	}
}
