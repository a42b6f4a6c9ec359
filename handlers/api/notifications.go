package api

import (
	"github.com/gofiber/fiber/v2"

	"keepstead/handlers/audit"
	"keepstead/model"
)

const notificationsPath = "/notifications/"

func (a *API) listNotifications(c *fiber.Ctx) error {
	rows, err := a.Store.Channels(c.UserContext())
	if err != nil {
		return err
	}
	waiting, err := a.Store.WaitingByChannel(c.UserContext())
	if err != nil {
		return err
	}
	return c.JSON(NotificationList{Channels: mapped(rows, func(row model.Channel) Notification { return wireChannel(row, waiting[row.ID]) })})
}

func (a *API) getNotification(c *fiber.Ctx) error {
	row, err := a.Store.Channel(c.UserContext(), pathID(c))
	if err != nil {
		return err
	}
	return a.answerChannel(c, row)
}

func (a *API) createNotification(c *fiber.Ctx) error {
	in := NotificationWrite{Enabled: true, TellsNeeds: true}
	if err := decode(c, &in); err != nil {
		return err
	}
	row, secrets := in.change().onto(model.Channel{Service: in.Service})
	row, err := a.Jobs.CreateChannel(c.UserContext(), row, secrets)
	if err != nil {
		return err
	}
	return created(c, notificationsPath, row.ID, wireChannel(row, 0))
}

// changeNotification lays the body over the stored channel.
func (a *API) changeNotification(c *fiber.Ctx) error {
	row, err := a.Store.Channel(c.UserContext(), pathID(c))
	if err != nil {
		return err
	}
	in := channelChange(row)
	if err := decode(c, &in); err != nil {
		return err
	}
	row, secrets := in.onto(row)
	if row, err = a.Jobs.ChangeChannel(c.UserContext(), row, secrets); err != nil {
		return err
	}
	return a.answerChannel(c, row)
}

func (a *API) deleteNotification(c *fiber.Ctx) error {
	if err := a.Jobs.DeleteChannel(c.UserContext(), pathID(c)); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// testNotification sends a test to a channel as it is stored.
func (a *API) testNotification(c *fiber.Ctx) error {
	row, err := a.Store.Channel(c.UserContext(), pathID(c))
	if err != nil {
		return err
	}
	test, err := a.Jobs.TestChannel(c.UserContext(), row, model.ChannelSecrets{})
	if err != nil {
		return err
	}
	audit.Tested(c, test.OK)
	return c.JSON(NotificationTest{OK: test.OK, Reason: test.Reason})
}

func (a *API) answerChannel(c *fiber.Ctx, row model.Channel) error {
	waiting, err := a.Store.WaitingByChannel(c.UserContext())
	if err != nil {
		return err
	}
	return c.JSON(wireChannel(row, waiting[row.ID]))
}

// change is what is written but the service, which never changes.
func (in NotificationWrite) change() NotificationChange {
	return NotificationChange{
		Name: in.Name, Enabled: in.Enabled, Server: in.Server, Username: in.Username, Sender: in.Sender, Recipient: in.Recipient,
		Topic: in.Topic, Token: in.Token, URL: in.URL, Language: in.Language,
		TellsNeeds: in.TellsNeeds, TellsRestores: in.TellsRestores, TellsBackups: in.TellsBackups, TellsWeekly: in.TellsWeekly,
	}
}

// onto returns the channel with everything that is written replaced, and the secrets that were given.
func (in NotificationChange) onto(c model.Channel) (model.Channel, model.ChannelSecrets) {
	c.Name, c.Enabled, c.Language = in.Name, in.Enabled, in.Language
	c.Server, c.Username, c.Sender, c.Recipient = in.Server, in.Username, in.Sender, in.Recipient
	c.TellsNeeds, c.TellsRestores, c.TellsBackups, c.TellsWeekly = in.TellsNeeds, in.TellsRestores, in.TellsBackups, in.TellsWeekly
	return c, model.ChannelSecrets{Topic: in.Topic, Token: in.Token, URL: in.URL}
}

// channelChange is the inverse of onto, without the secrets.
func channelChange(c model.Channel) NotificationChange {
	return NotificationChange{
		Name: c.Name, Enabled: c.Enabled, Server: c.Server, Username: c.Username, Sender: c.Sender, Recipient: c.Recipient, Language: c.Language,
		TellsNeeds: c.TellsNeeds, TellsRestores: c.TellsRestores, TellsBackups: c.TellsBackups, TellsWeekly: c.TellsWeekly,
	}
}

func wireChannel(c model.Channel, waiting int) Notification {
	return Notification{
		ID: c.ID, Name: c.Name, Service: c.Service, Enabled: c.Enabled, Server: c.Server, Username: c.Username, Sender: c.Sender, Recipient: c.Recipient,
		TellsNeeds: c.TellsNeeds, TellsRestores: c.TellsRestores, TellsBackups: c.TellsBackups, TellsWeekly: c.TellsWeekly, Language: c.Language,
		Waiting: waiting, LastError: c.LastError, FailingSince: utcOr(c.FailingSince), SentAt: utcOr(c.SentAt),
		CreatedAt: utc(c.CreatedAt), UpdatedAt: utc(c.UpdatedAt),
	}
}
