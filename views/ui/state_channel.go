package ui

import "keepstead/model"

// OfChannel is how a channel of notifications is shown.
func OfChannel(c model.Channel) State {
	switch {
	case !c.Enabled:
		return State{"is-idle", IconPaused, "Off", false}
	case c.LastError != "":
		return State{"is-bad", IconBad, "Failing", false}
	case c.SentAt == nil:
		return State{"is-idle", IconRing, "Nothing sent yet", false}
	}
	return State{"is-good", IconGood, "Works", false}
}

// ChannelIconName names the icon of what a channel speaks to.
func ChannelIconName(s model.ChannelService) IconName {
	switch s {
	case model.ServiceEmail:
		return IconMail
	case model.ServiceWebhook, model.ServiceURL:
		return IconWebhook
	case model.ServiceNtfy, model.ServiceGotify:
		return IconBell
	}
	return IconMessage
}
