package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"keepstead/model"
	"keepstead/store"
)

// codeAt is what an app with the secret shows at a moment.
func codeAt(t *testing.T, plain string, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCode(plain, at)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func TestStepOf(t *testing.T) {
	t.Parallel()
	const plain = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" // of RFC 6238, whose code at 59 s is 94287082
	at := time.Unix(59, 0)
	now := time.Date(2026, 5, 4, 3, 2, 10, 0, time.UTC)
	for name, tt := range map[string]struct {
		code string
		now  time.Time
		step int64
		ok   bool
	}{
		"the RFC's":          {"287082", at, 1, true},
		"this step":          {codeAt(t, plain, now), now, now.Unix() / 30, true},
		"the step before":    {codeAt(t, plain, now.Add(-30*time.Second)), now, now.Unix()/30 - 1, true},
		"the step after":     {codeAt(t, plain, now.Add(30*time.Second)), now, now.Unix()/30 + 1, true},
		"two steps before":   {codeAt(t, plain, now.Add(-60*time.Second)), now, 0, false},
		"two steps after":    {codeAt(t, plain, now.Add(60*time.Second)), now, 0, false},
		"of another secret":  {codeAt(t, "JBSWY3DPEHPK3PXP", now), now, 0, false},
		"nothing":            {"", now, 0, false},
		"the first digits":   {codeAt(t, plain, now)[:5], now, 0, false},
		"more than a code":   {codeAt(t, plain, now) + "0", now, 0, false},
		"the RFC's, in full": {"94287082", at, 0, false},
	} {
		if step, ok := stepOf(plain, tt.code, tt.now); step != tt.step || ok != tt.ok {
			t.Errorf("%s: step %d, %t; want %d, %t", name, step, ok, tt.step, tt.ok)
		}
	}
}

func TestOnlyDigits(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"123 456": "123456", " 1234-5678-9012\n": "123456789012", "": "", "abc": "", "１２３": "", strings.Repeat("7", 5000): strings.Repeat("7", 100),
	} {
		if got := onlyDigits(typed); got != want {
			t.Errorf("%.20q is %q", typed, got)
		}
	}
}

func TestRecoveryCodes(t *testing.T) {
	t.Parallel()
	codes, hashes := newRecoveryCodes("ABC")
	seen := map[string]bool{}
	for i, code := range codes {
		digits := onlyDigits(code)
		if len(code) != 14 || len(digits) != recoveryDigits || seen[code] || string(recoveryHash("ABC", digits)) != string(hashes[i]) {
			t.Errorf("%q is no code, or stands twice", code)
		}
		if string(recoveryHash("ABD", digits)) == string(hashes[i]) {
			t.Error("the hash does not depend on the secret")
		}
		seen[code] = true
	}
	if len(codes) != 10 || len(hashes) != 10 {
		t.Errorf("%d codes, %d hashes", len(codes), len(hashes))
	}
}

