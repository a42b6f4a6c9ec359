package api

import (
	"github.com/gofiber/fiber/v2"

	"keepstead/model"
)

func (a *API) listDevices(c *fiber.Ctx) error {
	rows, err := a.Store.Devices(c.UserContext())
	if err != nil {
		return err
	}
	return c.JSON(DeviceList{Devices: mapped(rows, wireDevice)})
}

func (a *API) getDevice(c *fiber.Ctx) error {
	d, err := a.Store.Device(c.UserContext(), pathID(c))
	if err != nil {
		return err
	}
	return c.JSON(wireDevice(d))
}

func (a *API) putDevice(c *fiber.Ctx) error {
	in := DeviceWrite{Kind: model.DeviceLocal}
	if err := decode(c, &in); err != nil {
		return err
	}
	id, err := declaredID(c)
	if err != nil {
		return err
	}
	d, isNew, err := a.Jobs.PutDevice(c.UserContext(), model.Device{ID: id, Name: in.Name, Kind: in.Kind})
	if err != nil {
		return err
	}
	return createdOr(c, isNew, "/devices/", d.ID, wireDevice(d))
}

func (a *API) deleteDevice(c *fiber.Ctx) error {
	if err := a.Jobs.DeleteDevice(c.UserContext(), pathID(c)); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

func wireDevice(d model.Device) Device {
	return Device{
		ID: d.ID, Name: d.Name, Kind: d.Kind, Hostname: d.Hostname, OS: d.OS, Arch: d.Arch, ResticVersion: d.ResticVersion,
		Engine: wireEngine(d.Engine), LastSeenAt: utcOr(d.LastSeenAt), CreatedAt: utc(d.CreatedAt), UpdatedAt: utc(d.UpdatedAt),
	}
}
