package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"keepstead/model"
	"keepstead/testbed"
	"keepstead/views"
)

// addMachine adds a real machine by the form and returns its device.
func (s *site) addMachine(name string, cookie *http.Cookie, m *testbed.Machine) model.Device {
	s.t.Helper()
	r := s.post("/devices", cookie, url.Values{
		"name": {name}, "address": {m.Address}, "port": {"22"}, "user": {"root"}, "how": {"key"}, "private_key": {string(m.Key)},
		"host_key_fingerprint": {model.Fingerprint(m.HostKey)},
	})
	if r.status != http.StatusSeeOther {
		s.t.Fatalf("add %s: %d %.500s", name, r.status, r.body)
	}
	all, err := s.store.Devices(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, d := range all {
		if d.Name == name {
			return d
		}
	}
	s.t.Fatalf("the device %s is not there", name)
	return model.Device{}
}

// TestOtherDevicesInForms restores to another device by the form, without scripts, adds folders of it, and meets one that
// cannot be reached.
func TestOtherDevicesInForms(t *testing.T) {
	t.Parallel()
	m := testbed.NewMachine(t, testbed.MachineOptions{})
	m.Run(t, `mkdir -p /srv/data && echo x >/srv/data/x`)
	s := newSite(t)
	cookie := s.signIn()
	id := s.keepSnapshot(s.findApp("shop", false), &model.Contents{Version: 1, AppName: "shop", Project: "shop", WorkingDir: "/opt/shop"})
	at := "/snapshots/" + id.String()
	if page := s.do(ask{path: at + "/restore", cookie: cookie}); strings.Contains(page.body, "target_device_id") {
		t.Error("with one device there is nothing to choose")
	}
	nas := s.addMachine("nas", cookie, m)
	chosen := `value="` + nas.ID.String() + `" selected`
	s.page(at+"/restore", cookie, `name="target_device_id"`, `name="project_device_id"`, "nas</option>", "this machine</option>")
	s.page("/apps/new?device_id="+nas.ID.String(), cookie, chosen)

	files := url.Values{"mode": {"files"}, "where": {"folder"}, "target_path": {"/srv/data/x"}, "target_device_id": {nas.ID.String()}}
	if r := s.post(at+"/restore", cookie, files); r.status != 422 || !strings.Contains(r.body, "is a file; give a folder") || !strings.Contains(r.body, chosen) {
		t.Errorf("a file of the other device as the target: %d", r.status)
	}
	files.Set("target_path", "/srv/back")
	r := s.post(at+"/restore", cookie, files)
	if r.status != http.StatusSeeOther {
		t.Fatalf("restore: %d %.1000s", r.status, r.body)
	}
	s.page(r.header.Get("Location"), cookie, " · on ", views.DevicePath(nas.ID))

	anew := url.Values{"mode": {"new_project"}, "project": {"kept-as-typed"}, "folder": {"/opt/x"}, "project_device_id": {nas.ID.String()}}
	if r := s.post(at+"/restore", cookie, anew); r.status != 422 || !strings.Contains(r.body, `id="f-project-device-id-reason"`) || !strings.Contains(r.body, "kept-as-typed") || !strings.Contains(r.body, chosen) {
		t.Errorf("a new project where no Docker is: %d %.2000s", r.status, r.body)
	}
	folders := url.Values{"name": {"Data"}, "paths": {"/srv/nothing"}, "device_id": {nas.ID.String()}}
	if r := s.post("/apps", cookie, folders); r.status != 422 || !strings.Contains(r.body, "is not there; check the spelling") || !strings.Contains(r.body, chosen) {
		t.Errorf("folders that are not on the device: %d", r.status)
	}
	folders.Set("paths", "/srv/data")
	r = s.post("/apps", cookie, folders)
	if r.status != http.StatusSeeOther {
		t.Fatalf("folders of the device: %d %.1000s", r.status, r.body)
	}
	s.page(r.header.Get("Location"), cookie, views.DevicePath(nas.ID))

	nas.Port = 1 // nobody listens there
	if _, err := s.store.UpdateDevice(t.Context(), nas); err != nil {
		t.Fatal(err)
	}
	if r := s.post(at+"/restore/plan", cookie, files); r.status != 422 || !strings.Contains(r.body, `id="f-target-device-id-reason"`) || !strings.Contains(r.body, "cannot be reached. Check") {
		t.Errorf("a device that does not answer: %d", r.status)
	}
	test := s.do(ask{method: http.MethodPost, path: views.DeviceTestPath(nas.ID), cookie: cookie, header: map[string]string{"HX-Request": "true", "Sec-Fetch-Site": "same-origin"}})
	if test.status != http.StatusOK {
		t.Fatalf("test the device: %d", test.status)
	}
	s.page("/apps", cookie, "Nobody answers", "Out of reach", views.DevicePath(nas.ID))
	s.page(at+"/restore", cookie, "cannot be chosen now", "Nobody answers", `value="`+nas.ID.String()+`" disabled`)
}
