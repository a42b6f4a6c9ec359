package jobs

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"keepstead/device"
	"keepstead/model"
	"keepstead/restic"
	"keepstead/store"
)

// Restore checks a request and queues it.
func (m *Manager) Restore(ctx context.Context, want model.Restore, trigger model.JobTrigger) (model.Job, error) {
	s, err := m.restorable(ctx, &want)
	if err != nil {
		return model.Job{}, err
	}
	if err := m.checkRestore(ctx, want, s); err != nil {
		return model.Job{}, err
	}
	made, err := m.create(ctx, nil, model.Job{
		Kind: model.JobRestore, Trigger: trigger, ConfigurationID: s.ConfigurationID, DestinationID: s.DestinationID,
		SnapshotID: s.ID, AppID: s.AppID, DeviceID: want.DeviceID, Restore: &want,
	})
	if err != nil {
		return model.Job{}, err
	}
	if len(made) == 0 {
		return model.Job{}, model.Conflict{Reason: "This restore is already queued."}
	}
	return made[0], nil
}

// checkRestore refuses what can be seen to fail without a long look.
func (m *Manager) checkRestore(ctx context.Context, want model.Restore, s model.Snapshot) error {
	if want.App != nil {
		return m.checkAppRestore(ctx, *want.App, s)
	}
	if _, err := m.target(ctx, want, s); err != nil {
		return err
	}
	if len(want.Files) == 0 {
		return nil
	}
	return m.quickly(ctx, s.DestinationID, func(ctx context.Context, o opened) error {
		_, err := m.chosen(ctx, o, s, want)
		return err
	})
}

// restorable validates a request, fills in the device where it names none, and returns its snapshot.
func (m *Manager) restorable(ctx context.Context, want *model.Restore) (model.Snapshot, error) {
	s, err := m.Store.Snapshot(ctx, want.SnapshotID)
	if err != nil {
		return s, err
	}
	if !s.Restorable() {
		return s, model.Conflict{Reason: "This backup saved nothing that could be restored; choose another snapshot."}
	}
	if err := m.chooseDevice(ctx, want, s); err != nil {
		return s, err
	}
	if err := want.Validate(); err != nil {
		return s, err
	}
	return s, m.checkDevice(ctx, *want, s)
}

// target returns the folder that restic restores under, links followed, after checking that it can be written and has
// the space. restic would replace a symbolic link on the way by a real folder.
func (m *Manager) target(ctx context.Context, want model.Restore, s model.Snapshot) (string, error) {
	on, err := m.machine(ctx, want.DeviceID)
	if err != nil {
		return "", err
	}
	files, err := on.host.Files()
	if err != nil {
		return "", err
	}
	if want.InPlace {
		for _, root := range s.Paths {
			real, err := files.Resolve(root)
			if err != nil {
				return "", model.Invalid{Field: "target_path", Reason: fmt.Sprintf("%s cannot be reached: %v.", root, err)}
			}
			if real != path.Clean(root) {
				return "", model.Invalid{Field: "target_path", Reason: fmt.Sprintf("%s is now reached through a symbolic link to %s; restore to another folder.", root, real)}
			}
			if err := canWrite(files, path.Dir(real)); err != nil {
				return "", err
			}
		}
		return "/", m.space(files, first(s.Paths), want, s)
	}
	real, err := files.Resolve(path.Clean(want.TargetPath))
	if err != nil {
		return "", model.Invalid{Field: "target_path", Reason: fmt.Sprintf("%s cannot be reached: %v.", want.TargetPath, err)}
	}
	if err := m.checkTarget(ctx, on, real); err != nil {
		return "", err
	}
	if info, err := files.Stat(real); err == nil && !info.IsDir() {
		return "", model.Invalid{Field: "target_path", Reason: fmt.Sprintf("%s is a file; give a folder.", real)}
	}
	if err := canWrite(files, real); err != nil {
		return "", err
	}
	return real, m.space(files, real, want, s)
}

// canWrite checks the folder, or the nearest one above it that exists.
func canWrite(files device.Files, dir string) error {
	for {
		if _, err := files.Stat(dir); err == nil || dir == "/" {
			break
		}
		dir = path.Dir(dir)
	}
	if err := files.Writable(dir); err != nil {
		return model.Invalid{Field: "target_path", Reason: fmt.Sprintf("%s cannot be written (%s); choose another folder, or run Keepstead as a user who may.", dir, reason(err))}
	}
	return nil
}

