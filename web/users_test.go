package web

import (
	"net/url"
	"strings"
	"testing"

	"keepstead/views"
)

// TestUsersAreRemoved asks first, ends the user's sessions with the user, and leaves whoever asks.
func TestUsersAreRemoved(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.signIn()
	const name, password = "ann <i>", "long enough"
	ann, err := s.auth.CreateUser(t.Context(), name, password)
	if err != nil {
		t.Fatal(err)
	}
	cookie := s.post("/signin", nil, url.Values{"name": {name}, "password": {password}}).cookie
	if r := s.do(ask{path: "/settings", cookie: cookie}); r.status != 200 {
		t.Fatalf("the new user sees %d", r.status)
	}
	path := views.UserRemovePath(ann.ID)
	question := s.do(ask{path: path, cookie: ada})
	if question.status != 200 || !strings.Contains(question.body, "Remove the user “ann &lt;i&gt;”?") || !strings.Contains(question.body, "Keep the user") {
		t.Errorf("the question is %d:\n%.2000s", question.status, question.body)
	}
	for _, ask := range []ask{{path: path, cookie: cookie}, {path: path, cookie: cookie, method: "POST"}} {
		if r := s.do(ask); r.status != 409 || !strings.Contains(r.body, "You cannot remove yourself.") {
			t.Errorf("removing oneself by %s is %d", ask.method, r.status)
		}
	}
	if r := s.post(path, ada, nil); r.header.Get("Location") != "/settings" {
		t.Fatalf("removing is %d, %s", r.status, r.header.Get("Location"))
	}
	if r := s.do(ask{path: "/settings", cookie: cookie}); !refused(r) {
		t.Errorf("a removed user is still signed in: %d", r.status)
	}
	if r := s.post(path, ada, nil); r.status != 404 {
		t.Errorf("removing again is %d", r.status)
	}
}

// TestTokensAreRevoked asks before a token is ended, by its name and its last use.
func TestTokensAreRevoked(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	plain, token, err := s.auth.CreateToken(t.Context(), "robot")
	if err != nil {
		t.Fatal(err)
	}
	path := views.TokenRevokePath(token.ID)
	question := s.do(ask{path: path, cookie: cookie})
	if question.status != 200 || !strings.Contains(question.body, "Revoke the token “robot”?") || !strings.Contains(question.body, "It was never used.") {
		t.Errorf("the question is %d:\n%.2000s", question.status, question.body)
	}
	bearer := map[string]string{"Authorization": "Bearer " + plain}
	if r := s.do(ask{path: "/api/v1/apps", header: bearer}); r.status != 200 {
		t.Errorf("the question revoked the token: %d", r.status)
	}
	if question = s.do(ask{path: path, cookie: cookie}); !strings.Contains(question.body, "It was last used on ") {
		t.Error("the question does not say when the token was used")
	}
	if r := s.post(path, cookie, nil); r.header.Get("Location") != "/settings" {
		t.Errorf("revoking is %d", r.status)
	}
	if r := s.do(ask{path: "/api/v1/apps", header: bearer}); r.status != 401 {
		t.Errorf("a revoked token is let in: %d", r.status)
	}
}
