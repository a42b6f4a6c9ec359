package jobs

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/index"
	"keepstead/model"
)

// withIndex gives a house an index of files.
func withIndex(t *testing.T) func(*Options) {
	return func(o *Options) {
		x, err := index.Open(t.Context(), o.Dir, index.Options{}, slog.New(slog.NewTextHandler(io.Discard, nil)))
		if err != nil {
			t.Fatal(err)
		}
		o.Index = x
	}
}

// put writes a file of the app.
func (h *house) put(name, text string) {
	h.t.Helper()
	p := filepath.Join(h.src, name)
	h.must(os.MkdirAll(filepath.Dir(p), 0o755))
	h.must(os.WriteFile(p, []byte(text), 0o644))
}

// TestIndexFollowsBackups takes three snapshots and asks the index for what only a walk through all of them would tell.
func TestIndexFollowsBackups(t *testing.T) {
	t.Parallel()
	h := newHouse(t, withIndex(t))
	t.Cleanup(func() { _ = h.Index.Close() })
	odd := []string{"new\nline", "[odd] *?.txt", "bad\xff\xfename", "שלום-" + strings.Repeat("l", 180), "quo\"te\\s"}
	h.start()
	d := h.destination()
	app, c := h.app(2)
	c.Retention = &model.Retention{KeepLast: 10}
	_, err := h.ChangeConfiguration(t.Context(), c)
	h.must(err)
	h.put("docs/Invoice-2024.pdf", "first")
	h.put("docs/lost.txt", "will be deleted")
	for _, name := range odd {
		h.put("odd/"+name, name)
	}
	h.must(os.Symlink("Invoice-2024.pdf", filepath.Join(h.src, "docs", "link")))
	h.expect(h.backup(c), model.JobSuccess, "")
	h.put("docs/Invoice-2024.pdf", "second and longer")
	h.expect(h.backup(c), model.JobSuccess, "")
	h.must(os.Remove(filepath.Join(h.src, "docs", "lost.txt")))
	h.put("docs/new.txt", "came last")
	h.expect(h.backup(c), model.JobSuccess, "")
	h.idle()

	snapshots := h.snapshots(c) // newest first
	if have, err := h.Index.Snapshots(t.Context()); err != nil || len(have) != 3 {
		t.Fatalf("%d of 3 snapshots are indexed: %v", len(have), err)
	}
	for _, s := range snapshots {
		for _, dir := range []string{"/", filepath.Dir(h.src), h.src, h.src + "/docs", h.src + "/odd"} {
			got, err := h.Browse(t.Context(), s.ID, dir)
			h.must(err)
			want, err := h.listed(t.Context(), s, dir)
			h.must(err)
			if !slices.EqualFunc(got, want, func(a, b model.Node) bool {
				same := a.ModTime.Equal(b.ModTime)
				a.ModTime, b.ModTime = time.Time{}, time.Time{}
				return same && a == b
			}) {
				t.Errorf("%s of %s is\n%v in the index and\n%v in the repository", dir, s.StartedAt, got, want)
			}
			if s.ID != snapshots[0].ID { // one snapshot is enough to ask restic about
				break
			}
		}
	}

	hits, err := h.SearchFiles(t.Context(), model.FileQuery{Text: "LOST", AppID: app.ID})
	h.must(err)
	if len(hits.Hits) != 1 || hits.Hits[0].Path != h.src+"/docs/lost.txt" || hits.Hits[0].Newest != snapshots[1].ID ||
		!hits.Hits[0].FirstSeen.Equal(snapshots[2].StartedAt) || hits.Indexed != 3 || hits.Unindexed != 0 {
		t.Errorf("the deleted file is found as %+v", hits)
	}
	hits, err = h.SearchFiles(t.Context(), model.FileQuery{Text: "odd/", AppID: app.ID, Snapshot: snapshots[0].ID})
	if err != nil || len(hits.Hits) != 2 {
		t.Errorf("a folder and a file have odd in their name, found %+v, %v", hits, err)
	}
	versions, err := h.FileVersions(t.Context(), app.ID, h.src+"/docs/Invoice-2024.pdf")
	h.must(err)
	if len(versions) != 2 || versions[0].Size != 17 || len(versions[0].Snapshots) != 2 || versions[1].Size != 5 || versions[1].Snapshots[0] != snapshots[2].ID {
		t.Errorf("the versions are %+v", versions)
	}
	found, err := h.Compare(t.Context(), model.ComparisonQuery{Before: snapshots[2].ID, After: snapshots[0].ID})
	h.must(err)
	var lines []string
	for _, change := range found.Changes {
		lines = append(lines, string(change.Kind)+" "+strings.TrimPrefix(change.Path, h.src+"/"))
	}
	if want := []string{"changed docs/Invoice-2024.pdf", "removed docs/lost.txt", "added docs/new.txt"}; !slices.Equal(lines, want) {
		t.Errorf("differences are %q, want %q", lines, want)
	}

	h.forgottenIsUnindexed(app, snapshots)
	h.unindexedIsAsked(d, snapshots)
}

