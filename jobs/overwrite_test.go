package jobs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"keepstead/model"
	"keepstead/store"
)

// overwritten runs a restore of files in place to its end.
func (h *house) overwritten(want model.Restore) model.Job {
	h.t.Helper()
	want.InPlace = true
	made, err := h.Restore(h.t.Context(), want, model.TriggerManual)
	h.must(err)
	return h.wait(made.ID)
}

func (h *house) text(name string) string {
	h.t.Helper()
	raw, err := os.ReadFile(name)
	h.must(err)
	return string(raw)
}

// savedState is the safety snapshot of a job.
func (h *house) savedState(job model.Job) model.Snapshot {
	h.t.Helper()
	if job.Result == nil || job.Result.SafetyID == nil {
		h.t.Fatalf("no safety snapshot was taken: %+v, steps %+v", job.Result, job.Steps)
	}
	s, err := h.Store.Snapshot(h.t.Context(), *job.Result.SafetyID)
	h.must(err)
	return s
}

// TestOverwriteSavesFirst holds that what files in place overwrite comes back from the safety snapshot.
func TestOverwriteSavesFirst(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.start()
	d := h.destination()
	_, c := h.app(3)
	changed, lost, later := filepath.Join(h.src, "changed"), filepath.Join(h.src, "lost"), filepath.Join(h.src, "later")
	h.must(os.WriteFile(changed, []byte("then"), 0o600))
	h.must(os.WriteFile(lost, []byte("lost"), 0o600))
	good := h.backup(c)
	h.expect(good, model.JobSuccess, "")
	h.idle()
	c.ExcludePaths = []string{"changed"} // what backups leave out is overwritten all the same
	_, err := h.Store.UpdateConfiguration(t.Context(), c)
	h.must(err)
	h.must(os.WriteFile(changed, []byte("now"), 0o600))
	h.must(os.Chmod(changed, 0o640))
	h.must(os.WriteFile(later, []byte("later"), 0o600))
	h.must(os.Remove(lost))

	job := h.overwritten(model.Restore{SnapshotID: good.SnapshotID, Files: []string{lost}})
	h.expect(job, model.JobSuccess, "")
	if h.text(lost) != "lost" || job.Result.SafetyID != nil || job.Steps[0].Detail != "There is nothing to save." {
		t.Errorf("a file that was gone: %+v, steps %+v", job.Result, job.Steps)
	}

	job = h.overwritten(model.Restore{SnapshotID: good.SnapshotID})
	h.expect(job, model.JobSuccess, "")
	if h.text(changed) != "then" || h.text(later) != "later" {
		t.Errorf("after the restore: %q, %q", h.text(changed), h.text(later))
	}
	saved := h.savedState(job)
	if !saved.Safety || saved.Status != model.SnapshotSuccess || saved.TotalFiles != 6 || saved.AppID != good.AppID || saved.ConfigurationID != c.ID {
		t.Errorf("the safety snapshot is %+v", saved)
	}
	if list := h.raw(d, "snapshots", "--tag", tagSafety+","+tagConfig(c.ID), "--json"); !strings.Contains(list, saved.ResticSnapshotID) {
		t.Errorf("the repository's snapshots with its tags are %s", list)
	}
	if last, err := h.Store.LastGoodSnapshot(t.Context(), c.ID, d.ID); err != nil || last.ID != good.SnapshotID {
		t.Errorf("the last good snapshot is %s, %v", last.ID, err)
	}

	job = h.overwritten(model.Restore{SnapshotID: saved.ID})
	h.expect(job, model.JobSuccess, "")
	if info, err := os.Stat(changed); h.text(changed) != "now" || err != nil || info.Mode() != 0o640 {
		t.Errorf("gone back to what was: %q, %v, %v", h.text(changed), info.Mode(), err)
	}

	job = h.overwritten(model.Restore{SnapshotID: good.SnapshotID, Files: []string{"changed"}})
	h.expect(job, model.JobSuccess, "")
	if one := h.savedState(job); one.TotalFiles != 1 || len(one.Paths) != 1 || one.Paths[0] != changed {
		t.Errorf("for one file there was saved %+v", one)
	}
	job = h.overwritten(model.Restore{SnapshotID: good.SnapshotID, SkipSafety: true})
	h.expect(job, model.JobSuccess, "")
	if job.Result.SafetyID != nil || len(job.Steps) != 1 {
		t.Errorf("without a safety snapshot: %+v, steps %+v", job.Result, job.Steps)
	}
}

