package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// TestFormsKeepWhatWasTyped posts forms that are refused: the same page comes back with the reason at its field.
func TestFormsKeepWhatWasTyped(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	if r := s.post("/policies", cookie, url.Values{"name": {"Taken"}, "schedule": {"@daily"}, "default": {"on"}}); r.status != http.StatusSeeOther {
		t.Fatalf("create a policy: %d %.500s", r.status, r.body)
	}
	tests := []struct {
		name, path string
		form       url.Values
		status     int
		want, not  []string
	}{
		{
			name: "app with a relative folder", path: "/apps", status: 422,
			form: url.Values{"name": {"My <b>photos</b>"}, "paths": {"srv/photos"}},
			want: []string{"My &lt;b&gt;photos", "srv/photos", "is relative"}, not: []string{"<b>photos"},
		}, {
			name: "app without anything", path: "/apps", status: 422, form: url.Values{"name": {""}},
			want: []string{"Give a name.", "Give at least one folder"},
		}, {
			name: "app in a kernel folder", path: "/apps", status: 422, form: url.Values{"name": {"x"}, "paths": {"/proc/1"}},
			want: []string{"made by the kernel"},
		}, {
			name: "app on no device", path: "/apps", status: 422,
			form: url.Values{"name": {"x"}, "paths": {"/srv"}, "device_id": {"nonsense"}},
		}, {
			name: "policy with a wrong schedule and number", path: "/policies", status: 422,
			form: url.Values{"name": {"Nightly"}, "schedule": {"61 * * * *"}, "keep_daily": {"abc"}, "time_zone": {"Mars/Base"}},
			want: []string{"61 * * * *", `value="abc"`, "Use a whole number.", "Mars/Base", "Choose at least one destination."},
		}, {
			name: "policy of a taken name", path: "/policies", status: 409,
			form: url.Values{"name": {"Taken"}, "schedule": {"@daily"}, "default": {"on"}}, want: []string{`value="Taken"`, "already"},
		}, {
			name: "S3 without a bucket", path: "/destinations", status: 422,
			form: url.Values{
				"name": {"Cloud"}, "type": {"s3"}, "endpoint": {"s3.example.org"}, "access_key": {"AKIDSECRET"}, "secret_key": {"TOPSECRET"},
			},
			want: []string{"Cloud", "s3.example.org", "bucket"}, not: []string{"AKIDSECRET", "TOPSECRET"},
		}, {
			name: "folder that is relative", path: "/destinations", status: 422,
			form: url.Values{"name": {"Disk"}, "type": {"local"}, "path": {"backups"}}, want: []string{`value="backups"`, "start the path with /"},
		}, {
			name: "adopting without a password", path: "/destinations", status: 422,
			form: url.Values{"name": {"Disk"}, "type": {"local"}, "path": {"/srv/repo"}, "repository": {"adopt"}},
			want: []string{"Give the password of the repository to adopt."},
		}, {
			name: "no type at all", path: "/destinations", status: 422, form: url.Values{"name": {"x"}}, want: []string{"type"},
		}, {
			name: "user with a short password", path: "/settings/users", status: 422,
			form: url.Values{"name": {"eve"}, "password": {"short-pw1"}, "current_password": {testPassword}}, want: []string{"eve", "10 to 256"}, not: []string{"short-pw1"},
		}, {
			name: "user of a taken name", path: "/settings/users", status: 409,
			form: url.Values{"name": {testUser}, "password": {"long enough"}, "current_password": {testPassword}}, want: []string{"already"},
		}, {
			name: "user by somebody who only holds the session", path: "/settings/users", status: 422,
			form: url.Values{"name": {"eve"}, "password": {"long enough"}}, want: []string{"eve", "This is not your password."},
		}, {
			name: "token by somebody who only holds the session", path: "/settings/tokens", status: 422,
			form: url.Values{"name": {"robot"}, "current_password": {"wrong"}}, want: []string{"robot", "This is not your password."}, not: []string{"Copy the token"},
		}, {
			name: "token without a name", path: "/settings/tokens", status: 422, form: url.Values{"name": {" "}, "current_password": {testPassword}}, want: []string{"Give a name."},
		}, {
			name: "wrong current password", path: "/settings/password", status: 422,
			form: url.Values{"current_password": {"wrong"}, "password": {"long enough"}}, want: []string{"This is not your password."},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := s.post(tt.path, cookie, tt.form)
			if r.status != tt.status {
				t.Fatalf("status %d, want %d:\n%.1000s", r.status, tt.status, r.body)
			}
			for _, text := range tt.want {
				if !strings.Contains(r.body, text) {
					t.Errorf("the page does not have %q", text)
				}
			}
			for _, text := range tt.not {
				if strings.Contains(r.body, text) {
					t.Errorf("the page has %q", text)
				}
			}
		})
	}
	apps, err := s.store.Apps(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range apps {
		if a.SystemType == "" {
			t.Errorf("a refused form made the app %q", a.Name)
		}
	}
}

