package auth

import (
	"bytes"
	"context"
	"encoding/base32"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/pquerna/otp/totp"

	"keepstead/model"
)

const (
	issuer = "Keepstead"
	// enrolLife is how long somebody may take from the secret to the first code.
	enrolLife    = 15 * time.Minute
	maxEnrolling = 100
	// maxAccount is how many characters of a user's name apps are told: a longer one fits into no QR code.
	maxAccount = 60
)

// ErrNotEnrolling says that no secret waits for its first code, or not any more.
var ErrNotEnrolling = errors.New("no second factor is being set up")

// Enrolment is what an app needs to make codes: it is shown once, to be scanned or typed.
type Enrolment struct {
	Secret string // in base32
	URL    string // otpauth://
}

// Format hides the secret from every verb.
func (Enrolment) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[enrolment]")) }

// HasTwoFactor says whether the user's sign-in asks for a code.
func (a *Auth) HasTwoFactor(ctx context.Context, user uuid.UUID) (bool, error) {
	_, err := a.store.TwoFactor(ctx, user)
	if errors.Is(err, model.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// StartTwoFactor makes a secret for somebody who gives the password. It asks for nothing until a code of it comes back.
func (a *Auth) StartTwoFactor(ctx context.Context, who Identity, proof model.Proof, ip string) (Enrolment, error) {
	on, err := a.HasTwoFactor(ctx, who.User.ID)
	if err != nil {
		return Enrolment{}, err
	}
	if on {
		return Enrolment{}, model.Conflict{Reason: "Two-factor is on already."}
	}
	if err := a.Confirm(ctx, who.User, proof, ip); err != nil {
		return Enrolment{}, err
	}
	plain, err := newSecret()
	if err != nil {
		return Enrolment{}, err
	}
	sealed, err := a.sealSecret(who.User.ID, plain)
	if err != nil {
		return Enrolment{}, err
	}
	a.enrolling.put(who.session, sealed)
	return enrolmentOf(plain, who.User.Name)
}

// Enrolling is what StartTwoFactor returned to this session, to be shown again after a wrong code.
func (a *Auth) Enrolling(who Identity) (Enrolment, error) {
	plain, err := a.enrolled(who)
	if err != nil {
		return Enrolment{}, err
	}
	return enrolmentOf(plain, who.User.Name)
}

func (a *Auth) enrolled(who Identity) (string, error) {
	sealed, ok := a.enrolling.get(who.session)
	if !ok {
		return "", ErrNotEnrolling
	}
	return a.openSecret(who.User.ID, sealed)
}

func enrolmentOf(plain, name string) (Enrolment, error) {
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(plain)
	if err != nil {
		return Enrolment{}, fmt.Errorf("read a secret: %w", err)
	}
	account := []rune(name)
	key, err := totp.Generate(totp.GenerateOpts{
		Issuer: issuer, AccountName: string(account[:min(len(account), maxAccount)]), Period: codePeriod, Secret: raw,
	})
	if err != nil {
		return Enrolment{}, fmt.Errorf("make the address of a secret: %w", err)
	}
	return Enrolment{Secret: plain, URL: key.URL()}, nil
}

// TurnOnTwoFactor has the user's sign-in ask for codes from now on, once a first one shows that the app has the secret. It
// ends the user's other sessions and returns the recovery codes, which are shown this once. It fails with ErrNotEnrolling,
// Throttled, or a refusal at code.
func (a *Auth) TurnOnTwoFactor(ctx context.Context, who Identity, code string) ([]string, error) {
	plain, err := a.enrolled(who)
	if err != nil {
		return nil, err
	}
	person := who.User.ID.String()
	if wait := a.byCode.wait(person); wait > 0 {
		return nil, Throttled{After: wait}
	}
	a.byCode.count(person)
	step, ok := stepOf(plain, onlyDigits(code), a.now())
	if !ok {
		return nil, model.Invalid{Field: "code", Reason: "This code is not right. Check that the clocks of your device and of this machine are right, and give the code that your app shows now."}
	}
	a.sealing.Lock()
	defer a.sealing.Unlock()
	sealed, err := a.sealSecret(who.User.ID, plain)
	if err != nil {
		return nil, err
	}
	codes, hashes := newRecoveryCodes(plain)
	factor := model.TwoFactor{UserID: who.User.ID, Secret: sealed, LastStep: step, CreatedAt: a.now().UTC()}
	if err := a.store.CreateTwoFactor(ctx, factor, hashes, who.session); err != nil {
		return nil, err
	}
	a.enrolling.drop(who.session)
	a.byCode.forgive(person)
	return codes, nil
}

// RenewRecoveryCodes replaces all recovery codes of somebody who proves who they are, and returns the new ones.
func (a *Auth) RenewRecoveryCodes(ctx context.Context, who Identity, proof model.Proof, ip string) ([]string, error) {
	factor, err := a.store.TwoFactor(ctx, who.User.ID)
	if err != nil {
		return nil, err
	}
	if err := a.Confirm(ctx, who.User, proof, ip); err != nil {
		return nil, err
	}
	plain, err := a.openSecret(who.User.ID, factor.Secret)
	if err != nil {
		return nil, err
	}
	codes, hashes := newRecoveryCodes(plain)
	return codes, a.store.SetRecoveryCodes(ctx, who.User.ID, hashes)
}

// TurnOffTwoFactor has the password be enough again, for somebody who proves who they are.
func (a *Auth) TurnOffTwoFactor(ctx context.Context, who Identity, proof model.Proof, ip string) error {
	if err := a.Confirm(ctx, who.User, proof, ip); err != nil {
		return err
	}
	return a.store.DeleteTwoFactor(ctx, who.User.ID)
}

// ResetTwoFactor has the password of the named user be enough again, ends the user's sessions, and returns the user.
func (a *Auth) ResetTwoFactor(ctx context.Context, name string) (model.User, error) {
	user, err := a.store.UserByName(ctx, name)
	if err != nil {
		return user, fmt.Errorf("find user %q: %w", name, err)
	}
	err = a.store.ResetTwoFactor(ctx, user.ID)
	if errors.Is(err, model.ErrNotFound) {
		err = model.Conflict{Reason: "Two-factor is off for this user."}
	}
	return user, err
}

// enrolling remembers sealed secrets that wait for their first code, by the session that asked.
type enrolling struct {
	now func() time.Time

	mu    sync.Mutex
	known []enrolled
}

type enrolled struct {
	session []byte
	secret  model.Sealed
	made    time.Time
}

func newEnrolling(now func() time.Time) *enrolling { return &enrolling{now: now} }

func (e *enrolling) put(session []byte, secret model.Sealed) {
	e.drop(session)
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.known) >= maxEnrolling {
		e.known = e.known[1:]
	}
	e.known = append(e.known, enrolled{session, secret, e.now()})
}

func (e *enrolling) get(session []byte) (model.Sealed, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, k := range e.known {
		if bytes.Equal(k.session, session) && e.now().Sub(k.made) < enrolLife {
			return k.secret, true
		}
	}
	return nil, false
}

func (e *enrolling) drop(session []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var rest []enrolled
	for _, k := range e.known {
		if !bytes.Equal(k.session, session) && e.now().Sub(k.made) < enrolLife {
			rest = append(rest, k)
		}
	}
	e.known = rest
}
