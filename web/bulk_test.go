package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"keepstead/model"
	"keepstead/store"
)

// TestBulk does one thing with several apps, as the form of the list does without scripts. An app that refuses holds
// nothing back, and is named with its reason.
func TestBulk(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	one, two, bare := s.findApp("one", true), s.findApp("two", true), s.findApp("bare", true)
	s.post303("/apps/"+one.ID.String()+"/accept", cookie, nil)
	s.post303("/apps/"+two.ID.String()+"/accept", cookie, nil)
	s.post303("/apps/"+bare.ID.String()+"/decline", cookie, nil)
	policy := model.Policy{ID: model.NewID(), Name: "Weekly", Enabled: true, Schedule: "0 4 * * 0", Retention: model.Retention{KeepLast: 3}}
	policy, err := s.store.CreatePolicy(t.Context(), policy)
	if err != nil {
		t.Fatal(err)
	}
	s.page("/apps?q=o", cookie, `name="app" value="`+one.ID.String()+`" form="apps-bulk"`, `id="apps-bulk"`, `name="next" value="/apps?q=o"`, "Switch on", "Switch off", "Weekly")
	if body := s.page("/apps", cookie); strings.Contains(body, `value="`+bare.ID.String()+`" form`) {
		t.Error("an app that follows nothing can be ticked")
	}
	of := func(app model.App) model.Configuration {
		t.Helper()
		got, err := s.store.Configurations(t.Context(), store.ConfigurationFilter{AppID: app.ID})
		if err != nil || len(got) != 1 {
			t.Fatalf("%d configurations, %v", len(got), err)
		}
		return got[0]
	}
	// says sends the form and returns what the next page says first.
	says := func(form url.Values, want string) {
		t.Helper()
		form.Set("next", "/apps?q=o")
		r := s.post("/apps/bulk", cookie, form)
		if r.status != http.StatusSeeOther || r.header.Get("Location") != "/apps?q=o" {
			t.Fatalf("%v: %d %s %.300s", form, r.status, r.header.Get("Location"), r.body)
		}
		said := s.do(ask{path: "/apps", cookie: cookie, header: map[string]string{"Cookie": cookie.Name + "=" + cookie.Value + "; " + flashOf(t, r)}})
		if !strings.Contains(said.body, want) {
			t.Errorf("%v does not say %q", form, want)
		}
	}
	both := []string{one.ID.String(), two.ID.String(), two.ID.String()}
	says(url.Values{"app": both, "act": {"off"}}, "2 apps are switched off.")
	if of(one).Enabled || of(two).Enabled {
		t.Error("an app is still on")
	}
	says(url.Values{"app": {two.ID.String()}, "act": {"on"}}, "1 app is switched on.")
	if of(one).Enabled || !of(two).Enabled {
		t.Error("the wrong app was switched on")
	}
	says(url.Values{"app": append(both, bare.ID.String(), model.NewID().String(), "x"), "act": {"policy"}, "policy_id": {policy.ID.String()}},
		"2 apps follow Weekly now. Nothing changed for bare: It follows no policy; protect it first. An app was not there any more.")
	if of(one).PolicyID != policy.ID || of(two).PolicyID != policy.ID {
		t.Error("an app follows another policy")
	}
	says(url.Values{"act": {"off"}}, "tick the apps first")
	says(url.Values{"app": both, "act": {"policy"}}, "choose the policy first")
	if r := s.post("/apps/bulk", cookie, url.Values{"app": both, "act": {"explode"}}); r.status != 422 {
		t.Errorf("an unknown act: %d", r.status)
	}
	if r := s.post("/apps/bulk", cookie, url.Values{"app": both, "act": {"policy"}, "policy_id": {model.NewID().String()}}); r.status != http.StatusNotFound {
		t.Errorf("an unknown policy: %d", r.status)
	}
	if !of(two).Enabled || of(two).PolicyID != policy.ID {
		t.Error("a refused form changed something")
	}
}

// flashOf is the cookie by which an answer has the next page say something.
func flashOf(t *testing.T, r reply) string {
	t.Helper()
	for _, c := range (&http.Response{Header: r.header}).Cookies() {
		if c.Name == "flash" {
			return c.Name + "=" + c.Value
		}
	}
	t.Fatal("the answer has the next page say nothing")
	return ""
}