// space refuses a full restore that cannot fit. A restore in place mostly overwrites, so it is not refused for space.
func (m *Manager) space(files device.Files, dir string, want model.Restore, s model.Snapshot) error {
	if want.InPlace || len(want.Files) > 0 {
		return nil
	}
	free, err := files.Space(dir)
	if err != nil {
		return fmt.Errorf("measure the free space: %w", err)
	}
	if free < s.TotalSize {
		return model.Invalid{Field: "target_path", Reason: fmt.Sprintf("There is not enough space: %s are needed, %s are free.", size(s.TotalSize), size(free))}
	}
	return nil
}

func first(paths []string) string {
	if len(paths) == 0 {
		return "/"
	}
	return paths[0]
}

// includes finds each asked-for entry in the snapshot and returns its absolute path there. An entry is absolute, or
// relative to one of the snapshot's roots; every character means itself.
func (m *Manager) includes(ctx context.Context, o opened, s model.Snapshot, files []string) ([]string, error) {
	listed := map[string]map[string]bool{}
	has := func(p string) (bool, error) {
		dir := path.Dir(p)
		if listed[dir] == nil {
			listed[dir] = map[string]bool{}
			err := o.repo.Ls(ctx, s.ResticSnapshotID, dir, false, func(n model.Node) error {
				listed[dir][n.Path] = true
				return nil
			})
			if err != nil && !errors.Is(err, model.ErrNotFound) {
				return false, err
			}
		}
		return p == "/" || listed[dir][p], nil
	}
	var found []string
	var problems model.Invalids
	for _, f := range files {
		hit := ""
		for _, p := range candidates(s, f) {
			ok, err := has(p)
			if err != nil {
				return nil, err
			}
			if ok {
				hit = p
				break
			}
		}
		if hit == "" {
			problems.Add("files", "%q is not in this snapshot.", f)
			continue
		}
		found = append(found, hit)
	}
	return found, problems.Err()
}

// candidates lists where an entry may be: itself when absolute; else below each root, or from the top as restic prints it.
func candidates(s model.Snapshot, f string) []string {
	if path.IsAbs(f) {
		return []string{path.Clean(f)}
	}
	var out []string
	for _, root := range s.Paths {
		out = append(out, path.Join(root, f))
	}
	return append(out, path.Join("/", f))
}

// chosen returns what of a snapshot a restore of files takes, as absolute paths there; empty means all.
func (m *Manager) chosen(ctx context.Context, o opened, s model.Snapshot, want model.Restore) ([]string, error) {
	var out []string
	if len(want.Files) > 0 {
		var err error
		if out, err = m.includes(ctx, o, s, want.Files); err != nil {
			return nil, err
		}
	}
	if !want.InPlace {
		return out, nil
	}
	staging, err := m.staged(ctx, o, s)
	if err != nil || staging == "" {
		return out, err
	}
	return withoutStaged(s.Paths, staging, out)
}

// staged returns the folder of a snapshot that Keepstead wrote for it, empty where there is none. Of an adopted snapshot that
// nobody has looked into it is one with a manifest in it: people may have folders of their own that are called alike.
func (m *Manager) staged(ctx context.Context, o opened, s model.Snapshot) (string, error) {
	if s.Contents != nil {
		return s.Contents.Staging, nil
	}
	root, err := stagedIn(s)
	if errors.Is(err, model.ErrNotFound) {
		return "", nil
	}
	written := false
	err = o.repo.Ls(ctx, s.ResticSnapshotID, root, false, func(n model.Node) error {
		written = written || n.Path == path.Join(root, model.ManifestName)
		return nil
	})
	if err != nil && !errors.Is(err, model.ErrNotFound) {
		return "", fmt.Errorf("look for the snapshot's manifest: %w", err)
	}
	if !written {
		return "", nil
	}
	return root, nil
}

// withoutStaged keeps back what Keepstead itself wrote for a backup, dumps and the manifest: that lay in a folder of its
// own, which is emptied after each backup.
func withoutStaged(roots []string, staging string, chosen []string) ([]string, error) {
	var problems model.Invalids
	for _, p := range chosen {
		if model.Within(p, staging) {
			problems.Add("files", "%s was made for the backup and has no place of its own; restore it to another folder.", p)
		}
	}
	if len(chosen) > 0 {
		return chosen, problems.Err()
	}
	out := slices.DeleteFunc(slices.Clone(roots), func(p string) bool { return model.Within(p, staging) })
	if len(out) == len(roots) {
		return nil, nil
	}
	return out, nil
}

