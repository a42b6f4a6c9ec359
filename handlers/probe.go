package handlers

import (
	"github.com/gofiber/fiber/v2"

	"keepstead/handlers/audit"
	"keepstead/model"
	"keepstead/views"
)

// TestNewDestination tests the place that a form describes, and makes nothing there.
func (h *Handlers) TestNewDestination(c *fiber.Ctx) error {
	f, err := form[views.DestinationForm](c)
	if err != nil {
		return err
	}
	d, secrets, err := h.newDestination(c, f)
	return h.probe(c, d, secrets, err, func(p *model.Probe, reasons model.Invalids) error {
		return h.showForm(c, views.DestinationFormProps{Form: f, Probe: p, Errors: reasons})
	})
}

// TestDestination tests a destination as it is stored, or as its form has it.
func (h *Handlers) TestDestination(c *fiber.Ctx) error {
	d, err := named(c, h.Store.Destination)
	if err != nil {
		return err
	}
	f, err := form[views.DestinationForm](c)
	if err != nil || f.Name == "" && f.Type == "" {
		// The button on the destination's page posts no fields.
		return h.probe(c, d, model.DestinationSecrets{}, nil, func(p *model.Probe, _ model.Invalids) error {
			return h.destinationPage(c, p)
		})
	}
	changed, secrets, err := readDestination(f, d)
	return h.probe(c, changed, secrets, err, func(p *model.Probe, reasons model.Invalids) error {
		return h.showForm(c, views.DestinationFormProps{Form: f, Destination: &d, Probe: p, Errors: reasons})
	})
}

// probe tests d unless its form was refused, and shows the steps: to htmx as a fragment, else on the page.
func (h *Handlers) probe(c *fiber.Ctx, d model.Destination, s model.DestinationSecrets, refused error, page func(*model.Probe, model.Invalids) error) error {
	if refused == nil {
		probe, err := h.Jobs.TestDestination(c.UserContext(), d, s, func(model.ProbeStep) {})
		if err == nil {
			audit.Tested(c, probe.Failed() == nil)
			if isFragment(c) {
				return render(c, views.ProbeResult(&probe))
			}
			return page(&probe, nil)
		}
		refused = err
	}
	reasons := refusals(refused)
	if len(reasons) == 0 {
		return refused
	}
	c.Status(status(refused))
	if isFragment(c) {
		return render(c, views.ProbeErrors(reasons))
	}
	return page(nil, reasons)
}
