package jobs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/dustin/go-humanize"

	"keepstead/device"
	"keepstead/docker"
	"keepstead/gateway"
	"keepstead/model"
	"keepstead/restic"
	"keepstead/store"
)

// failure is an error with its word, its sentence and its mend, as the pages and the API show them.
type failure struct {
	cause   model.Cause
	message string
	mend    string
	err     error
}

// Error returns the sentence and what lies beneath it.
func (f failure) Error() string {
	if f.err == nil {
		return f.message
	}
	return f.message + " (" + f.err.Error() + ")"
}

// Unwrap returns what lies beneath.
func (f failure) Unwrap() error { return f.err }

func fail(cause model.Cause, mend, format string, args ...any) failure {
	return failure{cause: cause, message: fmt.Sprintf(format, args...), mend: mend}
}

// known maps what restic answers to a cause, a sentence and a mend.
var known = []struct {
	err           error
	cause         model.Cause
	message, mend string
}{
	{
		restic.ErrNoRepo, model.CauseNoRepository, "The repository is not there.",
		"Mount the disk, or check the bucket; Keepstead never makes a new repository in its place.",
	},
	{
		restic.ErrLocked, model.CauseLocked, "Another program holds a lock on the repository.",
		"If nothing else uses this repository, choose “Remove locks…” on the destination's page, then retry.",
	},
	{
		restic.ErrWrongPassword, model.CauseWrongPassword, "The repository does not open with the stored password.",
		"Somebody changed the repository's keys; remove the destination and adopt it with the right password.",
	},
	{
		restic.ErrDiskFull, model.CauseDiskFull, "There is no space left.",
		"Free some space at the destination, or prune it, then retry.",
	},
	{
		restic.ErrUnreachable, model.CauseUnreachable, "The destination cannot be reached.",
		"Test the destination on its page to see which step fails, then retry.",
	},
	{
		restic.ErrDenied, model.CauseDenied, "The destination refuses access.",
		"Give Keepstead's key or user the right to read, write and delete there, then retry.",
	},
	{
		restic.ErrDamaged, model.CauseDamaged, "The repository is damaged.",
		"Run a check on the destination's page to see what is affected, and restore from another destination meanwhile.",
	},
}

// failed turns whatever ended a run into its outcome. Why the context ended comes first: a restic that was told to stop
// fails with errors of its own.
func (r *run) failed(ctx context.Context, err error) finish {
	r.log.printf("%v", err)
	out := outcomeOf(ctx, err)
	if out.Cause == model.CauseCancelled {
		out.Message = stopped(r.job)
	}
	r.blame(&out)
	return finish{Outcome: out, follow: r.afterKill(err)}
}

// stopped says what is left of a job that somebody cancelled. A restore of an app or in place says itself what is left.
func stopped(j model.Job) string {
	switch {
	case j.Kind == model.JobBackup:
		return "You stopped it. Nothing was saved."
	case j.Kind == model.JobRestore && j.Restore != nil && j.Restore.App == nil && !j.Restore.InPlace:
		return "You stopped it. What was restored by then is where you asked for it."
	}
	return "You stopped it."
}

// blame says of a failure of restic what only its gateway knows: what the storage behind it failed at, or that it did
// not, so that the full disk is the machine's own.
func (r *run) blame(out *store.Outcome) {
	if r.lent == nil {
		return
	}
	why := r.lent.Stats().Failure
	switch out.Cause {
	case model.CauseRestic, model.CauseUnreachable:
		var told *device.SSHError
		switch {
		case gateway.Full(why):
			out.Cause, out.Message, out.Mend = explain(restic.ErrDiskFull)
		case errors.Is(why, fs.ErrPermission):
			out.Cause, out.Message, out.Mend = explain(restic.ErrDenied)
		case errors.As(why, &told):
			out.Cause, out.Message, out.Mend = model.CauseUnreachable, "The destination cannot be reached: "+sentence(told.Message), told.Mend
		}
	case model.CauseDiskFull:
		if !gateway.Full(why) {
			out.Message = fmt.Sprintf("There is no space left on %s itself, where restic keeps its temporary files.", r.on.Name)
			out.Mend = fmt.Sprintf("Free some space on the file system of %s there, then retry.", r.on.dir)
		}
	}
}

// tellDevice has a machine looked at whose page may say something else than its job just found out.
func (r *run) tellDevice(ctx context.Context, done finish) {
	reached := done.Cause != model.CauseDevice
	if r.on.here() || context.Cause(ctx) != nil || reached == (r.on.State == model.DeviceReady || r.on.State == model.DeviceLimited) {
		return
	}
	r.loops.Go(func() {
		if _, err := r.RefreshDevice(r.base, r.on.ID); err != nil && r.base.Err() == nil {
			r.logger.Warn("look at a device", "device", r.on.Name, "error", err)
		}
	})
}

func outcomeOf(ctx context.Context, err error) store.Outcome {
	out := store.Outcome{State: model.JobFailed}
	var f failure
	switch why := context.Cause(ctx); {
	case errors.Is(why, errCancelled):
		out.State, out.Cause, out.Message = model.JobCancelled, model.CauseCancelled, stopped(model.Job{})
	case errors.Is(why, errStopping):
		out.State, out.Cause = model.JobInterrupted, model.CauseInterrupted
		out.Message, out.Mend = "Keepstead stopped while this ran.", "Retry it; what was uploaded so far is used again."
	case errors.Is(why, errStalled):
		out.Cause = model.CauseStalled
		out.Message = fmt.Sprintf("Nothing moved for %s, so the run was ended.", stallAfter)
		out.Mend = "Test the destination, then retry."
	case errors.As(err, &f):
		out.Cause, out.Message, out.Mend = f.cause, f.message, f.mend
	default:
		out.Cause, out.Message, out.Mend = explain(err)
	}
	return out
}

// afterKill returns the sync that clears the lock of a restic that was killed: it could not do so itself, and every
// prune and forget would find the repository locked. What a gateway lent needs none: it takes the locks with it.
func (r *run) afterKill(err error) []model.Job {
	var exit *device.ExitError
	var lost *device.SSHError
	killed := errors.As(err, &exit) && exit.Signal != "" || errors.As(err, &lost) && lost.State == device.StateUnreachable
	if !killed || r.lent != nil || r.process.Load() == nil || r.job.Kind == model.JobSync || r.job.Kind == model.JobIndex {
		return nil
	}
	return []model.Job{{
		ID: model.NewID(), Kind: model.JobSync, State: model.JobQueued, Trigger: model.TriggerRecovery,
		DestinationID: r.job.DestinationID, CreatedAt: r.now(),
	}}
}

// explain names the cause of an error of restic, of the container engine or of anything else.
func explain(err error) (model.Cause, string, string) {
	for _, k := range known {
		if errors.Is(err, k.err) {
			return k.cause, k.message, k.mend
		}
	}
	var way failure
	if errors.As(deviceFailure(err), &way) {
		return way.cause, way.message, way.mend
	}
	var engine *docker.Error
	if errors.As(err, &engine) {
		return model.CauseEngine, engine.Message, engine.Mend
	}
	var told *restic.Error
	if errors.As(err, &told) {
		return model.CauseRestic, told.Error(), "The job's log has all that restic said."
	}
	return model.CauseInternal, err.Error(), "The job's log has the details."
}

// size says bytes as people read them.
func size(n int64) string { return humanize.IBytes(uint64(max(0, n))) }
