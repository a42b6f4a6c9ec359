package api

import (
	"slices"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"keepstead/model"
)

func (a *API) getContents(c *fiber.Ctx) error {
	if _, err := a.Store.Snapshot(c.UserContext(), pathID(c)); err != nil {
		return err
	}
	contents, err := a.Jobs.Contents(c.UserContext(), pathID(c))
	if err != nil {
		return err
	}
	if contents == nil {
		return model.ErrNotFound
	}
	return c.JSON(wireContents(*contents))
}

// wireContents leaves out the options of volumes and networks: those of a network share can hold its password.
func wireContents(c model.Contents) Contents {
	c.TakenAt = utc(c.TakenAt)
	c.Services = mapped(c.Services, same)
	c.Volumes = slices.Clone(mapped(c.Volumes, same))
	for i := range c.Volumes {
		c.Volumes[i].Options, c.Volumes[i].Labels = nil, nil
	}
	c.Networks = mapped(c.Networks, func(n model.ContentNetwork) model.ContentNetwork {
		n.Options, n.Labels = nil, nil
		return n
	})
	return c
}

func wireAppPlan(p *model.AppPlan) AppPlan {
	if p == nil {
		return AppPlan{}
	}
	return AppPlan{
		Project: p.Project, Replaced: list(p.Replaced), Created: list(p.Created), Stopped: list(p.Stopped),
		Missing: list(p.Missing), Obstacles: list(p.Obstacles),
		Ports: mapped(p.Ports, func(r model.PortPlan) PortPlan {
			return PortPlan{Service: r.Service, From: r.From, To: r.To, Taken: r.Taken}
		}),
		Images: mapped(p.Images, func(r model.ImagePlan) ImagePlan {
			return ImagePlan{Image: r.Image, Present: r.Present, Pull: r.Pull}
		}),
	}
}

// databases counts those that the restore of an app imported.
func databases(want model.Restore, r model.Result) int {
	if want.App == nil {
		return 0
	}
	return r.Dumps
}

// safety is the snapshot of what a restore replaced, the nil id for none.
func safety(r model.Result) uuid.UUID {
	if r.SafetyID == nil {
		return uuid.Nil
	}
	return *r.SafetyID
}
