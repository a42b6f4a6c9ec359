package views

import (
	"time"

	"github.com/google/uuid"

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
			severity: model.FailedSafe.Severity(), key: keyOf("device", d.ID), kind: string(d.State),
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

// needsOfDamage lists the destinations in which a check found damage, whatever went well there since.
func needsOfDamage(p HomeProps) []need {
	var out []need
	for _, d := range p.Destinations {
		if d.Enabled && d.Damage != "" && d.Damage != d.LastError {
			out = append(out, need{
				State: ui.OfDestination(d), Title: "A check found damage in " + ui.Plain(d.Name), Text: d.Damage,
				Link: DestinationPath(d.ID), LinkText: "Look into it", severity: model.FailedSafe.Severity(), key: keyOf("damage", d.ID),
			})
		}
	}
	return out
}

// proofAge is how long nobody may have brought anything back from a destination before Home asks for it.
const proofAge = 180 * 24 * time.Hour

// needsOfProof lists the destinations that have not proved for half a year that what they hold can be had back.
func needsOfProof(p HomeProps) []need {
	var out []need
	for _, d := range p.Destinations {
		if d.Enabled && d.TotalSnapshots > 0 && p.Now.Sub(provedAt(d)) > proofAge {
			out = append(out, need{
				State: ui.State{Class: "is-warn", Icon: ui.IconProve, Word: "Not proved"},
				Title: "Nothing was restored from " + ui.Plain(d.Name) + " for half a year",
				Text:  "Only a restore proves a backup. Bring one app back into another folder, and look whether all is there.",
				Link:  SnapshotsOf(uuid.Nil, d.ID), LinkText: "Choose a snapshot", severity: model.Paused.Severity(), key: keyOf("proof", d.ID),
			})
		}
	}
	return out
}

// provedAt is when all of something last came back from a destination, or when it was added.
func provedAt(d model.Destination) time.Time {
	if d.LastRestoreAt != nil {
		return *d.LastRestoreAt
	}
	return d.CreatedAt
}

// needsOfTampering lists the destinations where a device could destroy what is stored.
func needsOfTampering(p HomeProps) []need {
	var out []need
	for _, d := range p.Destinations {
		if d.Enabled && d.TamperResult == model.TamperBroken {
			out = append(out, need{
				State: ui.OfTamper(d.TamperResult), Title: ui.Plain(d.Name) + " can be destroyed by a device", Text: d.TamperDetail,
				Link: DestinationPath(d.ID) + "#" + DestinationTamperID, LinkText: "Look into it", severity: model.FailedSafe.Severity(),
				key: keyOf("tamper", d.ID),
			})
		}
	}
	return out
}
