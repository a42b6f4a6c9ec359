package handlers

import (
	"github.com/gofiber/fiber/v2"

	"keepstead/auth"
	"keepstead/handlers/attachment"
	"keepstead/model"
	"keepstead/views"
)

// RecoveryKit shows what the kit is for and which destinations it would hold.
func (h *Handlers) RecoveryKit(c *fiber.Ctx) error { return h.recoveryKit(c, nil) }

func (h *Handlers) recoveryKit(c *fiber.Ctx, reasons model.Invalids) error {
	frame, err := h.chrome(c)
	if err != nil {
		return err
	}
	destinations, err := h.Store.Destinations(c.UserContext())
	if err != nil {
		return err
	}
	two, err := h.codeToo(c)
	if err != nil {
		return err
	}
	return render(c, views.KitPage(views.KitProps{Chrome: frame, CodeToo: two, Destinations: destinations, Errors: reasons}))
}

// TakeRecoveryKit sends the kit as a file to somebody who gives the password once more: a browser that was left open is
// not enough for every key.
func (h *Handlers) TakeRecoveryKit(c *fiber.Ctx) error {
	ctx := c.UserContext()
	who, _ := auth.Who(c)
	if err := h.confirm(c); err != nil {
		reasons := refusals(err)
		if len(reasons) == 0 {
			return err
		}
		return h.recoveryKit(c.Status(status(err)), reasons)
	}
	local, err := h.Store.LocalDevice(ctx)
	if err != nil {
		return err
	}
	frame, err := h.chrome(c)
	if err != nil {
		return err
	}
	entries, err := h.Jobs.TakeRecoveryKit(ctx)
	if err != nil {
		return err
	}
	h.Log.Info("the recovery kit was taken", "request", RequestID(c), "user", who.User.Name, "repositories", len(entries))
	attachment.Harmless(c)
	c.Set(fiber.HeaderContentType, "text/plain; charset=utf-8")
	c.Set(fiber.HeaderContentDisposition, attachment.Disposition("keepstead-recovery-kit-"+frame.Clock.Now.Format("2006-01-02")+".txt"))
	return c.SendString(views.KitText(ctx, frame.Clock, local.Name, entries))
}
