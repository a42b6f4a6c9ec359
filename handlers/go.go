package handlers

import (
	"context"
	"errors"

	"github.com/gofiber/fiber/v2"

	"keepstead/views"
)

// Go answers where the words of the query lead: to htmx the options of the palette, else a page of links and forms.
func (h *Handlers) Go(c *fiber.Ctx) error {
	places, err := h.places(c.UserContext())
	if err != nil {
		return err
	}
	asked := []rune(c.Query("q")) // what is no UTF-8 becomes a sign of its own
	p := views.GoProps{Query: string(asked[:min(len(asked), views.MaxGoalQuery)])}
	p.Goals, p.Total = views.Rank(p.Query, views.Goals(c.UserContext(), places))
	if isFragment(c) {
		return render(c, views.PaletteGoals(p))
	}
	if p.Chrome, err = h.chrome(c); err != nil {
		return err
	}
	return render(c, views.GoPage(p))
}

// places reads everything that has a name.
func (h *Handlers) places(ctx context.Context) (views.Places, error) {
	var p views.Places
	var errs [5]error
	p.Apps, errs[0] = h.Jobs.Overview(ctx)
	p.Newest, errs[1] = h.Store.NewestSnapshots(ctx)
	p.Destinations, errs[2] = h.Store.Destinations(ctx)
	p.Devices, errs[3] = h.Store.Devices(ctx)
	p.Policies, errs[4] = h.Store.Policies(ctx)
	return p, errors.Join(errs[:]...)
}
