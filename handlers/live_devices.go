package handlers

import (
	"keepstead/model"
	"keepstead/views"
)

func liveDevices(s *feed, seen changes) ([]fragment, error) {
	if !seen.any(of(model.EventDevice, model.EventApp, model.EventDestination)) {
		return nil, nil
	}
	p, err := s.devicesProps(s.ctx, s.frame())
	return []fragment{{id: views.DevicesListID, component: views.DevicesList(p)}}, err
}

// liveDevice sends what is known of a device, and its test while one runs: how that ended is the answer to whoever asked.
func liveDevice(s *feed, seen changes) ([]fragment, error) {
	mine := func(e model.Event) bool { return e.ID == s.id }
	rest := of(model.EventApp, model.EventDestination, model.EventJob)
	if !seen.any(func(e model.Event) bool { return mine(e) || rest(e) }) {
		return nil, nil
	}
	p, err := s.deviceProps(s.ctx, s.frame(), s.id)
	if err != nil {
		return nil, err
	}
	out := []fragment{
		{id: views.DeviceHeadID, component: views.DeviceHead(p)},
		{id: views.DeviceHoldsID, component: views.DeviceHolds(p)},
	}
	if p.Testing {
		out = append(out, fragment{id: views.DeviceProbeID, component: views.DeviceTest(p)})
	}
	return out, nil
}
