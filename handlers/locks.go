package handlers

import (
	"errors"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"keepstead/model"
	"keepstead/views"
	"keepstead/views/ui"
)

// ConfirmRemoveLocks shows the locks on a repository, and asks before any is removed.
func (h *Handlers) ConfirmRemoveLocks(c *fiber.Ctx) error {
	page, err := h.locksPage(c, nil)
	if err != nil {
		return err
	}
	return render(c, page)
}

// RemoveLocks removes the chosen locks and no others.
func (h *Handlers) RemoveLocks(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	f, err := form[views.LocksForm](c)
	if err != nil {
		return err
	}
	removed, err := h.Jobs.RemoveLocks(c.UserContext(), id, f.Locks)
	if err != nil {
		return again(c, err, func(reasons model.Invalids) (templ.Component, error) { return h.locksPage(c, reasons) })
	}
	if removed == 0 {
		h.good(c, "These locks were gone already.")
	} else {
		h.good(c, "%s removed.", ui.Plural(removed, "lock", "locks"))
	}
	return goTo(c, views.DestinationPath(id))
}

// locksPage asks the repository for its locks. What keeps it from answering is said in their place.
func (h *Handlers) locksPage(c *fiber.Ctx, reasons model.Invalids) (templ.Component, error) {
	d, err := named(c, h.Store.Destination)
	if err != nil {
		return nil, err
	}
	frame, err := h.chrome(c)
	if err != nil {
		return nil, err
	}
	p := views.DestinationLocksProps{Chrome: frame, Destination: d, Errors: reasons, InUse: h.Jobs.InRepository(d.ID)}
	if p.Locks, err = h.Jobs.Locks(c.UserContext(), d.ID); err != nil {
		if p.Trouble = sentence(err); p.Trouble == "" {
			p.Trouble = "The destination cannot be read now. Test it on its page, then try again."
		}
		if !errors.Is(err, model.ErrBusy) {
			h.Log.Error("list the locks of a destination", "destination", d.ID, "error", err)
		}
	}
	return views.DestinationLocksPage(p), nil
}
