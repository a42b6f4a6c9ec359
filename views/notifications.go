package views

import (
	"context"
	"strings"

	"keepstead/model"
	"keepstead/views/lang"
	"keepstead/views/ui"
)

// ChannelItem is a channel with how many parts of messages wait for it.
type ChannelItem struct {
	model.Channel
	Waiting int
}

// NotificationsProps is the list of channels.
type NotificationsProps struct {
	Chrome
	Channels []ChannelItem
	// Tested is the channel that a test was sent to, with how that went; nil for none.
	Tested *ChannelItem
	Test   *model.ChannelTest
}

// NotificationFormProps is the form to add a channel, or to edit one when Channel is not nil.
type NotificationFormProps struct {
	Chrome
	Channel *model.Channel
	Form    NotificationForm
	Errors  model.Invalids
	Test    *model.ChannelTest // after a test
}

// NotificationForm is the form of a channel as it was typed. Each service has fields of its own; those with secrets are
// read from a request and never shown.
type NotificationForm struct {
	Name    string `form:"name"`
	Service string `form:"service"`

	NtfyServer    string `form:"ntfy_server"`
	NtfyTopic     string `form:"ntfy_topic"` // secret
	NtfyToken     string `form:"ntfy_token"` // secret
	GotifyServer  string `form:"gotify_server"`
	GotifyToken   string `form:"gotify_token"`   // secret
	TelegramToken string `form:"telegram_token"` // secret
	TelegramChats string `form:"telegram_chats"`
	DiscordURL    string `form:"discord_url"` // secret
	SlackURL      string `form:"slack_url"`   // secret
	EmailServer   string `form:"email_server"`
	EmailUser     string `form:"email_user"`
	EmailPassword string `form:"email_password"` // secret
	EmailFrom     string `form:"email_from"`
	EmailTo       string `form:"email_to"`
	WebhookURL    string `form:"webhook_url"` // secret
	ServiceURL    string `form:"service_url"` // secret

	Needs    string `form:"needs"` // on when checked, like those below
	Restores string `form:"restores"`
	Backups  string `form:"backups"`
	Weekly   string `form:"weekly"`
}

// NewNotificationForm fills the form from a channel, without its secrets.
func NewNotificationForm(c model.Channel) NotificationForm {
	f := NotificationForm{
		Name: c.Name, Service: string(c.Service),
		Needs: checked(c.TellsNeeds), Restores: checked(c.TellsRestores), Backups: checked(c.TellsBackups), Weekly: checked(c.TellsWeekly),
	}
	switch c.Service {
	case model.ServiceNtfy:
		f.NtfyServer = c.Server
	case model.ServiceGotify:
		f.GotifyServer = c.Server
	case model.ServiceTelegram:
		f.TelegramChats = c.Recipient
	case model.ServiceEmail:
		f.EmailServer, f.EmailUser, f.EmailFrom, f.EmailTo = c.Server, c.Username, c.Sender, c.Recipient
	}
	return f
}

// Onto lays the form over a channel, and hands out the secrets that were typed. The service of a channel that is stored
// stays.
func (f NotificationForm) Onto(c model.Channel) (model.Channel, model.ChannelSecrets) {
	c.Name = f.Name
	c.TellsNeeds, c.TellsRestores, c.TellsBackups, c.TellsWeekly = f.Needs != "", f.Restores != "", f.Backups != "", f.Weekly != ""
	var s model.ChannelSecrets
	switch c.Service {
	case model.ServiceNtfy:
		c.Server, s.Topic, s.Token = f.NtfyServer, f.NtfyTopic, f.NtfyToken
	case model.ServiceGotify:
		c.Server, s.Token = f.GotifyServer, f.GotifyToken
	case model.ServiceTelegram:
		c.Recipient, s.Token = f.TelegramChats, f.TelegramToken
	case model.ServiceDiscord:
		s.URL = f.DiscordURL
	case model.ServiceSlack:
		s.URL = f.SlackURL
	case model.ServiceEmail:
		c.Server, c.Username, c.Sender, c.Recipient = f.EmailServer, f.EmailUser, f.EmailFrom, f.EmailTo
		s.Token = f.EmailPassword
	case model.ServiceWebhook:
		s.URL = f.WebhookURL
	case model.ServiceURL:
		s.URL = f.ServiceURL
	}
	s.Topic, s.URL = strings.TrimSpace(s.Topic), strings.TrimSpace(s.URL)
	if c.Service != model.ServiceEmail {
		s.Token = strings.TrimSpace(s.Token)
	}
	return c, s
}

