package handlers

import (
	"github.com/gofiber/fiber/v2"

	"keepstead/views"
)

// S3Rights answers with the policy for the key of the bucket and folder that a form has.
func (h *Handlers) S3Rights(c *fiber.Ctx) error {
	f, err := form[views.DestinationForm](c)
	if err != nil {
		return err
	}
	return render(c, views.S3Rights(views.S3PlaceOf(f)))
}
