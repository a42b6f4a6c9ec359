package handlers

import (
	"errors"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

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

// unreadable says why a repository does not tell what it was asked for, such as its locks, and logs what nobody can wait out.
func (h *Handlers) unreadable(err error, destination uuid.UUID, what string) string {
	if !errors.Is(err, model.ErrBusy) {
		h.Log.Error("list what is in a repository", "what", what, "destination", destination, "error", err)
	}
	if why := sentence(err); why != "" {
		return why
	}
	return "The destination cannot be read now. Test it on its page, then try again."
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
		p.Trouble = h.unreadable(err, d.ID, "locks")
	}
	return views.DestinationLocksPage(p), nil
}
