// Package secret seals and opens credentials. Each value is encrypted with a data key (XChaCha20-Poly1305) and bound to
// the table, column and row it is kept in; the data key is itself wrapped by a master key, which comes from a file or
// from a passphrase and is never in the database.
package secret

import (
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"

	"github.com/google/uuid"
	"golang.org/x/crypto/chacha20poly1305"

	"keepstead/model"
)

var (
	// ErrWrongKey says that the master key does not fit the database. The error that wraps it says what to do.
	ErrWrongKey = errors.New("the master key does not fit this database")
	// ErrTampered says that a sealed value was changed, cut, or moved from the place it was sealed for.
	ErrTampered = errors.New("the stored credential was changed or moved and cannot be opened")
)

// version is the first byte of every sealed value.
const version = 1

// headLen is the length of what stands before the nonce: the version and the id of the data key.
const headLen = 1 + 16

// Box seals and opens with the data keys of one database.
type Box struct {
	master Master

	mu      sync.RWMutex
	keys    map[uuid.UUID]cipher.AEAD
	current uuid.UUID // seals; the others only open
}

// Format hides the keys from every verb.
func (b *Box) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[secret box]")) }

// NewDataKey returns a fresh data key, wrapped by the master key.
func NewDataKey(master Master) (model.DataKey, error) {
	key := make([]byte, chacha20poly1305.KeySize)
	_, _ = rand.Read(key) // never fails
	return master.Wrap(key)
}

// Open unwraps the data keys of a database; the last one is the one that seals. A master key that does not fit is
// ErrWrongKey with a sentence that says why.
func Open(master Master, keys []model.DataKey) (*Box, error) {
	b := &Box{master: master, keys: map[uuid.UUID]cipher.AEAD{}}
	for _, k := range keys {
		plain, err := master.Unwrap(k)
		if err != nil {
			return nil, fmt.Errorf("open the data key: %w", err)
		}
		if b.keys[k.ID], err = chacha20poly1305.NewX(plain); err != nil {
			return nil, fmt.Errorf("open the data key: %w", err)
		}
		b.current = k.ID
	}
	if len(keys) == 0 {
		return nil, errors.New("open the data key: the database has none")
	}
	return b, nil
}

// Label names the place of a sealed value, so that it opens nowhere else.
func Label(table, column string, row uuid.UUID) string {
	return table + "." + column + ":" + row.String()
}

// Seal encrypts plain for the place that label names. The empty text stays empty.
func (b *Box) Seal(plain, label string) (model.Sealed, error) {
	if plain == "" {
		return nil, nil
	}
	current, key := b.sealing()
	head := append([]byte{version}, current[:]...)
	nonce := make([]byte, chacha20poly1305.NonceSizeX)
	_, _ = rand.Read(nonce) // never fails
	out := append(append(make([]byte, 0, headLen+len(nonce)+len(plain)+chacha20poly1305.Overhead), head...), nonce...)
	return key.Seal(out, nonce, []byte(plain), bound(head, label)), nil
}

// Open decrypts a value that was sealed for the place that label names, or returns ErrTampered.
func (b *Box) Open(s model.Sealed, label string) (string, error) {
	if len(s) == 0 {
		return "", nil
	}
	if len(s) < headLen+chacha20poly1305.NonceSizeX+chacha20poly1305.Overhead || s[0] != version {
		return "", fmt.Errorf("open a credential: %w", ErrTampered)
	}
	head, rest := s[:headLen], s[headLen:]
	b.mu.RLock()
	key, ok := b.keys[uuid.UUID(head[1:])]
	b.mu.RUnlock()
	if !ok {
		return "", fmt.Errorf("open a credential: %w", ErrTampered)
	}
	nonce, text := rest[:chacha20poly1305.NonceSizeX], rest[chacha20poly1305.NonceSizeX:]
	plain, err := key.Open(nil, nonce, text, bound(head, label))
	if err != nil {
		return "", fmt.Errorf("open a credential: %w", ErrTampered)
	}
	return string(plain), nil
}

// sealing returns the key that seals now.
func (b *Box) sealing() (uuid.UUID, cipher.AEAD) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.current, b.keys[b.current]
}

// Next makes a fresh data key, wrapped by the same master key, and a box that seals with it. Know comes before the database
// takes the key, and Take after.
func (b *Box) Next() (model.DataKey, *Box, error) { return Next(b.master) }

// Next makes a fresh data key, wrapped by the master key, and a box that seals with it.
func Next(master Master) (model.DataKey, *Box, error) {
	key, err := NewDataKey(master)
	if err != nil {
		return key, nil, err
	}
	box, err := Open(master, []model.DataKey{key})
	return key, box, err
}

// Know opens with the key of another box from now on, and goes on sealing with its own: the database may show what the other
// sealed at any moment.
func (b *Box) Know(next *Box) {
	id, key := next.sealing()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.keys[id] = key
}

// Take seals with the key of another box from now on. The keys from before still open what somebody has read before the
// database took the new one; they end with the process.
func (b *Box) Take(next *Box) {
	id, key := next.sealing()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.keys[id], b.current = key, id
}

// KeyOf returns the id of the data key that sealed a value; the nil id for what is no sealed value.
func KeyOf(s model.Sealed) uuid.UUID {
	if len(s) < headLen || s[0] != version {
		return uuid.Nil
	}
	return uuid.UUID(s[1:headLen])
}

// bound is the additional data that ties a value to its head (version and key) and its place.
func bound(head []byte, label string) []byte { return append(append([]byte{}, head...), label...) }
