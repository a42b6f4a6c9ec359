package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"keepstead/model"
	"keepstead/testbed"
)

// TestDevicePages adds a machine by its forms, without scripts and with them, and walks through what its pages offer.
func TestDevicePages(t *testing.T) {
	t.Parallel()
	m := testbed.NewMachine(t, testbed.MachineOptions{})
	s := newSite(t)
	cookie := s.signIn()
	mine := model.Fingerprint(m.HostKey)
	hx := map[string]string{"HX-Request": "true", "Sec-Fetch-Site": "same-origin"}
	scan := s.do(ask{method: http.MethodPost, path: "/devices/host-key", cookie: cookie, header: hx, body: url.Values{"address": {m.Address}}.Encode()})
	if scan.status != http.StatusOK || !strings.Contains(scan.body, mine) || strings.Contains(scan.body, "<html") {
		t.Fatalf("the fingerprint: %d %.300s", scan.status, scan.body)
	}
	silent := s.do(ask{method: http.MethodPost, path: "/devices/host-key", cookie: cookie, header: hx, body: "address=127.0.0.1&port=1"})
	if silent.status != 422 || !strings.Contains(silent.body, "cannot be reached") {
		t.Errorf("the fingerprint of nobody: %d %.300s", silent.status, silent.body)
	}

	form := url.Values{
		"name": {"My <b>NAS</b>"}, "address": {m.Address}, "port": {"22"}, "user": {"root"}, "how": {"password"}, "password": {testbed.MachinePassword},
	}
	r := s.post("/devices", cookie, form)
	if r.status != http.StatusConflict || !strings.Contains(r.body, mine) || !strings.Contains(r.body, "My &lt;b&gt;NAS") ||
		strings.Contains(r.body, testbed.MachinePassword) || strings.Contains(r.body, "<b>NAS") || !strings.Contains(r.body, "Give it once more") {
		t.Fatalf("an unconfirmed host key: %d %.2000s", r.status, r.body)
	}
	form.Set("host_key_fingerprint", mine)
	form.Set("password", "")
	if r := s.post("/devices", cookie, form); r.status != 422 || !strings.Contains(r.body, "Give the user") {
		t.Errorf("no password: %d", r.status)
	}
	form.Set("password", "wrong")
	if r := s.post("/devices", cookie, form); r.status != 422 || !strings.Contains(r.body, "refuses the password") {
		t.Errorf("a wrong password: %d %.300s", r.status, r.body)
	}
	form.Set("password", testbed.MachinePassword)
	r = s.post("/devices", cookie, form)
	at := r.header.Get("Location")
	if r.status != http.StatusSeeOther || !strings.HasPrefix(at, "/devices/") {
		t.Fatalf("the device: %d %.2000s", r.status, r.body)
	}
	for path, wanted := range map[string][]string{
		"/devices":          {"My &lt;b&gt;NAS", "Add device", m.Address},
		at:                  {"No apps", "Add folders", mine, "ssh-ed25519 "},
		at + "/edit":        {`value="My &lt;b&gt;NAS`, "As before"},
		at + "/host-key":    {"Nothing has changed"},
		at + "/remove":      {"authorized_keys", "All snapshots"},
		"/destinations/new": {"My &lt;b&gt;NAS", "SFTP"},
	} {
		page := s.do(ask{path: path, cookie: cookie})
		for _, text := range wanted {
			if page.status != http.StatusOK || !strings.Contains(page.body, text) {
				t.Errorf("%s: %d, does not say %q", path, page.status, text)
			}
		}
	}
	if r := s.post(at+"/host-key", cookie, nil); r.status != 422 || !strings.Contains(r.body, "Tick the box") && !strings.Contains(r.body, "Nothing has changed") {
		t.Errorf("a host key that nobody compared: %d", r.status)
	}
	test := s.do(ask{method: http.MethodPost, path: at + "/test", cookie: cookie, header: hx})
	if test.status != http.StatusOK || !strings.Contains(test.body, "Forwarding") || strings.Contains(test.body, "<html") {
		t.Errorf("the test: %d %.300s", test.status, test.body)
	}
	edit := url.Values{"name": {"Attic"}, "address": {m.Address}, "port": {"22"}, "user": {"root"}, "how": {"keep"}, "parallel": {"x"}, "host_key_fingerprint": {mine}}
	if r := s.post(at+"/edit", cookie, edit); r.status != 422 || !strings.Contains(r.body, "whole number") {
		t.Errorf("a wild number: %d", r.status)
	}
	edit.Set("parallel", "2")
	if r := s.post(at+"/edit", cookie, edit); r.status != http.StatusSeeOther {
		t.Errorf("save: %d %.500s", r.status, r.body)
	}
	sftp := url.Values{"name": {"Box"}, "type": {"sftp"}, "host": {m.Address}, "user": {"plain"}, "how": {"password"}, "password": {"s3cret-of-box"}, "sftp_path": {"/home/plain/x"}}
	r = s.post("/destinations", cookie, sftp)
	if r.status != http.StatusConflict || !strings.Contains(r.body, mine) || strings.Contains(r.body, "s3cret-of-box") || !strings.Contains(r.body, `value="/home/plain/x"`) {
		t.Errorf("SFTP with an unconfirmed host key: %d", r.status)
	}
	if r := s.post(at+"/remove", cookie, nil); r.status != http.StatusSeeOther {
		t.Errorf("remove: %d %.300s", r.status, r.body)
	}
	if r := s.do(ask{path: at, cookie: cookie}); r.status != http.StatusNotFound {
		t.Errorf("the removed device: %d", r.status)
	}
}
