package api

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/index"
	"keepstead/jobs"
	"keepstead/model"
)

// TestFilesOfSnapshots asks for folders, names, versions and differences; the client holds each answer against the
// document.
func TestFilesOfSnapshots(t *testing.T) {
	t.Parallel()
	var x *index.Index
	h := newHouse(t, func(o *jobs.Options) {
		var err error
		x, err = index.Open(t.Context(), o.Dir, index.Options{}, o.Log)
		must(t, err)
		o.Index = x
	})
	t.Cleanup(func() { _ = x.Close() })
	ctx := t.Context()
	d, err := h.db.CreateDestination(ctx, model.Destination{Name: "Disk", Type: model.DestinationLocal, LocalPath: "/nowhere", RepoPassword: model.Sealed{1}, RepoInitialized: true})
	must(t, err)
	app, _ := h.app("files")
	var ids []string
	for day := range 3 {
		at := time.Date(2026, 5, 1+day, 3, 0, 0, 0, time.UTC)
		s := model.Snapshot{
			ID: model.NewID(), AppID: app.ID, ConfigurationID: uuid.New(), DestinationID: d.ID, Status: model.SnapshotSuccess,
			ResticSnapshotID: strings.Repeat(fmt.Sprint(day), 64), StartedAt: at, CompletedAt: &at,
		}
		ids = append(ids, s.ID.String())
		_, err := h.db.CreateSnapshots(ctx, []model.Snapshot{s})
		must(t, err)
		if day == 2 {
			continue
		}
		must(t, x.Add(ctx, index.Snapshot{ID: s.ID, App: app.ID, Started: at}, func(_ context.Context, each func(model.Node) error) error {
			for _, n := range []model.Node{
				{Path: "/a", Type: "dir"},
				{Path: "/a/one", Type: "file", Size: int64(1 + day), ModTime: at},
				{Path: "/a/two\n", Type: "file"},
				{Path: fmt.Sprintf("/day%d", day), Type: "symlink", Target: "a"},
			} {
				if err := each(n); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	of := func(n int) string { return "/backup/snapshots/" + ids[n] }

	page := read[FileList](h.send("GET", of(0)+"/files?path=/a&limit=1", nil, 200))
	if page.Total != 2 || len(page.Files) != 1 || page.Next == "" {
		t.Errorf("got %+v", page)
	}
	rest := read[FileList](h.send("GET", of(0)+"/files?path=/a&limit=1&after="+url.QueryEscape(page.Next), nil, 200))
	if len(rest.Files) != 1 || rest.Files[0].Name != "two\n" || rest.Next != "" {
		t.Errorf("got %+v", rest)
	}
	h.send("GET", of(0)+"/files?path=/none", nil, 404)
	h.send("GET", of(0)+"/files?limit=0", nil, 422)

	hits := read[FileHits](h.send("GET", "/apps/"+app.ID.String()+"/files/search?q=DAY", nil, 200))
	if len(hits.Hits) != 2 || hits.Indexed != 2 || hits.Unindexed != 1 || hits.More {
		t.Errorf("got %+v", hits)
	}
	hits = read[FileHits](h.send("GET", "/apps/"+app.ID.String()+"/files/search?q=DAY&limit=1", nil, 200))
	if len(hits.Hits) != 1 || !hits.More {
		t.Errorf("got %+v", hits)
	}
	hits = read[FileHits](h.send("GET", of(1)+"/files/search?q=day", nil, 200))
	if len(hits.Hits) != 1 || hits.Hits[0].File.Path != "/day1" || hits.Hits[0].SnapshotID.String() != ids[1] {
		t.Errorf("got %+v", hits)
	}
	h.send("GET", "/apps/"+app.ID.String()+"/files/search", nil, 422)
	h.send("GET", "/apps/"+app.ID.String()+"/files/search?q=%2F", nil, 422)
	h.send("GET", "/apps/"+uuid.NewString()+"/files/search?q=x", nil, 404)

	versions := read[FileVersions](h.send("GET", "/apps/"+app.ID.String()+"/files/versions?path=/a/one", nil, 200))
	if len(versions.Versions) != 2 || versions.Versions[0].File.Size != 2 || versions.Versions[0].SnapshotIds[0].String() != ids[1] {
		t.Errorf("got %+v", versions)
	}
	if none := read[FileVersions](h.send("GET", "/apps/"+app.ID.String()+"/files/versions?path=/none", nil, 200)); len(none.Versions) != 0 {
		t.Errorf("got %+v", none)
	}

	differ := read[Comparison](h.send("GET", of(1)+"/compare?with="+ids[0], nil, 200))
	if differ.Added.Files != 1 || differ.Removed.Files != 1 || differ.Changed.Files != 1 || differ.Grown != 1 || len(differ.Changes) != 3 {
		t.Errorf("got %+v", differ)
	}
	first := read[Comparison](h.send("GET", of(1)+"/compare?limit=1&with="+ids[0], nil, 200))
	second := read[Comparison](h.send("GET", of(1)+"/compare?limit=1&with="+ids[0]+"&cursor="+url.QueryEscape(first.Next), nil, 200))
	if first.Changes[0].Path != "/a/one" || first.Changes[0].Before.Size != 1 || second.Changes[0].Path != "/day0" || second.Changes[0].Kind != model.ChangeRemoved {
		t.Errorf("got %+v, then %+v", first, second)
	}
	h.send("GET", of(1)+"/compare?with="+ids[2], nil, 409)
	h.send("GET", of(1)+"/compare?with="+uuid.NewString(), nil, 404)
	h.send("GET", of(1)+"/compare", nil, 422)

	h.send("POST", of(0)+"/index", nil, 409)
	if job := read[Job](h.send("POST", of(2)+"/index", nil, 202)); job.Kind != model.JobIndex {
		t.Errorf("got %+v", job)
	}
}
