package ui

import "keepstead/model"

// OfDevice is how the last contact with a device is shown. The machine that Keepstead runs on is always there.
func OfDevice(d model.Device) State {
	switch {
	case d.Kind != model.DeviceSSH:
		return State{"is-good", IconGood, "This machine", false}
	case d.State == model.DeviceReady:
		return State{"is-good", IconGood, "Ready", false}
	case d.State == model.DevicePending:
		return State{"is-warn", IconKey, "Waits for its key", false}
	case d.State == model.DeviceLimited:
		return State{"is-warn", IconHalf, "Limited", false}
	case d.State == model.DeviceUnreachable:
		return State{"is-bad", IconBroken, "Out of reach", false}
	case d.State == model.DeviceHostKeyChanged:
		return State{"is-bad", IconWarning, "Another host key", false}
	case d.State == model.DeviceDenied:
		return State{"is-bad", IconLock, "Signed out", false}
	}
	return State{"is-idle", IconRing, "Not tested", false}
}

// OfTamper is how the last tamper test of a destination is shown.
func OfTamper(r model.TamperResult) State {
	switch r {
	case model.TamperHeld:
		return State{"is-good", IconProve, "Held", false}
	case model.TamperBroken:
		return State{"is-bad", IconBad, "Not safe", false}
	}
	return State{"is-idle", IconRing, "Never tested", false}
}