// serviceChoice is a service with its words.
type serviceChoice struct {
	Service     model.ChannelService
	Name, About string
}

func serviceChoices() []serviceChoice {
	return []serviceChoice{
		{model.ServiceNtfy, "ntfy", "to your phone, by a topic"},
		{model.ServiceGotify, "Gotify", "your own push server"},
		{model.ServiceTelegram, "Telegram", "a bot writes to a chat"},
		{model.ServiceDiscord, "Discord", "into a channel"},
		{model.ServiceSlack, "Slack", "into a channel"},
		{model.ServiceEmail, "E-mail", "by a mail server"},
		{model.ServiceWebhook, "Webhook", "JSON to any address"},
		{model.ServiceURL, "Another service", "by its Shoutrrr URL"},
	}
}

// serviceName is what a channel speaks to, in words.
func serviceName(s model.ChannelService) string {
	for _, c := range serviceChoices() {
		if c.Service == s {
			return c.Name
		}
	}
	return string(s)
}

// saysWhere is what a channel speaks to and where that is, as far as it may be shown.
func saysWhere(ctx context.Context, c model.Channel) string {
	where := lang.T(ctx, serviceName(c.Service))
	for _, part := range []string{c.Server, c.Recipient} {
		if part != "" {
			where += " · " + part
		}
	}
	return where
}

// tells says in one line what a channel is told.
func tells(ctx context.Context, c model.Channel) string {
	var out []string
	for _, one := range []struct {
		on   bool
		text string
	}{
		{c.TellsNeeds, "what needs you"}, {c.TellsRestores, "every restore"}, {c.TellsBackups, "every backup"}, {c.TellsWeekly, "a weekly summary"},
	} {
		if one.on {
			out = append(out, lang.T(ctx, one.text))
		}
	}
	return strings.Join(out, ", ")
}

// testState is how a test went, in a notice.
func testState(t model.ChannelTest) ui.State {
	if t.OK {
		return ui.OfProbe(model.ProbeOK)
	}
	return ui.OfProbe(model.ProbeFailed)
}

// reasonFor is the reason at a field that several services have, where the form is of this one.
func reasonFor(f NotificationForm, s model.ChannelService, errs model.Invalids, field string) string {
	if f.Service != string(s) {
		return ""
	}
	return reason(errs, field)
}

// notificationFields are the fields that have a place of their own on the form.
func notificationFields() []string {
	return []string{"name", "service", "server", "topic", "token", "url", "username", "sender", "recipient", "tells"}
}

func notificationFormTitle(p NotificationFormProps) string {
	if p.Channel == nil {
		return "Add a channel"
	}
	return p.Channel.Name
}

// channelsWords says on the page of settings how many channels there are, and how they fare.
func channelsWords(channels []ChannelItem) string {
	on := 0
	for _, c := range channels {
		if c.Enabled {
			on++
		}
	}
	if on == 0 {
		return "Nobody is told when a backup fails. Have Keepstead write to your phone, a chat or a mailbox."
	}
	return ui.Plural(on, "channel is on", "channels are on") + "."
}

func channelsState(channels []ChannelItem) ui.State {
	state := ui.State{Class: "is-idle", Icon: ui.IconRing, Word: "Off"}
	for _, c := range channels {
		switch {
		case c.Enabled && c.LastError != "":
			return ui.OfChannel(c.Channel)
		case c.Enabled:
			state = ui.State{Class: "is-good", Icon: ui.IconGood, Word: "On"}
		}
	}
	return state
}

// asSecret is the field of a secret: empty, and while editing it says that what is stored stays.
func asSecret(p NotificationFormProps, s model.ChannelService, i ui.Input, field string) ui.Input {
	i.Reason, i.Mono, i.Autocomplete = reasonFor(p.Form, s, p.Errors, field), true, "off"
	if strings.HasSuffix(i.Name, "password") || strings.HasSuffix(i.Name, "token") {
		i.Type, i.Autocomplete = "password", "new-password"
	}
	if p.Channel != nil {
		i.Placeholder = keptKey(true)
	}
	return i
}
