package views

import (
	"keepstead/model"
	"keepstead/views/ui"
)

// needsOfDevices lists the devices that cannot be used as they should, each with its mend.
func needsOfDevices(p HomeProps) []need {
	var out []need
	for _, d := range p.Devices {
		name := ui.Plain(d.Name)
		n := need{
			State: ui.OfDevice(d), Text: sentences(d.Message, d.Mend), About: DevicePath(d.ID), Link: DevicePath(d.ID), LinkText: "Look into it",
			severity: model.FailedSafe.Severity(),
		}
		switch d.State {
		case model.DeviceUnreachable:
			n.Title, n.Post, n.PostText = name+" is out of reach", DeviceTestPath(d.ID), "Test again"
		case model.DeviceDenied:
			n.Title, n.Link, n.LinkText = name+" does not let Keepstead in", DeviceEditPath(d.ID), "Sign in again"
		case model.DeviceHostKeyChanged:
			n.Title, n.Link, n.LinkText = name+" shows another host key", DeviceHostKeyPath(d.ID), "Compare"
		case model.DeviceLimited:
			n.Title, n.severity = name+" cannot be used in full", model.PartialSafe.Severity()
		case model.DevicePending:
			n.Title, n.LinkText, n.severity = name+" waits for Keepstead’s key", "Finish", model.PartialSafe.Severity()
		default:
			continue
		}
		out = append(out, n)
	}
	return out
}

// needsOfTampering lists the destinations where a device could destroy what is stored.
func needsOfTampering(p HomeProps) []need {
	var out []need
	for _, d := range p.Destinations {
		if d.Enabled && d.TamperResult == model.TamperBroken {
			out = append(out, need{
				State: ui.OfTamper(d.TamperResult), Title: ui.Plain(d.Name) + " can be destroyed by a device", Text: d.TamperDetail,
				Link: DestinationPath(d.ID) + "#" + DestinationTamperID, LinkText: "Look into it", severity: model.FailedSafe.Severity(),
			})
		}
	}
	return out
}
