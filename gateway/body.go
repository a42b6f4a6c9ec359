package gateway

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"
)

// body is an upload on its way to a storage. It keeps its last bytes back until the hash is known to be right: whoever
// reads it never sees a whole file that is not what its name says.
type body struct {
	from io.Reader
	left int64
	want string // hexadecimal; empty where the name says nothing
	hash hash.Hash
	err  error
}

func newBody(from io.Reader, size int64, want string) *body {
	return &body{from: from, left: size, want: want, hash: sha256.New()}
}

var (
	errHash  = &refusal{http.StatusBadRequest, "The content is not what its name says; nothing was stored."}
	errShort = &refusal{http.StatusBadRequest, "The upload is shorter than was said; nothing was stored."}
)

// Read gives the next bytes.
func (b *body) Read(p []byte) (int, error) {
	if b.err != nil || len(p) == 0 {
		return 0, b.err
	}
	n, err := b.from.Read(p[:min(int64(len(p)), b.left)])
	b.hash.Write(p[:n])
	b.left -= int64(n)
	switch {
	case b.left == 0 && b.want != "" && b.sum() != b.want:
		b.err = errHash
		return 0, b.err
	case b.left == 0:
		b.err = io.EOF
		return n, nil
	case errors.Is(err, io.EOF):
		b.err = errShort
	case err != nil:
		b.err = fmt.Errorf("read the upload: %w (%w)", errShort, err)
	}
	return n, b.err
}

// sum returns the hash of what was read.
func (b *body) sum() string { return hex.EncodeToString(b.hash.Sum(nil)) }

// whole says whether all was read, and is what its name says.
func (b *body) whole() bool { return errors.Is(b.err, io.EOF) }

// broken returns what is wrong with the upload itself.
func (b *body) broken() error {
	if b.whole() {
		return nil
	}
	return b.err
}

// hold takes an upload in, so that it can be read more than once: a small one into memory, another into a file without
// a name. Where there is no folder for that, the upload itself is returned.
func (h *handler) hold(b *body) (held io.Reader, release func(), err error) {
	release = func() {}
	switch {
	case b.left <= maxSmall:
		content := make([]byte, b.left)
		_, err := io.ReadFull(b, content)
		return bytes.NewReader(content), release, err
	case h.spool == "":
		return b, release, nil
	}
	size := b.left
	file, err := os.CreateTemp(h.spool, ".keepstead-upload-*")
	if err != nil {
		return nil, release, fmt.Errorf("keep the upload: %w", err)
	}
	release = func() { _ = file.Close() }
	if err := os.Remove(file.Name()); err != nil {
		return nil, release, fmt.Errorf("keep the upload: %w", err)
	}
	if _, err := io.Copy(file, b); err != nil {
		return nil, release, fmt.Errorf("keep the upload: %w", err)
	}
	return io.NewSectionReader(file, 0, size), release, nil
}