// forgottenIsUnindexed forgets the snapshot that alone holds the first version.
func (h *house) forgottenIsUnindexed(app model.App, snapshots []model.Snapshot) {
	h.t.Helper()
	job, err := h.ForgetSnapshot(h.t.Context(), snapshots[2].ID, model.TriggerManual)
	h.must(err)
	h.expect(h.wait(job.ID), model.JobSuccess, "")
	versions, err := h.FileVersions(h.t.Context(), app.ID, h.src+"/docs/Invoice-2024.pdf")
	if err != nil || len(versions) != 1 || len(versions[0].Snapshots) != 2 {
		h.t.Errorf("after the first snapshot was forgotten the versions are %+v, %v", versions, err)
	}
}

// unindexedIsAsked takes a snapshot out of the index: its folders and a search in it are answered by restic, a comparison
// names it, and it can be indexed at once.
func (h *house) unindexedIsAsked(d model.Destination, snapshots []model.Snapshot) {
	h.t.Helper()
	ctx, s := h.t.Context(), snapshots[0]
	h.must(h.Index.Drop(ctx, s.ID))
	page, err := h.BrowsePage(ctx, s.ID, model.FolderQuery{Dir: h.src + "/odd", Limit: 2})
	if err != nil || page.Total != 5 || len(page.Nodes) != 2 || page.Next == "" {
		h.t.Errorf("restic's page is %+v, %v", page, err)
	}
	hits, err := h.SearchFiles(ctx, model.FileQuery{Text: "[ODD] *?", Snapshot: s.ID})
	if err != nil || len(hits.Hits) != 1 || hits.Hits[0].Name != "[odd] *?.txt" {
		h.t.Errorf("restic finds %+v, %v", hits, err)
	}
	var missing model.NotIndexed
	if _, err := h.Compare(ctx, model.ComparisonQuery{Before: snapshots[1].ID, After: s.ID}); !errors.As(err, &missing) || !slices.Contains(missing.Snapshots, s.ID) || !errors.Is(err, model.ErrConflict) {
		h.t.Errorf("comparing with one that is not indexed gave %v", err)
	}
	job, err := h.IndexNow(ctx, s.ID, model.TriggerManual)
	h.must(err)
	h.expect(h.wait(job.ID), model.JobSuccess, "")
	if has, err := h.Indexed(ctx, s.ID); err != nil || !has {
		h.t.Errorf("it is indexed: %t, %v", has, err)
	}
	if _, err := h.IndexNow(ctx, s.ID, model.TriggerManual); !errors.Is(err, model.ErrConflict) {
		h.t.Errorf("indexing it again gave %v", err)
	}
	// The repository was never locked by all that, and what the database lacks leaves the index.
	if locks := strings.TrimSpace(h.raw(d, "list", "locks", "--no-lock", "-q")); locks != "" {
		h.t.Errorf("locks are left: %s", locks)
	}
	h.must(h.Store.DeleteSnapshots(ctx, []uuid.UUID{s.ID}))
	h.must(h.settleIndex(ctx))
	if has, err := h.Indexed(ctx, s.ID); err != nil || has {
		h.t.Errorf("without its row it is still indexed: %t, %v", has, err)
	}
}
