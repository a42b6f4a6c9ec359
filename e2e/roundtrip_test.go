package e2e

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"keepstead/testbed"
)

// oddApp makes more than a thousand files, many of them odd.
func oddApp(t *testing.T) string {
	t.Helper()
	dir := newFolder(t, "app")
	for i := range 3 {
		testbed.NewFiles(t, filepath.Join(dir, fmt.Sprintf("odd %d", i)))
	}
	for i := range 900 {
		writeFile(t, filepath.Join(dir, "many", fmt.Sprintf("%02d", i%30), fmt.Sprintf("file %d", i)), fmt.Sprintf("content of %d", i))
	}
	return dir
}

func writeFile(t testing.TB, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestBackUpAndRestoreAtBothKindsOfDestination(t *testing.T) {
	t.Parallel()
	k := serve(t)
	app := oddApp(t)
	folder, cloud := k.addFolder("Disk", newFolder(t, "repository")), k.addS3("Cloud", testbed.S3(t))
	for _, d := range []destination{folder, cloud} {
		if !d.Initialized || len(d.RepoID) != 64 {
			t.Errorf("new destination %+v", d)
		}
	}
	policy := k.addPolicy("Both", []string{folder.ID, cloud.ID}, nil)
	appID, configuration := k.addApp("Odd app", policy, app)

	for at, s := range k.backup(configuration, "success") {
		if s.Status != "success" || !s.Restorable || s.TotalFiles < 1000 || len(s.ResticID) != 64 || !slices.Equal(s.Paths, []string{app}) {
			t.Errorf("snapshot at %s: %+v", at, s)
		}
		target := k.restore(s.ID)
		testbed.Compare(t, app, target+app)

		chosen := []string{filepath.Join(app, "odd 0", "names", "[brackets]"), "odd 1/names/star*", "odd 2/names/new\nline", "odd 0/folders/**"}
		target = k.restore(s.ID, chosen...)
		testbed.Compare(t, filepath.Join(app, "odd 0", "folders", "**"), filepath.Join(target+app, "odd 0", "folders", "**"))
		if files := regularFiles(t, target); len(files) != len(chosen) {
			t.Errorf("chose %d files, got %q", len(chosen), files)
		}
	}

	writeFile(t, filepath.Join(app, "many", "00", "file 0"), "changed")
	k.backup(configuration, "success")
	if all := k.snapshots(url.Values{"app_id": {appID}}); len(all) != 4 {
		t.Errorf("%d snapshots of the app, want 4", len(all))
	}
	if some := k.snapshots(url.Values{"app_id": {appID}, "destination_id": {cloud.ID}, "status": {"success"}, "limit": {"1"}}); len(some) != 1 || some[0].DestinationID != cloud.ID {
		t.Errorf("filtered: %+v", some)
	}
	if d := k.destination(folder.ID); d.TotalSnapshots != 2 || d.LastBackupAt == nil {
		t.Errorf("statistics %+v", d)
	}
}

// regularFiles lists the paths of all files below root that are not folders.
func regularFiles(t *testing.T, root string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A user who is not root meets files that it may not read: the backup is partial, says which, and keeps the rest.
func TestBackupOfUnreadableFilesIsPartial(t *testing.T) {
	t.Parallel()
	k := prepare(t)
	if os.Getuid() == 0 {
		k.uid = 65534
	}
	root := open(t, k, "home")
	k.data = filepath.Join(root, "data")
	app := filepath.Join(root, "app")
	writeFile(t, filepath.Join(app, "readable"), "yes")
	writeFile(t, filepath.Join(app, "secret"), "no")
	if err := os.Chmod(filepath.Join(app, "secret"), 0); err != nil {
		t.Fatal(err)
	}
	k.start()
	k.makeToken()
	d := k.addFolder("Disk", filepath.Join(root, "repository"))
	_, configuration := k.addApp("App", k.addPolicy("P", []string{d.ID}, nil), app)
	s := k.backup(configuration, "partial")[d.ID]
	if s.Status != "partial" || !s.Restorable || s.FailedCount != 1 || !slices.Equal(s.FailedFiles, []string{filepath.Join(app, "secret")}) {
		t.Errorf("snapshot %+v", s)
	}
	if got := regularFiles(t, k.restoreTo(s.ID, filepath.Join(root, "restored"))); len(got) != 1 || filepath.Base(got[0]) != "readable" {
		t.Errorf("restored %q", got)
	}
}

// open makes a folder that every user may enter, owned by the user that k runs as.
func open(t *testing.T, k *keepstead, name string) string {
	t.Helper()
	root, err := os.MkdirTemp("", "keepstead-e2e-"+name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	if k.uid != 0 {
		if err := os.Chown(root, int(k.uid), int(k.uid)); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func (k *keepstead) restoreTo(snapshot, target string) string {
	k.t.Helper()
	k.call("POST", "/backup/snapshots/"+snapshot+"/restore", body{"target_path": target}, nil)
	return target
}

func TestAppsAreBackedUpInParallel(t *testing.T) {
	t.Parallel()
	k := serve(t)
	d := k.addFolder("Disk", newFolder(t, "repository"))
	policy := k.addPolicy("P", []string{d.ID}, nil)
	var running []string
	for i := range 4 {
		app := newFolder(t, "app")
		writeRandom(t, filepath.Join(app, "data"), 30<<20)
		_, configuration := k.addApp(fmt.Sprintf("App %d", i), policy, app)
		var s started
		k.call("POST", "/backup/configurations/"+configuration+"/backup", nil, &s)
		if s.Status != "in_progress" || len(s.Snapshots) != 1 {
			t.Fatalf("started %+v", s)
		}
		running = append(running, s.JobID)
	}
	var ended []job
	for _, id := range running {
		j := k.wait(id)
		if j.State != "success" {
			t.Errorf("job %+v", j)
		}
		ended = append(ended, j)
	}
	together := 0
	for i, a := range ended {
		for _, b := range ended[i+1:] {
			if a.StartedAt.Before(*b.FinishedAt) && b.StartedAt.Before(*a.FinishedAt) {
				together++
			}
		}
	}
	if together == 0 {
		t.Errorf("no two of the backups ran at the same time")
	}
}

// The schedule runs by itself: a policy for each minute makes a backup within the next one, and only one per slot.
func TestScheduledBackup(t *testing.T) {
	t.Parallel()
	k := serve(t)
	d := k.addFolder("Disk", newFolder(t, "repository"))
	app := newFolder(t, "app")
	writeFile(t, filepath.Join(app, "file"), "content")
	appID, _ := k.addApp("App", k.addPolicy("Each minute", []string{d.ID}, body{"schedule": "* * * * *"}), app)
	var found []job
	for deadline := time.Now().Add(75 * time.Second); time.Now().Before(deadline) && len(found) == 0; time.Sleep(200 * time.Millisecond) {
		found = k.jobs("kind=backup&state=success&app_id=" + appID)
	}
	if len(found) == 0 {
		t.Fatal("no scheduled backup within 75 s")
	}
	if found[0].Trigger != "schedule" {
		t.Errorf("trigger %q, want schedule", found[0].Trigger)
	}
	if list := k.snapshots(url.Values{"app_id": {appID}}); len(list) == 0 || list[0].Status != "success" {
		t.Errorf("snapshots %+v", list)
	}
}
