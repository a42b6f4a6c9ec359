package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"keepstead/model"
)

// policyForm is the form as a browser sends it from the page of the policy.
func (s *site) policyForm(path string, cookie *http.Cookie, change url.Values) url.Values {
	s.t.Helper()
	page := s.do(ask{path: path, cookie: cookie})
	version := regexp.MustCompile(`name="version" value="([^"]*)"`).FindStringSubmatch(page.body)
	if page.status != http.StatusOK || version == nil {
		s.t.Fatalf("%s: %d, or no version in the form", path, page.status)
	}
	form := url.Values{"name": {"Default"}, "enabled": {"on"}, "default": {"on"}, "schedule": {"0 2 * * *"}, "keep_daily": {"7"}, "version": {version[1]}}
	for k, v := range change {
		form[k] = v
	}
	return form
}

// wants says which of the texts a body lacks.
func wants(t *testing.T, what, body string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(body, text) {
			t.Errorf("%s lacks %q", what, text)
		}
	}
}

func TestTwoTabsEditOnePolicy(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	path := "/policies/" + s.defaultPolicy()
	first := s.policyForm(path, cookie, url.Values{"schedule": {"0 5 * * *"}, "keep_weekly": {"9"}})
	second := s.policyForm(path, cookie, url.Values{"schedule": {"0 6 * * *"}, "description": {"of the second <tab>"}})
	if r := s.post(path, cookie, first); r.status != http.StatusSeeOther {
		t.Fatalf("the first save: %d %.300s", r.status, r.body)
	}
	r := s.post(path, cookie, second)
	if r.status != http.StatusConflict {
		t.Fatalf("the second save: %d", r.status)
	}
	wants(t, "the conflict", r.body, "changed meanwhile", "0 5 * * *", `value="0 6 * * *"`, "of the second &lt;tab&gt;", "7 daily, 9 weekly", `href="`+path+`"`, "Save mine over it")
	if p, err := s.store.DefaultPolicy(t.Context()); err != nil || p.Schedule != "0 5 * * *" {
		t.Errorf("the second tab overwrote the first: %q, %v", p.Schedule, err)
	}
	again := regexp.MustCompile(`name="version" value="([^"]*)"`).FindStringSubmatch(r.body)
	second.Set("version", again[1])
	if r := s.post(path, cookie, second); r.status != http.StatusSeeOther {
		t.Errorf("saving on purpose: %d", r.status)
	}
	if p, err := s.store.DefaultPolicy(t.Context()); err != nil || p.Schedule != "0 6 * * *" {
		t.Errorf("after saving on purpose it is %q, %v", p.Schedule, err)
	}
}

