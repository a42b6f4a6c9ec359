package handlers

import (
	"github.com/gofiber/fiber/v2"

	"keepstead/views"
)

// APIReference tells the JSON API for people.
func (h *Handlers) APIReference(c *fiber.Ctx) error {
	frame, err := h.chrome(c)
	if err != nil {
		return err
	}
	return render(c, views.ReferencePage(views.ReferenceProps{Chrome: frame, Reference: h.Reference, Origin: c.BaseURL()}))
}
