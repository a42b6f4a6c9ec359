package model

import (
	"fmt"
	"testing"
	"time"
)

// TestTell is the table of when a channel is told: once when something begins, once when it ends.
func TestTell(t *testing.T) {
	t.Parallel()
	phone := NewID()
	firing := Alert{Key: "k", State: AlertFiring, Kind: "failed", Title: "fails"}
	pending := Alert{Key: "k", State: AlertPending, Title: "runs"}
	resolved := Alert{Key: "k", State: AlertResolved, Title: "works"}
	other := Alert{Key: "k", State: AlertFiring, Kind: "overdue", Title: "is late"}
	itself := firing
	itself.Channel = phone
	open := []OpenAlert{{ChannelID: phone, Key: "k", Kind: "failed"}}
	for _, tc := range []struct {
		name                  string
		open                  []OpenAlert
		now                   []Alert
		begun, ended, dropped string
	}{
		{"nothing", nil, nil, "", "", ""},
		{"it begins", nil, []Alert{firing}, "fails", "", ""},
		{"it goes on", open, []Alert{firing}, "", "", ""},
		{"it is tried again", open, []Alert{pending}, "", "", ""},
		{"it runs for the first time", nil, []Alert{pending}, "", "", ""},
		{"it ends", open, []Alert{resolved}, "", "works", ""},
		{"it was well all the time", nil, []Alert{resolved}, "", "", ""},
		{"something else is wrong with it", open, []Alert{other}, "is late", "", ""},
		{"it is gone", open, nil, "", "", "k"},
		{"another one begins and this one is gone", open, []Alert{{Key: "l", State: AlertFiring, Title: "new"}}, "new", "", "k"},
		{"it is the channel itself", nil, []Alert{itself}, "", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			told := Tell(phone, tc.open, tc.now)
			titles := func(all []Alert) (out string) {
				for _, a := range all {
					out += a.Title
				}
				return out
			}
			if titles(told.Begun) != tc.begun || titles(told.Ended) != tc.ended || fmt.Sprint(told.Dropped) != "["+tc.dropped+"]" {
				t.Errorf("told %+v", told)
			}
		})
	}
}

// TestDueAt is the table of when parts go out together.
func TestDueAt(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 29, 3, 0, 0, 0, time.UTC)
	at := func(seconds ...int) (out []Notification) {
		for _, s := range seconds {
			out = append(out, Notification{CreatedAt: start.Add(time.Duration(s) * time.Second)})
		}
		return out
	}
	moment := func(seconds int) *time.Time { m := start.Add(time.Duration(seconds) * time.Second); return &m }
	for _, tc := range []struct {
		name    string
		channel Channel
		waiting []Notification
		want    int // seconds after the start
	}{
		{"one", Channel{}, at(0), 10},
		{"two", Channel{}, at(0, 8), 18},
		{"many, for a minute", Channel{}, at(0, 9, 18, 27, 36, 45, 54, 59), 60},
		{"right after the last message", Channel{SentAt: moment(-5)}, at(0), 55},
		{"long after the last message", Channel{SentAt: moment(-500)}, at(0), 10},
		{"after a failure", Channel{NextAt: moment(600), SentAt: moment(-500)}, at(0, 1), 600},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := tc.channel.DueAt(tc.waiting, UsualPace()).Sub(start); got != time.Duration(tc.want)*time.Second {
				t.Errorf("due after %s, want %d s", got, tc.want)
			}
		})
	}
	if due := (Channel{}).DueAt(nil, UsualPace()); !due.IsZero() {
		t.Errorf("nothing is due at %s", due)
	}
}

// TestChannelValidate refuses each field of each service.
func TestChannelValidate(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		c      Channel
		s      ChannelSecrets
		fields string
	}{
		{"ntfy, at its own server", Channel{Service: ServiceNtfy}, ChannelSecrets{Topic: "homelab"}, ""},
		{"ntfy, bare host", Channel{Service: ServiceNtfy, Server: "ntfy.example.org/"}, ChannelSecrets{Topic: "homelab"}, ""},
		{"ntfy, wrong", Channel{Service: ServiceNtfy, Server: "ftp://x"}, ChannelSecrets{Topic: "a/b"}, "server topic"},
		{"ntfy, with a password", Channel{Service: ServiceNtfy, Server: "https://a:b@x"}, ChannelSecrets{Topic: "ab"}, "server"},
		{"gotify, empty", Channel{Service: ServiceGotify}, ChannelSecrets{}, "server token"},
		{"telegram", Channel{Service: ServiceTelegram, Recipient: "-100123, @channel"}, ChannelSecrets{Token: "12:a-B_c"}, ""},
		{"telegram, wrong", Channel{Service: ServiceTelegram, Recipient: "me"}, ChannelSecrets{Token: "abc"}, "recipient token"},
		{"discord, another page", Channel{Service: ServiceDiscord}, ChannelSecrets{URL: "https://discord.com/channels/1/2"}, "url"},
		{"slack, another page", Channel{Service: ServiceSlack}, ChannelSecrets{URL: "https://slack.com/services/a/b/c/d"}, "url"},
		{"email", Channel{Service: ServiceEmail, Server: "smtp.example.org:465", Sender: "a@example.org", Recipient: "b@example.org, c@example.org"}, ChannelSecrets{}, ""},
		{"email, wrong", Channel{Service: ServiceEmail, Server: "smtp://x", Sender: "Ada <a@example.org>", Recipient: "b"}, ChannelSecrets{Token: "a\nb"}, "server sender recipient token"},
		{"webhook, no scheme", Channel{Service: ServiceWebhook}, ChannelSecrets{URL: "example.org/hook"}, "url"},
		{"webhook, no host", Channel{Service: ServiceWebhook}, ChannelSecrets{URL: "https:///hook"}, "url"},
		{"any, empty", Channel{Service: ServiceURL}, ChannelSecrets{}, "url"},
		{"no service", Channel{Service: "pigeon"}, ChannelSecrets{}, "service"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.c.Name, tc.c.TellsNeeds = "Phone", true
			tc.c = tc.c.Tidy()
			got := ""
			for _, r := range append(Refused(tc.c.Validate()), Refused(tc.s.Validate(tc.c.Service))...) {
				if got != "" {
					got += " "
				}
				got += r.Field
			}
			if got != tc.fields {
				t.Errorf("refused %q, want %q", got, tc.fields)
			}
		})
	}
	none := Channel{Service: ServiceURL, Language: "tlh"}
	if refused := Refused(none.Validate()); len(refused) != 3 {
		t.Errorf("refused %v, want the name, what it is told, and the language", refused)
	}
	if text := fmt.Sprintf("%v %+v %#v", ChannelSecrets{Token: "geheim"}, ChannelSecrets{URL: "geheim"}, ChannelSecrets{Topic: "geheim"}); text != "[sealed] [sealed] [sealed]" {
		t.Errorf("secrets print as %s", text)
	}
}
