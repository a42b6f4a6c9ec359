package jobs

import (
	"context"
	"fmt"
	"strings"
	"time"

	"keepstead/docker"
	"keepstead/model"
	"keepstead/store"
)

// rebuild is the restore of an app made of containers, on its way. Whatever it changes is written down before, so that a
// failure, a cancel or a crash leaves the app as it was.
type rebuild struct {
	*run
	*survey
	o         opened
	asides    int // folders set aside so far
	saved     *model.Snapshot
	fileCount int // files and folders brought back
	bytes     int64
	dumps     int
	started   int
	upAlone   []docker.Container // servers that were started for their import
	up        []string           // ids of all that the restore itself started
	doubts    []string           // what is not as it should be, each in a sentence
	settled   bool
}

// rebuild brings an app back, or parts of it, or makes a copy of it.
func (r *run) rebuild(ctx context.Context) finish {
	b, release, err := r.beginRebuild(ctx)
	if err != nil {
		return r.failed(ctx, targetFailure(err))
	}
	defer release()
	if err := r.walk(ctx, b.acts()); err != nil && !b.settled {
		return b.takenBack(ctx, err)
	}
	return b.finished()
}

// beginRebuild reads what the snapshot holds and what is there. No backup of the app begins before release is called.
func (r *run) beginRebuild(ctx context.Context) (b *rebuild, release func(), err error) {
	s, err := r.Store.Snapshot(ctx, r.job.Restore.SnapshotID)
	if err != nil {
		return nil, nil, fmt.Errorf("read the snapshot: %w", err)
	}
	r.log.printf("Restoring the app of snapshot %.8s.", s.ResticSnapshotID)
	o, err := r.openRun(ctx)
	if err != nil {
		return nil, nil, err
	}
	r.phase("looking", "Looking at what the snapshot holds and what is there.")
	if release, err = r.own(ctx, s.AppID); err != nil {
		return nil, nil, err
	}
	reading := o
	reading.repo = r.command(o)
	v, err := r.surveyApp(ctx, reading, s, *r.job.Restore)
	if err != nil {
		release()
		return nil, nil, err
	}
	return &rebuild{run: r, survey: v, o: o}, release, nil
}

// acts are the steps of the restore, in order.
func (b *rebuild) acts() []act {
	acts := []act{{"Check that everything needed is there", b.check}}
	if b.want.Mode == model.AppCopy {
		return append(append(acts, b.copyActs()...), b.bringUp()...)
	}
	if !b.want.SkipSafety {
		acts = append(acts, act{saveTitle, b.saveSafety})
	}
	acts = append(acts, b.pulls()...)
	acts = append(acts, act{stopTitle, b.stopAll}) // what that is shows only then
	acts = append(acts, b.dataActs()...)
	if files := b.projectFiles(); len(files) > 0 {
		acts = append(acts, act{"Restore compose and environment files", func(ctx context.Context) (string, error) { return b.restoreFiles(ctx, files) }})
	}
	if len(b.create)+len(b.networks)+len(b.volumes) > 0 {
		acts = append(acts, act{"Create what is missing or was made otherwise", b.createMissing})
	}
	return append(acts, b.bringUp()...)
}

// dataActs bring volumes, folders and SQLite files back, each as a step of its own.
func (b *rebuild) dataActs() []act {
	var acts []act
	for i := range b.targets {
		t := &b.targets[i]
		title := "Restore " + t.volume.Label()
		if t.from == "" {
			title = "Make room for the database in " + t.volume.Label()
		}
		acts = append(acts, act{title, func(ctx context.Context) (string, error) { return b.bringBack(ctx, t) }})
	}
	if len(b.copies) > 0 {
		acts = append(acts, act{"Put SQLite databases in place", b.placeCopies})
	}
	return acts
}

// pulls brings the images that are not there.
func (b *rebuild) pulls() []act {
	if len(b.images) == 0 {
		return nil
	}
	return []act{{"Get the images", b.pull}}
}

// bringUp are the last steps of every restore: databases, the start, and the point from which nothing is taken back.
func (b *rebuild) bringUp() []act {
	var acts []act
	for _, s := range b.imports {
		acts = append(acts, act{
			fmt.Sprintf("Import %s of “%s” and check it", s.kind.Title(), s.service),
			func(ctx context.Context) (string, error) { return b.importServer(ctx, s) },
		})
	}
	if b.want.LeaveStopped {
		acts = append(acts, act{"Leave the app stopped", b.leaveStopped})
	} else {
		acts = append(acts, act{"Start the app and wait until it is healthy", b.start})
	}
	return append(acts, act{"Remove the replaced copies", b.settle})
}

// check refuses what cannot succeed, before anything is touched.
func (b *rebuild) check(context.Context) (string, error) {
	if len(b.obstacles) > 0 {
		return "", fail(model.CauseTarget, "Mend this, then restore again. Nothing was changed.", "%s", strings.Join(b.obstacles, " "))
	}
	var lines []string
	if n := len(b.targets); n > 0 {
		lines = append(lines, fmt.Sprintf("%d %s to bring back.", n, plural(n, "volume or folder", "volumes and folders")))
	}
	b.doubts = append(b.doubts, b.lost...)
	return strings.Join(append(lines, b.missing...), " "), nil
}

