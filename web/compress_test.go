package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// encoded asks as a browser does and returns how the answer was packed, and its text.
func (s *site) encoded(method, path string, cookie *http.Cookie, header map[string]string) (encoding, text string, res *http.Response) {
	s.t.Helper()
	body := ""
	if method == http.MethodPost {
		body = url.Values{"name": {"compressed"}, "current_password": {testPassword}}.Encode()
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "gzip, deflate, br")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for k, v := range header {
		req.Header.Set(k, v)
	}
	if cookie != nil {
		req.AddCookie(cookie)
	}
	// Without a client's own gzip nothing unpacks behind the test's back.
	res, err = (&http.Transport{DisableCompression: true}).RoundTrip(req)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = res.Body.Close() })
	encoding = res.Header.Get("Content-Encoding")
	var in io.Reader = res.Body
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		return encoding, "", res
	}
	if encoding == "gzip" {
		if in, err = gzip.NewReader(res.Body); err != nil {
			s.t.Fatal(err)
		}
	}
	raw, err := io.ReadAll(in)
	if err != nil {
		s.t.Fatal(err)
	}
	return encoding, string(raw), res
}

func TestCompression(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	bearer := map[string]string{"Authorization": "Bearer " + s.token}
	none, silent := map[string]string{"Accept-Encoding": "identity"}, map[string]string{"Accept-Encoding": ""}
	tests := []struct {
		name, method, path string
		cookie             *http.Cookie
		header             map[string]string
		packed             bool
		says               string
	}{
		{"a page", "GET", "/settings", cookie, nil, true, "</html>"},
		{"a page for whoever cannot unpack", "GET", "/settings", cookie, none, false, "</html>"},
		{"a page for whoever says nothing", "GET", "/settings", cookie, silent, false, "</html>"},
		{"an error's page", "GET", "/nothing", cookie, nil, true, "</html>"},
		{"a public page", "GET", "/signin", nil, nil, true, "</html>"},
		{"what shows a secret", "POST", "/settings/tokens", cookie, nil, false, "ks_"},
		{"a small answer", "GET", "/healthz", nil, nil, false, "ok"},
		{"events", "GET", "/live/home", cookie, nil, false, ""},
		{"JSON", "GET", "/api/v1/backup/policies", nil, bearer, false, "policies"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			encoding, text, res := s.encoded(tt.method, tt.path, tt.cookie, tt.header)
			if packed := encoding == "gzip"; packed != tt.packed || !strings.Contains(text, tt.says) {
				t.Errorf("%d, packed %v, want %v: %.200q", res.StatusCode, packed, tt.packed, text)
			}
			if tt.packed && !strings.Contains(res.Header.Get("Vary"), "Accept-Encoding") {
				t.Errorf("Vary is %q", res.Header.Get("Vary"))
			}
		})
	}
}

// TestCompressionHoldsNoEventBack reads an event on its way to a browser that accepts gzip.
func TestCompressionHoldsNoEventBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, _, res := s.encoded("GET", "/live/home", s.signIn(), nil)
	got := make(chan string, 1)
	go func() {
		piece := make([]byte, 100)
		n, _ := res.Body.Read(piece)
		got <- string(piece[:n])
	}()
	select {
	case text := <-got:
		if !strings.Contains(text, "event: hello") {
			t.Errorf("the stream begins with %q", text)
		}
	case <-time.After(10 * time.Second):
		t.Error("nothing came of a stream for ten seconds")
	}
}
