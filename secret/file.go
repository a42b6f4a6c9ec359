package secret

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/crypto/chacha20poly1305"

	"keepstead/model"
)

// fileMaster is a master key in a file: 64 hexadecimal digits.
type fileMaster struct{ path string }

// File returns the master key kept in the file at path. The file is made, readable by its owner alone, when the first
// key is wrapped; it is never overwritten.
func File(path string) Master { return fileMaster{path: path} }

// Wrap encrypts a data key, and makes the file where there is none.
func (m fileMaster) Wrap(key []byte) (model.DataKey, error) {
	master, err := m.read()
	if errors.Is(err, fs.ErrNotExist) {
		master, err = m.create()
	}
	if err != nil {
		return model.DataKey{}, err
	}
	return wrap(master, model.DataKey{Source: sourceFile}, key)
}

// Unwrap decrypts a data key. A missing file is ErrWrongKey: a new one would not fit.
func (m fileMaster) Unwrap(k model.DataKey) ([]byte, error) {
	if k.Source != sourceFile {
		return nil, fmt.Errorf("%w: it was set up with a passphrase; give it in KEEPSTEAD_MASTER_PASSPHRASE or "+
			"KEEPSTEAD_MASTER_PASSPHRASE_FILE", ErrWrongKey)
	}
	master, err := m.read()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: the key file %s is missing; put it back from a copy, since a new one cannot open "+
			"what the old one sealed", ErrWrongKey, m.path)
	}
	if err != nil {
		return nil, err
	}
	key, ok := unwrap(master, k)
	if !ok {
		return nil, fmt.Errorf("%w: the key in %s is not the one it was set up with; put the right file back", ErrWrongKey, m.path)
	}
	return key, nil
}

func (m fileMaster) read() (key []byte, err error) {
	f, err := os.Open(m.path)
	if err != nil {
		return nil, fmt.Errorf("read the master key: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read the master key: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read the master key: %s is not a file", m.path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("read the master key: other users can reach %s (mode %04o); run `chmod 600 %s`",
			m.path, info.Mode().Perm(), m.path)
	}
	text := make([]byte, 4*chacha20poly1305.KeySize)
	n, _ := f.Read(text)
	key, err = hex.DecodeString(string(bytes.TrimSpace(text[:n])))
	if err != nil || len(key) != chacha20poly1305.KeySize {
		return nil, fmt.Errorf("%w: %s does not hold a master key (64 hexadecimal digits); put the right file back", ErrWrongKey, m.path)
	}
	return key, nil
}

// create makes the key file and sees it on the disk before anything is sealed with it.
func (m fileMaster) create() ([]byte, error) {
	key := make([]byte, chacha20poly1305.KeySize)
	_, _ = rand.Read(key) // never fails
	f, err := os.OpenFile(m.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make the master key: %w", err)
	}
	_, err = f.WriteString(hex.EncodeToString(key) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close(), syncDir(filepath.Dir(m.path))); err != nil {
		// Half a key must not stay: it would be refused at the next start.
		return nil, fmt.Errorf("make the master key: %w", errors.Join(err, os.Remove(m.path)))
	}
	return key, nil
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
