package views

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"github.com/google/uuid"

	"keepstead/model"
)

// pages renders every page with the sample; the key is the name of the page.
func pages(t *testing.T, s sample) map[string]templ.Component {
	t.Helper()
	at := func(path string) Chrome { c := s.chrome; c.Path = path; return c }
	out := map[string]templ.Component{}
	for _, group := range []map[string]templ.Component{plainPages(s), listPages(s, at), detailPages(s, at), dockerPages(s, at), previewPages(s, at), devicePages(s, at), policyPages(s, at), scopePages(s, at), channelPages(s, at), keyPages(s, at), twoFactorPages(s, at)} {
		for name, page := range group {
			out[name] = page
		}
	}
	return out
}

func plainPages(s sample) map[string]templ.Component {
	anonymous := s.chrome
	anonymous.User, anonymous.Live = "", ""
	local := DestinationForm{Name: "This machine", Type: "local", Path: "/var/lib/keepstead/repository", Repository: "create"}
	devices := []model.Device{s.device}
	return map[string]templ.Component{
		"setup":             show(s, SetupPage, SetupProps{Chrome: anonymous, Name: "admin", Code: "AB12-CD34", Errors: model.Invalids{{Field: "password", Reason: "Use 10 to 256 characters."}}}),
		"setup-destination": show(s, SetupDestinationPage, SetupDestinationProps{Chrome: anonymous, Form: local, Devices: devices, Probe: goodProbe()}),
		"setup-apps":        show(s, SetupAppsPage, SetupAppsProps{Chrome: anonymous, Apps: s.apps[8:]}),
		"signin":            show(s, SignInPage, SignInProps{Chrome: anonymous, Name: "admin", Error: "The name or the password is not right."}),
		"signin-code":       show(s, SignInCodePage, SignInCodeProps{Chrome: anonymous, Next: "/apps", Error: "This code is not right, or was used already. Wait for the next one your app shows."}),
		"error":             show(s, ErrorPage, ErrorProps{Chrome: s.chrome, Status: 404}),
		"error-anonymous":   show(s, ErrorPage, ErrorProps{Chrome: anonymous, Status: 500, RequestID: "01JD9Y"}),
		"design":            DesignPage(DesignProps{Chrome: s.chrome}),
		"go":                show(s, GoPage, goSample(s, "re")), "go-none": show(s, GoPage, goSample(s, "xyzzy")),
	}
}

// goSample asks the palette of the sample.
func goSample(s sample, query string) GoProps {
	p := GoProps{Chrome: s.chrome, Query: query}
	p.Chrome.Path = GoPath
	newest := map[uuid.UUID]uuid.UUID{}
	for _, a := range s.apps {
		newest[a.App.ID] = id(402)
	}
	p.Goals, p.Total = Rank(query, Goals(context.Background(), Places{Apps: s.apps, Newest: newest, Destinations: s.destinations, Devices: []model.Device{s.device}, Policies: s.policies}))
	return p
}

