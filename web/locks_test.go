package web

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"keepstead/testbed"
)

// TestLocksAreRemovedAfterAQuestion shows a lock that a killed restic left, refuses to remove none, and removes the chosen.
func TestLocksAreRemovedAfterAQuestion(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	all, err := s.store.Destinations(t.Context())
	s.must(err)
	path := "/destinations/" + all[0].ID.String() + "/locks"
	page := func() string { t.Helper(); return s.do(ask{path: path, cookie: s.cookie}).body }
	wants(t, "without a lock", page(), "No locks")
	password, err := s.opts.Pages.Jobs.RepositoryPassword(all[0])
	s.must(err)
	id, _ := testbed.LeaveLock(t, s.repository, password, "")
	wants(t, "with a lock", page(), `value="`+id+`"`, "not exclusive", "can damage what it writes")
	if r := s.post(path, s.cookie, nil); r.status != http.StatusUnprocessableEntity {
		t.Errorf("with none chosen: %d", r.status)
	} else {
		wants(t, "with none chosen", r.body, "Choose at least one lock.", id)
	}
	if r := s.post(path, s.cookie, url.Values{"locks": {id}}); r.status != http.StatusSeeOther {
		t.Errorf("with one chosen: %d", r.status)
	}
	if _, err := os.Stat(filepath.Join(s.repository, "locks", id)); !os.IsNotExist(err) {
		t.Errorf("the lock is still there: %v", err)
	}
	s.must(os.Rename(s.repository, s.repository+".gone"))
	wants(t, "without its repository", page(), "cannot be read now")
}
