package api

import (
	"cmp"
	"errors"
	"net/http"

	"github.com/gofiber/fiber/v2"

	"keepstead/model"
)

// restoreSnapshot answers when the restore has ended, as the spec wants it, or at once where the caller prefers that.
func (a *API) restoreSnapshot(c *fiber.Ctx) error {
	want, err := a.restoreRequest(c)
	if err != nil {
		return err
	}
	job, err := a.Jobs.Restore(c.UserContext(), want, model.TriggerAPI)
	if err != nil {
		return err
	}
	if prefers(c, "respond-async") {
		c.Set("Preference-Applied", "respond-async")
		return a.accepted(c, job)
	}
	ended, err := a.Jobs.Wait(c.UserContext(), job.ID)
	if err != nil || ended.State != model.JobSuccess {
		ended.ID, ended.Restore = job.ID, &want
		return restoreEnded{job: ended, waiting: err}
	}
	var result model.Result
	if ended.Result != nil {
		result = *ended.Result
	}
	return c.JSON(RestoreResult{
		Success: true, Message: "Restore completed successfully", RestoredPath: restoredPath(ended, want),
		JobID: ended.ID, Files: result.Files, Bytes: result.Bytes,
		Project: result.Project, Containers: result.Containers, Databases: databases(want, result), SafetySnapshotID: safety(result),
	})
}

func (a *API) planRestore(c *fiber.Ctx) error {
	want, err := a.restoreRequest(c)
	if err != nil {
		return err
	}
	plan, err := a.Jobs.PlanRestore(c.UserContext(), want)
	if err != nil {
		return err
	}
	return c.JSON(RestorePlan{
		Target: plan.Target, FreeBytes: known(plan.FreeBytes), NeedBytes: plan.NeedBytes, NewFiles: plan.NewFiles,
		Overwrites: plan.Overwrites, Unchanged: plan.Unchanged, Examples: list(plan.Examples), Stopped: plan.Stopped, App: wireAppPlan(plan.App),
	})
}

func (a *API) restoreRequest(c *fiber.Ctx) (model.Restore, error) {
	var in RestoreRequest
	if err := decode(c, &in); err != nil {
		return model.Restore{}, err
	}
	return model.Restore{
		SnapshotID: pathID(c), DeviceID: in.TargetDeviceID, InPlace: in.InPlace, TargetPath: in.TargetPath, Files: in.Files, App: in.App,
		SkipSafety: in.SkipSafety, KeepRunning: in.KeepRunning,
	}, nil
}

// restoredPath is where the files are: the target, the folder of a new project, or the root for a restore in place.
func restoredPath(job model.Job, want model.Restore) string {
	restored := want.TargetPath
	if want.App != nil {
		restored = want.App.Folder
	}
	if job.Result != nil {
		restored = cmp.Or(job.Result.RestoredTo, restored)
	}
	return cmp.Or(want.TargetPath, restored, "/")
}

// restoreEnded is a restore that did not bring everything back, or that could not be waited for.
type restoreEnded struct {
	job     model.Job
	waiting error
}

// Error says how the job ended.
func (e restoreEnded) Error() string {
	return "restore ended " + string(e.job.State) + ": " + e.job.Message
}

func (e restoreEnded) status() int {
	switch {
	case e.waiting != nil, e.job.State == model.JobInterrupted:
		return http.StatusServiceUnavailable
	case e.job.State == model.JobCancelled:
		return http.StatusConflict
	}
	return http.StatusInternalServerError
}

func (e restoreEnded) sentence() string {
	switch {
	case e.waiting != nil:
		return "Keepstead is stopping; look at the job once it runs again."
	case e.job.Message != "":
		return e.job.Message
	case e.job.State == model.JobCancelled:
		return "The restore was cancelled."
	}
	return "The restore did not bring everything back; its log has more."
}

// restoreProblem adds the members of a restore's answer to the problem.
func restoreProblem(p Problem, err error) RestoreProblem {
	out := RestoreProblem{
		Type: p.Type, Title: p.Title, Status: p.Status, Detail: p.Detail, Instance: p.Instance, Errors: p.Errors,
		Message: p.Detail,
	}
	var ended restoreEnded
	if errors.As(err, &ended) {
		out.Type, out.Title = "urn:keepstead:problem:restore-failed", "The restore did not succeed"
		out.JobID, out.Cause, out.Mend = ended.job.ID, ended.job.Cause, ended.job.Mend
		out.RestoredPath = restoredPath(ended.job, *ended.job.Restore)
	}
	return out
}