func listPages(s sample, at func(string) Chrome) map[string]templ.Component {
	empty := at(HomePath)
	return map[string]templ.Component{
		"home":       show(s, HomePage, HomeProps{Chrome: at(HomePath), Apps: s.apps, Destinations: s.destinations, Open: s.jobs[:2], Recent: s.jobs[2:], Days: s.days(), Devices: []model.Device{s.device}, Samples: s.samples(), Channels: s.channels(), Upkeep: map[uuid.UUID][]model.Upkeep{id(11): s.upkeep()}}),
		"home-good":  show(s, HomePage, HomeProps{Chrome: at(HomePath), Apps: s.apps[3:5], Destinations: s.destinations[:1], Recent: s.jobs[4:7], Days: s.days(), Devices: []model.Device{s.device}}),
		"home-empty": show(s, HomePage, HomeProps{Chrome: empty, Apps: s.apps[8:]}),
		"apps":       show(s, AppsPage, AppsProps{Chrome: at(AppsPath), Apps: s.apps, Total: len(s.apps), Destinations: s.destinations, Policies: s.policies, Counts: CountApps(s.plainApps()), Progress: s.progress}),
		"app-new": show(s, AppNewPage, AppNewProps{Chrome: at(NewAppPath), Form: AppForm{Name: "Photos", Paths: "srv/photos"}, Devices: []model.Device{s.device}, Errors: model.Invalids{
			{Field: "paths", Reason: "\"srv/photos\" is relative; start the path with /."},
		}}),
		"destinations":     show(s, DestinationsPage, DestinationsProps{Chrome: at(DestinationsPath), Destinations: s.destinations, Policies: s.policies, Open: s.jobs[:2]}),
		"destination-new":  show(s, DestinationFormPage, DestinationFormProps{Chrome: at(NewDestinationPath), Form: DestinationForm{Type: "s3", Preset: "b2", Name: "Backblaze", Endpoint: "s3.us-west-002.backblazeb2.com", Bucket: "homelab"}, Devices: []model.Device{s.device}, Probe: badProbe()}),
		"destination-edit": show(s, DestinationFormPage, DestinationFormProps{Chrome: at(DestinationEditPath(id(11))), Destination: &s.destinations[1], Form: NewDestinationForm(s.destinations[1])}),
		"policies":         show(s, PoliciesPage, PoliciesProps{Chrome: at(PoliciesPath), Policies: s.policies, Destinations: s.destinations, Used: map[uuid.UUID]int{id(20): 7, id(21): 2}}),
		"snapshots":        show(s, SnapshotsPage, SnapshotsProps{Chrome: at(SnapshotsPath), Snapshots: s.snapshots, Apps: s.plainApps(), Destinations: s.destinations, Paging: Paging{Older: "/snapshots?cursor=x", Total: 831}}),
		"snapshots-none":   show(s, SnapshotsPage, SnapshotsProps{Chrome: at(SnapshotsPath), Any: true, Filter: SnapshotQuery{Status: "failed"}}),
		"activity":         show(s, ActivityPage, ActivityProps{Chrome: at(ActivityPath), Jobs: s.jobs, Apps: s.plainApps(), Destinations: s.destinations, Paging: Paging{Older: "/activity?cursor=x", Newer: "/activity", Total: -1}}),
	}
}

