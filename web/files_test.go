package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/index"
	"keepstead/model"
	"keepstead/views"
)

// oddName is a file name with all that a name can have.
const oddName = "שלום <script>alert(1)<!--\n[x] \uFFFD&\""

// browsed is an app with three snapshots, of which the first two are indexed.
type browsed struct {
	app       model.App
	snapshots []model.Snapshot // the oldest first
}

// browse makes them: a folder of 1,200 files, and a file that changed and one that went from the first to the second.
func (s *site) browse() browsed {
	s.t.Helper()
	ctx := s.t.Context()
	fatal := func(err error) {
		s.t.Helper()
		if err != nil {
			s.t.Fatal(err)
		}
	}
	device, err := s.store.LocalDevice(ctx)
	fatal(err)
	var b browsed
	b.app, err = s.store.CreateApp(ctx, model.App{Name: "Photos", Kind: model.AppFolders, DeviceID: device.ID, Origin: model.OriginManual, Paths: []string{"/srv"}}, nil)
	fatal(err)
	d, err := s.store.CreateDestination(ctx, model.Destination{Name: "Disk", Type: model.DestinationLocal, LocalDeviceID: device.ID, LocalPath: "/nowhere", RepoPassword: model.Sealed{1}, Enabled: true, RepoInitialized: true})
	fatal(err)
	for day := range 3 {
		at := time.Date(2026, 5, 1+day, 3, 0, 0, 0, time.UTC)
		b.snapshots = append(b.snapshots, model.Snapshot{
			ID: model.NewID(), AppID: b.app.ID, ConfigurationID: model.NewID(), DestinationID: d.ID, Status: model.SnapshotSuccess,
			ResticSnapshotID: strings.Repeat(fmt.Sprint(day), 64), Paths: []string{"/srv"}, StartedAt: at, CompletedAt: &at,
		})
		b.snapshots[day].ConfigurationID = b.snapshots[0].ConfigurationID
	}
	_, err = s.store.CreateSnapshots(ctx, b.snapshots)
	fatal(err)
	for day, snapshot := range b.snapshots[:2] {
		fatal(s.index.Add(ctx, index.Snapshot{
			ID: snapshot.ID, App: b.app.ID, Configuration: snapshot.ConfigurationID, Started: snapshot.StartedAt,
		}, func(_ context.Context, each func(model.Node) error) error {
			out := []model.Node{{Path: "/srv", Type: "dir"}, {Path: "/srv/big", Type: "dir"}}
			for i := range 1200 {
				out = append(out, model.Node{Path: fmt.Sprintf("/srv/big/%04d.jpg", i), Type: "file", Size: 5})
			}
			out = append(out, model.Node{Path: "/srv/changed.txt", Type: "file", Size: int64(10 + day), ModTime: snapshot.StartedAt})
			if day == 0 {
				out = append(out, model.Node{Path: "/srv/lost.txt", Type: "file", Size: 3})
			}
			for _, n := range append(out, model.Node{Path: "/srv/" + oddName, Type: "file", Size: 1}) {
				if err := each(n); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	return b
}

// TestFindVersionsCompare walks the pages that the index makes possible, as a browser without scripts does.
func TestFindVersionsCompare(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.browse()
	cookie := s.signIn()
	get := func(path string, status int, fragment bool) string {
		t.Helper()
		a := ask{path: path, cookie: cookie}
		if fragment {
			a.header = map[string]string{"HX-Request": "true"}
		}
		r := s.do(a)
		if r.status != status {
			t.Fatalf("%s: %d, want %d: %s", path, r.status, status, r.body)
		}
		if strings.Contains(r.body, "<script>alert") {
			t.Errorf("%s does not escape a name", path)
		}
		return r.body
	}
	has := func(body string, want ...string) {
		t.Helper()
		for _, w := range want {
			if !strings.Contains(body, w) {
				t.Errorf("%q is missing in\n%s", w, body)
			}
		}
	}
	old, newer, last := b.snapshots[0].ID, b.snapshots[1].ID, b.snapshots[2].ID

	// The page of an indexed snapshot has its files at once; a large folder comes in pages.
	has(get(views.SnapshotPath(newer), 200, false), "changed.txt", views.ComparePath(newer), `action="`+views.SnapshotSearchPath(newer)+`"`)
	page := get(views.SnapshotFilesPath(newer, "/srv/big"), 200, true)
	has(page, "0499.jpg", "Show more of 1,200 entries")
	if strings.Contains(page, "0500.jpg") {
		t.Error("more than a page of the folder is sent")
	}
	more := get(views.SnapshotMorePath(newer, "/srv/big", "10999.jpg"), 200, true)
	if has(more, "1000.jpg", "1199.jpg"); strings.Contains(more, "0999.jpg") || strings.Contains(more, "Show more") || strings.Contains(more, "<html") {
		t.Errorf("the last page is %s", more)
	}
	has(get(strings.TrimSuffix(views.SnapshotDirMorePath(newer, "/srv/big", "10999.jpg"), "#files"), 200, false), "1000.jpg", "<html")

	// A lost file is found from the newest snapshot, in all of them, and leads to its restore.
	has(get(views.AppPath(b.app.ID), 200, false), views.AppFilesPath(b.app.ID))
	has(get(views.AppFilesPath(b.app.ID), 200, false), `name="q"`)
	has(get(views.AppFilesPath(b.app.ID)+"?q=LOST", 200, false), "lost.txt", url.QueryEscape(views.FileValue("/srv/lost.txt")), "1 match in 2 snapshots", "1 snapshot is")
	has(get(views.SnapshotSearchPath(newer)+"?q=lost", 200, false), "Nothing has that in its name")
	has(get(views.SnapshotSearchPath(newer)+"?q=lost&in=app", 200, false), "lost.txt", views.RestorePath(old))
	has(get(views.SnapshotSearchPath(newer)+"?q=%5Bx%5D", 200, false), "&lt;script&gt;")
	has(get(views.AppFilesPath(b.app.ID)+"?q=%2F", 422, false), "Give a part of the name.")
	has(get(views.SnapshotSearchPath(last)+"?q=lost", 503, false), "not indexed")
	get(views.AppFilesPath(uuid.New())+"?q=x", 404, false)

	// What is gone goes back to where it was; what is there is not overwritten unless somebody says so.
	gone := get(views.RestoreFilePath(old, s.dir+"/lost.txt"), 200, false)
	has(gone, "Nothing is overwritten", `value="in_place" checked`)
	there := get(views.RestoreFilePath(old, s.dir), 200, false)
	has(there, "Changed files are overwritten", `value="folder" checked`)

	has(get(views.VersionsPath(b.app.ID, "/srv/changed.txt"), 200, false), "2 versions", views.RestorePath(old), views.RestorePath(newer))
	has(get(views.VersionsPath(b.app.ID, "/srv/"+oddName), 200, false), "1 version", "2 snapshots")
	has(get(views.VersionsPath(b.app.ID, "/srv/never"), 200, false), "No indexed snapshot holds this file")

	has(get(views.ComparePath(newer), 200, false), "Choose what to compare with", views.CompareWithPath(newer, old))
	for _, path := range []string{views.CompareWithPath(newer, old), views.CompareWithPath(old, newer)} { // the earlier one is always first
		has(get(path, 200, false), "/srv/changed.txt", "/srv/lost.txt", "Removed", "10 B", "11 B", "−2 B", "Restore before", "Restore after",
			views.RestoreFilePath(old, "/srv/changed.txt"), views.RestoreFilePath(newer, "/srv/changed.txt"))
	}
	if only := get(views.CompareWithPath(newer, old)+"&kind=changed", 200, false); strings.Contains(only, "/srv/lost.txt") {
		t.Error("the filter by kind shows another one")
	}
	has(get(views.CompareWithPath(newer, old)+"&q=nowhere", 200, false), "No change matches")
	has(get(views.CompareWithPath(newer, last), 200, false), "are not indexed yet", `action="`+views.SnapshotIndexPath(last)+`"`)
	get(views.ComparePath(newer)+"?with=x", 422, false)
	get(views.CompareWithPath(newer, uuid.New()), 404, false)

	form := url.Values{"next": {views.CompareWithPath(newer, last)}}
	if r := s.post(views.SnapshotIndexPath(last), cookie, form); r.status != http.StatusSeeOther || r.header.Get("Location") != form.Get("next") {
		t.Errorf("indexing a snapshot: %d to %s", r.status, r.header.Get("Location"))
	}
	queued, err := s.store.Jobs(t.Context(), model.JobFilter{Kinds: []model.JobKind{model.JobIndex}})
	if err != nil || len(queued) != 1 || queued[0].SnapshotID != last {
		t.Errorf("queued %+v, %v", queued, err)
	}
	if r := s.post(views.SnapshotIndexPath(newer), cookie, nil); r.status != http.StatusConflict {
		t.Errorf("indexing an indexed snapshot: %d", r.status)
	}
}
