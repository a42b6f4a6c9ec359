package web

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"keepstead/model"
)

// TestS3RightsFollowTheForm answers with the policy for what is typed, and shows it in the form that comes back refused.
func TestS3RightsFollowTheForm(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	want, err := model.S3Rights("homelab", "nas")
	if err != nil {
		t.Fatal(err)
	}
	typed := url.Values{"bucket": {" homelab "}, "prefix": {"/nas/"}}
	r := s.do(ask{method: http.MethodPost, path: "/destinations/s3-rights", cookie: cookie, body: typed.Encode(), header: map[string]string{"Sec-Fetch-Site": "same-origin", "HX-Request": "true"}})
	if r.status != http.StatusOK || strings.Contains(r.body, "<html") || !strings.Contains(html.UnescapeString(r.body), want) {
		t.Errorf("got %d %s, want %s", r.status, r.body, want)
	}
	typed.Set("type", "s3")
	if r := s.post("/destinations", cookie, typed); r.status != http.StatusUnprocessableEntity || !strings.Contains(html.UnescapeString(r.body), want) {
		t.Errorf("the refused form has no policy: %d", r.status)
	}
	if r := s.do(ask{path: "/destinations/new", cookie: cookie}); !strings.Contains(r.body, "Once the bucket has a name") {
		t.Errorf("the empty form: %d", r.status)
	}
}
