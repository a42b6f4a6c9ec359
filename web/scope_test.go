package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"keepstead/model"
)

// TestScopePreview asks what includes and excludes match, by a script while typing and by a button.
func TestScopePreview(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	b := s.browse()
	p, err := s.store.DefaultPolicy(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.store.CreateConfiguration(t.Context(), model.Configuration{
		ID: b.snapshots[0].ConfigurationID, AppID: b.app.ID, PolicyID: p.ID, Enabled: true, ExcludePaths: []string{"saved"},
	})
	if err != nil {
		t.Fatal(err)
	}
	path := "/configurations/" + c.ID.String() + "/preview"
	form := url.Values{"policy_id": {p.ID.String()}, "exclude_paths": {"*.jpg\n/srv/big/00*\n[a/b]\nnothing-like-it\n" + oddName[:10]}, "include_paths": {"/not <b>there\n/srv/big"}}
	says := []string{
		"The next backup leaves out 1,200 files, 5.9 KiB of 5.9 KiB.", `href="/snapshots/` + b.snapshots[1].ID.String() + `"`,
		"1,200 files, 5.9 KiB, such as /srv/big/0000.jpg", "100 files, 500 B, such as /srv/big/0000.jpg", "matches nothing",
		"captured already by /srv", "new: looked at with the next backup", "/not &lt;b&gt;there is not there", "is not a valid pattern",
		`id="exclude-` + c.ID.String() + `-reason"`, "*.jpg\n/srv/big/00*\n[a/b]",
	}
	page := s.post(path, cookie, form)
	if page.status != http.StatusOK {
		t.Fatalf("the button: %d %.300s", page.status, page.body)
	}
	wants(t, "the page", page.body, append(says, "<html", "Photos")...)
	hx := map[string]string{"HX-Request": "true", "Sec-Fetch-Site": "same-origin"}
	fragment := s.do(ask{method: http.MethodPost, path: path, body: form.Encode(), cookie: cookie, header: hx})
	wants(t, "the fragment", fragment.body, says...)
	if strings.Contains(fragment.body, "<html") || !strings.Contains(fragment.body, `id="scope-`+c.ID.String()) {
		t.Errorf("the fragment is %.300s", fragment.body)
	}
	if c, err := s.store.Configuration(t.Context(), c.ID); err != nil || len(c.ExcludePaths) != 1 || c.ExcludePaths[0] != "saved" {
		t.Errorf("a preview saved something: %v, %v", c.ExcludePaths, err)
	}
	if r := s.post("/configurations/"+model.NewID().String()+"/preview", cookie, form); r.status != http.StatusNotFound {
		t.Errorf("of no configuration: %d", r.status)
	}
}
