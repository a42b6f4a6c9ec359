package web

import (
	"net/http"
	"testing"

	"keepstead/model"
)

// TestPoliciesGoAfterAQuestion: to delete a policy, or to have an app stop following one, is asked first, and the question
// itself takes nothing away. A policy that cannot be deleted is not asked about.
func TestPoliciesGoAfterAQuestion(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx, cookie := t.Context(), s.signIn()
	device, err := s.store.LocalDevice(ctx)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.store.CreatePolicy(ctx, model.Policy{Name: "Weekly", Schedule: "@weekly", Enabled: true})
	if err != nil {
		t.Fatal(err)
	}
	app, err := s.store.CreateApp(ctx, model.App{Name: "Photos", Kind: model.AppFolders, DeviceID: device.ID, Origin: model.OriginManual, Paths: []string{"/srv"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	conf, err := s.store.CreateConfiguration(ctx, model.Configuration{AppID: app.ID, PolicyID: p.ID, Enabled: true, ExcludePaths: []string{"*.tmp"}})
	if err != nil {
		t.Fatal(err)
	}
	unfollow, remove := "/configurations/"+conf.ID.String()+"/delete", "/policies/"+p.ID.String()+"/delete"
	for _, path := range []string{remove, "/policies/" + s.defaultPolicy() + "/delete"} {
		if r := s.do(ask{path: path, cookie: cookie}); r.status != http.StatusSeeOther {
			t.Errorf("a policy that stays is asked about at %s: %d", path, r.status)
		}
	}
	r := s.do(ask{path: unfollow, cookie: cookie})
	wants(t, "the question", r.body, "Weekly no longer backs up Photos.", "Photos is then backed up nowhere.", "What was set for it there is lost", `action="`+unfollow+`"`)
	if _, err := s.store.Configuration(ctx, conf.ID); err != nil {
		t.Errorf("the question itself did it: %v", err)
	}
	if r := s.post(unfollow, cookie, nil); r.status != http.StatusSeeOther {
		t.Fatalf("stop following: %d", r.status)
	}
	r = s.do(ask{path: remove, cookie: cookie})
	wants(t, "the question about the policy", r.body, "Delete the policy “Weekly”?", "every backup goes on", `action="`+remove+`"`)
	if r := s.post(remove, cookie, nil); r.status != http.StatusSeeOther {
		t.Errorf("delete: %d", r.status)
	}
}