func detailPages(s sample, at func(string) Chrome) map[string]templ.Component {
	app := func(n int) AppProps {
		return AppProps{Chrome: at(AppPath(id(30 + n))), App: s.apps[n], Policies: s.policies, Destinations: s.destinations, Snapshots: s.snapshots[1:], Jobs: s.jobs, Progress: s.progress}
	}
	frozen := app(5)
	frozen.Jobs = s.jobs[5:]
	log := strings.Split(strings.Repeat("09:04:11 scanning /srv/immich\n09:04:12 open repository a81bce02\n", 12), "\n")
	snapshot := SnapshotProps{Chrome: at(SnapshotPath(id(402))), Snapshot: s.snapshots[2], Device: &s.device, App: s.apps[2].App, JobID: id(204), Files: SnapshotFilesProps{Clock: s.chrome.Clock, SnapshotID: id(402), Dir: "/", Nodes: s.nodes()}}
	restore := RestoreProps{Chrome: at(RestorePath(id(402))), Snapshot: s.snapshots[2], App: s.apps[2].App, Device: s.device, Form: RestoreForm{Target: "/var/lib/keepstead/restored/paperless", Where: "folder"}}
	chosen := restore
	chosen.Form = RestoreForm{Where: "in_place", Safety: "on", Files: []string{FileValue("/srv/a [odd]\n*.txt"), FileValue("/srv/paperless/media")}}
	chosen.Plan = &model.RestorePlan{Target: "/srv/paperless", FreeBytes: 90 << 30, NeedBytes: 3 << 20, NewFiles: 2, Overwrites: 14, Unchanged: 220, Examples: []string{"/srv/paperless/media/1.pdf", "/srv/paperless/media/2.pdf"}}
	job := func(n int) JobProps {
		return JobProps{Chrome: at(JobPath(s.jobs[n].ID)), Job: s.jobs[n], HasApp: true, Log: log}
	}
	return map[string]templ.Component{
		"app":                show(s, AppPage, app(0)),
		"app-frozen":         show(s, AppPage, frozen),
		"app-forget":         show(s, ConfirmPage, ConfirmProps{Chrome: at(AppForgetPath(id(30))), Heading: "Forget immich?", Lost: []string{"Its backups stop, and its settings here are deleted."}, Stays: []string{"Its files stay where they are.", "Its snapshots stay, and you can still restore them."}, Action: AppForgetPath(id(30)), Button: "Forget app", Back: AppPath(id(30)), BackName: "immich", Removes: true}),
		"destination-remove": show(s, DestinationRemovePage, NewDestinationRemove(ConfirmProps{Chrome: at(DestinationRemovePath(id(10))), Heading: "Remove Backup disk?", Action: DestinationRemovePath(id(10)), Button: "Remove destination", Back: DestinationPath(id(10))}, s.destinations[0], s.apps, s.policies)),
		"destination":        show(s, DestinationPage, DestinationProps{Chrome: at(DestinationPath(id(11))), Destination: s.destinations[1], Device: s.device, Policies: s.policies[:2], Jobs: s.jobs[2:6], Probe: badProbe(), Samples: s.samples(), Upkeep: s.upkeep()}),
		"destination-locks":  show(s, DestinationLocksPage, locksSample(s, at)),
		"policy":             show(s, PolicyPage, PolicyProps{Chrome: at(PolicyPath(id(21))), Policy: &s.policies[1], Form: NewPolicyForm(s.policies[1]), Destinations: s.destinations, Apps: s.plainApps()[:2], Zones: []string{"Europe/Berlin"}, ServerZone: "Europe/Berlin"}),
		"policy-new":         show(s, PolicyPage, PolicyProps{Chrome: at(NewPolicyPath), Form: PolicyForm{Schedule: "0 25 * * *", Enabled: "on"}, Destinations: s.destinations, Errors: model.Invalids{{Field: "schedule", Reason: "Use five cron fields such as 0 2 * * *, or @hourly, @daily, @weekly, @monthly, @yearly."}, {Field: "destination_ids", Reason: "Choose at least one destination."}}}),
		"find":               show(s, FindPage, findSample(s, at)), "find-none": show(s, FindPage, FindProps{Chrome: at(AppFilesPath(id(32))), App: s.apps[2].App, Form: FindForm{Text: "x"}, Hits: &model.FileHits{}}),
		"versions": show(s, VersionsPage, versionsSample(s, at)), "compare": show(s, ComparePage, compareSample(s, at)), "compare-unindexed": show(s, ComparePage, unindexedSample(s, at)),
		"compare-choose": show(s, ComparePage, CompareProps{Chrome: at(ComparePath(id(402))), Snapshot: s.snapshots[2], Choices: s.snapshots[:2]}),
		"snapshot":       show(s, SnapshotPage, snapshot), "restore": show(s, RestorePage, restore), "restore-chosen": show(s, RestorePage, chosen),
		"job-running": show(s, JobPage, job(0)), "job-failed": show(s, JobPage, job(2)), "job-restore": show(s, JobPage, job(4)),
		"reference": show(s.own(), ReferencePage, referenceSample(at(ReferencePath))),
		"kit":       show(s, KitPage, KitProps{Chrome: at(KitPath), Destinations: s.kitted(), CodeToo: true, Errors: model.Invalids{{Field: "current_password", Reason: "This is not your password."}}}),
		"audit":     show(s, AuditPage, auditSample(s, at)), "audit-none": show(s, AuditPage, AuditProps{Chrome: at(AuditPath), Filter: AuditQuery{Who: "eva", Kind: "removals"}}),
		"kit-empty": show(s, KitPage, KitProps{Chrome: at(KitPath)}),
		"settings": show(s, SettingsPage, SettingsProps{
			Destinations: s.destinations, System: s.apps[8:], Channels: s.channels(),
			Chrome: at(SettingsPath), Users: []model.User{{ID: id(1), Name: "admin"}, {ID: id(2), Name: "eva"}}, TwoFactor: map[uuid.UUID]bool{id(1): true}, CodeToo: true, Device: s.device, DataDir: "/var/lib/keepstead", NewTokenName: "orchestrator", NewToken: "ks_7Yb2mQ0dPz5LwTn8uXcV4aRk1sJg6hEfBtNqZoMiyKp",
			Tokens:   []model.Token{{ID: id(1), Name: "orchestrator", CreatedAt: s.chrome.Now.Add(-time.Minute)}},
			Sessions: []model.Session{{IDHash: []byte{1}, UserAgent: "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", IP: "192.168.178.20", SeenAt: s.chrome.Now}, {IDHash: []byte{2}, UserAgent: "Mozilla/5.0 (iPhone) Safari/605", IP: "192.168.178.31", SeenAt: s.chrome.Now.Add(-3 * time.Hour)}},
			Current:  []byte{1},
		}),
	}
}

// locksSample is a repository with a lock of today and one that was left behind.
func locksSample(s sample, at func(string) Chrome) DestinationLocksProps {
	return DestinationLocksProps{Chrome: at(DestinationLocksPath(id(11))), Destination: s.destinations[1], Locks: []model.Lock{
		{ID: strings.Repeat("ab", 32), Host: "nas", User: "root", PID: 4711, Since: s.chrome.Now.Add(-40 * time.Hour), Exclusive: true},
		{ID: strings.Repeat("cd", 32), Host: "laptop", User: "eva", PID: 812, Since: s.chrome.Now.Add(-2 * time.Minute)},
	}}
}