func TestFirstStart(t *testing.T) {
	t.Parallel()
	s := bareSite(t)
	if r := s.do(ask{path: "/"}); r.header.Get("Location") != "/signin" {
		t.Errorf("home leads to %q", r.header.Get("Location"))
	}
	if r := s.do(ask{path: "/signin"}); r.header.Get("Location") != "/setup" {
		t.Errorf("sign-in leads to %q, want the set-up", r.header.Get("Location"))
	}
	wrong := url.Values{"code": {"guess"}, "name": {"ada"}, "password": {testPassword}}
	if r := s.post("/setup", nil, wrong); r.status != 422 || r.cookie != nil || !strings.Contains(r.body, "not the set-up code") {
		t.Errorf("a wrong code: %d", r.status)
	}
	short := url.Values{"code": {s.auth.SetupCode()}, "name": {"ada"}, "password": {"short"}}
	if r := s.post("/setup", nil, short); r.status != 422 || !strings.Contains(r.body, s.auth.SetupCode()) {
		t.Errorf("a short password: %d, or the code is lost", r.status)
	}
	right := url.Values{"code": {s.auth.SetupCode()}, "name": {testUser}, "password": {testPassword}}
	r := s.post("/setup", nil, right)
	if r.status != http.StatusSeeOther || r.header.Get("Location") != "/setup/destination" || r.cookie == nil {
		t.Fatalf("set-up: %d to %q", r.status, r.header.Get("Location"))
	}
	if page := s.do(ask{path: "/setup/destination", cookie: r.cookie}); page.status != http.StatusOK {
		t.Errorf("the second step: %d", page.status)
	}
	if again := s.post("/setup", nil, right); again.status != http.StatusSeeOther || again.cookie != nil || again.header.Get("Location") != "/signin" {
		t.Errorf("the used code: %d to %q", again.status, again.header.Get("Location"))
	}
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.signIn()
	if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.MaxAge < 29*24*3600 || len(c.Value) != 43 {
		t.Errorf("the cookie is %+v", c)
	}
	again := s.do(ask{
		method: http.MethodPost, path: "/signin", cookie: c, header: map[string]string{"Sec-Fetch-Site": "same-origin"},
		body: url.Values{"name": {testUser}, "password": {testPassword}}.Encode(),
	})
	if again.cookie == nil || again.cookie.Value == c.Value {
		t.Fatal("signing in again kept the session's id")
	}
	if r := s.do(ask{path: "/", cookie: c}); !refused(r) {
		t.Errorf("the session from before the sign-in still works: %d", r.status)
	}
	tests := []struct{ next, want string }{
		{"/apps?q=x", "/apps?q=x"},
		{"", "/"},
		{"//evil.example", "/"},
		{"/\\evil.example", "/"},
		{"https://evil.example", "/"},
		{"/\t/evil.example", "/"},
		{"javascript:alert(1)", "/"},
	}
	for _, tt := range tests {
		r := s.post("/signin", nil, url.Values{"name": {testUser}, "password": {testPassword}, "next": {tt.next}})
		if got := r.header.Get("Location"); got != tt.want {
			t.Errorf("next %q leads to %q, want %q", tt.next, got, tt.want)
		}
	}
	if r := s.do(ask{path: "/apps?q=a%20b"}); r.header.Get("Location") != "/signin?next="+url.QueryEscape("/apps?q=a%20b") {
		t.Errorf("a deep link leads to %q", r.header.Get("Location"))
	}
}

