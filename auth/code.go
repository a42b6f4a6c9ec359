package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"keepstead/model"
	"keepstead/secret"
)

// What the apps that people have understand: six digits of SHA-1, a new code every thirty seconds.
const (
	codePeriod   = 30 // seconds
	codeSkew     = 1  // steps that a clock may be wrong by, either way
	secretLength = 20 // bytes
	// recoveryDigits is the length of a recovery code. It is digits alone, so that it can be typed where a code can.
	recoveryDigits = 12
)

// checkCode uses up a code of the user's app or a recovery code, and says whether it was one of those. It fails with
// model.ErrNotFound where two-factor is off, with ErrDenied, or with Throttled.
func (a *Auth) checkCode(ctx context.Context, user uuid.UUID, code, ip string) (recovery bool, err error) {
	factor, err := a.store.TwoFactor(ctx, user)
	if err != nil {
		return false, err
	}
	address, person := Network(ip), user.String()
	if wait := max(a.byAddress.wait(address), a.byCode.wait(person)); wait > 0 {
		return false, Throttled{After: wait}
	}
	a.byAddress.count(address)
	a.byCode.count(person)
	plain, err := a.openSecret(factor.UserID, factor.Secret)
	if err != nil {
		return false, err
	}
	digits := onlyDigits(code)
	if recovery = len(digits) == recoveryDigits; recovery {
		err = a.store.TakeRecoveryCode(ctx, user, recoveryHash(plain, digits))
	} else if step, ok := stepOf(plain, digits, a.now()); ok {
		err = a.store.TakeStep(ctx, user, step)
	} else {
		return false, ErrDenied
	}
	switch {
	case errors.Is(err, model.ErrNotFound): // used already, or never there
		return false, ErrDenied
	case err != nil:
		return false, fmt.Errorf("check a code: %w", err)
	}
	a.byAddress.forgive(address)
	a.byCode.forgive(person)
	return recovery, nil
}

// stepOf is the time step whose code this is, among those near now.
func stepOf(plain, code string, now time.Time) (step int64, ok bool) {
	present := now.Unix() / codePeriod
	for at := present - codeSkew; at <= present+codeSkew; at++ {
		want, err := hotp.GenerateCodeCustom(plain, uint64(at), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			step, ok = at, true
		}
	}
	return step, ok
}

// onlyDigits drops what people and apps put between the digits.
func onlyDigits(code string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, code[:min(len(code), 100)])
}

// recoveryHash is what is kept of a recovery code. Its key is the secret, which is sealed: whoever has the database alone
// cannot try codes until one fits.
func recoveryHash(plain, code string) []byte {
	mac := hmac.New(sha256.New, []byte(plain))
	mac.Write([]byte(code))
	return mac.Sum(nil)
}

// newRecoveryCodes makes codes to be shown, and what is kept of them.
func newRecoveryCodes(plain string) (codes []string, hashes [][]byte) {
	for range model.RecoveryCodes {
		n, _ := rand.Int(rand.Reader, big.NewInt(1_000_000_000_000)) // never fails
		code := fmt.Sprintf("%0*d", recoveryDigits, n)
		codes = append(codes, code[:4]+"-"+code[4:8]+"-"+code[8:])
		hashes = append(hashes, recoveryHash(plain, code))
	}
	return codes, hashes
}

// newSecret makes a secret, and the address by which an app takes it over.
func newSecret() (string, error) {
	key, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: issuer, Period: codePeriod, SecretSize: secretLength})
	if err != nil {
		return "", fmt.Errorf("make a secret: %w", err)
	}
	return key.Secret(), nil
}

func (a *Auth) sealSecret(user uuid.UUID, plain string) (model.Sealed, error) {
	if a.box == nil {
		return nil, errors.New("seal the secret of a second factor: there is no key")
	}
	return a.box.Seal(plain, secret.Label("two_factors", "secret", user))
}

func (a *Auth) openSecret(user uuid.UUID, sealed model.Sealed) (string, error) {
	if a.box == nil {
		return "", errors.New("open the secret of a second factor: there is no key")
	}
	return a.box.Open(sealed, secret.Label("two_factors", "secret", user))
}
