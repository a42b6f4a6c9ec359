package auth

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"keepstead/model"
)

const setupCodeLength = 22 // 131 bits

// SetupCode is the one-time code that the program prints at its first start. It is good for one user, and changes
// with every start.
func (a *Auth) SetupCode() string { return a.code }

// NeedsSetup says that there is no user yet.
func (a *Auth) NeedsSetup(ctx context.Context) (bool, error) {
	n, err := a.store.CountUsers(ctx)
	if err != nil {
		return false, fmt.Errorf("count users: %w", err)
	}
	return n == 0, nil
}

// CheckCode says whether the set-up code is right. It fails with ErrDenied or Throttled.
func (a *Auth) CheckCode(code, ip string) error {
	address := Network(ip)
	if wait := a.byAddress.wait(address); wait > 0 {
		return Throttled{After: wait}
	}
	if subtle.ConstantTimeCompare([]byte(code), []byte(a.code)) != 1 {
		a.byAddress.count(address)
		return ErrDenied
	}
	return nil
}

// Setup creates the first user for whoever has the set-up code. It fails with ErrDenied, Throttled, ErrSetUp when a
// user exists, or model.Invalids.
func (a *Auth) Setup(ctx context.Context, code, name, password, ip string) (model.User, error) {
	first, err := a.NeedsSetup(ctx)
	switch {
	case err != nil:
		return model.User{}, err
	case !first:
		return model.User{}, ErrSetUp
	}
	if err := a.CheckCode(code, ip); err != nil {
		return model.User{}, err
	}
	user, err := a.newUser(ctx, name, password)
	if err != nil {
		return model.User{}, err
	}
	user, err = a.store.CreateFirstUser(ctx, user)
	if errors.Is(err, model.ErrConflict) {
		return model.User{}, ErrSetUp
	}
	return user, err
}

// CreateUser adds a user with a checked name and password.
func (a *Auth) CreateUser(ctx context.Context, name, password string) (model.User, error) {
	user, err := a.newUser(ctx, name, password)
	if err != nil {
		return model.User{}, err
	}
	return a.store.CreateUser(ctx, user)
}

// RemoveUser deletes another user and ends the user's sessions. Oneself, and the last one, is a Conflict.
func (a *Auth) RemoveUser(ctx context.Context, who Identity, id uuid.UUID) error {
	if err := who.Removes(id); err != nil {
		return err
	}
	return a.store.DeleteUser(ctx, id)
}

// Removes says whether the identity may remove a user: a Conflict for oneself, so that a page is never left behind by
// whoever stands in front of it.
func (i Identity) Removes(id uuid.UUID) error {
	if id == i.User.ID {
		return model.Conflict{Reason: "You cannot remove yourself. Another user can."}
	}
	return nil
}

func (a *Auth) newUser(ctx context.Context, name, password string) (model.User, error) {
	name = strings.TrimSpace(name)
	if err := model.ValidateUser(name, password); err != nil {
		return model.User{}, err
	}
	phc, err := a.HashPassword(ctx, password)
	return model.User{ID: model.NewID(), Name: name, PasswordHash: phc}, err
}

// ChangePassword gives the user a new password when the current one is right, and ends all of the user's sessions. A
// wrong current password counts as a failed sign-in.
func (a *Auth) ChangePassword(ctx context.Context, user model.User, proof model.Proof, password, ip string) error {
	if err := a.Confirm(ctx, user, proof, ip); err != nil {
		return err
	}
	a.halves.forget(user)
	return a.setPassword(ctx, user, password)
}

// Confirm has somebody who is signed in prove it as at the sign-in: with the password, refused at current_password, and
// with a code, refused at code, where two-factor is on. Wrong ones are counted as at the sign-in. That a recovery code was
// used is in the audit log, whatever becomes of the act it was given for.
func (a *Auth) Confirm(ctx context.Context, user model.User, proof model.Proof, ip string) error {
	_, err := a.Login(ctx, user.Name, proof.Password, ip)
	if errors.Is(err, ErrDenied) {
		return model.Invalid{Field: "current_password", Reason: "This is not your password."}
	}
	if err != nil {
		return err
	}
	recovery, err := a.checkCode(ctx, user.ID, proof.Code, ip)
	switch {
	case err == nil && recovery:
		a.recordRecoveryCode(ctx, user, ip)
	case errors.Is(err, model.ErrNotFound): // two-factor is off
		return nil
	case errors.Is(err, ErrDenied):
		return WrongCode()
	}
	return err
}

// recordRecoveryCode writes it down; the code is used up, and what is missing in the audit log does not change that.
func (a *Auth) recordRecoveryCode(ctx context.Context, user model.User, ip string) {
	err := a.store.CreateAuditEntry(context.WithoutCancel(ctx), model.AuditEntry{
		ActorKind: model.ActorUser, Actor: user.Name, IP: ip, Act: model.ActUseRecoveryCode, Outcome: model.AuditDone,
		SubjectKind: model.SubjectUser, SubjectID: user.ID, SubjectName: user.Name,
	})
	if err != nil {
		a.log.Error("the use of a recovery code is missing in the audit log", "user", user.Name, "error", err)
	}
}

// WrongCode is the refusal of a code at its field. One that was used a moment ago is as wrong as any other.
func WrongCode() model.Invalid {
	return model.Invalid{Field: "code", Reason: "This code is not right, or was used already. Wait for the next one your app shows."}
}

// ResetPassword gives the named user a new password, ends all of the user's sessions, and returns the user.
func (a *Auth) ResetPassword(ctx context.Context, name, password string) (model.User, error) {
	user, err := a.store.UserByName(ctx, name)
	if err != nil {
		return user, fmt.Errorf("find user %q: %w", name, err)
	}
	return user, a.setPassword(ctx, user, password)
}

// setPassword checks and stores a new password; the store ends the user's sessions with it.
func (a *Auth) setPassword(ctx context.Context, user model.User, password string) error {
	if err := model.ValidateUser(user.Name, password); err != nil {
		return err
	}
	phc, err := a.HashPassword(ctx, password)
	if err != nil {
		return err
	}
	return a.store.SetPassword(ctx, user.ID, phc)
}