// TestNothingIsOverwrittenUnsaved holds that a present state which cannot be saved is not overwritten.
func TestNothingIsOverwrittenUnsaved(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.start()
	d := h.destination()
	_, c := h.app(1)
	file := filepath.Join(h.src, "file")
	h.must(os.WriteFile(file, []byte("then"), 0o600))
	good := h.backup(c)
	h.idle()
	h.must(os.WriteFile(file, []byte("now"), 0o600))
	untouched := func(job model.Job, words ...string) {
		t.Helper()
		said := job.Message + " " + job.Mend
		for _, w := range words {
			if !strings.Contains(said, w) {
				t.Errorf("the job says %q, want %q", said, w)
			}
		}
		if h.text(file) != "now" || job.Result != nil {
			t.Errorf("afterwards the file holds %q, the result is %+v", h.text(file), job.Result)
		}
	}

	h.must(os.Rename(d.LocalPath, d.LocalPath+".away"))
	job := h.overwritten(model.Restore{SnapshotID: good.SnapshotID})
	h.expect(job, model.JobFailed, model.CauseNoRepository)
	untouched(job, "Nothing was changed.", "Mount the disk")
	h.must(os.Rename(d.LocalPath+".away", d.LocalPath))

	program := h.Restic
	h.wrapped(`for a; do if [ "$a" = backup ]; then echo 'Fatal: unable to save snapshot: write: no space left on device' >&2; exit 1; fi; done`)
	job = h.overwritten(model.Restore{SnapshotID: good.SnapshotID})
	h.expect(job, model.JobFailed, model.CauseDiskFull)
	untouched(job, "Nothing was changed.", "restore without the safety snapshot")
	if job.Steps[0].State != model.StepFailed || job.Steps[1].State != model.StepSkipped {
		t.Errorf("the steps are %+v", job.Steps)
	}

	h.Restic = program
	h.wrapped(`for a; do if [ "$a" = backup ]; then touch saving; exec sleep 60; fi; done`)
	made, err := h.Restore(t.Context(), model.Restore{SnapshotID: good.SnapshotID, InPlace: true}, model.TriggerManual)
	h.must(err)
	h.appears("saving")
	h.must(h.Cancel(t.Context(), made.ID))
	job = h.wait(made.ID)
	h.expect(job, model.JobCancelled, model.CauseCancelled)
	untouched(job, "You stopped it. Nothing was changed.")

	h.Restic = program
	h.wrapped(`for a; do if [ "$a" = restore ]; then echo 'Fatal: it broke' >&2; exit 1; fi; done`)
	job = h.overwritten(model.Restore{SnapshotID: good.SnapshotID})
	h.expect(job, model.JobFailed, model.CauseRestic)
	if saved := h.savedState(job); !strings.Contains(job.Message, "is in its place") || !strings.Contains(job.Mend, saved.ResticSnapshotID[:8]) {
		t.Errorf("a restore that broke says %q, %q", job.Message, job.Mend)
	}
}

// What lies where a folder was is overwritten too, and what only looks like a failure is none.
func TestWhatIsSavedOfPlaces(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	files, err := h.Host.Files()
	h.must(err)
	in := func(name string) string { return filepath.Join(h.dir, name) }
	h.must(os.MkdirAll(in("full/sub"), 0o755))
	h.must(os.MkdirAll(in("empty"), 0o755))
	for _, name := range []string{"full/sub/file", "was a folder"} {
		h.must(os.WriteFile(in(name), nil, 0o600))
	}
	h.must(os.Symlink("nowhere", in("link")))
	for name, tt := range map[string]struct{ places, want []string }{
		"a file":         {[]string{in("full/sub/file")}, []string{in("full/sub/file")}},
		"within another": {[]string{in("full/sub/file"), in("full"), in("full/sub")}, []string{in("full")}},
		"gone":           {[]string{in("full/gone/file"), in("empty")}, nil},
		"now a file":     {[]string{in("was a folder/sub/file")}, []string{in("was a folder")}},
		"a link":         {[]string{in("link")}, []string{in("link")}},
	} {
		if got, err := lying(files, tt.places); err != nil || strings.Join(got, "|") != strings.Join(tt.want, "|") {
			t.Errorf("%s: %q, %v, want %q", name, got, err, tt.want)
		}
	}
	for name, want := range map[string]model.Cause{"gone": "", "full/sub/file": model.CauseUnreadable} {
		row := &model.Snapshot{FailedCount: 1, FailedFiles: []model.FailedFile{{Path: in(name)}}}
		if err := wholeSafety(files, row); causeOf(err) != want || row.Status != model.SnapshotPartial {
			t.Errorf("%s was not saved: %v, %s", name, err, row.Status)
		}
	}
	if err := wholeSafety(files, &model.Snapshot{FailedCount: 2, FailedFiles: []model.FailedFile{{Path: in("gone")}}}); err == nil {
		t.Error("a failure without a name is passed over")
	}
}