// saveSafety backs up what is about to be replaced.
func (b *rebuild) saveSafety(ctx context.Context) (string, error) {
	var folders []string
	for _, t := range b.targets {
		if t.there {
			folders = append(folders, t.to)
		}
	}
	begun := time.Now()
	saved, err := b.safety(ctx, b.o, b.app, folders)
	if err != nil {
		return "", unsaved(err)
	}
	b.saved = saved
	if b.hasOnline() && (saved == nil || saved.Contents == nil) {
		return "", fail(model.CauseTarget, "", "%s", onlineNeedsSafety)
	}
	for _, s := range b.imports {
		if s.online {
			if _, err := b.wayOf(s); err != nil {
				return "", err
			}
		}
	}
	return savedWords(saved, time.Since(begun)), nil
}

// pull brings each image that is not there from its registry.
func (b *rebuild) pull(ctx context.Context) (string, error) {
	pulled := 0
	for i, img := range b.images {
		ref := img.ref
		switch {
		case img.found.Exact:
			continue
		case img.found.Use != "" && ref.Digest != "":
			ref.Name = ref.Digest // only the very image is better than the one that is here
		case img.found.Use != "":
			b.doubts = append(b.doubts, anotherImage(img.ref.Name))
			continue
		}
		b.phase("pulling", fmt.Sprintf("Pulling %s.", ref.Name))
		err := b.engine.Pull(ctx, ref, func(p docker.PullProgress) {
			b.report(model.Progress{Phase: "pulling", BytesDone: p.Done, TotalBytes: p.Total, CurrentFiles: []string{ref.Name}})
		})
		if err != nil && ctx.Err() == nil && img.found.Use != "" {
			b.log.printf("%v", err)
			b.doubts = append(b.doubts, anotherImage(img.ref.Name))
			continue
		}
		if err != nil {
			return "", engineFailure(err, "The image %s could not be pulled.", img.ref.Name)
		}
		if b.images[i].found, err = b.engine.Image(ctx, img.ref); err != nil {
			return "", engineFailure(err, "The image %s cannot be looked for.", img.ref.Name)
		}
		pulled++
	}
	return fmt.Sprintf("%d pulled, %d were there.", pulled, len(b.images)-pulled), nil
}

func anotherImage(name string) string {
	return fmt.Sprintf("The image %s is another one than when the snapshot was made, which could not be had.", name)
}

// settle makes everything stay. From here on nothing is taken back; what was replaced is removed.
func (b *rebuild) settle(ctx context.Context) (string, error) {
	ctx = context.WithoutCancel(ctx)
	if err := b.Store.SettleUndo(ctx, b.job.ID); err != nil {
		return "", fmt.Errorf("make the restore stay: %w", err)
	}
	b.settled = true
	if err := b.undo(ctx, b.job.ID); err != nil {
		b.log.printf("What was replaced could not be removed yet; it is tried again every minute: %v", err)
	}
	return "", nil
}

// finished is the verdict of a restore that succeeded.
func (b *rebuild) finished() finish {
	out := store.Outcome{State: model.JobSuccess, Snapshot: b.saved, Result: &model.Result{
		Files: b.fileCount, Bytes: b.bytes, Verified: true, Dumps: b.dumps, Containers: b.started, Project: b.projectName(),
	}}
	if b.saved != nil {
		out.Result.SafetyID = &b.saved.ID
	}
	if len(b.doubts) > 0 {
		out.State, out.Message = model.JobPartial, strings.Join(b.doubts, " ")
		out.Cause, out.Mend = model.CauseIncomplete, "What is named here needs a look; the rest came back."
	}
	return finish{Outcome: out}
}

func (b *rebuild) projectName() string {
	if b.want.Mode == model.AppCopy {
		return b.want.Project
	}
	return b.key.String()
}

// takenBack puts everything back as it was and says so.
func (b *rebuild) takenBack(ctx context.Context, why error) finish {
	done := b.failed(ctx, targetFailure(why))
	done.Message += " " + b.undoAll(ctx).words()
	done.keeps(b.saved)
	return done
}

// undone is what became of what a job had changed.
type undone struct {
	some bool // there was something
	err  error
}

// undoAll takes back what the job has changed so far, also when it was cancelled.
func (r *run) undoAll(ctx context.Context) undone {
	ctx = context.WithoutCancel(ctx)
	rows, err := r.Store.Undos(ctx, r.job.ID)
	if err == nil && len(rows) > 0 {
		r.phase("undoing", "Putting everything back as it was.")
		err = r.undo(ctx, r.job.ID)
	}
	if err != nil {
		r.log.printf("Putting back: %v", err)
	}
	return undone{len(rows) > 0, err}
}

// notPutBack says that a job left something behind.
const notPutBack = "Not everything could be put back as it was yet; it is tried again every minute."

func (u undone) words() string {
	switch {
	case u.err != nil:
		return notPutBack
	case u.some:
		return "Everything was put back as it was before."
	}
	return "Nothing was changed."
}

// keeps names the safety snapshot, where one was taken, as the way back.
func (f *finish) keeps(saved *model.Snapshot) {
	if saved == nil {
		return
	}
	f.Snapshot, f.Result = saved, &model.Result{SafetyID: &saved.ID}
	f.Mend = strings.TrimSpace(f.Mend + fmt.Sprintf(" The state before is also in the safety snapshot %.8s.", saved.ResticSnapshotID))
}
