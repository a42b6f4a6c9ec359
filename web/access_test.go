package web

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
)

// fill writes values into a route's parameters.
func fill(path string) string {
	return strings.NewReplacer(
		":id", uuid.NewString(), ":view", "home", ":token", strings.Repeat("x", 43), ":hash", strings.Repeat("ab", 32), "*", "app.css",
	).Replace(path)
}

// refused says that the answer denies access: to the sign-in page, or 401.
func refused(r reply) bool {
	return r.status == http.StatusUnauthorized ||
		r.status == http.StatusSeeOther && strings.HasPrefix(r.header.Get("Location"), "/signin")
}

// TestEveryRouteAsksForCredentials walks all routes that the app has, with every kind of credential.
func TestEveryRouteAsksForCredentials(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	revoked, live := s.signIn(), s.signIn()
	if r := s.post("/signout", revoked, nil); r.status != http.StatusSeeOther {
		t.Fatalf("sign out: %d", r.status)
	}
	bearer := map[string]string{"Authorization": "Bearer " + s.token}
	wrong := map[string]string{"Authorization": "Bearer ks_" + strings.Repeat("x", 43)}
	crossed := map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
	srv := server{Options: s.opts}
	routes := s.app.GetRoutes(true)
	if len(routes) < 100 {
		t.Fatalf("only %d routes", len(routes))
	}
	for _, r := range routes {
		path, unsafe := fill(r.Path), r.Method != http.MethodGet && r.Method != http.MethodHead
		name := r.Method + " " + r.Path
		deny := func(what string, a ask) {
			t.Helper()
			a.method, a.path = r.Method, path
			if got := s.do(a); !refused(got) && got.status != http.StatusTooManyRequests {
				t.Errorf("%s with %s: %d, want it refused", name, what, got.status)
			}
		}
		allow := func(what string, a ask) {
			t.Helper()
			a.method, a.path = r.Method, path
			if got := s.do(a); refused(got) || got.status == http.StatusForbidden {
				t.Errorf("%s with %s: %d %s, want it let through", name, what, got.status, got.header.Get("Location"))
			}
		}
		switch srv.access(r.Method, r.Path) {
		case Public:
			if r.Path != "/signin" && r.Path != "/signin/code" && r.Path != "/setup" { // their forms refuse or lead to the sign-in themselves
				allow("nothing", ask{})
			}
		case Session:
			deny("nothing", ask{})
			deny("a token", ask{header: bearer})
			deny("a revoked session", ask{cookie: revoked})
			deny("a made-up session", ask{cookie: &http.Cookie{Name: "keepstead", Value: strings.Repeat("A", 43)}})
			if r.Path != "/signout" {
				allow("a session", ask{cookie: live})
			}
		case Token:
			deny("nothing", ask{})
			deny("a session", ask{cookie: live})
			deny("a wrong token", ask{header: wrong})
			allow("a token", ask{header: bearer})
		default:
			t.Errorf("%s has no access class", name)
		}
		if unsafe && srv.access(r.Method, r.Path) != Token {
			if got := s.do(ask{method: r.Method, path: path, cookie: live, header: crossed}); got.status != http.StatusForbidden {
				t.Errorf("%s from another site: %d, want 403", name, got.status)
			}
		}
	}
	if r := s.do(ask{path: "/", cookie: live}); r.status != http.StatusOK {
		t.Errorf("the session did not outlive the walk: %d", r.status)
	}
}

// TestDesignIsForDevelopment has the page of all pieces in no release.
func TestDesignIsForDevelopment(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	offered := func(app *fiber.App) bool {
		return slices.ContainsFunc(app.GetRoutes(true), func(r fiber.Route) bool { return r.Path == "/_ui" })
	}
	release := s.opts
	release.Development = false
	app, err := New(t.Context(), release)
	if err != nil {
		t.Fatal(err)
	}
	if !offered(s.app) || offered(app) {
		t.Errorf("/_ui is there: while developing %t, in a release %t", offered(s.app), offered(app))
	}
}

