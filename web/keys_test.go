package web

import (
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"keepstead/model"
)

// TestKeysOfARepository adds a key of one's own, which is refused with what was typed but the password, and removes it after
// a question.
func TestKeysOfARepository(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	all, err := s.store.Destinations(t.Context())
	s.must(err)
	path := "/destinations/" + all[0].ID.String() + "/keys"
	page := func() string { t.Helper(); return s.do(ask{path: path, cookie: s.cookie}).body }
	wants(t, "with one key", page(), "1 key opens this repository", "in use", "Rotate key now")
	const own = "a password of my own"
	refused := s.post(path, s.cookie, url.Values{"name": {"Anna <b>"}, "password": {"short-one"}, "current_password": {testPassword}})
	if refused.status != http.StatusUnprocessableEntity || strings.Contains(refused.body, "short-one") {
		t.Errorf("with a short password: %d", refused.status)
	}
	wants(t, "with a short password", refused.body, "Use 10 to 256 characters.", `value="Anna &lt;b&gt;"`)
	if r := s.post(path, s.cookie, url.Values{"name": {"Anna <b>"}, "password": {own}}); r.status != http.StatusUnprocessableEntity {
		t.Errorf("without the user's password: %d", r.status)
	}
	if r := s.post(path, s.cookie, url.Values{"name": {"Anna <b>"}, "password": {own}, "current_password": {testPassword}}); r.status != http.StatusSeeOther || r.header.Get("Location") != path {
		t.Fatalf("with a password: %d", r.status)
	}
	keys, err := s.opts.Pages.Jobs.Keys(t.Context(), all[0].ID)
	s.must(err)
	if len(keys) != 2 || keys[1].User != "Anna <b>" {
		t.Fatalf("the keys are %+v", keys)
	}
	short := keys[1].ID[:8]
	if e := s.audited(); e.Act != model.ActAddKey || e.SubjectName != all[0].Name+": "+short {
		t.Errorf("the audit log has %+v", e)
	}
	wants(t, "with two keys", page(), "2 keys open this repository", "Anna &lt;b&gt;", path+"/"+keys[1].ID+"/remove")
	if strings.Contains(page(), path+"/"+keys[0].ID+"/remove") {
		t.Error("the key in use can be removed")
	}
	if r := s.post(path+"/"+keys[0].ID+"/remove", s.cookie, nil); r.status != http.StatusConflict {
		t.Errorf("remove the key in use: %d", r.status)
	}
	question := s.do(ask{path: path + "/" + keys[1].ID + "/remove", cookie: s.cookie})
	wants(t, "the question", question.body, "Remove the key of Anna &lt;b&gt;?", "no longer opens the repository")
	if r := s.post(path+"/"+keys[1].ID+"/remove", s.cookie, nil); r.status != http.StatusSeeOther {
		t.Errorf("remove: %d", r.status)
	}
	if e := s.audited(); e.Act != model.ActRemoveKey || e.SubjectName != all[0].Name+": "+short {
		t.Errorf("the audit log has %+v", e)
	}
	wants(t, "after the removal", page(), "1 key opens this repository")
	away := all[0].LocalPath + ".away"
	s.must(os.Rename(all[0].LocalPath, away))
	gone := s.post(path, s.cookie, url.Values{"name": {"Berta"}, "password": {own}, "current_password": {testPassword}})
	if gone.status < 400 {
		t.Errorf("without the storage: %d", gone.status)
	}
	wants(t, "without the storage", gone.body, `value="Berta"`)
	s.must(os.Rename(away, all[0].LocalPath))
	if r := s.post(path+"/rotate", s.cookie, nil); r.status != http.StatusSeeOther || !strings.HasPrefix(r.header.Get("Location"), "/jobs/") {
		t.Errorf("rotate: %d %s", r.status, r.header.Get("Location"))
	}
	if r := s.post(path+"/rotate", s.cookie, nil); r.status != http.StatusConflict {
		t.Errorf("rotate twice: %d", r.status)
	}
	if strings.Contains(s.log.String(), own) {
		t.Error("the password is in the log")
	}
}

// TestOwnKeys shows what seals the credentials, and replaces it.
func TestOwnKeys(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	all, err := s.store.Destinations(t.Context())
	s.must(err)
	before, err := s.store.DataKeys(t.Context())
	s.must(err)
	page := s.do(ask{path: "/settings/keys", cookie: s.cookie})
	wants(t, "the page", page.body, "1 credential", "a key file", "master.key", "key change-master passphrase", "/destinations/"+all[0].ID.String()+"/keys")
	wants(t, "the settings", s.do(ask{path: "/settings", cookie: s.cookie}).body, "/settings/keys", "Keys and rotation")
	if r := s.post("/settings/keys/rotate", s.cookie, nil); r.status != http.StatusSeeOther || r.header.Get("Location") != "/settings/keys" {
		t.Fatalf("rotate: %d", r.status)
	}
	after, err := s.store.DataKeys(t.Context())
	s.must(err)
	if len(after) != 1 || after[0].ID == before[0].ID {
		t.Errorf("the data keys are %+v", after)
	}
	wants(t, "a repository afterwards", s.do(ask{path: "/destinations/" + all[0].ID.String() + "/keys", cookie: s.cookie}).body, "1 key opens this repository")
}
