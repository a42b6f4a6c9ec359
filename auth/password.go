package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"

	"golang.org/x/crypto/argon2"
)

// The cost of a password hash: OWASP's second choice for Argon2id, small enough for a Raspberry Pi.
const (
	argonTime    = 2
	argonMemory  = 19 * 1024 // KiB
	argonThreads = 1
	argonSalt    = 16
	argonKey     = 32
)

// HashPassword returns the password's Argon2id hash in PHC form. At most two hashes are computed at a time, so that a
// flood of sign-ins cannot take all memory; the others wait until ctx ends.
func (a *Auth) HashPassword(ctx context.Context, password string) (string, error) {
	if err := a.enter(ctx); err != nil {
		return "", err
	}
	defer a.leave()
	return hash(password)
}

// CheckPassword says whether the password is the one that was hashed.
func (a *Auth) CheckPassword(ctx context.Context, phc, password string) (bool, error) {
	if err := a.enter(ctx); err != nil {
		return false, err
	}
	defer a.leave()
	return matches(phc, password)
}

func (a *Auth) enter(ctx context.Context) error {
	select {
	case a.hashing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for a password check: %w", context.Cause(ctx))
	}
}

func (a *Auth) leave() { <-a.hashing }

func hash(password string) (string, error) {
	salt := make([]byte, argonSalt)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("read random bytes: %w", err)
	}
	key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey)
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, argonMemory, argonTime, argonThreads, enc.EncodeToString(salt), enc.EncodeToString(key)), nil
}

// matches reads the cost from the hash, so that hashes made at another cost keep working.
func matches(phc, password string) (bool, error) {
	var version, memory, time int
	var threads uint8
	var rest string
	if _, err := fmt.Sscanf(phc, "$argon2id$v=%d$m=%d,t=%d,p=%d$%s", &version, &memory, &time, &threads, &rest); err != nil {
		return false, fmt.Errorf("read password hash: %w", err)
	}
	salt, key, err := splitHash(rest)
	if err != nil || version != argon2.Version || time < 1 || threads < 1 || memory < 8 || memory > 1<<21 {
		return false, fmt.Errorf("read password hash: not a hash of this version")
	}
	got := argon2.IDKey([]byte(password), salt, uint32(time), uint32(memory), threads, uint32(len(key)))
	return subtle.ConstantTimeCompare(got, key) == 1, nil
}
