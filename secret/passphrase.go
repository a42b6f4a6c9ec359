package secret

import (
	"crypto/rand"
	"fmt"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"

	"keepstead/model"
)

// Cost of the derivation: about a fifth of a second, once at the start.
const (
	argonTime    = 3
	argonMemory  = 64 * 1024 // KiB
	argonThreads = 4
	saltLen      = 16
	// minPassphrase is the shortest passphrase in characters that a database is set up with.
	minPassphrase = 12
)

// passphraseMaster is a master key derived from a text.
type passphraseMaster struct{ text string }

// Passphrase returns the master key that Argon2id derives from text, with a salt of its own for each data key.
func Passphrase(text string) Master { return passphraseMaster{text: text} }

// Format hides the passphrase from every verb.
func (passphraseMaster) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[passphrase]")) }

// Wrap encrypts a data key.
func (m passphraseMaster) Wrap(key []byte) (model.DataKey, error) {
	if utf8.RuneCountInString(m.text) < minPassphrase {
		return model.DataKey{}, fmt.Errorf("the master passphrase is too short; use at least %d characters", minPassphrase)
	}
	salt := make([]byte, saltLen)
	_, _ = rand.Read(salt) // never fails
	return wrap(m.derive(salt), model.DataKey{Source: sourcePassphrase, Salt: salt}, key)
}

// Unwrap decrypts a data key; another passphrase is ErrWrongKey.
func (m passphraseMaster) Unwrap(k model.DataKey) ([]byte, error) {
	if k.Source != sourcePassphrase {
		return nil, fmt.Errorf("%w: it was set up with a key file, not with a passphrase; start without "+
			"KEEPSTEAD_MASTER_PASSPHRASE and KEEPSTEAD_MASTER_PASSPHRASE_FILE", ErrWrongKey)
	}
	key, ok := unwrap(m.derive(k.Salt), k)
	if !ok {
		return nil, fmt.Errorf("%w: the master passphrase is not the one it was set up with", ErrWrongKey)
	}
	return key, nil
}

func (m passphraseMaster) derive(salt []byte) []byte {
	return argon2.IDKey([]byte(m.text), salt, argonTime, argonMemory, argonThreads, chacha20poly1305.KeySize)
}
