package api

import (
	"github.com/gofiber/fiber/v2"

	"keepstead/model"
)

func (a *API) listApps(c *fiber.Ctx) error {
	rows, err := a.Jobs.Overview(c.UserContext())
	if err != nil {
		return err
	}
	found, err := a.Store.FoundCounts(c.UserContext())
	if err != nil {
		return err
	}
	return c.JSON(AppList{Apps: mapped(rows, func(v model.AppOverview) App {
		out := wireApp(v)
		if n, made := found[v.App.ID]; made {
			out.Counts = wireCounts(n)
		}
		return out
	})})
}

func (a *API) getApp(c *fiber.Ctx) error {
	app, err := a.Jobs.AppOverview(c.UserContext(), pathID(c))
	if err != nil {
		return err
	}
	if app.App.ForgottenAt != nil { // its row stays, to name its snapshots
		return model.ErrNotFound
	}
	return c.JSON(wireAppWhole(app))
}

// createApp adds folders that a person names; putApp takes what the platform declares.
func (a *API) createApp(c *fiber.Ctx) error {
	var in AppCreate
	if err := decode(c, &in); err != nil {
		return err
	}
	device, err := a.deviceOr(c.UserContext(), in.DeviceID)
	if err != nil {
		return err
	}
	return a.writeApp(c, model.App{
		ID: model.NewID(), DeviceID: device, Name: in.Name, Kind: model.AppFolders, Origin: model.OriginManual, Paths: in.Paths,
	})
}

func (a *API) putApp(c *fiber.Ctx) error {
	var in AppWrite
	if err := decode(c, &in); err != nil {
		return err
	}
	id, err := declaredID(c)
	if err != nil {
		return err
	}
	return a.writeApp(c, model.App{
		ID: id, DeviceID: in.DeviceID, Name: in.Name, Kind: model.AppFolders, Origin: model.OriginPlatform, Paths: in.Paths,
	})
}

func (a *API) writeApp(c *fiber.Ctx, app model.App) error {
	app, isNew, err := a.Jobs.PutApp(c.UserContext(), app)
	if err != nil {
		return err
	}
	view, err := a.Jobs.AppOverview(c.UserContext(), app.ID)
	if err != nil {
		return err
	}
	return createdOr(c, isNew, "/apps/", app.ID, wireApp(view))
}

func (a *API) forgetApp(c *fiber.Ctx) error {
	if err := a.Jobs.ForgetApp(c.UserContext(), pathID(c)); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

func wireApp(v model.AppOverview) App {
	return App{
		ID: v.App.ID, DeviceID: v.App.DeviceID, Name: v.App.Name, Kind: v.App.Kind, Origin: v.App.Origin,
		SystemType: v.App.SystemType, Project: v.App.Project, Paths: list(v.App.Paths), Gone: v.App.Gone,
		Pending: v.App.Pending, Disabled: v.App.Disabled, Status: v.Status, Configurations: mapped(v.Configurations, wireAppConfiguration),
		CreatedAt: utc(v.App.CreatedAt), UpdatedAt: utc(v.App.UpdatedAt),
	}
}

func wireAppConfiguration(v model.ConfigurationOverview) AppConfiguration {
	return AppConfiguration{
		ID: v.Configuration.ID, PolicyID: v.Policy.ID, PolicyName: v.Policy.Name, Enabled: v.Configuration.Enabled,
		Frozen: v.Configuration.FrozenAt != nil, Status: v.Status, NextRun: utcOr(&v.NextRun),
		Destinations: mapped(v.Coverage, wireCoverage),
	}
}

func wireCoverage(v model.Coverage) Coverage {
	return Coverage{
		DestinationID: v.DestinationID, LastGoodSnapshotID: v.LastGoodID, LastGoodAt: utcOr(v.LastGoodAt),
		LastGoodSize: v.LastGoodSize, LastJobID: v.LastJobID, LastState: v.LastState, LastMessage: v.LastMessage,
		LastAt: utcOr(v.LastAt), RunningJobID: v.RunningJobID,
	}
}
