package jobs

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"keepstead/model"
	"keepstead/store"
)

// TestSystemBackup backs up Keepstead's own parts and opens the restored database.
func TestSystemBackup(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.start()
	d := h.destination()
	d.Window = model.Window{Days: model.WeekdaysOf(model.WeekFromMonday()...), Opens: 127, Closes: 263}
	d, err := h.ChangeDestination(t.Context(), d, model.DestinationSecrets{})
	h.must(err)
	const address = "http://127.0.0.1:1/geheim"
	h.channel(address)
	password, err := h.RepositoryPassword(d)
	h.must(err)
	jobs, err := h.BackupAll(t.Context(), model.TriggerManual)
	h.must(err)
	if len(jobs) != 2 {
		t.Fatalf("%d jobs for the two system parts", len(jobs))
	}
	for _, j := range jobs {
		h.expect(h.wait(j.ID), model.JobSuccess, "")
		target := filepath.Join(h.dir, "back", j.ID.String())
		restore, err := h.Restore(t.Context(), model.Restore{SnapshotID: j.SnapshotID, TargetPath: target}, model.TriggerManual)
		h.must(err)
		h.expect(h.wait(restore.ID), model.JobSuccess, "")
		app, err := h.Store.App(t.Context(), j.AppID)
		h.must(err)
		dir := filepath.Join(target, h.Dir, "staging", d.ID.String(), j.ConfigurationID.String(), app.SystemType)
		entries, err := os.ReadDir(dir)
		h.must(err)
		for _, e := range entries {
			content, err := os.ReadFile(filepath.Join(dir, e.Name()))
			h.must(err)
			if bytes.Contains(content, []byte(password)) || bytes.Contains(content, []byte(address)) {
				t.Errorf("%s holds a secret in the clear", e.Name())
			}
			if says := map[string]string{"channels.json": `"House"`, "destinations.json": `"From": "02:07"`}[e.Name()]; !bytes.Contains(content, []byte(says)) {
				t.Errorf("%s lacks %s", e.Name(), says)
			}
		}
		if app.SystemType == model.SystemDatabase {
			copied, err := store.Open(t.Context(), dir, store.Options{}, h.logger)
			h.must(err)
			all, err := copied.Destinations(t.Context())
			h.must(err)
			if len(all) != 1 || all[0].RepoID != d.RepoID {
				t.Errorf("destinations of the restored database: %+v", all)
			}
			h.must(copied.Close())
		} else if len(entries) != 6 {
			t.Errorf("%d exported files, want 6", len(entries))
		}
	}
	if left, err := os.ReadDir(filepath.Join(h.Dir, "staging", d.ID.String())); err != nil || len(left) != 0 {
		t.Errorf("staged copies are left behind: %v, %v", left, err)
	}
}
