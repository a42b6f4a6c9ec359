package handlers

import (
	"context"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/views"
	"keepstead/views/lang"
)

// Notifications lists the channels.
func (h *Handlers) Notifications(c *fiber.Ctx) error {
	frame, err := h.live(c, "notifications", uuid.Nil)
	if err != nil {
		return err
	}
	p, err := h.notificationsProps(c.UserContext(), frame)
	if err != nil {
		return err
	}
	return render(c, views.NotificationsPage(p))
}

func (h *Handlers) notificationsProps(ctx context.Context, frame views.Chrome) (views.NotificationsProps, error) {
	channels, err := h.channels(ctx)
	return views.NotificationsProps{Chrome: frame, Channels: channels}, err
}

// channels lists the channels with what waits for each.
func (h *Handlers) channels(ctx context.Context) ([]views.ChannelItem, error) {
	all, err := h.Store.Channels(ctx)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	waiting, err := h.Store.WaitingByChannel(ctx)
	var items []views.ChannelItem
	for _, c := range all {
		items = append(items, views.ChannelItem{Channel: c, Waiting: waiting[c.ID]})
	}
	return items, err
}

// NewNotification shows the form for one more channel.
func (h *Handlers) NewNotification(c *fiber.Ctx) error {
	f := views.NotificationForm{Service: string(model.ServiceNtfy), Needs: "on", Weekly: "on"}
	return h.notificationForm(c, views.NotificationFormProps{Form: f})
}

// EditNotification shows the form of a channel, its secrets left blank.
func (h *Handlers) EditNotification(c *fiber.Ctx) error {
	channel, err := named(c, h.Store.Channel)
	if err != nil {
		return err
	}
	return h.notificationForm(c, views.NotificationFormProps{Channel: &channel, Form: views.NewNotificationForm(channel)})
}

// notificationForm shows the form.
func (h *Handlers) notificationForm(c *fiber.Ctx, p views.NotificationFormProps) error {
	page, err := h.notificationPage(c, p)
	if err != nil {
		return err
	}
	return render(c, page)
}

func (h *Handlers) notificationPage(c *fiber.Ctx, p views.NotificationFormProps) (templ.Component, error) {
	var err error
	p.Chrome, err = h.chrome(c)
	return views.NotificationFormPage(p), err
}

// CreateNotification adds a channel, which is on at once.
func (h *Handlers) CreateNotification(c *fiber.Ctx) error {
	f, err := form[views.NotificationForm](c)
	if err != nil {
		return err
	}
	channel, secrets := h.newChannel(c, f)
	channel, err = h.Jobs.CreateChannel(c.UserContext(), channel, secrets)
	if err != nil {
		return again(c, err, func(reasons model.Invalids) (templ.Component, error) {
			return h.notificationPage(c, views.NotificationFormProps{Form: f, Errors: reasons})
		})
	}
	h.good(c, "%s is added.", channel.Name)
	return goTo(c, views.NotificationsPath)
}

// newChannel reads the form of a new channel; its messages are in the language of who adds it.
func (h *Handlers) newChannel(c *fiber.Ctx, f views.NotificationForm) (model.Channel, model.ChannelSecrets) {
	channel := model.Channel{Service: model.ChannelService(f.Service), Enabled: true, Language: lang.In(c.UserContext()).Code}
	return f.Onto(channel)
}

// ChangeNotification saves a channel; secrets left blank stay as they are.
func (h *Handlers) ChangeNotification(c *fiber.Ctx) error {
	old, err := named(c, h.Store.Channel)
	if err != nil {
		return err
	}
	f, err := form[views.NotificationForm](c)
	if err != nil {
		return err
	}
	channel, secrets := f.Onto(old)
	channel.Language = lang.In(c.UserContext()).Code
	if _, err = h.Jobs.ChangeChannel(c.UserContext(), channel, secrets); err != nil {
		f.Service = string(old.Service)
		return again(c, err, func(reasons model.Invalids) (templ.Component, error) {
			return h.notificationPage(c, views.NotificationFormProps{Channel: &old, Form: f, Errors: reasons})
		})
	}
	h.good(c, "Saved.")
	return goTo(c, views.NotificationsPath)
}

// ToggleNotification switches a channel on or off.
func (h *Handlers) ToggleNotification(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := h.Jobs.SwitchChannel(c.UserContext(), id, c.FormValue("enabled") == "on"); err != nil {
		return err
	}
	return goTo(c, next(c, views.NotificationsPath))
}

// ConfirmDeleteNotification asks before a channel is deleted.
func (h *Handlers) ConfirmDeleteNotification(c *fiber.Ctx) error {
	channel, err := named(c, h.Store.Channel)
	if err != nil {
		return err
	}
	frame, err := h.chrome(c)
	if err != nil {
		return err
	}
	return render(c, views.ConfirmPage(views.ConfirmProps{
		Chrome: frame, Heading: "Delete the channel “" + channel.Name + "”?", Button: "Delete channel",
		Action: views.NotificationDeletePath(channel.ID), Back: views.NotificationPath(channel.ID), BackName: channel.Name,
		Lost:  []string{"Its address and token, which nobody is shown again.", "Messages that still wait for it."},
		Stays: []string{"All other channels. Home shows what needs you, as before."},
	}))
}

// DeleteNotification deletes a channel.
func (h *Handlers) DeleteNotification(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := h.Jobs.DeleteChannel(c.UserContext(), id); err != nil {
		return err
	}
	h.good(c, "The channel is deleted.")
	return goTo(c, views.NotificationsPath)
}

// liveNotifications sends how each channel fares.
func liveNotifications(s *feed, seen changes) ([]fragment, error) {
	if !seen.any(anything) {
		return nil, nil
	}
	channels, err := s.channels(s.ctx)
	var out []fragment
	for _, c := range channels {
		out = append(out, fragment{id: views.ChannelStateID(c.ID), component: views.ChannelState(s.frame().Clock, c)})
	}
	return out, err
}
