package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"keepstead/model"
)

// Login returns the user whose name and password these are. It fails with ErrDenied or Throttled. An unknown name
// takes as long as a wrong password.
func (a *Auth) Login(ctx context.Context, name, password, ip string) (model.User, error) {
	address, person := Network(ip), strings.ToLower(strings.TrimSpace(name))
	if wait := max(a.byAddress.wait(address), a.byName.wait(person)); wait > 0 {
		return model.User{}, Throttled{After: wait}
	}
	a.byAddress.count(address)
	a.byName.count(person)
	user, err := a.store.UserByName(ctx, strings.TrimSpace(name))
	phc := user.PasswordHash
	if errors.Is(err, model.ErrNotFound) {
		phc = a.decoy
	} else if err != nil {
		return model.User{}, fmt.Errorf("sign in: %w", err)
	}
	if len(password) > 4*model.MaxPassword {
		password = ""
	}
	ok, checkErr := a.CheckPassword(ctx, phc, password)
	if checkErr != nil {
		return model.User{}, fmt.Errorf("sign in: %w", checkErr)
	}
	if err != nil || !ok {
		return model.User{}, ErrDenied
	}
	a.byAddress.forgive(address)
	a.byName.forgive(person)
	return user, nil
}
