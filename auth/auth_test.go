package auth

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"keepstead/model"
	"keepstead/secret"
	"keepstead/store"
)

// clock is a time that a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func newAuth(t *testing.T) (*Auth, *store.Store, *clock) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	st, err := store.Open(t.Context(), t.TempDir(), store.Options{}, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	c := &clock{at: time.Now()}
	master := secret.File(filepath.Join(t.TempDir(), "master.key"))
	key, err := secret.NewDataKey(master)
	if err != nil {
		t.Fatal(err)
	}
	box, err := secret.Open(master, []model.DataKey{key})
	if err != nil {
		t.Fatal(err)
	}
	a, err := New(st, log, Options{Clock: c.now, Box: box})
	if err != nil {
		t.Fatal(err)
	}
	return a, st, c
}

func TestPassword(t *testing.T) {
	t.Parallel()
	phc, err := hash("correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(phc, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("hash %q is not in PHC form", phc)
	}
	tests := []struct {
		name, phc, password string
		want, fails         bool
	}{
		{name: "right", phc: phc, password: "correct horse battery", want: true},
		{name: "wrong", phc: phc, password: "correct horse batterx"},
		{name: "empty", phc: phc, password: ""},
		{name: "no hash", phc: "", password: "x", fails: true},
		{name: "another scheme", phc: "$2y$10$abcdefghijklmnopqrstuv", password: "x", fails: true},
		{name: "cut", phc: phc[:len(phc)-30], password: "correct horse battery", fails: true},
		{name: "absurd memory", phc: strings.Replace(phc, "m=19456", "m=99999999", 1), password: "x", fails: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := matches(tt.phc, tt.password)
			if got != tt.want || (err != nil) != tt.fails {
				t.Errorf("matches = %v, %v; want %v, error %v", got, err, tt.want, tt.fails)
			}
		})
	}
}

func TestHashingWaits(t *testing.T) {
	t.Parallel()
	a, _, _ := newAuth(t)
	for range 2 {
		if err := a.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := a.HashPassword(ctx, "a third one"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a third hash got in: %v", err)
	}
	a.leave()
	if _, err := a.HashPassword(t.Context(), "a third one"); err != nil {
		t.Error(err)
	}
}

func TestSetup(t *testing.T) {
	t.Parallel()
	a, _, _ := newAuth(t)
	ctx := t.Context()
	steps := []struct {
		name, code, user, password string
		want                       error
		field                      string
	}{
		{name: "no code", user: "ada", password: "long enough", want: ErrDenied},
		{name: "wrong code", code: "nope", user: "ada", password: "long enough", want: ErrDenied},
		{name: "no name", code: a.SetupCode(), password: "long enough", field: "name"},
		{name: "short password", code: a.SetupCode(), user: "ada", password: "short", field: "password"},
		{name: "right", code: a.SetupCode(), user: "ada", password: "long enough"},
		{name: "used code", code: a.SetupCode(), user: "eve", password: "long enough", want: ErrSetUp},
	}
	for _, s := range steps {
		_, err := a.Setup(ctx, s.code, s.user, s.password, "192.0.2.1")
		switch {
		case s.field != "":
			if r := model.Refused(err); len(r) != 1 || r[0].Field != s.field {
				t.Errorf("%s: %v, want a refusal of %s", s.name, err, s.field)
			}
		case !errors.Is(err, s.want):
			t.Errorf("%s: %v, want %v", s.name, err, s.want)
		}
	}
	if need, err := a.NeedsSetup(ctx); need || err != nil {
		t.Errorf("NeedsSetup = %v, %v after set-up", need, err)
	}
}

func TestSetupOnce(t *testing.T) {
	t.Parallel()
	a, st, _ := newAuth(t)
	var wait sync.WaitGroup
	for _, name := range []string{"ada", "eve", "bob"} {
		wait.Go(func() { _, _ = a.Setup(t.Context(), a.SetupCode(), name, "long enough", "192.0.2.1") })
	}
	wait.Wait()
	if n, err := st.CountUsers(t.Context()); n != 1 || err != nil {
		t.Errorf("%d users (%v) after three set-ups at once, want 1", n, err)
	}
}

func TestSetupCodeThrottled(t *testing.T) {
	t.Parallel()
	a, _, c := newAuth(t)
	var throttled Throttled
	for i := range 20 {
		if err := a.CheckCode("guess", "192.0.2.7"); errors.As(err, &throttled) {
			if i < 5 {
				t.Errorf("throttled after %d guesses", i)
			}
			break
		}
	}
	if throttled.Seconds() < 1 {
		t.Fatal("20 guesses in a row were not throttled")
	}
	if err := a.CheckCode(a.SetupCode(), "192.0.2.8"); err != nil {
		t.Errorf("another address was throttled too: %v", err)
	}
	c.add(throttled.After + time.Second)
	if err := a.CheckCode(a.SetupCode(), "192.0.2.7"); err != nil {
		t.Errorf("still refused after the wait: %v", err)
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	a, _, _ := newAuth(t)
	ada, err := a.CreateUser(t.Context(), "ada", "long enough")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, user, password string
		want                 error
	}{
		{"right", "ada", "long enough", nil},
		{"spaces around", " ada ", "long enough", nil},
		{"wrong password", "ada", "long enoughx", ErrDenied},
		{"unknown user", "eve", "long enough", ErrDenied},
		{"empty", "", "", ErrDenied},
		{"huge password", "ada", strings.Repeat("x", 1<<20), ErrDenied},
		{"injection", "ada' OR 1=1 --", "x", ErrDenied},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := a.Login(context.Background(), tt.user, tt.password, "192.0.2."+string(rune('1'+i)))
			if !errors.Is(err, tt.want) || err == nil && got.ID != ada.ID {
				t.Errorf("Login = %v, %v; want %v", got, err, tt.want)
			}
		})
	}
}

