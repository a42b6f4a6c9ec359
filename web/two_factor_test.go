package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"keepstead/model"
)

var (
	shownSecret = regexp.MustCompile(`<code id="secret">([A-Z2-7]{32})</code>`)
	shownCodes  = regexp.MustCompile(`\d{4}-\d{4}-\d{4}`)
)

// nextCode is a code that was not used yet, of an app whose clock goes on with the site's.
func (s *site) nextCode(plain string) string {
	s.t.Helper()
	s.ahead.Add(int64(30 * time.Second))
	code, err := totp.GenerateCode(plain, time.Now().Add(time.Duration(s.ahead.Load())))
	if err != nil {
		s.t.Fatal(err)
	}
	return code
}

// enrol turns two-factor on and returns the secret and the recovery codes.
func (s *site) enrol(cookie *http.Cookie) (plain string, codes []string) {
	s.t.Helper()
	r := s.post("/settings/two-factor/start", cookie, url.Values{"current_password": {testPassword}})
	found := shownSecret.FindStringSubmatch(r.body)
	if r.status != http.StatusOK || found == nil || !strings.Contains(r.body, `<svg class="qr"`) {
		s.t.Fatalf("the secret: %d", r.status)
	}
	r = s.post("/settings/two-factor", cookie, url.Values{"code": {s.nextCode(found[1])}})
	if codes = shownCodes.FindAllString(r.body, -1); r.status != http.StatusOK || len(codes) != model.RecoveryCodes {
		s.t.Fatalf("turning on: %d with %d recovery codes", r.status, len(codes))
	}
	return found[1], codes
}

// password gives the password and returns the cookie of the half session.
func (s *site) password(next string) *http.Cookie {
	s.t.Helper()
	r := s.post("/signin", nil, url.Values{"name": {testUser}, "password": {testPassword}, "next": {next}})
	if r.cookie != nil || !strings.HasPrefix(r.header.Get("Location"), "/signin/code") {
		s.t.Fatalf("the password: %d to %s, a session: %t", r.status, r.header.Get("Location"), r.cookie != nil)
	}
	for _, c := range (&http.Response{Header: r.header}).Cookies() {
		if c.Name == "keepstead-code" && c.HttpOnly && c.Path == "/signin" && c.SameSite == http.SameSiteStrictMode {
			return c
		}
	}
	s.t.Fatalf("no cookie for the second step: %v", r.header)
	return nil
}