func TestPolicyDeletedInAnotherTab(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	device, err := s.store.LocalDevice(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.store.CreateDestination(t.Context(), model.Destination{
		Name: "nas", Type: model.DestinationLocal, Enabled: true, LocalDeviceID: device.ID, LocalPath: "/mnt/nas", RepoPassword: model.Sealed{1}, RepoInitialized: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	p := model.Policy{Name: "Gone", Enabled: true, Schedule: "@daily"}
	p.DestinationIDs = append(p.DestinationIDs, d.ID)
	if p, err = s.store.CreatePolicy(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	path := "/policies/" + p.ID.String()
	form := s.policyForm(path, cookie, url.Values{"name": {"Typed"}, "destination_ids": {d.ID.String()}})
	form.Del("default")
	if r := s.post(path+"/delete", cookie, nil); r.status != http.StatusSeeOther {
		t.Fatalf("delete: %d", r.status)
	}
	r := s.post(path, cookie, form)
	if r.status != http.StatusConflict {
		t.Fatalf("the save: %d", r.status)
	}
	wants(t, "the conflict", r.body, "was deleted meanwhile", `value="Typed"`, `action="/policies"`)
	if r := s.post("/policies", cookie, form); r.status != http.StatusSeeOther {
		t.Errorf("adding it again: %d %.300s", r.status, r.body)
	}
}

// TestPolicyPreview asks what a form comes to, by a script while typing and by a button.
func TestPolicyPreview(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	path := "/policies/" + s.defaultPolicy()
	good := s.policyForm(path, cookie, url.Values{"time_zone": {"America/New_York"}, "schedule": {"30 3 * * 1-5"}, "keep_monthly": {"3"}})
	bad := s.policyForm(path, cookie, url.Values{"time_zone": {"Mars/Base"}, "schedule": {"61 * * * *"}, "keep_daily": {"many"}, "name": {"kept <b>"}})
	for _, to := range []string{path + "/preview", "/policies/preview"} {
		page := s.post(to, cookie, good)
		if page.status != http.StatusOK {
			t.Fatalf("%s: %d", to, page.status)
		}
		wants(t, to, page.body, "<html", "Every day from Monday to Friday at 03:30", `value="30 3 * * 1-5"`, "would be kept of each app", "Monthly", "3, ", `action="`+strings.TrimSuffix(to, "/preview"))
		page = s.post(to, cookie, bad)
		if page.status != http.StatusOK {
			t.Fatalf("%s with errors: %d", to, page.status)
		}
		wants(t, to+" with errors", page.body, `id="f-schedule-reason"`, "Not a schedule", `id="f-time-zone-reason"`, `id="p-keep_daily-reason"`, "Use a whole number.", `value="many"`, `value="61 * * * *"`, "Mars/Base", "kept &lt;b&gt;")
	}
	hx := map[string]string{"HX-Request": "true", "Sec-Fetch-Site": "same-origin"}
	fragment := s.do(ask{method: http.MethodPost, path: path + "/preview", body: good.Encode(), cookie: cookie, header: hx})
	wants(t, "the fragment", fragment.body, `id="policy-live"`, "Every day from Monday to Friday at 03:30", "There is no snapshot under this policy yet.")
	if strings.Contains(fragment.body, "<html") {
		t.Error("a fragment holds a whole page")
	}
	good.Set("preset", "0 3 1 * *")
	wants(t, "a common schedule", s.post(path+"/preview", cookie, good).body, "On the 1st of every month at 03:00", `value="0 3 1 * *"`)
	if p, err := s.store.DefaultPolicy(t.Context()); err != nil || p.Schedule != model.DefaultSchedule {
		t.Errorf("a preview saved something: %q, %v", p.Schedule, err)
	}
}

// TestPolicyJitter saves a spread, and refuses one that is too long at its field.
func TestPolicyJitter(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	path := "/policies/" + s.defaultPolicy()
	form := s.policyForm(path, cookie, url.Values{"schedule": {"0 */6 * * *"}, "jitter_minutes": {"360"}})
	r := s.post(path, cookie, form)
	if r.status != http.StatusUnprocessableEntity {
		t.Fatalf("as long as the time between two runs: %d", r.status)
	}
	wants(t, "the refusal", r.body, `id="f-jitter-minutes-reason"`, "Use less than the 360 minutes between two runs of the schedule.", `value="360"`)
	wants(t, "the preview", s.post(path+"/preview", cookie, form).body, `id="f-jitter-minutes-reason"`, "What stays", "would be kept of each app")
	form.Set("jitter_minutes", "some")
	wants(t, "no number", s.post(path, cookie, form).body, "Use a whole number.")
	form.Set("jitter_minutes", "90")
	wants(t, "the preview of a good one", s.post(path+"/preview", cookie, form).body, "Each app starts up to 1 h 30 m later")
	if r := s.post(path, cookie, form); r.status != http.StatusSeeOther {
		t.Fatalf("the save: %d %.300s", r.status, r.body)
	}
	if p, err := s.store.DefaultPolicy(t.Context()); err != nil || p.JitterMinutes != 90 {
		t.Errorf("%d minutes were saved, %v", p.JitterMinutes, err)
	}
	wants(t, "the list", s.do(ask{path: "/policies", cookie: cookie}).body, "spread over 1 h 30 m")
}

// TestPolicyForecast shows what saving would do to snapshots that are there.
func TestPolicyForecast(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	path := "/policies/" + s.defaultPolicy()
	first, err := s.store.Snapshot(t.Context(), s.keepSnapshot(s.findApp("shop", false), nil))
	if err != nil {
		t.Fatal(err)
	}
	var older []model.Snapshot
	for day := 1; day < 5; day++ {
		at := first.StartedAt.AddDate(0, 0, -day)
		next := first
		next.ID, next.ResticSnapshotID, next.StartedAt, next.CompletedAt = model.NewID(), strings.Repeat(string(rune('0'+day)), 64), at, &at
		older = append(older, next)
	}
	if _, err := s.store.CreateSnapshots(t.Context(), older); err != nil {
		t.Fatal(err)
	}
	form := s.policyForm(path, cookie, url.Values{"keep_daily": {"2"}, "destination_ids": {first.DestinationID.String()}})
	page := s.post(path+"/preview", cookie, form)
	wants(t, "the forecast", page.body, "3 of 5 snapshots that are there would go", "shop", "in nas", "3 of 5 would go", older[2].StartedAt.In(time.Local).Format("Mon 2 Jan 2006"))
	form.Set("keep_daily", "")
	wants(t, "no rule", s.post(path+"/preview", cookie, form).body, "all 5 snapshots that are there would stay", "everything")
}
