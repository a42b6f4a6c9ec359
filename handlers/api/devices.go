package api

import (
	"errors"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"keepstead/handlers/audit"
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
	d, s, err := a.declaredDevice(c)
	if err != nil {
		return err
	}
	d, isNew, err := a.Jobs.PutDevice(c.UserContext(), d, s)
	if err != nil {
		return err
	}
	return createdOr(c, isNew, "/devices/", d.ID, wireDevice(d))
}

// declaredDevice is the device of the body, laid over the one that is there.
func (a *API) declaredDevice(c *fiber.Ctx) (model.Device, model.DeviceSecrets, error) {
	id, err := declaredID(c)
	if err != nil {
		return model.Device{}, model.DeviceSecrets{}, err
	}
	d, err := a.Store.Device(c.UserContext(), id)
	if errors.Is(err, model.ErrNotFound) {
		d, err = model.Device{ID: id, Kind: model.DeviceLocal}, nil
	}
	if err != nil {
		return d, model.DeviceSecrets{}, err
	}
	in := DeviceWrite{Kind: d.Kind, Address: d.Address, Port: d.Port, User: d.SSHUser, Sudo: d.Sudo, Parallel: d.Parallel}
	if err := decode(c, &in); err != nil {
		return d, model.DeviceSecrets{}, err
	}
	d.Name, d.Kind, d.Address, d.Port, d.SSHUser = in.Name, in.Kind, in.Address, in.Port, in.User
	d.Sudo, d.Parallel = in.Sudo, in.Parallel
	if _, given := checked(c).given["jump_device_id"]; given {
		d.JumpDeviceID = idOr(in.JumpDeviceID)
	}
	s := model.DeviceSecrets{Password: in.Password, PrivateKey: in.PrivateKey, Fingerprint: in.HostKeyFingerprint}
	return d, s, nil
}

// idOr returns the id, or the nil id where it is null.
func idOr(id *uuid.UUID) uuid.UUID {
	if id == nil {
		return uuid.Nil
	}
	return *id
}

func (a *API) testDevice(c *fiber.Ctx) error {
	id := pathID(c)
	probe, err := a.Jobs.TestDevice(c.UserContext(), id)
	if err != nil {
		return err
	}
	audit.Tested(c, probe.Failed() == nil)
	out := DeviceTest{OK: probe.Failed() == nil, Steps: mapped(probe.Steps, wireStep)}
	if failed := probe.Failed(); failed != nil && failed.Name == "login" {
		d, err := a.Store.Device(c.UserContext(), id)
		if err != nil {
			return err
		}
		out.PublicKey = d.PublicKey
	}
	return c.JSON(out)
}

func (a *API) deleteDevice(c *fiber.Ctx) error {
	if _, err := a.Jobs.DeleteDevice(c.UserContext(), pathID(c)); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

func wireDevice(d model.Device) Device {
	return Device{
		ID: d.ID, Name: d.Name, Kind: d.Kind, Hostname: d.Hostname, Address: d.Address, Port: d.Port, User: d.SSHUser,
		PublicKey: d.PublicKey, HostKeyFingerprint: model.Fingerprint(d.HostKey), Sudo: d.Sudo, JumpDeviceID: d.JumpDeviceID,
		Parallel: d.Parallel, State: d.State, Message: d.Message, Mend: d.Mend,
		OS: d.OS, Arch: d.Arch, ResticVersion: d.ResticVersion, Engine: wireEngine(d.Engine), Facts: wireFacts(d.Facts),
		LastSeenAt: utcOr(d.LastSeenAt), CreatedAt: utc(d.CreatedAt), UpdatedAt: utc(d.UpdatedAt),
	}
}

func wireFacts(f *model.DeviceFacts) DeviceFacts {
	if f == nil {
		return DeviceFacts{}
	}
	return DeviceFacts{
		System: f.System, Root: f.Root, Sudo: f.Sudo, SkewMs: f.Skew.Milliseconds(), Engine: f.Engine, EngineAllowed: f.EngineAllowed, Compose: f.Compose,
		Restic: f.Restic, SeenAt: utc(f.SeenAt), Mounts: mapped(f.Mounts, func(m model.DeviceMount) DeviceMount {
			return DeviceMount{Path: m.Path, Type: m.Type, Total: m.Total, Free: m.Free}
		}),
	}
}
