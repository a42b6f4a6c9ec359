package jobs

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/testbed"
)

func TestAddDestinationRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.destination()
	foreign := filepath.Join(h.dir, "foreign")
	h.must(os.MkdirAll(foreign, 0o755))
	h.must(os.WriteFile(filepath.Join(foreign, "holiday.jpg"), []byte("x"), 0o600))
	present, _ := testbed.Repository(t)
	file := filepath.Join(h.dir, "file")
	h.must(os.WriteFile(file, nil, 0o600))
	local := func(name, path string) model.Destination {
		return model.Destination{Name: name, Type: model.DestinationLocal, LocalPath: path}
	}
	tests := []struct {
		name    string
		d       model.Destination
		secrets model.DestinationSecrets
		field   string // of the refusal; empty means a conflict
	}{
		{"no name", local("  ", filepath.Join(h.dir, "new")), model.DestinationSecrets{}, "name"},
		{"relative path", local("a", "backups"), model.DestinationSecrets{}, "path"},
		{"the root", local("a", "/"), model.DestinationSecrets{}, "path"},
		{"own data folder", local("a", filepath.Dir(h.Dir)), model.DestinationSecrets{}, "path"},
		{"a folder that Keepstead clears", local("a", filepath.Join(h.Dir, "staging", "x")), model.DestinationSecrets{}, "path"},
		{"other files", local("a", foreign), model.DestinationSecrets{}, "path"},
		{"a file", local("a", file), model.DestinationSecrets{}, "path"},
		{"a file in the way", local("a", filepath.Join(file, "below")), model.DestinationSecrets{}, "path"},
		{"unknown device", model.Destination{Name: "a", Type: model.DestinationLocal, LocalPath: h.dir + "/x", LocalDeviceID: uuid.New()}, model.DestinationSecrets{}, "device_id"},
		{"repository without password", local("a", present), model.DestinationSecrets{}, "repo_password"},
		{"repository with a wrong password", local("a", present), model.DestinationSecrets{RepoPassword: "wrong"}, "repo_password"},
		{"password without repository", local("a", filepath.Join(h.dir, "none")), model.DestinationSecrets{RepoPassword: "some"}, "repo_password"},
		{"same name", local("FOLDER", filepath.Join(h.dir, "new")), model.DestinationSecrets{}, ""},
		{"same place", local("Other", h.repo), model.DestinationSecrets{}, ""},
		{"s3 without keys", model.Destination{Name: "s3", Type: model.DestinationS3, S3Endpoint: "127.0.0.1:1", S3Bucket: "bucket"}, model.DestinationSecrets{}, "access_key"},
		{"s3 that is down", model.Destination{Name: "s3", Type: model.DestinationS3, S3Endpoint: "http://127.0.0.1:1", S3Bucket: "bucket"}, model.DestinationSecrets{AccessKey: "a", SecretKey: "b"}, "endpoint"},
	}
	for _, tt := range tests {
		_, err := h.AddDestination(t.Context(), tt.d, tt.secrets)
		refused := model.Refused(err)
		switch {
		case tt.field == "" && !errors.Is(err, model.ErrConflict):
			t.Errorf("%s: %v, want a conflict", tt.name, err)
		case tt.field != "" && (len(refused) == 0 || refused[0].Field != tt.field):
			t.Errorf("%s: %v, want a refusal of %s", tt.name, err, tt.field)
		}
	}
	all, err := h.Store.Destinations(t.Context())
	h.must(err)
	if len(all) != 1 {
		t.Errorf("%d destinations after refusals only, want the first one alone", len(all))
	}
	for _, made := range []string{"new", "none", "x"} {
		if _, err := os.Stat(filepath.Join(h.dir, made)); err == nil {
			t.Errorf("a refused destination left the folder %q", made)
		}
	}
}

func TestFirstDestinationJoinsDefaultPolicy(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first := h.destination()
	second, err := h.AddDestination(t.Context(), model.Destination{Name: "Second", Type: model.DestinationLocal, LocalPath: h.repo + "2"}, model.DestinationSecrets{})
	h.must(err)
	p, err := h.Store.DefaultPolicy(t.Context())
	h.must(err)
	if len(p.DestinationIDs) != 1 || p.DestinationIDs[0] != first.ID {
		t.Errorf("the default policy has %v, want the first destination %s and not %s", p.DestinationIDs, first.ID, second.ID)
	}
	if !first.Enabled || !first.RepoInitialized || len(first.RepoID) != 64 || first.RepoConfigHash == "" {
		t.Errorf("a new destination is %+v", first)
	}
}

// TestRemoveAndAdopt removes a destination and adds it again: the data stays, the remembered password opens it, and
// every snapshot is back under its app. A Keepstead that knows nothing adopts it with the password.
func TestRemoveAndAdopt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.start()
	d := h.destination()
	a, c := h.app(4)
	h.expect(h.backup(c), model.JobSuccess, "")
	h.idle()
	password, err := h.RepositoryPassword(d)
	h.must(err)
	h.must(h.RemoveDestination(t.Context(), d.ID))
	if left := h.snapshots(c); len(left) != 0 {
		t.Errorf("%d snapshots are listed of a removed destination", len(left))
	}
	again := h.destination()
	if again.RepoID != d.RepoID || again.TotalSnapshots != 1 {
		t.Errorf("added again: %+v, want the repository %s with its snapshot", again, d.RepoID)
	}
	if back := h.snapshots(c); len(back) != 1 || back[0].AppID != a.ID || back[0].Status != model.SnapshotSuccess || back[0].TotalFiles != 4 {
		t.Errorf("snapshots taken over: %+v", back)
	}

	other := newHouse(t)
	other.start()
	adopted, err := other.AddDestination(t.Context(), model.Destination{Name: "Adopted", Type: model.DestinationLocal, LocalPath: h.repo}, model.DestinationSecrets{RepoPassword: password})
	other.must(err)
	if adopted.RepoID != d.RepoID || adopted.TotalSnapshots != 1 || adopted.TotalSize == 0 {
		t.Errorf("adopted elsewhere: %+v", adopted)
	}
	app, err := other.Store.App(t.Context(), a.ID)
	other.must(err)
	if app.Origin != model.OriginAdopted {
		t.Errorf("the adopted app: %+v", app)
	}
	all := other.snapshots(c)
	if len(all) != 1 {
		t.Fatalf("%d snapshots adopted, want 1", len(all))
	}
	target := filepath.Join(other.dir, "back")
	restore, err := other.Restore(t.Context(), model.Restore{SnapshotID: all[0].ID, TargetPath: target}, model.TriggerAPI)
	other.must(err)
	other.expect(other.wait(restore.ID), model.JobSuccess, "")
	testbed.Compare(t, h.src, filepath.Join(target, h.src))
}