// TestCrossOrigin is the table of net/http's rules, on a form of ours.
func TestCrossOrigin(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	tests := []struct {
		name   string
		header map[string]string
		want   int
	}{
		{"same origin", map[string]string{"Sec-Fetch-Site": "same-origin"}, http.StatusSeeOther},
		{"typed by the user", map[string]string{"Sec-Fetch-Site": "none"}, http.StatusSeeOther},
		{"same site", map[string]string{"Sec-Fetch-Site": "same-site"}, http.StatusForbidden},
		{"cross site", map[string]string{"Sec-Fetch-Site": "cross-site"}, http.StatusForbidden},
		{"cross site with our origin", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": s.url}, http.StatusForbidden},
		{"old browser, our origin", map[string]string{"Origin": s.url}, http.StatusSeeOther},
		{"old browser, another origin", map[string]string{"Origin": "https://evil.example"}, http.StatusForbidden},
		{"old browser, null origin", map[string]string{"Origin": "null"}, http.StatusForbidden},
		{"another port", map[string]string{"Origin": "http://127.0.0.1:1"}, http.StatusForbidden},
		{"no browser", nil, http.StatusSeeOther},
		{"a bearer token does not excuse a form", map[string]string{"Sec-Fetch-Site": "cross-site", "Authorization": "Bearer x"}, http.StatusForbidden},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := s.do(ask{method: http.MethodPost, path: "/settings/theme", body: "theme=dark", cookie: cookie, header: tt.header})
			if r.status != tt.want {
				t.Errorf("status %d, want %d", r.status, tt.want)
			}
		})
	}
}

// raw sends a request line as it is: net/http would tidy the path.
func (s *site) raw(target, cookie string) int {
	s.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if cookie != "" {
		cookie = "Cookie: " + cookie + "\r\n"
	}
	_, _ = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: keepstead\r\nConnection: close\r\n%s\r\n", target, cookie)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		s.t.Fatalf("GET %s: %v", target, err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

func TestPathTricks(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, target := range []string{
		"/%61pps", "//apps", "/./apps", "/apps/", "/apps//", "/APPS", "/Apps", "/apps%2f", "/%2fapps", "/apps;x", "/apps%00",
		"/static/../apps", "/static/%2e%2e/apps", "/static/..%2fapps", "/healthz/../apps", "/healthz%2f..%2fapps", "/signin/../settings",
		"http://keepstead/apps", "//evil.example/apps", "/settings?x=/healthz", "/settings#/healthz", "/\\apps",
		"/api/v1/apps", "/api/v1//apps", "//api/v1/apps", "/api/%76%31/apps", "/API/v1/apps", "/api/v1/%61pps", "/api/v1/../../apps",
		"/api/v1/backup/../apps", "/api", "/api/", "/api/v1", "/api/v1/", "/api/v2/apps", "/nothing", "/static", "/live", "/live/", "/_ui/",
	} {
		if status := s.raw(target, ""); status < 300 {
			t.Errorf("GET %s without credentials: %d", target, status)
		}
	}
}

func TestUnlistedRouteIsRefused(t *testing.T) {
	t.Parallel()
	s := &server{Options: Options{Pages: newSite(t).opts.Pages}}
	app := fiber.New()
	app.Get("/healthz", s.healthz)
	if err := s.checkRoutes(app); err != nil {
		t.Fatalf("a listed route: %v", err)
	}
	app.Get("/backdoor", s.healthz)
	if err := s.checkRoutes(app); err == nil {
		t.Error("a route without an access class was accepted")
	}
}

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	want := map[string]string{
		"Content-Security-Policy":    policy,
		"X-Content-Type-Options":     "nosniff",
		"Referrer-Policy":            "same-origin",
		"Cross-Origin-Opener-Policy": "same-origin",
		"Strict-Transport-Security":  "",
	}
	for _, a := range []ask{
		{path: "/"},
		{path: "/", cookie: cookie},
		{path: "/signin"},
		{path: "/healthz"},
		{path: "/nothing", cookie: cookie},
		{path: "/static/nothing.js"},
		{path: "/api/v1/apps"},
		{path: "/apps/x", cookie: cookie},
		{path: "/api/v1/apps", header: map[string]string{"Authorization": "Bearer " + s.token}},
	} {
		r := s.do(a)
		for name, value := range want {
			if got := r.header.Get(name); got != value {
				t.Errorf("%s: %s is %q, want %q", a.path, name, got, value)
			}
		}
		if r.header.Get("Permissions-Policy") == "" || r.header.Get("X-Request-Id") == "" {
			t.Errorf("%s: no Permissions-Policy or X-Request-Id", a.path)
		}
		if r.header.Get("Server") != "" {
			t.Errorf("%s: the server names itself: %q", a.path, r.header.Get("Server"))
		}
	}
}

