package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
)

var (
	errLength = &refusal{http.StatusLengthRequired, "Say how long the upload is."}
	errLarge  = &refusal{http.StatusRequestEntityTooLarge, "The upload is larger than any of restic's files."}
	errSmall  = &refusal{http.StatusBadRequest, "The upload is too small to be one of restic's files."}
	errTaken  = &refusal{http.StatusForbidden, "There is another file of this name already, and it stays."}
	errKey    = &refusal{http.StatusForbidden, "No key is added to a repository that is lent for adding backups."}
	errKnown  = &refusal{http.StatusForbidden, "No repository is made in the place of the one that was lent."}
	errLocks  = &refusal{http.StatusForbidden, "There are too many locks of this job."}
	errKept   = &refusal{http.StatusForbidden, "What was backed up is not removed through here."}
)

// maxLocks is how many locks one job may have at once. restic's commands have one, and two while they renew it.
const maxLocks = 1000

// save stores an upload. An upload of what is there already, byte for byte, is a success: its sender did not hear the
// first answer.
func (h *handler) save(s *stream, r *http.Request, t target) error {
	least, most := t.sizes()
	switch size := r.ContentLength; {
	case size < 0 || len(r.TransferEncoding) > 0:
		return errLength
	case size > most:
		return errLarge
	case size < least:
		return errSmall
	}
	if err := h.mayWrite(r.Context(), t); err != nil {
		return err
	}
	if err := h.claim(r.Context(), t); err != nil {
		return err
	}
	b := newBody(s, r.ContentLength, t.id)
	held, release, err := h.hold(b)
	defer release()
	if err == nil {
		err = h.storage.Save(r.Context(), t.name(), r.ContentLength, held)
	}
	taken := errors.Is(err, fs.ErrExist)
	if taken && !b.whole() {
		_, _ = io.Copy(io.Discard, b) // what is there was found before the upload was read
	}
	switch {
	case b.broken() != nil:
		return b.broken()
	case taken:
		err = h.same(r.Context(), t, b.sum())
	case err == nil && !b.whole():
		err = errors.New("the storage did not read the whole upload")
	}
	if err != nil {
		return fmt.Errorf("store %s: %w", t.name(), err)
	}
	return nil
}

// mayWrite refuses what append-only does not allow. A new repository gets its first key before its config.
func (h *handler) mayWrite(ctx context.Context, t target) error {
	if h.known && t.kind == kindConfig {
		h.counts.writes.Add(1)
		return errKnown
	}
	if !h.appendOnly || h.keys || t.kind != kindKeys {
		return nil
	}
	_, err := h.storage.Stat(ctx, kindConfig)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !h.known:
		return nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("look for a repository: %w", err)
	}
	h.counts.writes.Add(1)
	return errKey
}

// same returns nil when the file that is there has this hash.
func (h *handler) same(ctx context.Context, t target, sum string) error {
	stored, _, err := h.storage.Load(ctx, t.name(), 0, 0)
	if err != nil {
		return err
	}
	defer func() { _ = stored.Close() }()
	hash := sha256.New()
	if _, err := io.Copy(hash, stored); err != nil {
		return err
	}
	if hex.EncodeToString(hash.Sum(nil)) != sum {
		h.counts.writes.Add(1)
		return errTaken
	}
	return nil
}

// claim remembers a lock as this server's, before it is stored and whatever comes of that. One that is there already is
// another's: who sends it again must not become its owner.
func (h *handler) claim(ctx context.Context, t target) error {
	if t.kind != kindLocks || h.owned(t.id) {
		return nil
	}
	_, err := h.storage.Stat(ctx, t.name())
	if errors.Is(err, fs.ErrNotExist) {
		h.mu.Lock()
		defer h.mu.Unlock()
		if len(h.locks) >= maxLocks {
			return errLocks
		}
		h.locks[t.id] = true
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for a lock: %w", err)
	}
	return nil
}

// owned says whether a lock came through this server.
func (h *handler) owned(id string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.locks[id]
}

// unreturned names the locks that came through this server and were not removed.
func (h *handler) unreturned() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var names []string
	for id := range h.locks {
		names = append(names, kindLocks+"/"+id)
	}
	return names
}

// remove removes a file, where that is allowed. What is not there is told as such: restic deletes what it could not
// upload, and that is no attempt on a backup.
func (h *handler) remove(r *http.Request, t target) error {
	allowed := !h.appendOnly || t.kind == kindLocks && h.owned(t.id)
	if allowed && t.kind != kindConfig {
		if err := h.storage.Remove(r.Context(), t.name()); err != nil {
			return fmt.Errorf("remove %s: %w", t.name(), err)
		}
		h.mu.Lock()
		delete(h.locks, t.id)
		h.mu.Unlock()
		return nil
	}
	if _, err := h.storage.Stat(r.Context(), t.name()); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove %s: %w", t.name(), err)
	}
	h.counts.deletes.Add(1)
	return errKept
}