// TestTwoFactor turns it on, signs in with it, and turns it off.
func TestTwoFactor(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie, other := s.signIn(), s.signIn()
	s.page("/settings", cookie, "Password alone", "Set up two-factor", "/settings/two-factor")
	s.page("/settings/two-factor", cookie, `name="current_password"`)
	if r := s.post("/settings/two-factor/start", cookie, url.Values{"current_password": {"a guess"}}); r.status != 422 || !strings.Contains(r.body, "This is not your password.") {
		t.Errorf("with a wrong password: %d", r.status)
	}
	if r := s.post("/settings/two-factor", cookie, url.Values{"code": {"123456"}}); r.status != 422 || !strings.Contains(r.body, "Start once more") {
		t.Errorf("before the start: %d", r.status)
	}
	plain, codes := s.enrol(cookie)
	if e := s.audited(); e.Act != model.ActTwoFactorOn || e.Outcome != model.AuditDone || e.Actor != testUser {
		t.Errorf("the audit log: %+v", e)
	}
	if r := s.do(ask{path: "/", cookie: other}); !refused(r) {
		t.Errorf("another browser is still signed in: %d", r.status)
	}
	s.page("/settings", cookie, "Password and a code", `id="f-code"`)
	body := s.page("/settings/two-factor", cookie, "10 recovery codes are left.")
	if strings.Contains(body, plain) || strings.Contains(body, codes[0]) {
		t.Error("the page shows the secret or a code again")
	}
	if r := s.do(ask{path: "/api/v1/apps", header: map[string]string{"Authorization": "Bearer " + s.token}}); r.status != http.StatusOK {
		t.Errorf("a token: %d", r.status)
	}
	half := s.password("/apps?q=x")
	if e := s.audited(); e.Act != model.ActEnterPassword || e.Outcome != model.AuditDone || e.ActorKind != model.ActorUnknown || e.SubjectName != testUser {
		t.Errorf("the audit log: %+v", e)
	}
	form := s.do(ask{path: "/signin/code?next=/apps?q=x", cookie: half})
	for _, part := range []string{`autocomplete="one-time-code"`, `inputmode="numeric"`, `value="/apps?q=x"`} {
		if !strings.Contains(form.body, part) {
			t.Errorf("the second step lacks %s", part)
		}
	}
	code := s.nextCode(plain)
	r := s.post("/signin/code", half, url.Values{"code": {code}, "next": {"/apps?q=x"}})
	if r.cookie == nil || r.header.Get("Location") != "/apps?q=x" {
		t.Fatalf("the code: %d to %s", r.status, r.header.Get("Location"))
	}
	if e := s.audited(); e.Act != model.ActSignIn || e.Actor != testUser || e.Outcome != model.AuditDone {
		t.Errorf("the audit log: %+v", e)
	}
	s.page("/apps", r.cookie)
	if r := s.post("/signin/code", half, url.Values{"code": {s.nextCode(plain)}}); r.status != 401 || !strings.Contains(r.body, "Sign in once more") {
		t.Errorf("the half session is good twice: %d", r.status)
	}
	if r := s.post("/signin/code", s.password(""), url.Values{"code": {code}}); r.status != 401 || !strings.Contains(r.body, "used already") || r.cookie != nil {
		t.Errorf("a code is good twice: %d", r.status)
	}
	if r := s.post("/signin/code", s.password(""), url.Values{"code": {codes[0]}}); r.cookie == nil || s.audited().Act != model.ActUseRecoveryCode {
		t.Errorf("a recovery code: %d, %+v", r.status, s.audited())
	}
	renewed := s.post("/settings/two-factor/codes", cookie, url.Values{"current_password": {testPassword}, "code": {codes[1]}})
	fresh := shownCodes.FindAllString(renewed.body, -1)
	if len(fresh) != model.RecoveryCodes || fresh[0] == codes[0] {
		t.Fatalf("new codes: %d, %d", renewed.status, len(fresh))
	}
	off := url.Values{"current_password": {testPassword}, "code": {codes[2]}}
	if r := s.post("/settings/two-factor/off", cookie, off); r.status != 422 || !strings.Contains(r.body, `id="off-code-reason"`) || !strings.Contains(r.body, "<details class=\"fold card-foot\" open") {
		t.Errorf("an old code: %d", r.status)
	}
	off.Set("code", fresh[0])
	if r := s.post("/settings/two-factor/off", cookie, off); r.header.Get("Location") != "/settings/two-factor" {
		t.Errorf("turning off: %d %s", r.status, r.body)
	}
	s.signIn()
	for _, secret := range append(append(codes, fresh...), plain, code) {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("the log has %s", secret)
		}
	}
}

// TestStrangersDoNotHideAThief has strangers use up what is written down of them: whoever then gives the right password is
// written down all the same, and so is each guess of a code. What refuses a wrong proof is told from a form that is not right.
func TestStrangersDoNotHideAThief(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	s.enrol(cookie)
	for range 30 {
		s.do(ask{path: "/api/v1/apps", header: map[string]string{"Authorization": "Bearer ks_wrong"}})
	}
	half := s.password("")
	if e := s.audited(); e.Act != model.ActEnterPassword || e.Outcome != model.AuditDone || e.SubjectName != testUser {
		t.Errorf("of the password the audit log says %+v", e)
	}
	for range 3 {
		before := s.audited().ID
		s.post("/signin/code", half, url.Values{"code": {"000000"}})
		if e := s.audited(); e.ID == before || e.Act != model.ActSignIn || e.Reason != model.ReasonDenied || e.SubjectName != testUser {
			t.Errorf("of a guess the audit log says %+v", e)
		}
	}
	for _, proof := range []url.Values{{"current_password": {"a guess"}}, {"current_password": {testPassword}, "code": {"000000"}}} {
		for _, path := range []string{"/settings/recovery-kit", "/settings/two-factor/off", "/settings/password"} {
			r := s.post(path, cookie, proof)
			if e := s.audited(); r.status != 422 || e.Actor != testUser || e.Outcome != model.AuditRefused || e.Reason != model.ReasonDenied {
				t.Errorf("%s with a wrong proof: %d, %+v", path, r.status, e)
			}
		}
	}
}

