package api

import (
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"keepstead/model"
)

func (a *API) listJobs(c *fiber.Ctx) error {
	filter := model.JobFilter{
		AppID: queryID(c, "app_id"), ConfigurationID: queryID(c, "configuration_id"),
		DestinationID: queryID(c, "destination_id"), SnapshotID: queryID(c, "snapshot_id"), Page: page(c),
	}
	for _, kind := range checked(c).query["kind"] {
		filter.Kinds = append(filter.Kinds, model.JobKind(kind))
	}
	for _, state := range checked(c).query["state"] {
		filter.States = append(filter.States, model.JobState(state))
	}
	rows, err := a.Store.Jobs(c.UserContext(), filter)
	if err != nil {
		return err
	}
	rows, next := cut(rows, filter.Page, func(j model.Job) uuid.UUID { return j.ID })
	return c.JSON(JobList{Jobs: mapped(rows, a.wireJob), NextCursor: next})
}

func (a *API) getJob(c *fiber.Ctx) error {
	job, err := a.Store.Job(c.UserContext(), pathID(c))
	if err != nil {
		return err
	}
	return c.JSON(a.wireJob(job))
}

func (a *API) getJobLog(c *fiber.Ctx) error {
	if _, err := a.Store.Job(c.UserContext(), pathID(c)); err != nil {
		return err
	}
	text, err := a.Jobs.Log(pathID(c))
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, fiber.MIMETextPlainCharsetUTF8)
	return c.SendStream(text)
}

func (a *API) cancelJob(c *fiber.Ctx) error {
	if err := a.Jobs.Cancel(c.UserContext(), pathID(c)); err != nil {
		return err
	}
	job, err := a.Store.Job(c.UserContext(), pathID(c))
	if err != nil {
		return err
	}
	return a.accepted(c, job)
}

func (a *API) retryJob(c *fiber.Ctx) error {
	job, err := a.Jobs.Retry(c.UserContext(), pathID(c))
	if err != nil {
		return err
	}
	return a.accepted(c, job)
}

func (a *API) wireJob(j model.Job) Job {
	out := Job{
		ID: j.ID, Kind: j.Kind, State: j.State, Trigger: j.Trigger, ConfigurationID: j.ConfigurationID,
		DestinationID: j.DestinationID, SnapshotID: j.SnapshotID, AppID: j.AppID, DeviceID: j.DeviceID, RetryOf: j.RetryOf,
		Slot: utcOr(j.Slot), Restore: j.Restore, Result: j.Result, Cause: j.Cause, Message: j.Message, Mend: j.Mend,
		Duration:  int(j.Duration(a.now()).Seconds()),
		CreatedAt: utc(j.CreatedAt), StartedAt: utcOr(j.StartedAt), FinishedAt: utcOr(j.FinishedAt),
	}
	if len(j.Steps) > 0 {
		out.Steps = mapped(j.Steps, wireJobStep)
	}
	if p, running := a.Jobs.Progress(j.ID); running && j.State == model.JobRunning {
		out.Progress = wireProgress(p)
	}
	return out
}

func wireJobStep(s model.Step) Step {
	return Step{Title: s.Title, State: s.State, Detail: s.Detail, StartedAt: utcOr(s.StartedAt), FinishedAt: utcOr(s.FinishedAt)}
}

func wireProgress(p model.Progress) Progress {
	return Progress{
		Phase: p.Phase, Percent: min(max(p.Percent, 0), 1), FilesDone: p.FilesDone, TotalFiles: p.TotalFiles,
		BytesDone: p.BytesDone, TotalBytes: p.TotalBytes, Rate: p.Rate, Remaining: int(p.Remaining.Seconds()),
		Errors: p.Errors, CurrentFiles: list(p.CurrentFiles), At: utc(p.At),
	}
}