func TestLoginThrottle(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		user, ip func(i int) string
		probe    [2]string // user and address that are refused afterwards
		free     [2]string // user and address that are not
	}{
		{
			name: "one address, many names",
			user: func(i int) string { return strings.Repeat("x", i+1) }, ip: func(int) string { return "192.0.2.1" },
			probe: [2]string{"ada", "192.0.2.1"}, free: [2]string{"ada", "192.0.2.2"},
		}, {
			name: "one name, many addresses",
			user: func(int) string { return "Ada" }, ip: func(i int) string { return "192.0.2." + string(rune('1'+i%9)) },
			probe: [2]string{"ada", "198.51.100.1"}, free: [2]string{"bob", "198.51.100.1"},
		}, {
			name: "one IPv6 network",
			user: func(i int) string { return strings.Repeat("y", i+1) }, ip: func(i int) string { return "2001:db8::" + string(rune('1'+i%9)) },
			probe: [2]string{"ada", "2001:db8::ffff"}, free: [2]string{"ada", "2001:db8:0:1::1"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, _, c := newAuth(t)
			ctx := context.Background()
			for _, name := range []string{"ada", "bob"} {
				if _, err := a.CreateUser(ctx, name, "long enough"); err != nil {
					t.Fatal(err)
				}
			}
			var throttled Throttled
			for i := range 12 {
				if _, err := a.Login(ctx, tt.user(i), "guess", tt.ip(i)); errors.As(err, &throttled) {
					break
				}
			}
			if _, err := a.Login(ctx, tt.probe[0], "long enough", tt.probe[1]); !errors.As(err, &throttled) {
				t.Fatalf("not throttled: %v", err)
			}
			if _, err := a.Login(ctx, tt.free[0], "long enough", tt.free[1]); err != nil {
				t.Errorf("somebody else is throttled too: %v", err)
			}
			c.add(throttled.After + time.Second)
			if _, err := a.Login(ctx, tt.probe[0], "long enough", tt.probe[1]); err != nil {
				t.Errorf("refused after the wait: %v", err)
			}
		})
	}
}

// TestUnknownUserTakesAsLong compares the fastest of several sign-ins: noise only ever adds time. It runs alone: the other
// tests hash passwords too.
func TestUnknownUserTakesAsLong(t *testing.T) {
	a, _, _ := newAuth(t)
	if _, err := a.CreateUser(t.Context(), "ada", "long enough"); err != nil {
		t.Fatal(err)
	}
	fastest := func(user string) time.Duration {
		best := time.Hour
		for i := range 5 {
			start := time.Now()
			if _, err := a.Login(t.Context(), user, "wrong one", "192.0.2."+string(rune('1'+i))); !errors.Is(err, ErrDenied) {
				t.Fatal(err)
			}
			best = min(best, time.Since(start))
		}
		return best
	}
	known, unknown := fastest("ada"), fastest("eve")
	if unknown < known/3 || known < unknown/3 {
		t.Errorf("a known name takes %s, an unknown one %s", known, unknown)
	}
}

func TestThrottleForgets(t *testing.T) {
	t.Parallel()
	c := &clock{at: time.Now()}
	th := newThrottle(c.now, 2, time.Minute, forgiveAfter)
	for range 10 {
		th.count("a")
	}
	if w := th.wait("a"); w != time.Minute {
		t.Errorf("wait %s, want the longest", w)
	}
	c.add(forgiveAfter + time.Second)
	th.count("a")
	if w := th.wait("a"); w > 0 {
		t.Errorf("wait %s after a long pause, want none", w)
	}
	for i := range maxThrottled + 500 {
		th.count(string(rune(i)) + "key")
	}
	if n := len(th.keys); n > maxThrottled {
		t.Errorf("%d keys kept, want at most %d", n, maxThrottled)
	}
}

func TestResetPassword(t *testing.T) {
	t.Parallel()
	a, st, c := newAuth(t)
	user, err := a.CreateUser(t.Context(), "ada", "long enough")
	if err != nil {
		t.Fatal(err)
	}
	session := model.Session{IDHash: digest("id"), UserID: user.ID, CreatedAt: c.now(), SeenAt: c.now(), ExpiresAt: c.now().Add(time.Hour)}
	if err := st.CreateSession(t.Context(), session); err != nil {
		t.Fatal(err)
	}
	if !a.Alive(t.Context(), Identity{session: session.IDHash}) {
		t.Fatal("the session does not stand")
	}
	if _, err := a.ResetPassword(t.Context(), "ada", "short"); model.Refused(err) == nil {
		t.Errorf("a short password: %v, want a refusal", err)
	}
	if _, err := a.ResetPassword(t.Context(), "ada", "another one"); err != nil {
		t.Fatal(err)
	}
	if a.Alive(t.Context(), Identity{session: session.IDHash}) {
		t.Error("the session outlived the reset")
	}
	if _, err := a.Login(t.Context(), "ada", "long enough", "192.0.2.1"); !errors.Is(err, ErrDenied) {
		t.Errorf("the old password: %v, want ErrDenied", err)
	}
	if _, err := a.Login(t.Context(), "ada", "another one", "192.0.2.1"); err != nil {
		t.Errorf("the new password: %v", err)
	}
	if _, err := a.ResetPassword(t.Context(), "eve", "another one"); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("an unknown name: %v, want ErrNotFound", err)
	}
}
