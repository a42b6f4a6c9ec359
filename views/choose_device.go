package views

import (
	"context"
	"slices"
	"strings"

	"keepstead/model"
	"keepstead/views/lang"
	"keepstead/views/ui"
)

// unusable says in a sentence why nothing can be done on a device now; empty where something can.
func unusable(d model.Device) string {
	if d.Kind != model.DeviceSSH || d.State == model.DeviceReady || d.State == model.DeviceLimited {
		return ""
	}
	if d.Message == "" {
		return "It was not reached yet: test it on its page."
	}
	return sentences(d.Message, d.Mend)
}

// unusableEngine says in a sentence why no container can be made on a device now; empty where one can.
func unusableEngine(d model.Device) string {
	switch why := unusable(d); {
	case why != "":
		return why
	case d.Engine == nil:
		return "Its Docker was not looked at yet."
	case d.Engine.State == model.EngineReady:
		return ""
	case d.Engine.Message == "":
		return ui.OfEngine(d.Engine.State).Word + "."
	}
	return sentences(d.Engine.Message, d.Engine.Mend)
}

// FirstUsable is the device that a form offers first: the wanted one where it can be used, else the first that can. For
// containers the engine counts too.
func FirstUsable(devices []model.Device, wanted model.Device, containers bool) model.Device {
	why := unusable
	if containers {
		why = unusableEngine
	}
	if why(wanted) == "" {
		return wanted
	}
	for _, d := range thisFirst(devices) {
		if why(d) == "" {
			return d
		}
	}
	return wanted
}

// thisFirst puts the machine that Keepstead runs on before the others.
func thisFirst(devices []model.Device) []model.Device {
	out := slices.Clone(devices)
	slices.SortStableFunc(out, func(a, b model.Device) int {
		return strings.Compare(string(a.Kind), string(b.Kind)) // local, ssh
	})
	return out
}

// chooseOptions are the devices to choose from. One that cannot be used is shown all the same, but not offered; what was
// chosen before stays chosen.
func chooseOptions(ctx context.Context, devices []model.Device, chosen string, why func(model.Device) string) []ui.Option {
	var out []ui.Option
	for _, d := range thisFirst(devices) {
		o := ui.Option{Value: d.ID.String(), Text: d.Name}
		switch {
		case why(d) != "":
			o.Text += lang.T(ctx, ", not now")
			o.Disabled = o.Value != chosen
		case d.Kind != model.DeviceSSH:
			o.Text += lang.T(ctx, ", this machine")
		}
		out = append(out, o)
	}
	return out
}
