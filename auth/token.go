package auth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"time"

	"keepstead/model"
)

const (
	tokenPrefix = "ks_"
	tokenLength = 43 // 256 bits
	touchEvery  = time.Minute
)

// CreateToken makes an API token and returns it with its row. The token itself is shown this once: the store has only
// its hash.
func (a *Auth) CreateToken(ctx context.Context, name string) (string, model.Token, error) {
	name = strings.TrimSpace(name)
	if err := model.ValidateTokenName(name); err != nil {
		return "", model.Token{}, err
	}
	plain := tokenPrefix + randomText(tokenLength)
	token, err := a.store.CreateToken(ctx, model.Token{ID: model.NewID(), Name: name, Hash: digest(plain), CreatedAt: a.now().UTC()})
	if err != nil {
		return "", model.Token{}, fmt.Errorf("create token %q: %w", name, err)
	}
	return plain, token, nil
}

// Token returns the token in an Authorization header. It fails with ErrDenied, or with Throttled once an address has
// sent many bad ones; a good token always passes, so that a neighbour's mistakes do not shut it out.
func (a *Auth) Token(ctx context.Context, header, ip string) (model.Token, error) {
	scheme, plain, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return model.Token{}, ErrDenied
	}
	token, err := a.lookUp(ctx, strings.TrimSpace(plain))
	if !errors.Is(err, ErrDenied) {
		return token, err
	}
	address := Network(ip)
	if wait := a.byToken.wait(address); wait > 0 {
		return model.Token{}, Throttled{After: wait}
	}
	a.byToken.count(address)
	return model.Token{}, ErrDenied
}

func (a *Auth) lookUp(ctx context.Context, plain string) (model.Token, error) {
	if len(plain) != len(tokenPrefix)+tokenLength || !strings.HasPrefix(plain, tokenPrefix) {
		return model.Token{}, ErrDenied
	}
	sum := digest(plain)
	token, err := a.store.TokenByHash(ctx, sum)
	if errors.Is(err, model.ErrNotFound) {
		return model.Token{}, ErrDenied
	}
	if err != nil {
		return model.Token{}, fmt.Errorf("look up token: %w", err)
	}
	now := a.now()
	if subtle.ConstantTimeCompare(sum, token.Hash) != 1 || token.ExpiresAt != nil && !now.Before(*token.ExpiresAt) {
		return model.Token{}, ErrDenied
	}
	if token.LastUsedAt == nil || now.Sub(*token.LastUsedAt) >= touchEvery {
		if err := a.store.TouchToken(ctx, token.ID, now.UTC()); err != nil {
			return model.Token{}, fmt.Errorf("note the token's use: %w", err)
		}
	}
	return token, nil
}

// digest is what the store keeps of a token or a session id. Both are 256 random bits, so one round is enough.
func digest(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}
