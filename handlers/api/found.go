package api

import (
	"github.com/gofiber/fiber/v2"

	"keepstead/model"
)

// discover looks for apps made of containers now.
func (a *API) discover(c *fiber.Ctx) error {
	if err := a.Jobs.Discover(c.UserContext()); err != nil {
		return err
	}
	return a.listDevices(c)
}

func (a *API) acceptApp(c *fiber.Ctx) error {
	if err := a.Jobs.AcceptApp(c.UserContext(), pathID(c)); err != nil {
		return err
	}
	return a.getApp(c)
}

func (a *API) declineApp(c *fiber.Ctx) error {
	if err := a.Jobs.DeclineApp(c.UserContext(), pathID(c)); err != nil {
		return err
	}
	return a.getApp(c)
}

// wireAppWhole is an app with all that discovery saw of it.
func wireAppWhole(v model.AppOverview) App {
	out := wireApp(v)
	if f := v.App.Found; f != nil {
		out.Counts, out.Found = wireCounts(f.Counts()), wireFound(*f)
	}
	return out
}

func wireCounts(n model.FoundCounts) FoundCounts {
	return FoundCounts{
		Services: n.Services, Databases: n.Databases, Volumes: n.Volumes, Ask: n.Ask, Lost: n.Lost, SeenAt: utcOr(&n.SeenAt),
	}
}

func wireFound(f model.Found) Found {
	return Found{
		WorkingDir: f.WorkingDir, ConfigFiles: f.ConfigFiles, EnvFiles: f.EnvFiles, Profiles: f.Profiles,
		ComposeError: f.ComposeError, Problems: f.Problems, Networks: f.Networks, Labels: f.Labels, Self: f.Self,
		Services: mapped(f.Services, same), Mounts: mapped(f.Mounts, same), SeenAt: utc(f.SeenAt),
	}
}

// same is for lists whose rows go out as they are.
func same[T any](row T) T { return row }

func wireEngine(e *model.Engine) Engine {
	if e == nil {
		return Engine{}
	}
	return Engine{
		State: e.State, Version: e.Version, APIVersion: e.APIVersion, RootDir: e.RootDir, Containers: e.Containers,
		Message: e.Message, Mend: e.Mend, SeenAt: utc(e.SeenAt),
	}
}

func (a *API) getSettings(c *fiber.Ctx) error {
	mode, err := a.Jobs.DiscoveryMode(c.UserContext())
	if err != nil {
		return err
	}
	return c.JSON(Settings{Discovery: SettingsDiscovery(mode)})
}

func (a *API) changeSettings(c *fiber.Ctx) error {
	var in SettingsChange
	if err := decode(c, &in); err != nil {
		return err
	}
	if in.Discovery != "" {
		if err := a.Jobs.SetDiscoveryMode(c.UserContext(), string(in.Discovery)); err != nil {
			return err
		}
	}
	return a.getSettings(c)
}
