package views

import (
	"time"

	"github.com/a-h/templ"

	"keepstead/model"
)

// channels are one that works, one that fails, and one that is off.
func (s *sample) channels() []ChannelItem {
	now := s.chrome.Now
	return []ChannelItem{
		{Channel: model.Channel{ID: id(900), Name: "Eva’s phone", Service: model.ServiceNtfy, Enabled: true, Server: "https://ntfy.sh", TellsNeeds: true, TellsWeekly: true, SentAt: ago(now, 3*time.Hour)}},
		{Channel: model.Channel{
			ID: id(901), Name: "Mailbox", Service: model.ServiceEmail, Enabled: true, Server: "smtp.example.org:465", Sender: "keepstead@example.org", Recipient: "ada@example.org", TellsNeeds: true,
			TellsRestores: true, TellsBackups: true, SentAt: ago(now, 50*time.Hour), LastError: "The service did not answer within 20 seconds.", FailingSince: ago(now, 5*time.Hour), Attempts: 6,
		}, Waiting: 12},
		{Channel: model.Channel{ID: id(902), Name: "House", Service: model.ServiceURL, TellsBackups: true}},
	}
}

// channelPages are the pages of notifications.
func channelPages(s sample, at func(string) Chrome) map[string]templ.Component {
	channels := s.channels()
	refused := NotificationForm{Name: "Chat", Service: "telegram", TelegramChats: "me"}
	edited := channels[1].Channel
	return map[string]templ.Component{
		"notifications":      show(s, NotificationsPage, NotificationsProps{Chrome: at(NotificationsPath), Channels: channels, Tested: &channels[0], Test: &model.ChannelTest{OK: true}}),
		"notifications-none": show(s, NotificationsPage, NotificationsProps{Chrome: at(NotificationsPath)}),
		"notification-new": show(s, NotificationFormPage, NotificationFormProps{Chrome: at(NewNotificationPath), Form: refused, Errors: model.Invalids{
			{Field: "recipient", Reason: "Give the chat’s number, such as 123456789, or a channel as @name. Several have commas between them."},
			{Field: "token", Reason: "Paste the bot’s token as @BotFather gives it, such as 123456789:AbC…."},
			{Field: "tells", Reason: "Choose at least one thing to be told."},
		}}),
		"notification-edit": show(s, NotificationFormPage, NotificationFormProps{Chrome: at(NotificationPath(edited.ID)), Channel: &edited, Form: NewNotificationForm(edited), Test: &model.ChannelTest{Reason: "The service did not answer within 20 seconds."}}),
		"notification-delete": show(s, ConfirmPage, ConfirmProps{
			Chrome: at(NotificationDeletePath(edited.ID)), Heading: "Delete the channel “Mailbox”?", Button: "Delete channel", Action: NotificationDeletePath(edited.ID),
			Back: NotificationPath(edited.ID), BackName: "Mailbox", Lost: []string{"Its address and token, which nobody is shown again.", "Messages that still wait for it."},
			Stays: []string{"All other channels. Home shows what needs you, as before."},
		}),
	}
}