func goodProbe() *model.Probe {
	return &model.Probe{FreeBytes: 900 << 30, Repository: model.RepositoryNone, Steps: []model.ProbeStep{
		{Name: "folder", State: model.ProbeOK, Detail: "The folder is there.", Duration: 2 * time.Millisecond},
		{Name: "write", State: model.ProbeOK, Duration: time.Millisecond},
		{Name: "read", State: model.ProbeOK, Duration: time.Millisecond},
		{Name: "delete", State: model.ProbeOK, Duration: time.Millisecond},
	}}
}

func badProbe() *model.Probe {
	return &model.Probe{FreeBytes: -1, Repository: model.RepositoryUnknown, Steps: []model.ProbeStep{
		{Name: "resolve", State: model.ProbeOK, Detail: "s3.us-west-002.backblazeb2.com is 206.190.208.254.", Duration: 12 * time.Millisecond},
		{Name: "connect", State: model.ProbeOK, Detail: "Connected to 206.190.208.254:443.", Duration: 140 * time.Millisecond},
		{Name: "tls", State: model.ProbeOK, Detail: "The certificate is valid until 2026-11-30.", Duration: 160 * time.Millisecond},
		{Name: "credentials", State: model.ProbeFailed, Detail: "The server does not know this access key.", Mend: "Copy the access key id again, and check that it belongs to this endpoint.", Duration: 210 * time.Millisecond},
		{Name: "bucket", State: model.ProbeSkipped},
		{Name: "write", State: model.ProbeSkipped},
		{Name: "read", State: model.ProbeSkipped},
		{Name: "delete", State: model.ProbeSkipped},
	}}
}

func (s *sample) nodes() []model.Node {
	at := s.chrome.Now.AddDate(0, -1, 0)
	return []model.Node{
		{Path: "/etc", Name: "etc", Type: "dir", ModTime: at},
		{Path: "/srv", Name: "srv", Type: "dir", ModTime: at},
		{Path: "/srv/a [odd]\n*.txt", Name: "a [odd]\n*.txt", Type: "file", Size: 1234567, ModTime: at},
		{Path: "/latest", Name: "latest", Type: "symlink", Target: "/srv/paperless/media", ModTime: at},
		{Path: "/paperless.db", Name: "paperless.db", Type: "file", Size: 48 << 20, ModTime: at},
	}
}

func render(t *testing.T, page templ.Component) string {
	t.Helper()
	var out bytes.Buffer
	if err := page.Render(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestPages renders every page and checks what the content security policy and the manner demand of each.
func TestPages(t *testing.T) {
	t.Parallel()
	handler := regexp.MustCompile(`\son[a-z]+="`)
	ids := regexp.MustCompile(`\sid="([^"]*)"`)
	for name, page := range pages(t, newSample(t)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			html := render(t, page)
			for _, bad := range []string{" style=", "<style", "javascript:", "%!", "hx-on", "<script>", "<img src=x"} {
				if strings.Contains(html, bad) {
					t.Errorf("the page contains %q", bad)
				}
			}
			if found := handler.FindString(html); found != "" {
				t.Errorf("the page has an inline handler %q", found)
			}
			if n := strings.Count(html, "<h1"); n != 1 {
				t.Errorf("the page has %d main headings", n)
			}
			seen := map[string]bool{}
			for _, m := range ids.FindAllStringSubmatch(html, -1) {
				if seen[m[1]] {
					t.Errorf("the id %q stands twice", m[1])
				}
				seen[m[1]] = true
			}
		})
	}
}

// TestTemplatesAreShort keeps each templ file to what one reads at once.
func TestTemplatesAreShort(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{"*.templ", "ui/*.templ"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if lines := bytes.Count(text, []byte("\n")); lines > 250 {
				t.Errorf("%s has %d lines, more than 250; split it by meaning", name, lines)
			}
		}
	}
}

// TestWritePages writes the pages to a folder for somebody to look at: KEEPSTEAD_PAGES=/tmp/pages go test ./views.
func TestWritePages(t *testing.T) {
	dir := os.Getenv("KEEPSTEAD_PAGES")
	if dir == "" {
		return // nothing was asked for
	}
	assets := regexp.MustCompile(`/static/((?:vendor|icons)/)?([a-z-]+)\.(css|js|svg|png)`)
	for name, page := range pages(t, newSample(t)) {
		html := assets.ReplaceAllString(render(t, page), "static/$1$2.$3")
		if err := os.WriteFile(filepath.Join(dir, name+".html"), []byte(html), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, _ = io.WriteString(os.Stdout, "pages written to "+dir+"\n")
}
