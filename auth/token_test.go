package auth

import (
	"errors"
	"strings"
	"testing"
	"time"

	"keepstead/model"
)

func TestToken(t *testing.T) {
	t.Parallel()
	a, st, c := newAuth(t)
	plain, row, err := a.CreateToken(t.Context(), "platform")
	if err != nil {
		t.Fatal(err)
	}
	if len(plain) != 46 || !strings.HasPrefix(plain, "ks_") {
		t.Errorf("token %q has another form", plain)
	}
	soon := c.now().Add(time.Minute)
	old, err := st.CreateToken(t.Context(), model.Token{Name: "old", Hash: digest("ks_" + strings.Repeat("a", 43)), ExpiresAt: &soon})
	if err != nil {
		t.Fatal(err)
	}
	c.add(time.Hour)
	tests := []struct {
		name, header string
		want         error
	}{
		{"right", "Bearer " + plain, nil},
		{"scheme in small letters", "bearer " + plain, nil},
		{"nothing", "", ErrDenied},
		{"no scheme", plain, ErrDenied},
		{"other scheme", "Basic " + plain, ErrDenied},
		{"one letter off", "Bearer " + plain[:45] + "!", ErrDenied},
		{"hash instead", "Bearer " + string(row.Hash), ErrDenied},
		{"expired", "Bearer ks_" + strings.Repeat("a", 43), ErrDenied},
	}
	for i, tt := range tests {
		got, err := a.Token(t.Context(), tt.header, "192.0.2."+string(rune('1'+i)))
		if !errors.Is(err, tt.want) || err == nil && got.ID != row.ID {
			t.Errorf("%s: %v, %v; want %v", tt.name, got, err, tt.want)
		}
	}
	if old.ID == row.ID {
		t.Error("two tokens share an id")
	}
	if _, _, err := a.CreateToken(t.Context(), "platform"); !errors.Is(err, model.ErrConflict) {
		t.Errorf("a second token of one name: %v, want a conflict", err)
	}
	if err := st.DeleteToken(t.Context(), row.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Token(t.Context(), "Bearer "+plain, "192.0.2.1"); !errors.Is(err, ErrDenied) {
		t.Errorf("a revoked token: %v, want ErrDenied", err)
	}
}

func TestBadTokensAreThrottledGoodOnesPass(t *testing.T) {
	t.Parallel()
	a, _, _ := newAuth(t)
	plain, _, err := a.CreateToken(t.Context(), "platform")
	if err != nil {
		t.Fatal(err)
	}
	var throttled Throttled
	for range 40 {
		if _, err := a.Token(t.Context(), "Bearer ks_guess", "192.0.2.1"); errors.As(err, &throttled) {
			break
		}
	}
	if throttled.Seconds() < 1 {
		t.Error("40 bad tokens were not throttled")
	}
	if _, err := a.Token(t.Context(), "Bearer "+plain, "192.0.2.1"); err != nil {
		t.Errorf("a good token from that address: %v", err)
	}
}