func TestSignInThrottle(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for range 20 {
		r := s.post("/signin", nil, url.Values{"name": {"ada"}, "password": {"guess"}})
		switch r.status {
		case http.StatusUnauthorized:
			if !strings.Contains(r.body, `value="ada"`) || strings.Contains(r.body, "guess") {
				t.Fatal("the form lost the name, or shows the password")
			}
		case http.StatusTooManyRequests:
			if r.header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			return
		default:
			t.Fatalf("status %d", r.status)
		}
	}
	t.Error("20 guesses were not throttled")
}

func TestHTMX(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	hx := map[string]string{"HX-Request": "true", "Sec-Fetch-Site": "same-origin"}
	tests := []struct {
		name     string
		ask      ask
		status   int
		redirect string
		want     string
	}{
		{"signed out", ask{path: "/apps"}, 401, "/signin", ""},
		{"done", ask{method: "POST", path: "/settings/theme", body: "theme=dark&next=/apps", cookie: cookie}, 204, "/apps", ""},
		{"preview", ask{method: "POST", path: "/policies/preview", body: "schedule=@daily&time_zone=UTC", cookie: cookie}, 200, "", "00:00"},
		{"wrong preview", ask{method: "POST", path: "/policies/preview", body: "schedule=x", cookie: cookie}, 200, "", "Not a schedule"},
		{"refused test", ask{method: "POST", path: "/destinations/test", body: "type=s3", cookie: cookie}, 422, "", "endpoint"},
		{"not found", ask{path: "/apps/" + uuid.NewString(), cookie: cookie}, 404, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.ask.header = hx
			r := s.do(tt.ask)
			if r.status != tt.status || r.header.Get("HX-Redirect") != tt.redirect || !strings.Contains(r.body, tt.want) {
				t.Errorf("status %d, redirect %q, body %.300q", r.status, r.header.Get("HX-Redirect"), r.body)
			}
			if strings.Contains(r.body, "<html") {
				t.Error("a fragment holds a whole page")
			}
		})
	}
}

func TestErrorPages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	tests := []struct {
		name   string
		ask    ask
		status int
	}{
		{"no such app", ask{path: "/apps/" + uuid.NewString()}, 404},
		{"no id", ask{path: "/jobs/nonsense"}, 404},
		{"no such page", ask{path: "/nothing"}, 404},
		{"filter that is no id", ask{path: "/snapshots?app_id=x"}, 422},
		{"filter that is no date", ask{path: "/snapshots?from=yesterday"}, 422},
		{"nothing to back up", ask{method: "POST", path: "/backup"}, 409},
		{"default policy cannot go", ask{method: "POST", path: "/policies/" + s.defaultPolicy() + "/delete"}, 409},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.ask.cookie = cookie
			r := s.do(tt.ask)
			if r.status != tt.status || !strings.Contains(r.body, "<html") {
				t.Errorf("status %d, want %d, as a page", r.status, tt.status)
			}
		})
	}
	if err := s.store.Close(); err != nil {
		t.Fatal(err)
	}
	r := s.do(ask{path: "/signin"})
	if r.status != 500 || strings.Contains(r.body, "sql") || !strings.Contains(r.body, r.header.Get("X-Request-Id")) {
		t.Errorf("without a database: %d %.600s", r.status, r.body)
	}
	if !strings.Contains(s.log.String(), r.header.Get("X-Request-Id")) {
		t.Error("the log does not have the failed request's id")
	}
}

func (s *site) defaultPolicy() string {
	s.t.Helper()
	p, err := s.store.DefaultPolicy(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return p.ID.String()
}
