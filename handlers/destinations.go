package handlers

import (
	"context"
	"fmt"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/views"
)

// Destinations lists where backups go.
func (h *Handlers) Destinations(c *fiber.Ctx) error {
	frame, err := h.live(c, "destinations", uuid.Nil)
	if err != nil {
		return err
	}
	props, err := h.destinationsProps(c.UserContext(), frame)
	if err != nil {
		return err
	}
	return render(c, views.DestinationsPage(props))
}

func (h *Handlers) destinationsProps(ctx context.Context, frame views.Chrome) (views.DestinationsProps, error) {
	p := views.DestinationsProps{Chrome: frame}
	var err error
	if p.Destinations, err = h.Store.Destinations(ctx); err != nil {
		return p, err
	}
	if p.Policies, err = h.Store.Policies(ctx); err != nil {
		return p, err
	}
	if p.Devices, err = h.Store.Devices(ctx); err != nil {
		return p, err
	}
	p.Open, err = h.openJobs(ctx)
	return p, err
}

// Destination shows one destination.
func (h *Handlers) Destination(c *fiber.Ctx) error { return h.destinationPage(c, nil) }

func (h *Handlers) destinationPage(c *fiber.Ctx, probe *model.Probe) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	frame, err := h.live(c, "destination", id)
	if err != nil {
		return err
	}
	props, err := h.destinationProps(c.UserContext(), frame, id)
	if err != nil {
		return err
	}
	props.Probe = probe
	return render(c, views.DestinationPage(props))
}

func (h *Handlers) destinationProps(ctx context.Context, frame views.Chrome, id uuid.UUID) (views.DestinationProps, error) {
	p := views.DestinationProps{Chrome: frame}
	var err error
	if p.Destination, err = h.Store.Destination(ctx, id); err != nil {
		return p, err
	}
	if p.Destination.LocalDeviceID != uuid.Nil {
		if p.Device, err = h.Store.Device(ctx, p.Destination.LocalDeviceID); err != nil {
			return p, err
		}
	}
	if p.Samples, err = h.Store.StorageSamples(ctx, id, storageSince(frame.Now)); err != nil {
		return p, err
	}
	if p.Upkeep, err = h.Jobs.Upkeep(ctx, p.Destination); err != nil {
		return p, err
	}
	policies, err := h.Store.Policies(ctx)
	if err != nil {
		return p, err
	}
	for _, policy := range policies {
		for _, used := range policy.DestinationIDs {
			if used == id {
				p.Policies = append(p.Policies, policy)
			}
		}
	}
	p.Jobs, err = h.jobs(ctx, model.JobFilter{DestinationID: id, Telling: true, Page: model.Page{Limit: appRows}})
	return p, err
}

// ToggleDestination enables or disables a destination.
func (h *Handlers) ToggleDestination(c *fiber.Ctx) error {
	d, err := named(c, h.Store.Destination)
	if err != nil {
		return err
	}
	d.Enabled = c.FormValue("enabled") == "on"
	if _, err := h.Jobs.ChangeDestination(c.UserContext(), d, model.DestinationSecrets{}); err != nil {
		return err
	}
	return goTo(c, next(c, views.DestinationPath(d.ID)))
}

// CheckDestination proves the repository consistent.
func (h *Handlers) CheckDestination(c *fiber.Ctx) error { return h.maintain(c, model.JobCheck) }

// PruneDestination frees the space of what was forgotten.
func (h *Handlers) PruneDestination(c *fiber.Ctx) error { return h.maintain(c, model.JobPrune) }

// SyncDestination takes over what the repository holds.
func (h *Handlers) SyncDestination(c *fiber.Ctx) error { return h.maintain(c, model.JobSync) }

func (h *Handlers) maintain(c *fiber.Ctx, kind model.JobKind) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	job, err := h.Jobs.Maintain(c.UserContext(), id, kind)
	if err != nil {
		return err
	}
	return goTo(c, views.JobPath(job.ID))
}

// ConfirmRemoveDestination asks before a destination is removed.
func (h *Handlers) ConfirmRemoveDestination(c *fiber.Ctx) error {
	d, err := named(c, h.Store.Destination)
	if err != nil {
		return err
	}
	frame, err := h.chrome(c)
	if err != nil {
		return err
	}
	apps, err := h.Jobs.Overview(c.UserContext())
	if err != nil {
		return err
	}
	policies, err := h.Store.Policies(c.UserContext())
	if err != nil {
		return err
	}
	return render(c, views.DestinationRemovePage(views.NewDestinationRemove(views.ConfirmProps{
		Chrome: frame, Heading: "Remove " + d.Name + "?", Button: "Remove destination",
		Action: views.DestinationRemovePath(d.ID), Back: views.DestinationPath(d.ID), BackName: d.Name,
		Removes: true,
		Lost: []string{
			fmt.Sprintf("Its list of %s is no longer shown here.", plural(d.TotalSnapshots, "snapshot")),
		},
		Stays: []string{
			"The repository and everything in it stay at " + d.Place() + ".",
			"Keepstead keeps the repository's password: add the same place again and its snapshots are back.",
		},
	}, d, apps, policies)))
}

// RemoveDestination forgets a destination and leaves its repository as it is.
func (h *Handlers) RemoveDestination(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := h.Jobs.RemoveDestination(c.UserContext(), id); err != nil {
		return err
	}
	h.good(c, "The destination is removed. Its repository was left as it is.")
	return goTo(c, views.DestinationsPath)
}
