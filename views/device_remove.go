package views

import (
	"context"

	"keepstead/model"
	"keepstead/views/ui"
)

// DeviceRemoveProps asks before a device is removed, or says what has to leave it first.
type DeviceRemoveProps struct {
	ConfirmProps
	Device       model.Device
	Apps         []model.App
	Destinations []model.Destination
	Behind       []model.Device // that are reached through it
}

// held says that a device cannot be removed yet.
func (p DeviceRemoveProps) held() bool { return len(p.Apps)+len(p.Destinations)+len(p.Behind) > 0 }

// NewDeviceRemove gathers what is still on a device.
func NewDeviceRemove(p ConfirmProps, d model.Device, apps []model.App, destinations []model.Destination, devices []model.Device) DeviceRemoveProps {
	out := DeviceRemoveProps{ConfirmProps: p, Device: d}
	for _, a := range apps {
		if a.DeviceID == d.ID {
			out.Apps = append(out.Apps, a)
		}
	}
	for _, place := range destinations {
		if place.LocalDeviceID == d.ID {
			out.Destinations = append(out.Destinations, place)
		}
	}
	for _, other := range devices {
		if other.JumpDeviceID == d.ID {
			out.Behind = append(out.Behind, other)
		}
	}
	return out
}

// keepsApps, keepsDestinations and keepsDevices say what keeps a device, and what has to become of it.
func keepsApps(ctx context.Context, d model.Device, n int) string {
	return naming(ctx, gap+" still has "+ui.Plural(n, "app", "apps")+". Forget "+them(n)+" first.", d.Name)
}

func keepsDestinations(ctx context.Context, d model.Device, n int) string {
	return naming(ctx, gap+" still has "+ui.Plural(n, "destination", "destinations")+". Remove "+them(n)+" first.", d.Name)
}

func keepsDevices(ctx context.Context, d model.Device, n int) string {
	return naming(ctx, ui.Plural(n, "device is", "devices are")+" reached through "+gap+". Connect to "+them(n)+" another way first.", d.Name)
}

// there is something on a device, with the page where it leaves it.
type there struct {
	Icon       ui.IconName
	Name, Path string
	Act, Text  string
}

func appsThere(all []model.App) []there {
	return each(all, func(a model.App) there {
		return there{ui.AppIconName(a), a.Name, AppPath(a.ID), AppForgetPath(a.ID), "Forget app…"}
	})
}

func destinationsThere(all []model.Destination) []there {
	return each(all, func(d model.Destination) there {
		return there{ui.PlaceIconName(d.Type), d.Name, DestinationPath(d.ID), DestinationRemovePath(d.ID), "Remove destination…"}
	})
}

func devicesThere(all []model.Device) []there {
	return each(all, func(d model.Device) there {
		return there{ui.IconServer, d.Name, DevicePath(d.ID), DeviceEditPath(d.ID), "Edit"}
	})
}
