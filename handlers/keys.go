package handlers

import (
	"errors"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"keepstead/handlers/audit"
	"keepstead/model"
	"keepstead/views"
	"keepstead/views/ui"
)

// DestinationKeys lists the keys that open a repository.
func (h *Handlers) DestinationKeys(c *fiber.Ctx) error {
	page, err := h.keysPage(c, views.KeyForm{}, nil, nil)
	if err != nil {
		return err
	}
	return render(c, page)
}

// keysPage asks the repository for its keys. What keeps it from answering is said in their place; where that is known
// already, it is not asked again.
func (h *Handlers) keysPage(c *fiber.Ctx, f views.KeyForm, reasons model.Invalids, trouble error) (templ.Component, error) {
	d, err := named(c, h.Store.Destination)
	if err != nil {
		return nil, err
	}
	frame, err := h.chrome(c)
	if err != nil {
		return nil, err
	}
	p := views.DestinationKeysProps{Chrome: frame, Destination: d, Form: views.KeyForm{Name: f.Name}, Errors: reasons}
	if p.CodeToo, err = h.codeToo(c); err != nil {
		return nil, err
	}
	if trouble == nil {
		p.Keys, trouble = h.Jobs.Keys(c.UserContext(), d.ID)
	}
	if trouble != nil {
		p.Trouble = h.unreadable(trouble, d.ID, "keys")
	}
	return views.DestinationKeysPage(p), nil
}

// AddKey gives a repository a key with a password that somebody chose, who gives the own password once more: what is added
// opens every backup.
func (h *Handlers) AddKey(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	f, err := form[views.KeyForm](c)
	if err != nil {
		return err
	}
	key := model.OwnKey{Name: f.Name, Password: f.Password}
	if err = key.Validate(); err == nil { // before a code is used up
		err = h.confirm(c)
	}
	var made string
	if err == nil {
		made, err = h.Jobs.AddKey(c.UserContext(), id, key)
	}
	if errors.Is(err, model.ErrBusy) {
		page, pageErr := h.keysPage(c, f, nil, err)
		if pageErr != nil {
			return pageErr
		}
		return render(c.Status(status(err)), page)
	}
	if err != nil {
		return again(c, err, func(reasons model.Invalids) (templ.Component, error) { return h.keysPage(c, f, reasons, nil) })
	}
	audit.AboutKey(c, made)
	h.good(c, "The key of %s opens the repository now.", ui.Plain(f.Name))
	return goTo(c, views.DestinationKeysPath(id))
}

// RotateKey gives a repository a new password.
func (h *Handlers) RotateKey(c *fiber.Ctx) error { return h.maintain(c, model.JobRotate) }

// ConfirmRemoveKey asks before a key is removed.
func (h *Handlers) ConfirmRemoveKey(c *fiber.Ctx) error {
	d, err := named(c, h.Store.Destination)
	if err != nil {
		return err
	}
	frame, err := h.chrome(c)
	if err != nil {
		return err
	}
	key, err := h.keyOf(c, d)
	if err != nil {
		return err
	}
	return render(c, views.ConfirmPage(views.ConfirmProps{
		Chrome: frame, Heading: "Remove the key of " + ui.Plain(key.User) + "?", Button: "Remove key",
		Action: views.DestinationKeyRemovePath(d.ID, key.ID), Back: views.DestinationKeysPath(d.ID), BackName: d.Name,
		Lost:  []string{"Its password no longer opens the repository, and it cannot be brought back."},
		Stays: []string{"All snapshots stay, and so do all other keys.", "Keepstead goes on with its own key."},
		Note:  "Who has copied the data of the repository before may still read that copy with it.",
	}))
}

// keyOf finds the key that the path names.
func (h *Handlers) keyOf(c *fiber.Ctx, d model.Destination) (model.RepositoryKey, error) {
	keys, err := h.Jobs.Keys(c.UserContext(), d.ID)
	if err != nil {
		return model.RepositoryKey{}, err
	}
	for _, k := range keys {
		if k.ID == c.Params("hash") {
			return k, nil
		}
	}
	return model.RepositoryKey{}, model.ErrNotFound
}

// RemoveKey removes a key that Keepstead does not use.
func (h *Handlers) RemoveKey(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := h.Jobs.RemoveKey(c.UserContext(), id, c.Params("hash")); err != nil {
		return err
	}
	audit.AboutKey(c, c.Params("hash"))
	h.good(c, "The key is removed. Its password opens nothing any more.")
	return goTo(c, views.DestinationKeysPath(id))
}

// OwnKeys shows what protects the credentials that Keepstead stores.
func (h *Handlers) OwnKeys(c *fiber.Ctx) error {
	frame, err := h.chrome(c)
	if err != nil {
		return err
	}
	p := views.KeysProps{Chrome: frame, DataDir: h.DataDir}
	if p.Keys, err = h.Jobs.OwnKeys(c.UserContext()); err != nil {
		return err
	}
	if p.Destinations, err = h.Store.Destinations(c.UserContext()); err != nil {
		return err
	}
	return render(c, views.KeysPage(p))
}

// RotateDataKey seals all credentials with a new data key.
func (h *Handlers) RotateDataKey(c *fiber.Ctx) error {
	if err := h.Jobs.RotateDataKey(c.UserContext()); err != nil {
		return err
	}
	h.good(c, "All credentials are sealed with a new data key.")
	return goTo(c, views.KeysPath)
}
