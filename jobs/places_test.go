package jobs

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"keepstead/model"
)

// TestPlacesApart holds that no two destinations share a repository, and that nothing is put into Keepstead's own data.
func TestPlacesApart(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *Options) {
		link := filepath.Join(filepath.Dir(o.Dir), "data link")
		if err := os.Symlink(o.Dir, link); err != nil {
			t.Fatal(err)
		}
		o.Dir = link
	})
	d := h.destination()
	password, err := h.RepositoryPassword(d)
	h.must(err)
	link := filepath.Join(h.dir, "link")
	h.must(os.Symlink(h.dir, link))
	local := func(path string) model.Destination {
		return model.Destination{Name: "Other", Type: model.DestinationLocal, LocalPath: path}
	}
	for _, path := range []string{
		filepath.Join(h.Dir, "runs", "x"), filepath.Join(h.dir, "data"), h.dir, filepath.Join(h.repo, "x"),
		filepath.Join(link, "new"), filepath.Join(link, "data", "x"),
	} {
		_, err := h.AddDestination(t.Context(), local(path), model.DestinationSecrets{})
		if refused := model.Refused(err); len(refused) != 1 || refused[0].Field != "path" {
			t.Errorf("a destination at %s: %v, want a refusal of path", path, err)
		}
		if _, err := h.TestDestination(t.Context(), local(path), model.DestinationSecrets{}, nil); model.Within(path, h.repo) && err == nil {
			t.Errorf("the test of %s finds nothing", path)
		}
	}
	_, err = h.AddDestination(t.Context(), local(filepath.Join(link, "repo")), model.DestinationSecrets{RepoPassword: password})
	if len(model.Refused(err)) != 1 {
		t.Errorf("the same repository through a link: %v", err)
	}
	h.must(os.Rename(h.repo, h.repo+" moved"))
	_, err = h.AddDestination(t.Context(), local(h.repo+" moved"), model.DestinationSecrets{RepoPassword: password})
	if !errors.Is(err, model.ErrConflict) {
		t.Errorf("the same repository at another place: %v, want a conflict", err)
	}
	all, err := h.Store.Destinations(t.Context())
	h.must(err)
	if len(all) != 1 {
		t.Errorf("%d destinations, want one", len(all))
	}
}

// TestOldNestingIsTested holds that a destination which was nested before that was refused can still be tested.
func TestOldNestingIsTested(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	d := h.destination()
	outer := model.Destination{ID: model.NewID(), Name: "Outer", Type: model.DestinationLocal, LocalPath: h.dir, LocalDeviceID: d.LocalDeviceID}
	_, err := h.Store.CreateDestination(t.Context(), outer)
	h.must(err)
	probe, err := h.TestDestination(t.Context(), d, model.DestinationSecrets{}, nil)
	if err != nil || probe.Failed() != nil {
		t.Errorf("test of a nested destination: %+v, %v", probe.Steps, err)
	}
}

// TestVanishedRepositoryFailsItsTest holds that a test of a known destination is not content with a place that is free.
func TestVanishedRepositoryFailsItsTest(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	d := h.destination()
	probe, err := h.TestDestination(t.Context(), d, model.DestinationSecrets{}, nil)
	h.must(err)
	if last := probe.Steps[len(probe.Steps)-1]; !probe.Ours || !strings.Contains(last.Detail, "This destination’s repository") {
		t.Errorf("the test of its own repository: %+v", probe)
	}
	h.must(os.WriteFile(filepath.Join(h.repo, "config"), []byte("another one"), 0o600))
	probe, err = h.TestDestination(t.Context(), d, model.DestinationSecrets{}, nil)
	h.must(err)
	if last := probe.Steps[len(probe.Steps)-1]; probe.Ours || !strings.Contains(last.Detail, "not with the config file") {
		t.Errorf("the test of another repository in its place: %+v", probe)
	}
	h.must(os.Rename(h.repo, h.repo+"-unmounted"))
	probe, err = h.TestDestination(t.Context(), d, model.DestinationSecrets{}, nil)
	h.must(err)
	if bad := probe.Failed(); bad == nil || bad.Name != "repository" || bad.Mend == "" {
		t.Errorf("the test of a vanished repository: %+v", probe.Steps)
	}
}

// TestRestoreTargetsApart holds that a restore never writes into a repository or into Keepstead's own data.
func TestRestoreTargetsApart(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.start()
	h.destination()
	_, c := h.app(3)
	job := h.backup(c)
	h.expect(job, model.JobSuccess, "")
	link := filepath.Join(h.dir, "link")
	h.must(os.Symlink(h.dir, link))
	for _, target := range []string{
		h.repo, filepath.Join(h.repo, "new"), filepath.Join(link, "repo", "x"), h.Dir, filepath.Join(link, "data", "x"),
	} {
		_, err := h.Restore(t.Context(), model.Restore{SnapshotID: job.SnapshotID, TargetPath: target}, model.TriggerManual)
		if refused := model.Refused(err); len(refused) != 1 || refused[0].Field != "target_path" {
			t.Errorf("a restore into %s: %v, want a refusal of target_path", target, err)
		}
	}
}
