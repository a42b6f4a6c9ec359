package views

import (
	"strings"
	"testing"

	"keepstead/model"
)

// TestRowsOfApps: what can be switched can be ticked for the bar, and a bad row says why, in the words of its job.
func TestRowsOfApps(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	row := func(a model.AppOverview) string {
		return render(t, AppRow(AppRowProps{Clock: s.chrome.Clock, App: a, Destinations: s.destinations}))
	}
	inOrder(t, row(s.apps[1]), `type="checkbox" name="app" value="`+id(31).String()+`" form="`+bulkID+`" aria-label="Choose nextcloud"`,
		"Failed", JobPath(id(231)), "The server does not know this access key.")
	inOrder(t, row(s.apps[2]), "Partial", JobPath(id(232)), "Saved, but 3 files could not be read.")
	off := s.apps[1]
	off.Configurations[0].Status = model.Paused
	lacks(t, row(off), "does not know this access key")
	gone := s.apps[2]
	gone.App.Gone = true
	lacks(t, row(gone), "checkbox", "could not be read")
	html := render(t, AppsPage(AppsProps{Chrome: s.chrome, Apps: s.apps[3:], Total: 3, Policies: s.policies, Query: "x", Page: 1}))
	inOrder(t, html, `id="`+bulkID+`"`, `action="/apps/bulk"`, `value="/apps?q=x"`, `data-chosen="app">0</b> chosen`, `name="act" value="on"`, `name="act" value="off"`, "Archive", `value="policy"`)
	if strings.Count(html, "<form") != strings.Count(html, "</form>") {
		t.Error("a form holds another")
	}
}