// TestHalfSession opens nothing but the second step.
func TestHalfSession(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	plain, _ := s.enrol(s.signIn())
	half := s.password("")
	srv := server{Options: s.opts}
	for _, r := range s.app.GetRoutes(true) {
		if srv.access(r.Method, r.Path) == Public {
			continue
		}
		for _, name := range []string{"keepstead-code", "keepstead"} {
			if got := s.do(ask{method: r.Method, path: fill(r.Path), cookie: &http.Cookie{Name: name, Value: half.Value}}); !refused(got) && got.status != http.StatusTooManyRequests {
				t.Errorf("%s %s with half a session as %s: %d", r.Method, r.Path, name, got.status)
			}
		}
	}
	for i := range 5 {
		if r := s.post("/signin/code", half, url.Values{"code": {"000000"}}); r.status != 401 || r.cookie != nil || !strings.Contains(r.body, "used already") {
			t.Errorf("try %d: %d", i, r.status)
		}
	}
	if r := s.post("/signin/code", half, url.Values{"code": {s.nextCode(plain)}}); r.status != 401 || r.cookie != nil || !strings.Contains(r.body, "Sign in once more") {
		t.Errorf("a right code after five wrong ones: %d", r.status)
	}
	if r := s.do(ask{path: "/signin/code"}); r.header.Get("Location") != "/signin" {
		t.Errorf("without a password: %d", r.status)
	}
	half = s.password("")
	s.ahead.Add(int64(6 * time.Minute))
	if r := s.post("/signin/code", half, url.Values{"code": {s.nextCode(plain)}}); r.status != 401 || r.cookie != nil {
		t.Errorf("six minutes later: %d", r.status)
	}
	half = s.password("")
	if r := s.do(ask{method: "POST", path: "/signin/code", body: "code=" + s.nextCode(plain), cookie: half, header: map[string]string{"Sec-Fetch-Site": "cross-site"}}); r.status != http.StatusForbidden {
		t.Errorf("from another site: %d", r.status)
	}
	wrong := 0
	for range 12 {
		if r := s.post("/signin/code", s.password(""), url.Values{"code": {"000000"}}); r.status == http.StatusTooManyRequests && r.header.Get("Retry-After") != "" {
			break
		}
		wrong++
	}
	if wrong > 10 {
		t.Error("wrong codes are not throttled")
	}
}

// TestCodeBesideThePassword asks for a code with the password for the recovery kit and for a new password.
func TestCodeBesideThePassword(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	plain, _ := s.enrol(cookie)
	if r := s.post("/settings/recovery-kit", cookie, url.Values{"current_password": {testPassword}}); r.status != 422 {
		t.Errorf("the kit without a code: %d", r.status)
	}
	change := url.Values{"current_password": {testPassword}, "password": {"another long one"}}
	if r := s.post("/settings/password", cookie, change); r.status != 422 || !strings.Contains(r.body, `id="f-code-reason"`) {
		t.Errorf("a new password without a code: %d", r.status)
	}
	change.Set("code", s.nextCode(plain))
	if r := s.post("/settings/password", cookie, change); r.status != http.StatusSeeOther {
		t.Errorf("with one: %d %s", r.status, r.body)
	}
}