// A restore of files that was cut off says truly what it left.
func TestRecoverTellsWhatBecomesOfFiles(t *testing.T) {
	t.Parallel()
	for state, words := range map[model.StepState]string{
		model.StepWaiting: "Nothing was overwritten", model.StepRunning: "Before a restore", model.StepDone: "Nothing needs to be done.",
	} {
		var out store.Outcome
		tellOverwrite(model.Job{Steps: []model.Step{{Title: "Save the present state", State: model.StepRunning}, {Title: restoreFilesTitle, State: state}}}, &out)
		if !strings.Contains(out.Mend, words) || (out.Message != "") != (state == model.StepDone) {
			t.Errorf("%s: %q %q", state, out.Message, out.Mend)
		}
	}
}

// What Keepstead wrote for a backup has no place to go back to.
func TestWithoutStaged(t *testing.T) {
	t.Parallel()
	roots := []string{"/srv/shop", "/data/staging/x"}
	if got, err := withoutStaged(roots, "/data/staging/x", nil); err != nil || len(got) != 1 || got[0] != "/srv/shop" {
		t.Errorf("of all: %q, %v", got, err)
	}
	if got, err := withoutStaged(roots[:1], "/data/staging/x", nil); err != nil || got != nil {
		t.Errorf("of a snapshot without such: %q, %v", got, err)
	}
	_, err := withoutStaged(roots, "/data/staging/x", []string{"/srv/shop/file", "/data/staging/x/databases/db.sql"})
	if refused := model.Refused(err); len(refused) != 1 || refused[0].Field != "files" || !strings.Contains(refused[0].Reason, "db.sql") {
		t.Errorf("a dump in place: %v", err)
	}
}

// TestStagedOfAnAdoptedSnapshot restores snapshots in place that another Keepstead made: its dumps go nowhere, and a folder of
// the user's that is called alike comes back.
func TestStagedOfAnAdoptedSnapshot(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.start()
	d := h.destination()
	h.write(2)
	staged, alike := filepath.Join(h.dir, "theirs", "staging", model.NewID().String()), filepath.Join(h.dir, "mine", "staging", model.NewID().String())
	for _, name := range []string{filepath.Join(staged, model.ManifestName), filepath.Join(staged, "databases", "db.sql"), filepath.Join(alike, "photo")} {
		h.must(os.MkdirAll(filepath.Dir(name), 0o755))
		h.must(os.WriteFile(name, []byte("{}"), 0o600))
	}
	h.raw(d, "backup", "--tag", tagOurs, h.src, staged)
	h.raw(d, "backup", h.src, alike)
	sync, err := h.Maintain(t.Context(), d.ID, model.JobSync)
	h.must(err)
	h.expect(h.wait(sync.ID), model.JobSuccess, "")
	for _, root := range []string{staged, alike, h.src} {
		h.must(os.RemoveAll(root))
	}
	all, err := h.allSnapshots(t.Context(), model.SnapshotFilter{DestinationID: d.ID})
	h.must(err)
	if len(all) != 2 {
		t.Fatalf("%d snapshots were adopted", len(all))
	}
	for _, s := range all {
		h.expect(h.overwritten(model.Restore{SnapshotID: s.ID, SkipSafety: true}), model.JobSuccess, "")
	}
	if _, err := os.Stat(staged); err == nil {
		t.Error("what was made for a backup lies in the staging folder again")
	}
	if h.text(filepath.Join(alike, "photo")) != "{}" {
		t.Error("a folder that is only called like one of Keepstead's did not come back")
	}
	if entries, err := os.ReadDir(h.src); err != nil || len(entries) != 2 {
		t.Errorf("of the files %d are back, %v", len(entries), err)
	}
}

// Who uses what is overwritten is told by the paths of the host, which may be others than Keepstead's.
func TestUsedAt(t *testing.T) {
	t.Parallel()
	mounts := []model.FoundMount{
		{Kind: model.MountVolume, Name: "uploads", Source: "/var/lib/docker/volumes/uploads/_data", Path: "/host/var/lib/docker/volumes/uploads/_data"},
		{Kind: model.MountBind, Source: "/srv/media", Path: "/host/srv/media"},
		{Kind: model.MountBind, Source: "/", Path: "/host"},
		{Kind: model.MountBind, Source: "/unseen"},
	}
	for place, want := range map[string]string{
		"/host/var/lib/docker/volumes/uploads/_data/a": "uploads",
		"/host/srv/media/films/a":                      "/srv/media/films/a",
		"/host/srv":                                    "/srv/media|/host/srv",
		"/elsewhere":                                   "/elsewhere",
	} {
		var got []string
		for _, t := range usedAt(mounts, []string{place}) {
			got = append(got, t.volume.Label())
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%s: %q, want %s", place, got, want)
		}
	}
}
