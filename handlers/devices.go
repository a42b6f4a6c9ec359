package handlers

import (
	"context"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"keepstead/handlers/audit"
	"keepstead/model"
	"keepstead/views"
)

// Devices lists the machines.
func (h *Handlers) Devices(c *fiber.Ctx) error {
	frame, err := h.live(c, "devices", uuid.Nil)
	if err != nil {
		return err
	}
	props, err := h.devicesProps(c.UserContext(), frame)
	if err != nil {
		return err
	}
	return render(c, views.DevicesPage(props))
}

func (h *Handlers) devicesProps(ctx context.Context, frame views.Chrome) (views.DevicesProps, error) {
	p := views.DevicesProps{Chrome: frame}
	devices, err := h.Store.Devices(ctx)
	if err != nil {
		return p, err
	}
	apps, err := h.Jobs.Apps(ctx)
	if err != nil {
		return p, err
	}
	destinations, err := h.Store.Destinations(ctx)
	if err != nil {
		return p, err
	}
	counts := views.CountApps(apps)
	for _, d := range devices {
		p.Devices = append(p.Devices, deviceItem(d, devices, counts[d.ID], destinations))
	}
	return p, nil
}

// deviceItem is a device with what is on it.
func deviceItem(d model.Device, devices []model.Device, apps views.AppCount, destinations []model.Destination) views.DeviceItem {
	item := views.DeviceItem{Device: d, Apps: apps}
	for i, other := range devices {
		if other.ID == d.JumpDeviceID {
			item.Jump = &devices[i]
		}
	}
	for _, place := range destinations {
		if place.LocalDeviceID == d.ID {
			item.Destinations = append(item.Destinations, place)
		}
	}
	return item
}

// Device shows one machine.
func (h *Handlers) Device(c *fiber.Ctx) error { return h.devicePage(c, nil) }

func (h *Handlers) devicePage(c *fiber.Ctx, probe *model.Probe) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	frame, err := h.live(c, "device", id)
	if err != nil {
		return err
	}
	props, err := h.deviceProps(c.UserContext(), frame, id)
	if err != nil {
		return err
	}
	if probe != nil {
		props.Probe, props.Testing = probe, false
	}
	return render(c, views.DevicePage(props))
}

func (h *Handlers) deviceProps(ctx context.Context, frame views.Chrome, id uuid.UUID) (views.DeviceProps, error) {
	p := views.DeviceProps{Chrome: frame}
	all, err := h.devicesProps(ctx, frame)
	if err != nil {
		return p, err
	}
	found := false
	for _, d := range all.Devices {
		if d.ID == id {
			p.Device, found = d, true
		}
	}
	if !found {
		return p, model.ErrNotFound
	}
	apps, err := h.Jobs.Overview(ctx)
	if err != nil {
		return p, err
	}
	for _, a := range apps {
		if a.App.DeviceID == id && views.Counts(a.App) {
			p.Apps = append(p.Apps, a)
		}
	}
	if probe, runs := h.Jobs.DeviceTest(id); runs {
		p.Probe, p.Testing = &probe, true
	}
	return p, nil
}

// TestDevice tests the way to a device; pages that show it see each step as it ends.
func (h *Handlers) TestDevice(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	probe, err := h.Jobs.TestDevice(c.UserContext(), id)
	if err != nil {
		return err
	}
	audit.Tested(c, probe.Failed() == nil)
	if !isFragment(c) {
		return h.devicePage(c, &probe)
	}
	frame, err := h.chrome(c)
	if err != nil {
		return err
	}
	props, err := h.deviceProps(c.UserContext(), frame, id)
	if err != nil {
		return err
	}
	props.Probe, props.Testing = &probe, false
	return render(c, views.DeviceTest(props))
}

// ConfirmRemoveDevice asks before a device is removed.
func (h *Handlers) ConfirmRemoveDevice(c *fiber.Ctx) error {
	d, err := named(c, h.Store.Device)
	if err != nil {
		return err
	}
	frame, err := h.chrome(c)
	if err != nil {
		return err
	}
	apps, err := h.Jobs.Apps(c.UserContext())
	if err != nil {
		return err
	}
	destinations, err := h.Store.Destinations(c.UserContext())
	if err != nil {
		return err
	}
	devices, err := h.Store.Devices(c.UserContext())
	if err != nil {
		return err
	}
	return render(c, views.DeviceRemovePage(views.NewDeviceRemove(views.ConfirmProps{
		Chrome: frame, Heading: "Remove " + d.Name + "?", Button: "Remove device",
		Action: views.DeviceRemovePath(d.ID), Back: views.DevicePath(d.ID), BackName: d.Name,
		Removes: true,
		Lost: []string{
			"Keepstead’s key for it, its pinned host key and its settings here are deleted.",
			"Keepstead’s restic and its cache are deleted on the device, if it can be reached.",
		},
		Stays: []string{
			"All snapshots of its apps stay, and can be restored to another device.",
			"The line in ~/.ssh/authorized_keys of " + d.SSHUser + " stays there: delete the one that ends with keepstead@" + d.Hostname + ".",
		},
	}, d, apps, destinations, devices)))
}

// RemoveDevice forgets a device.
func (h *Handlers) RemoveDevice(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	stays, err := h.Jobs.DeleteDevice(c.UserContext(), id)
	if err != nil {
		return err
	}
	if stays == "" {
		stays = "Nothing of Keepstead is left on it but the line in authorized_keys."
	}
	h.good(c, "The device is removed. %s", stays)
	return goTo(c, views.DevicesPath)
}