// restore brings an app back, or files, and proves it: restic verifies what it wrote, and the counts must agree.
func (r *run) restore(ctx context.Context) finish {
	switch want := r.job.Restore; {
	case want.App != nil:
		return r.rebuild(ctx)
	case want.InPlace:
		return r.overwrite(ctx)
	}
	f, err := r.prepareFiles(ctx)
	if err != nil {
		return r.failed(ctx, err)
	}
	result, err := r.layFiles(ctx, f)
	if err != nil {
		return r.failed(ctx, err)
	}
	return finish{Outcome: store.Outcome{State: model.JobSuccess, Result: result}}
}

// fileRestore is what a restore of files brings back, and where to.
type fileRestore struct {
	o        opened
	want     model.Restore
	snapshot model.Snapshot
	target   string   // the folder that restic restores under
	includes []string // absolute paths in the snapshot; empty for all of it
}

// prepareFiles opens the destination and checks what is asked for. It changes nothing.
func (r *run) prepareFiles(ctx context.Context) (f fileRestore, err error) {
	f.want = *r.job.Restore
	if f.snapshot, err = r.Store.Snapshot(ctx, f.want.SnapshotID); err != nil {
		return f, fmt.Errorf("read the snapshot: %w", err)
	}
	r.log.printf("Restoring snapshot %.8s.", f.snapshot.ResticSnapshotID)
	if f.o, err = r.openRun(ctx); err != nil {
		return f, err
	}
	if f.target, err = r.target(ctx, f.want, f.snapshot); err != nil {
		return f, targetFailure(err)
	}
	list := f.o
	list.repo = r.command(f.o)
	if f.includes, err = r.chosen(ctx, list, f.snapshot, f.want); err != nil {
		return f, targetFailure(err)
	}
	return f, nil
}

// layFiles restores what was prepared.
func (r *run) layFiles(ctx context.Context, f fileRestore) (*model.Result, error) {
	files, err := r.on.host.Files()
	if err != nil {
		return nil, err
	}
	if err := files.MkdirAll(f.target, 0o755); err != nil {
		return nil, targetFailure(err)
	}
	summary, err := r.command(f.o).Restore(ctx, restic.RestoreOptions{
		Snapshot: f.snapshot.ResticSnapshotID, Target: f.target, Includes: f.includes, Verify: true, Sparse: true,
	}, r.report)
	if err != nil {
		return nil, restoreFailure(f.target, summary, err)
	}
	return r.counted(f, summary)
}

// targetFailure keeps the sentence of a refusal that came too late for the form.
func targetFailure(err error) error {
	refused := model.Refused(err)
	if len(refused) == 0 {
		return err
	}
	return fail(model.CauseTarget, "Choose another folder or other files, then restore again.", "%s", refused[0].Reason)
}

// restoreFailure says that a restore which failed may have brought back a part.
func restoreFailure(target string, s restic.RestoreSummary, err error) error {
	if s.FailedCount == 0 {
		return err
	}
	cause, message, mend := explain(err)
	if errors.Is(err, restic.ErrDiskFull) {
		mend = fmt.Sprintf("Free some space at %s, or choose another folder, then restore again.", target)
	}
	return failure{
		cause: cause, mend: mend, err: err,
		message: message + " Not everything was restored; the job's log names what failed. A file cut short may be at the target.",
	}
}

// counted compares what was asked, what was there and what was written. restic leaves what it skips, because it is
// there already, out of its totals.
func (r *run) counted(f fileRestore, sum restic.RestoreSummary) (*model.Result, error) {
	back := sum.FilesRestored + sum.FilesSkipped
	switch {
	case back == 0:
		return nil, fail(model.CauseNothing, "Browse the snapshot to see what it holds.", "Nothing was restored.")
	case sum.FilesRestored < sum.TotalFiles: // of chosen files, restic restores the folders above too, uncounted
		return nil, fail(model.CauseRestic, "The job's log has the details.",
			"Only %d of %d entries were restored.", sum.FilesRestored, sum.TotalFiles)
	case len(f.includes) == 0 && back < f.snapshot.TotalFiles:
		return nil, fail(model.CauseRestic, "Check the destination, then try another snapshot.",
			"The snapshot had %d files, but only %d entries were found in it.", f.snapshot.TotalFiles, back)
	}
	restored := f.target
	switch {
	case f.want.InPlace && len(f.want.Files) == 0:
		restored = strings.Join(placesOf(f.snapshot, f.includes), ", ")
	case f.want.InPlace:
		restored = strings.Join(f.snapshot.Paths, ", ")
	}
	r.log.printf("Restored %d entries, verified; %d were already there.", sum.FilesRestored, sum.FilesSkipped)
	return &model.Result{
		Files: back, Bytes: sum.TotalBytes + sum.BytesSkipped, Skipped: sum.FilesSkipped, Verified: true, RestoredTo: restored,
	}, nil
}
