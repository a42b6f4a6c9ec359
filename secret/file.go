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
	"time"

	"golang.org/x/crypto/chacha20poly1305"

	"keepstead/model"
)

// FileName is the name of the file with the master key in the data directory.
const FileName = "master.key"

// The names beside a key file: of the one that replaces it once the database has taken it, and what those begin with that were
// replaced.
const (
	nextSuffix = ".new"
	oldSuffix  = ".old"
)

// fileMaster is a master key in a file: 64 hexadecimal digits.
type fileMaster struct{ path string }

// File returns the master key kept in the file at path. The file is made, readable by its owner alone, when the first
// key is wrapped; it is never overwritten.
func File(path string) Master { return fileMaster{path: path} }

// NextFile returns a master key in a fresh file beside the one at path. Once the database has taken it, SettleFile puts the
// file in its place; so does File where it finds that this was cut off.
func NextFile(path string) (Master, error) {
	// What lies there is of a try that was cut off before the database took it: whoever changes the master key has opened
	// the database with the file at path, or with a passphrase.
	if err := os.Remove(path + nextSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("make the master key: %w", err)
	}
	return fileMaster{path: path + nextSuffix}, nil
}

// SettleFile puts the file of NextFile into its place. The one from before is kept beside it under a name of its own, since
// copies of the database from before open with that alone; old is its path, empty where there was none.
func SettleFile(path string) (old string, err error) {
	if _, err := os.Stat(path + nextSuffix); err != nil {
		return "", fmt.Errorf("put the new master key in its place: %w", err)
	}
	old, err = setAside(path)
	if err != nil {
		return "", fmt.Errorf("put the old master key aside: %w", err)
	}
	if err := errors.Join(os.Rename(path+nextSuffix, path), syncDir(filepath.Dir(path))); err != nil {
		return old, fmt.Errorf("put the new master key in its place: %w", err)
	}
	return old, nil
}

// setAside gives a file a name with the time that no other has: an older key opens what no newer one does.
func setAside(path string) (old string, err error) {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	stamp := path + oldSuffix + "." + time.Now().UTC().Format("20060102T150405Z")
	for n := 1; ; n++ {
		if old = stamp; n > 1 {
			old = fmt.Sprintf("%s-%d", stamp, n)
		}
		_, err := os.Lstat(old)
		if errors.Is(err, fs.ErrNotExist) {
			return old, os.Rename(path, old)
		}
		if err != nil {
			return "", err
		}
	}
}

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
	if key, ok := m.settle(k); ok {
		return key, nil
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

// settle puts a file that NextFile made into its place where the database has taken it already: only that it opens the data
// key says so.
func (m fileMaster) settle(k model.DataKey) ([]byte, bool) {
	master, err := fileMaster{path: m.path + nextSuffix}.read()
	if err != nil {
		return nil, false
	}
	key, ok := unwrap(master, k)
	if ok {
		_, err = SettleFile(m.path)
	}
	return key, ok && err == nil
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
