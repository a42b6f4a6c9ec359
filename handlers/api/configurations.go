package api

import (
	"github.com/gofiber/fiber/v2"

	"keepstead/model"
	"keepstead/store"
)

const configurationsPath = "/backup/configurations/"

func (a *API) listConfigurations(c *fiber.Ctx) error {
	filter := store.ConfigurationFilter{AppID: queryID(c, "app_id"), PolicyID: queryID(c, "policy_id")}
	rows, err := a.Store.Configurations(c.UserContext(), filter)
	if err != nil {
		return err
	}
	return c.JSON(ConfigurationList{Configurations: mapped(rows, wireConfiguration)})
}

func (a *API) getConfiguration(c *fiber.Ctx) error {
	conf, err := a.Store.Configuration(c.UserContext(), pathID(c))
	if err != nil {
		return err
	}
	return c.JSON(wireConfiguration(conf))
}

func (a *API) createConfiguration(c *fiber.Ctx) error {
	in := ConfigurationCreate{BackupVolumes: true, BackupCompose: true, BackupEnv: true, Enabled: true}
	if err := decode(c, &in); err != nil {
		return err
	}
	conf, tookOver, err := a.Jobs.CreateConfiguration(c.UserContext(), model.Configuration{
		AppID: in.AppID, PolicyID: in.PolicyID, BackupVolumes: in.BackupVolumes, BackupCompose: in.BackupCompose,
		BackupEnv: in.BackupEnv, IncludePaths: in.IncludePaths, ExcludePaths: in.ExcludePaths,
		Retention: in.Retention, Enabled: in.Enabled,
	})
	if err != nil {
		return err
	}
	return createdOr(c, !tookOver, configurationsPath, conf.ID, wireConfiguration(conf))
}

func (a *API) changeConfiguration(c *fiber.Ctx) error {
	conf, err := a.Store.Configuration(c.UserContext(), pathID(c))
	if err != nil {
		return err
	}
	in := configurationChange(conf)
	if err := decode(c, &in); err != nil {
		return err
	}
	conf.PolicyID, conf.Enabled, conf.Retention = in.PolicyID, in.Enabled, in.Retention
	conf.BackupVolumes, conf.BackupCompose, conf.BackupEnv = in.BackupVolumes, in.BackupCompose, in.BackupEnv
	conf.IncludePaths, conf.ExcludePaths = in.IncludePaths, in.ExcludePaths
	if err := conf.Validate(); err != nil {
		return err
	}
	if _, given := checked(c).given["capture"]; given {
		changed, err := a.Jobs.ChangeCapture(c.UserContext(), conf.ID, in.Capture.capture())
		if err != nil {
			return err
		}
		conf.Capture = changed.Capture
	}
	conf, err = a.Jobs.ChangeConfiguration(c.UserContext(), conf)
	if err != nil {
		return err
	}
	return c.JSON(wireConfiguration(conf))
}

func (a *API) deleteConfiguration(c *fiber.Ctx) error {
	if err := a.Jobs.DeleteConfiguration(c.UserContext(), pathID(c)); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

func (a *API) unfreezeConfiguration(c *fiber.Ctx) error {
	if err := a.Jobs.Unfreeze(c.UserContext(), pathID(c)); err != nil {
		return err
	}
	return a.getConfiguration(c)
}

func (a *API) startBackup(c *fiber.Ctx) error {
	jobs, err := a.Jobs.Backup(c.UserContext(), pathID(c), model.TriggerAPI)
	if err != nil {
		return err
	}
	snapshots := mapped(jobs, func(j model.Job) StartedSnapshot {
		return StartedSnapshot{SnapshotID: j.SnapshotID, DestinationID: j.DestinationID, JobID: j.ID, Status: model.SnapshotInProgress}
	})
	return c.Status(fiber.StatusAccepted).JSON(StartedBackup{
		SnapshotID: snapshots[0].SnapshotID, JobID: snapshots[0].JobID, Status: model.SnapshotInProgress, Snapshots: snapshots,
	})
}

func configurationChange(conf model.Configuration) ConfigurationChange {
	return ConfigurationChange{
		PolicyID: conf.PolicyID, Enabled: conf.Enabled, Retention: conf.Retention,
		BackupVolumes: conf.BackupVolumes, BackupCompose: conf.BackupCompose, BackupEnv: conf.BackupEnv,
		IncludePaths: conf.IncludePaths, ExcludePaths: conf.ExcludePaths, Capture: captureChange(conf.Capture),
	}
}

func wireConfiguration(conf model.Configuration) Configuration {
	return Configuration{
		ID: conf.ID, AppID: conf.AppID, PolicyID: conf.PolicyID, Automatic: conf.Automatic,
		IsSystemBackup: conf.IsSystemBackup, SystemType: conf.SystemType,
		BackupVolumes: conf.BackupVolumes, BackupCompose: conf.BackupCompose, BackupEnv: conf.BackupEnv,
		IncludePaths: list(conf.IncludePaths), ExcludePaths: list(conf.ExcludePaths), Retention: conf.Retention,
		Enabled: conf.Enabled, Frozen: conf.FrozenAt != nil, FrozenAt: utcOr(conf.FrozenAt), FrozenReason: conf.FrozenReason,
		Capture:   conf.Capture,
		CreatedAt: utc(conf.CreatedAt), UpdatedAt: utc(conf.UpdatedAt),
	}
}
