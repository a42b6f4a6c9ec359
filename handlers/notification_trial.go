package handlers

import (
	"github.com/gofiber/fiber/v2"

	"keepstead/handlers/audit"
	"keepstead/model"
	"keepstead/views"
	"keepstead/views/lang"
)

// trial is a test of a channel: where its result stands, and the page that shows it without scripts.
type trial struct {
	target string
	page   func(*model.ChannelTest, model.Invalids) error
}

// TestNewNotification sends a test to the channel that a form describes.
func (h *Handlers) TestNewNotification(c *fiber.Ctx) error {
	f, err := form[views.NotificationForm](c)
	if err != nil {
		return err
	}
	channel, secrets := h.newChannel(c, f)
	return h.tryChannel(c, channel, secrets, trial{views.NotificationTestID, func(t *model.ChannelTest, reasons model.Invalids) error {
		return h.notificationForm(c, views.NotificationFormProps{Form: f, Test: t, Errors: reasons})
	}})
}

// TestNotification sends a test to a channel as it is stored, or as its form has it.
func (h *Handlers) TestNotification(c *fiber.Ctx) error {
	old, err := named(c, h.Store.Channel)
	if err != nil {
		return err
	}
	f, err := form[views.NotificationForm](c)
	if err != nil || f.Service == "" { // the button in the list posts no fields
		return h.tryChannel(c, old, model.ChannelSecrets{}, trial{views.ChannelTestID(old.ID), func(t *model.ChannelTest, _ model.Invalids) error {
			return h.testedPage(c, old, t)
		}})
	}
	channel, secrets := f.Onto(old)
	channel.Language, f.Service = lang.In(c.UserContext()).Code, string(old.Service)
	return h.tryChannel(c, channel, secrets, trial{views.NotificationTestID, func(t *model.ChannelTest, reasons model.Invalids) error {
		return h.notificationForm(c, views.NotificationFormProps{Channel: &old, Form: f, Test: t, Errors: reasons})
	}})
}

// testedPage is the list of channels with the result of a test, for browsers without scripts.
func (h *Handlers) testedPage(c *fiber.Ctx, tested model.Channel, t *model.ChannelTest) error {
	frame, err := h.chrome(c)
	if err != nil {
		return err
	}
	p, err := h.notificationsProps(c.UserContext(), frame)
	if err != nil {
		return err
	}
	p.Tested, p.Test = &views.ChannelItem{Channel: tested}, t
	return render(c, views.NotificationsPage(p))
}

// tryChannel sends the test and shows how that went: to htmx as a fragment, else on the page.
func (h *Handlers) tryChannel(c *fiber.Ctx, channel model.Channel, secrets model.ChannelSecrets, t trial) error {
	result, err := h.Jobs.TestChannel(c.UserContext(), channel, secrets)
	if err == nil {
		audit.Tested(c, result.OK)
		if isFragment(c) {
			return render(c, views.ChannelTestResult(t.target, &result))
		}
		return t.page(&result, nil)
	}
	reasons := refusals(err)
	if len(reasons) == 0 {
		return err
	}
	c.Status(status(err))
	if isFragment(c) {
		return render(c, views.ChannelTestRefused(t.target, reasons))
	}
	return t.page(nil, reasons)
}
