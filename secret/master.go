package secret

import (
	"crypto/rand"
	"fmt"
	"time"

	"golang.org/x/crypto/chacha20poly1305"

	"keepstead/model"
)

// Master wraps and unwraps data keys. File and Passphrase are the two there are.
type Master interface {
	Wrap(key []byte) (model.DataKey, error)
	Unwrap(k model.DataKey) ([]byte, error)
}

// The sources of a master key, as model.DataKey.Source keeps them.
const (
	sourceFile       = "file"
	sourcePassphrase = "passphrase"
)

// wrap encrypts a data key with the master key and fills the row that keeps it.
func wrap(master []byte, k model.DataKey, key []byte) (model.DataKey, error) {
	aead, err := chacha20poly1305.NewX(master)
	if err != nil {
		return model.DataKey{}, fmt.Errorf("wrap the data key: %w", err)
	}
	k.ID, k.CreatedAt = model.NewID(), time.Now().UTC()
	nonce := make([]byte, chacha20poly1305.NonceSizeX)
	_, _ = rand.Read(nonce) // never fails
	k.Wrapped = aead.Seal(append([]byte{version}, nonce...), nonce, key, wrapBound(k))
	return k, nil
}

// unwrap decrypts a data key; false when the master key is another one or the row was changed.
func unwrap(master []byte, k model.DataKey) ([]byte, bool) {
	aead, err := chacha20poly1305.NewX(master)
	if err != nil || len(k.Wrapped) < 1+chacha20poly1305.NonceSizeX || k.Wrapped[0] != version {
		return nil, false
	}
	nonce, text := k.Wrapped[1:1+chacha20poly1305.NonceSizeX], k.Wrapped[1+chacha20poly1305.NonceSizeX:]
	key, err := aead.Open(nil, nonce, text, wrapBound(k))
	return key, err == nil && len(key) == chacha20poly1305.KeySize
}

// wrapBound ties a wrapped key to its row.
func wrapBound(k model.DataKey) []byte {
	return append([]byte("keepstead data key\x00"+k.Source+"\x00"+string(k.Salt)+"\x00"), k.ID[:]...)
}
