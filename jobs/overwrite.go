package jobs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"keepstead/model"
	"keepstead/store"
)

// Titles of steps that restores share, and of the one that overwrites.
const (
	stopTitle         = "Stop what uses the data"
	saveTitle         = "Save the present state"
	restoreFilesTitle = "Restore the files"
)

// overwrite is a restore of files to where they were, on its way. It writes over what is there, so that a safety snapshot
// is its only way back. That holds the files themselves, not the app with its dumps: what is overwritten are files too.
type overwrite struct {
	*run
	fileRestore
	app    model.App
	places []string // what may be overwritten
	holder *rebuild // stops what uses the places; nil where nothing is to be stopped
	saved  *model.Snapshot
	begun  bool          // something may be overwritten by now
	result *model.Result // once all is back
}

// overwrite brings files back to where they were.
func (r *run) overwrite(ctx context.Context) finish {
	w := &overwrite{run: r}
	release, err := w.begin(ctx)
	if err != nil {
		return w.cutShort(ctx, err)
	}
	defer release()
	if err = r.walk(ctx, w.acts()); w.result == nil {
		return w.cutShort(ctx, err)
	}
	return w.finished(ctx, err)
}

// begin checks what is asked for and looks at what uses the files. No backup of an app made of containers begins before
// release is called.
func (w *overwrite) begin(ctx context.Context) (release func(), err error) {
	release = func() {}
	if w.fileRestore, err = w.prepareFiles(ctx); err != nil {
		return release, err
	}
	w.places = placesOf(w.snapshot, w.includes)
	if w.app, err = w.appAt(ctx, w.snapshot, w.want); err != nil || !w.app.Containers() {
		return release, err
	}
	if release, err = w.own(ctx, w.app.ID); err != nil {
		return func() {}, err
	}
	if w.want.KeepRunning {
		return release, nil
	}
	w.phase("looking", "Looking at what uses the files.")
	v, err := w.surveyPlaces(ctx, w.app, w.places)
	if err == nil && len(v.obstacles) > 0 {
		err = fail(model.CauseTarget, "", "%s", strings.Join(v.obstacles, " "))
	}
	if err != nil {
		release()
		return func() {}, err
	}
	w.holder = &rebuild{run: w.run, survey: v, o: w.o}
	return release, nil
}

// placesOf are the paths that a restore in place writes to.
func placesOf(s model.Snapshot, includes []string) []string {
	if len(includes) > 0 {
		return includes
	}
	return s.Paths
}

// acts are the steps of the restore, in order. Files that containers write are saved once those stand still, so that they
// fit together.
func (w *overwrite) acts() []act {
	var acts []act
	if w.holder != nil {
		acts = append(acts, act{stopTitle, w.holder.stopAll})
	}
	if !w.want.SkipSafety {
		acts = append(acts, act{saveTitle, w.save})
	}
	acts = append(acts, act{restoreFilesTitle, w.layAll})
	if w.holder != nil {
		acts = append(acts, act{"Start what was stopped", w.wake})
	}
	return acts
}

// save backs up what is about to be overwritten.
func (w *overwrite) save(ctx context.Context) (string, error) {
	begun := time.Now()
	var err error
	if w.saved, err = w.safetyOfFiles(ctx, w.o, w.app, w.places); err != nil {
		return "", unsaved(err)
	}
	return savedWords(w.saved, time.Since(begun)), nil
}

func (w *overwrite) layAll(ctx context.Context) (string, error) {
	begun := time.Now()
	w.begun = true
	result, err := w.layFiles(ctx, w.fileRestore)
	if err != nil {
		return "", err
	}
	w.result = result
	return fmt.Sprintf("%d %s, %s, verified, in %s.", result.Files, plural(result.Files, "file or folder", "files and folders"), size(result.Bytes), took(time.Since(begun))), nil
}

// wake starts again what was stopped, in order.
func (w *overwrite) wake(ctx context.Context) (string, error) {
	if len(w.holder.stop) == 0 {
		return "Nothing of it ran before, so nothing was started.", nil
	}
	if err := w.holder.quietStill(ctx); err != nil {
		return "", err
	}
	if err := w.undo(context.WithoutCancel(ctx), w.job.ID); err != nil {
		return "", notStarted(err)
	}
	return containerNames(w.holder.stop) + ".", nil
}

func notStarted(err error) error {
	return failure{
		cause: model.CauseEngine, err: err, message: notPutBack,
		mend: "Look whether the app runs; the job's log has what Docker said.",
	}
}

// finished is the verdict once all files are back. A cancel that comes after that changes nothing any more, but what was
// stopped must run again.
func (w *overwrite) finished(ctx context.Context, why error) finish {
	out := store.Outcome{State: model.JobSuccess, Snapshot: w.saved, Result: w.result}
	if w.saved != nil {
		out.Result.SafetyID = &w.saved.ID
	}
	if why == nil {
		return finish{Outcome: out}
	}
	w.log.printf("%v", why)
	told := outcomeOf(ctx, why)
	if err := w.undo(context.WithoutCancel(ctx), w.job.ID); err != nil && told.State != model.JobFailed {
		told = outcomeOf(context.WithoutCancel(ctx), notStarted(err))
	}
	if told.State == model.JobFailed {
		out.State, out.Cause, out.Message, out.Mend = model.JobPartial, model.CauseIncomplete, joined("The files are back.", told.Message), told.Mend
	}
	return finish{Outcome: out}
}

// cutShort says what a restore leaves that did not come to its end: nothing, or a part and the way back. What was stopped
// runs again.
func (w *overwrite) cutShort(ctx context.Context, why error) finish {
	done := w.failed(ctx, targetFailure(why))
	back := w.undoAll(ctx)
	if !w.begun {
		done.Message += " " + back.words()
		done.Snapshot = w.saved
		return done
	}
	done.Message += " What was restored by then is in its place."
	if back.err != nil {
		done.Message += " " + notPutBack
	}
	done.keeps(w.saved)
	return done
}

// appAt is the app of a snapshot on the device that its files are restored to. One that is forgotten has only its id.
func (m *Manager) appAt(ctx context.Context, s model.Snapshot, want model.Restore) (model.App, error) {
	app, err := m.Store.App(ctx, s.AppID)
	if err != nil && !errors.Is(err, model.ErrNotFound) {
		return app, err
	}
	app.ID, app.DeviceID = s.AppID, want.DeviceID
	return app, nil
}