// enrol turns two-factor on for a new user and returns the secret and the recovery codes.
func enrol(t *testing.T, a *Auth, c *clock, name string) (who Identity, plain string, codes []string) {
	t.Helper()
	user, err := a.CreateUser(t.Context(), name, "long enough")
	if err != nil {
		t.Fatal(err)
	}
	who = Identity{User: user, session: digest(name)}
	e, err := a.StartTwoFactor(t.Context(), who, model.Proof{Password: "long enough"}, "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	codes, err = a.TurnOnTwoFactor(t.Context(), who, codeAt(t, e.Secret, c.now()))
	if err != nil {
		t.Fatal(err)
	}
	return who, e.Secret, codes
}

// TestTwoFactorTurnsOn wants the password first and a code that fits, ends other sessions alone, and keeps nothing plain.
func TestTwoFactorTurnsOn(t *testing.T) {
	t.Parallel()
	a, st, c := newAuth(t)
	ctx := t.Context()
	user, err := a.CreateUser(ctx, strings.Repeat("אda:&<", 33), "long enough")
	if err != nil {
		t.Fatal(err)
	}
	var own, other Identity
	for _, id := range []*Identity{&own, &other} {
		*id = Identity{User: user, session: digest(randomText(5))}
		s := model.Session{IDHash: id.session, UserID: user.ID, CreatedAt: c.now(), SeenAt: c.now(), ExpiresAt: c.now().Add(time.Hour)}
		if err := st.CreateSession(ctx, s); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.StartTwoFactor(ctx, own, model.Proof{Password: "wrong"}, "192.0.2.1"); model.Refused(err) == nil {
		t.Errorf("with a wrong password: %v", err)
	}
	if _, err := a.TurnOnTwoFactor(ctx, own, "123456"); !errors.Is(err, ErrNotEnrolling) {
		t.Errorf("before it was begun: %v", err)
	}
	e, err := a.StartTwoFactor(ctx, own, model.Proof{Password: "long enough"}, "192.0.2.1")
	if err != nil || len(e.Secret) != 32 || !strings.Contains(e.URL, "secret="+e.Secret) || strings.Contains(fmt.Sprintf("%v %+v %s", e, e, e), e.Secret) {
		t.Fatalf("%d characters of a secret, or it prints: %v", len(e.Secret), err)
	}
	if _, err := a.TurnOnTwoFactor(ctx, other, codeAt(t, e.Secret, c.now())); !errors.Is(err, ErrNotEnrolling) {
		t.Errorf("by another session: %v", err)
	}
	if _, err := a.TurnOnTwoFactor(ctx, own, "000000"); model.Refused(err) == nil {
		t.Errorf("with a wrong code: %v", err)
	}
	if on, err := a.HasTwoFactor(ctx, user.ID); on || err != nil {
		t.Fatalf("it is on before it was proved: %v", err)
	}
	if again, err := a.Enrolling(own); err != nil || again != e {
		t.Errorf("the secret is lost after a wrong code: %v", err)
	}
	if codes, err := a.TurnOnTwoFactor(ctx, own, codeAt(t, e.Secret, c.now())); err != nil || len(codes) != model.RecoveryCodes {
		t.Fatalf("%d recovery codes, %v", len(codes), err)
	}
	if !a.Alive(ctx, own) || a.Alive(ctx, other) {
		t.Error("the other session stands, or the own one does not")
	}
	if _, err := a.Enrolling(own); !errors.Is(err, ErrNotEnrolling) {
		t.Errorf("the secret is shown once more: %v", err)
	}
	if f, err := st.TwoFactor(ctx, user.ID); err != nil || strings.Contains(string(f.Secret), e.Secret) || f.Secret.Empty() {
		t.Errorf("the secret is not sealed: %v", err)
	}
	if _, err := a.StartTwoFactor(ctx, own, model.Proof{Password: "long enough"}, "192.0.2.1"); !errors.Is(err, model.ErrConflict) {
		t.Errorf("a second time: %v", err)
	}
}

func TestEnrolmentEnds(t *testing.T) {
	t.Parallel()
	c := &clock{at: time.Now()}
	e := newEnrolling(c.now)
	e.put([]byte("a"), model.Sealed("x"))
	c.add(enrolLife - time.Second)
	if _, ok := e.get([]byte("a")); !ok {
		t.Error("it ends too soon")
	}
	c.add(time.Second)
	if _, ok := e.get([]byte("a")); ok {
		t.Error("it does not end")
	}
	for i := range maxEnrolling + 50 {
		e.put([]byte(fmt.Sprint(i)), model.Sealed("x"))
	}
	if len(e.known) > maxEnrolling {
		t.Errorf("%d are remembered", len(e.known))
	}
}

// TestCodesAreUsedOnce takes each code and each recovery code once, at whatever place it is asked for.
func TestCodesAreUsedOnce(t *testing.T) {
	t.Parallel()
	a, _, c := newAuth(t)
	ctx := t.Context()
	ada, plain, codes := enrol(t, a, c, "ada")
	bob, _, bobs := enrol(t, a, c, "bob")
	steps := []struct {
		name     string
		who      Identity
		code     string
		recovery bool
		want     error
	}{
		{"that of turning on", ada, codeAt(t, plain, c.now()), false, ErrDenied},
		{"the next one", ada, codeAt(t, plain, c.now().Add(30*time.Second)), false, nil},
		{"the next one again", ada, codeAt(t, plain, c.now().Add(30*time.Second)), false, ErrDenied},
		{"one before it", ada, codeAt(t, plain, c.now()), false, ErrDenied},
		{"a recovery code", ada, strings.ReplaceAll(codes[3], "-", " "), true, nil},
		{"a recovery code again", ada, codes[3], false, ErrDenied},
		{"somebody else's", ada, bobs[0], false, ErrDenied},
		{"the own", bob, bobs[0], true, nil},
		{"nothing", ada, "", false, ErrDenied},
		{"an injection", ada, "' OR 1=1 --", false, ErrDenied},
	}
	for i, s := range steps {
		recovery, err := a.checkCode(ctx, s.who.User.ID, s.code, fmt.Sprintf("192.0.2.%d", i+10))
		if !errors.Is(err, s.want) || err == nil && recovery != s.recovery {
			t.Errorf("%s: %t, %v; want %t, %v", s.name, recovery, err, s.recovery, s.want)
		}
	}
	var good int
	var mu sync.Mutex
	var wait sync.WaitGroup
	c.add(10 * time.Minute)
	for i := range 6 {
		wait.Go(func() {
			if _, err := a.checkCode(ctx, bob.User.ID, bobs[1], fmt.Sprintf("198.51.100.%d", i)); err == nil {
				mu.Lock()
				defer mu.Unlock()
				good++
			}
		})
	}
	if wait.Wait(); good != 1 {
		t.Errorf("a recovery code was taken %d times at once", good)
	}
}

func TestCodesAreThrottled(t *testing.T) {
	t.Parallel()
	a, _, c := newAuth(t)
	ada, plain, codes := enrol(t, a, c, "ada")
	bob, bobs, _ := enrol(t, a, c, "bob")
	c.add(time.Minute)
	var throttled Throttled
	tries := 0
	for ; tries < 30; tries++ {
		if _, err := a.checkCode(t.Context(), ada.User.ID, "000000", fmt.Sprintf("192.0.2.%d", tries)); errors.As(err, &throttled) {
			break
		}
	}
	if tries < 5 || tries > 12 {
		t.Errorf("throttled after %d tries", tries)
	}
	if _, err := a.checkCode(t.Context(), ada.User.ID, codes[0], "198.51.100.1"); !errors.As(err, &throttled) {
		t.Errorf("a good code passes the throttle: %v", err)
	}
	if _, err := a.checkCode(t.Context(), bob.User.ID, codeAt(t, bobs, c.now()), "198.51.100.1"); err != nil {
		t.Errorf("somebody else is throttled too: %v", err)
	}
	if _, err := a.Login(t.Context(), "ada", "long enough", "198.51.100.1"); err != nil {
		t.Errorf("the password: %v", err)
	}
	if _, err := a.checkCode(t.Context(), ada.User.ID, codeAt(t, plain, c.now()), "198.51.100.2"); !errors.As(err, &throttled) {
		t.Errorf("the right password forgives wrong codes: %v", err)
	}
	c.add(throttled.After + time.Second)
	if _, err := a.checkCode(t.Context(), ada.User.ID, codeAt(t, plain, c.now()), "198.51.100.2"); err != nil {
		t.Errorf("still refused after the wait: %v", err)
	}
}

// TestCodesAreNotForgivenByAPause gives whoever comes back each quarter of an hour no more free guesses.
func TestCodesAreNotForgivenByAPause(t *testing.T) {
	t.Parallel()
	a, _, c := newAuth(t)
	ada, _, _ := enrol(t, a, c, "ada")
	guesses := 0
	guess := func() error {
		guesses++
		_, err := a.checkCode(t.Context(), ada.User.ID, "000000", fmt.Sprintf("192.0.2.%d", guesses))
		return err
	}
	var throttled Throttled
	for range 30 {
		if errors.As(guess(), &throttled) {
			break
		}
	}
	c.add(forgiveAfter + time.Minute)
	if err := guess(); !errors.Is(err, ErrDenied) {
		t.Errorf("one guess after the pause: %v", err)
	}
	if err := guess(); !errors.As(err, &throttled) {
		t.Errorf("the pause forgave the guesses before it: %v", err)
	}
	c.add(forgiveCodes + time.Minute)
	for range 3 {
		if err := guess(); !errors.Is(err, ErrDenied) {
			t.Errorf("a day later: %v", err)
		}
	}
}

// TestConfirmAsksForACodeToo wants the code wherever the password is asked for again, once two-factor is on.
func TestConfirmAsksForACodeToo(t *testing.T) {
	t.Parallel()
	a, st, c := newAuth(t)
	ctx := t.Context()
	ada, plain, codes := enrol(t, a, c, "ada")
	next := func() string {
		c.add(time.Minute)
		return codeAt(t, plain, c.now())
	}
	used := next()
	for name, tt := range map[string]struct {
		proof model.Proof
		field string
	}{
		"no code":        {model.Proof{Password: "long enough"}, "code"},
		"a wrong one":    {model.Proof{Password: "long enough", Code: "000000"}, "code"},
		"no password":    {model.Proof{Code: used}, "current_password"},
		"neither":        {model.Proof{}, "current_password"},
		"wrong password": {model.Proof{Password: "guess", Code: used}, "current_password"},
	} {
		err := a.Confirm(ctx, ada.User, tt.proof, "192.0.2.9")
		if r := model.Refused(err); len(r) != 1 || r[0].Field != tt.field {
			t.Errorf("%s: %v, want a refusal of %s", name, err, tt.field)
		}
	}
	if err := a.Confirm(ctx, ada.User, model.Proof{Password: "long enough", Code: used}, "192.0.2.9"); err != nil {
		t.Errorf("both: %v", err)
	}
	if err := a.ChangePassword(ctx, ada.User, model.Proof{Password: "long enough"}, "another one", "192.0.2.9"); model.Refused(err) == nil {
		t.Errorf("the password is changed without a code: %v", err)
	}
	fresh, err := a.RenewRecoveryCodes(ctx, ada, model.Proof{Password: "long enough", Code: next()}, "192.0.2.9")
	if err != nil || len(fresh) != model.RecoveryCodes {
		t.Fatalf("new codes: %d, %v", len(fresh), err)
	}
	if err := a.TurnOffTwoFactor(ctx, ada, model.Proof{Password: "long enough", Code: codes[0]}, "192.0.2.9"); model.Refused(err) == nil {
		t.Errorf("an old recovery code: %v", err)
	}
	if err := a.TurnOffTwoFactor(ctx, ada, model.Proof{Password: "long enough", Code: fresh[0]}, "192.0.2.9"); err != nil {
		t.Errorf("a new one: %v", err)
	}
	spent := model.AuditFilter{Acts: []model.AuditAct{model.ActUseRecoveryCode}}
	if log, err := st.AuditLog(ctx, spent); err != nil || len(log) != 1 || log[0].Actor != "ada" || log[0].IP != "192.0.2.9" || log[0].SubjectID != ada.User.ID {
		t.Errorf("of the recovery code that was used the audit log says %+v, %v", log, err)
	}
	if n, err := st.CountRecoveryCodes(ctx, ada.User.ID); n != 0 || err != nil {
		t.Errorf("%d recovery codes are left, %v", n, err)
	}
	if err := a.Confirm(ctx, ada.User, model.Proof{Password: "long enough"}, "192.0.2.9"); err != nil {
		t.Errorf("once it is off: %v", err)
	}
	if err := a.TurnOffTwoFactor(ctx, ada, model.Proof{Password: "long enough"}, "192.0.2.9"); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("off again: %v", err)
	}
}

func TestResetTwoFactor(t *testing.T) {
	t.Parallel()
	a, st, c := newAuth(t)
	ada, _, _ := enrol(t, a, c, "ada")
	session := model.Session{IDHash: digest("id"), UserID: ada.User.ID, CreatedAt: c.now(), SeenAt: c.now(), ExpiresAt: c.now().Add(time.Hour)}
	if err := st.CreateSession(t.Context(), session); err != nil {
		t.Fatal(err)
	}
	bare, err := New(st, a.log, Options{}) // as a command has it
	if err != nil {
		t.Fatal(err)
	}
	if user, err := bare.ResetTwoFactor(t.Context(), "ada"); err != nil || user.ID != ada.User.ID {
		t.Errorf("reset: %v", err)
	}
	if on, _ := a.HasTwoFactor(t.Context(), ada.User.ID); on || a.Alive(t.Context(), Identity{session: session.IDHash}) {
		t.Error("it is still on, or a session outlived it")
	}
	if _, err := bare.ResetTwoFactor(t.Context(), "ada"); !errors.Is(err, model.ErrConflict) {
		t.Errorf("again: %v", err)
	}
	if _, err := bare.ResetTwoFactor(t.Context(), "eve"); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
	deleteUser(t, st, a, c)
}

// deleteUser wants a second factor to go with its user.
func deleteUser(t *testing.T, st *store.Store, a *Auth, c *clock) {
	t.Helper()
	c.add(time.Hour)
	bob, _, _ := enrol(t, a, c, "bob")
	if err := st.DeleteUser(context.Background(), bob.User.ID); err != nil {
		t.Fatal(err)
	}
	if on, err := a.HasTwoFactor(t.Context(), bob.User.ID); on || err != nil {
		t.Errorf("a second factor outlived its user: %v", err)
	}
}
