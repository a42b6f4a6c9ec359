package web

import (
	"net/http"
	"net/url"
	"testing"

	"keepstead/model"
	"keepstead/testbed"
)

// TestSettingsSayWhetherKeepsteadIsBackedUp has the parts of Keepstead on the settings page, first without a place for them,
// then with one that holds nothing yet, where they can be backed up at once.
func TestSettingsSayWhetherKeepsteadIsBackedUp(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	wants(t, "without a destination", s.do(ask{path: "/settings", cookie: cookie}).body, "Keepstead itself", "No destination")
	dir, password := testbed.Repository(t)
	manager := s.opts.Pages.Jobs
	manager.Restic = testbed.Restic(t)
	if _, err := manager.AddDestination(t.Context(), model.Destination{Name: "Attic", Type: model.DestinationLocal, LocalPath: dir}, model.DestinationSecrets{RepoPassword: password}); err != nil {
		t.Fatal(err)
	}
	apps, err := s.store.Apps(t.Context())
	if err != nil || len(apps) == 0 {
		t.Fatalf("%d apps, %v", len(apps), err)
	}
	page := s.do(ask{path: "/settings", cookie: cookie}).body
	for _, a := range apps {
		wants(t, "the settings", page, a.Name, "Nothing in Attic", "Next run", `action="/apps/`+a.ID.String()+`/backup"`)
	}
	r := s.post("/apps/"+apps[0].ID.String()+"/backup", cookie, url.Values{"next": {"/settings"}})
	if r.status != http.StatusSeeOther || r.header.Get("Location") != "/settings" {
		t.Errorf("back up now: %d to %s", r.status, r.header.Get("Location"))
	}
}