func TestProxies(t *testing.T) {
	t.Parallel()
	forwarded := map[string]string{"X-Forwarded-Proto": "https", "X-Forwarded-For": "6.6.6.6, 203.0.113.9", "Sec-Fetch-Site": "same-origin"}
	tests := []struct {
		name    string
		proxies []netip.Prefix
		secure  bool
		ip      string
	}{
		{"trusted", []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, true, "ip=203.0.113.9"},
		{"unknown", nil, false, "ip=127.0.0.1"},
		{"another one", []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, false, "ip=127.0.0.1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, tt.proxies...)
			form := url.Values{"name": {testUser}, "password": {testPassword}}
			r := s.do(ask{method: http.MethodPost, path: "/signin", body: form.Encode(), header: forwarded})
			if r.cookie == nil {
				t.Fatalf("sign in: %d", r.status)
			}
			if r.cookie.Secure != tt.secure || (r.header.Get("Strict-Transport-Security") != "") != tt.secure {
				t.Errorf("secure cookie %v, HSTS %q; want %v", r.cookie.Secure, r.header.Get("Strict-Transport-Security"), tt.secure)
			}
			if !strings.Contains(s.log.String(), tt.ip+" ") {
				t.Errorf("the log does not have %s", tt.ip)
			}
		})
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	tests := []struct {
		name string
		ask  ask
		want int
	}{
		{"compressed", ask{body: "name=x", header: map[string]string{"Content-Encoding": "gzip"}}, http.StatusUnsupportedMediaType},
		{"no form", ask{body: "{}", header: map[string]string{"Content-Type": "text/plain"}}, http.StatusBadRequest},
		{"broken form", ask{body: "a[=1&%zz"}, http.StatusBadRequest},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.ask.method, tt.ask.path, tt.ask.cookie = http.MethodPost, "/apps", cookie
			if r := s.do(tt.ask); r.status != tt.want && (tt.name != "broken form" || r.status != http.StatusUnprocessableEntity) {
				t.Errorf("status %d, want %d", r.status, tt.want)
			}
		})
	}
}

// TestBodyTooLarge sends the head alone: the server refuses by the length that it announces.
func TestBodyTooLarge(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, _ = fmt.Fprintf(conn, "POST /apps HTTP/1.1\r\nHost: keepstead\r\nContent-Length: %d\r\n\r\n", maxBody+1)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d, want 413", res.StatusCode)
	}
}

func TestPanicIsOneFailedRequest(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	s := &server{Options: site.opts, base: context.Background()}
	app := fiber.New(fiber.Config{ErrorHandler: s.fail})
	app.Use(s.begin, s.record, s.rescue)
	app.Get("/boom", func(*fiber.Ctx) error { panic("secret detail") })
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://keepstead/boom", nil)
	res, err := app.Test(req, 5000)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusInternalServerError {
		t.Errorf("status %d, want 500", res.StatusCode)
	}
	id := res.Header.Get("X-Request-Id")
	if log := site.log.String(); id == "" || !strings.Contains(log, id) || !strings.Contains(log, "secret detail") {
		t.Error("the log does not tell of the panic under the request's id")
	}
}

func TestLogHasNoQuery(t *testing.T) {
	t.Parallel()
	s := bareSite(t)
	if r := s.do(ask{path: "/setup?code=" + s.auth.SetupCode()}); r.status != http.StatusOK {
		t.Fatalf("set-up page: %d", r.status)
	}
	if log := s.log.String(); strings.Contains(log, s.auth.SetupCode()) || !strings.Contains(log, "path=/setup ") {
		t.Errorf("the log has the set-up code, or not the path:\n%s", log)
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if r := s.do(ask{path: "/healthz"}); r.status != http.StatusOK || r.body != "ok\n" {
		t.Errorf("healthz: %d %q", r.status, r.body)
	}
	if r := s.do(ask{path: "/readyz"}); r.status != http.StatusOK {
		t.Errorf("readyz: %d %q", r.status, r.body)
	}
	srv := &server{Options: Options{Log: slog.New(slog.DiscardHandler), Ready: []Check{
		{"store", func(context.Context) error { return nil }},
		{"restic", func(context.Context) error { return fmt.Errorf("exec: /secret/path: not found") }},
	}}}
	app := fiber.New()
	app.Get("/readyz", srv.readyz)
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://keepstead/readyz", nil)
	res, err := app.Test(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, _ := bufio.NewReader(res.Body).ReadString('\n')
	if res.StatusCode != http.StatusServiceUnavailable || body != "not ready: restic\n" {
		t.Errorf("readyz: %d %q", res.StatusCode, body)
	}
}
