package model

import (
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// ChannelService is what a channel speaks to.
type ChannelService string

// The services that a form has fields for, and all others by their Shoutrrr URL.
const (
	ServiceNtfy     ChannelService = "ntfy"
	ServiceGotify   ChannelService = "gotify"
	ServiceTelegram ChannelService = "telegram"
	ServiceDiscord  ChannelService = "discord"
	ServiceSlack    ChannelService = "slack"
	ServiceEmail    ChannelService = "email"
	ServiceWebhook  ChannelService = "webhook"
	ServiceURL      ChannelService = "url"
)

// ChannelServices lists the services in the order of the form.
func ChannelServices() []ChannelService {
	return []ChannelService{
		ServiceNtfy, ServiceGotify, ServiceTelegram, ServiceDiscord, ServiceSlack, ServiceEmail, ServiceWebhook, ServiceURL,
	}
}

// Channel is a way on which Keepstead tells somebody something, outside of its pages.
type Channel struct {
	ID      uuid.UUID `bun:",pk"`
	Name    string
	Service ChannelService
	Enabled bool
	// Server is the address of ntfy or Gotify, with http:// or https:// in front, or host[:port] of a mail server.
	Server    string
	Username  string // at the mail server
	Sender    string // the address that mails come from
	Recipient string // addresses of mails, or the chats of Telegram, with commas between them
	// Secrets is what ChannelSecrets holds, sealed as one.
	Secrets Sealed
	// What the channel is told: what begins and ends to need somebody, each restore, each backup, a summary once a week.
	TellsNeeds    bool
	TellsRestores bool
	TellsBackups  bool
	TellsWeekly   bool
	Language      Language // of its messages; empty is English

	SentAt *time.Time // the newest delivery
	// LastError is the sentence about the newest attempt where that failed, FailingSince when it began to; Attempts counts
	// those since, and NextAt is when the next one is due.
	LastError    string
	FailingSince *time.Time
	Attempts     int
	NextAt       *time.Time
	Stamps
}

// ChannelSecrets are what nobody is shown again. Empty stands for what is stored, where something is.
type ChannelSecrets struct {
	Topic string `json:"topic,omitempty"` // of ntfy: whoever knows it reads along
	Token string `json:"token,omitempty"` // or the password of the mail server
	URL   string `json:"url,omitempty"`   // the webhook, or a Shoutrrr URL
}

// Format hides the secrets from every verb.
func (ChannelSecrets) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(sealedText)) }

// Over lays what was typed over what is stored.
func (s ChannelSecrets) Over(stored ChannelSecrets) ChannelSecrets {
	for _, f := range []struct {
		to   *string
		from string
	}{{&stored.Topic, s.Topic}, {&stored.Token, s.Token}, {&stored.URL, s.URL}} {
		if f.from != "" {
			*f.to = f.from
		}
	}
	return stored
}

// Tidy takes away what a person types around values, and what the service has no use for.
func (c Channel) Tidy() Channel {
	for _, text := range []*string{&c.Name, &c.Server, &c.Username, &c.Sender, &c.Recipient} {
		*text = strings.TrimSpace(*text)
	}
	c.Server = strings.TrimRight(c.Server, "/")
	switch c.Service {
	case ServiceNtfy, ServiceGotify:
		c.Username, c.Sender, c.Recipient = "", "", ""
		if c.Service == ServiceNtfy && c.Server == "" {
			c.Server = "https://ntfy.sh"
		}
		if c.Server != "" && !strings.Contains(c.Server, "://") {
			c.Server = "https://" + c.Server
		}
	case ServiceTelegram:
		c.Server, c.Username, c.Sender = "", "", ""
	case ServiceEmail:
	default:
		c.Server, c.Username, c.Sender, c.Recipient = "", "", "", ""
	}
	return c
}

// Validate checks the fields of the channel's service. Secrets are checked by ChannelSecrets.
func (c Channel) Validate() error {
	var problems Invalids
	checkName(&problems, "name", c.Name)
	switch c.Service {
	case ServiceNtfy:
		checkServer(&problems, c.Server, "https://ntfy.sh")
	case ServiceGotify:
		checkServer(&problems, c.Server, "https://gotify.example.com")
	case ServiceTelegram:
		if !eachPart(c.Recipient, chatName.MatchString) {
			problems.Add("recipient", "Give the chat’s number, such as 123456789, or a channel as @name. Several have commas between them.")
		}
	case ServiceEmail:
		c.checkEmail(&problems)
	default:
		if !slices.Contains(ChannelServices(), c.Service) {
			problems.Add("service", "Choose one of the services.")
		}
	}
	if !c.TellsNeeds && !c.TellsRestores && !c.TellsBackups && !c.TellsWeekly {
		problems.Add("tells", "Choose at least one thing to be told.")
	}
	if c.Language != "" && !slices.Contains(Languages(), c.Language) {
		problems.Add("language", "Choose one of the languages.")
	}
	return problems.Err()
}

func (c Channel) checkEmail(problems *Invalids) {
	if u, err := url.Parse("smtp://" + c.Server); err != nil || u.Hostname() == "" || u.Host != c.Server || len(c.Server) > 300 || strings.ContainsAny(u.Hostname(), " _%\\") {
		problems.Add("server", "Give the mail server’s name, such as smtp.example.com, with :port behind it where that is not 587.")
	}
	if !isAddress(c.Sender) {
		problems.Add("sender", "Give the address that the mails come from, such as keepstead@example.com.")
	}
	if !eachPart(c.Recipient, isAddress) {
		problems.Add("recipient", "Give the address that the mails go to. Several have commas between them.")
	}
	checkLine(problems, "username", c.Username)
}

var (
	chatName  = regexp.MustCompile(`^(-?[0-9]{1,20}(:[0-9]{1,20})?|@[A-Za-z0-9_]{3,64})$`)
	topicName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	plainWord = regexp.MustCompile(`^[\x21-\x7e]{1,1000}$`)
	// gotifyToken is what Shoutrrr takes for one: Gotify gives those of applications an A in front.
	gotifyToken = regexp.MustCompile(`^A[A-Za-z0-9._-]{14}$`)
	botToken    = regexp.MustCompile(`^[0-9]+:[A-Za-z0-9_-]+$`)
)

// eachPart says that a list with commas has an entry, and no more than a few, and that all are right.
func eachPart(list string, right func(string) bool) bool {
	parts := strings.Split(list, ",")
	return len(list) <= 1000 && !slices.ContainsFunc(parts, func(one string) bool { return !right(strings.TrimSpace(one)) })
}

func isAddress(text string) bool {
	a, err := mail.ParseAddress(text)
	return err == nil && a.Address == text && printable(text) && !strings.ContainsAny(text, ", ")
}

func checkServer(problems *Invalids, server, example string) {
	if u, ok := webAddress(server); !ok || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		problems.Add("server", "Give the server’s address, such as %s.", example)
	}
}

// webAddress reads an address with http:// or https:// in front.
func webAddress(text string) (*url.URL, bool) {
	u, err := url.Parse(text)
	if err != nil || len(text) > 2000 || !plainWord.MatchString(text) && len(text) <= 1000 {
		return nil, false
	}
	return u, (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && !strings.ContainsAny(u.Hostname(), " _%\\")
}

// Validate checks the secrets that a service needs, those that are stored among them.
func (s ChannelSecrets) Validate(service ChannelService) error {
	var problems Invalids
	word := func(field, text, reason string) {
		if !plainWord.MatchString(text) || strings.ContainsAny(text, "/?#") {
			problems.Add(field, "%s", reason)
		}
	}
	switch service {
	case ServiceNtfy:
		if !topicName.MatchString(s.Topic) {
			problems.Add("topic", "Give a topic of letters, digits, _ and -, at most 64. Nobody should be able to guess it.")
		}
		if s.Token != "" {
			word("token", s.Token, "Paste the access token as ntfy shows it; it begins with tk_.")
		}
	case ServiceGotify:
		if !gotifyToken.MatchString(s.Token) {
			problems.Add("token", "Paste the token of an application, from Gotify’s page “Apps”; it begins with A.")
		}
	case ServiceTelegram:
		if !botToken.MatchString(s.Token) || len(s.Token) > 200 {
			problems.Add("token", "Paste the bot’s token as @BotFather gives it, such as 123456789:AbC….")
		}
	case ServiceDiscord:
		if _, _, ok := s.Discord(); !ok {
			problems.Add("url", "Paste the webhook’s address as Discord shows it: https://discord.com/api/webhooks/…")
		}
	case ServiceSlack:
		if _, ok := s.Slack(); !ok {
			problems.Add("url", "Paste the webhook’s address as Slack shows it: https://hooks.slack.com/services/…")
		}
	case ServiceEmail:
		if len(s.Token) > 1000 || !printable(s.Token) {
			problems.Add("token", "Use at most 1000 printable characters on one line.")
		}
	case ServiceWebhook:
		if _, ok := webAddress(s.URL); !ok {
			problems.Add("url", "Give an address that begins with https:// or http://.")
		}
	case ServiceURL:
		if s.URL == "" || len(s.URL) > 2000 || !printable(s.URL) {
			problems.Add("url", "Give a Shoutrrr URL, such as pushover://shoutrrr:token@user.")
		}
	}
	return problems.Err()
}

// Discord is the id and the token in the address of a Discord webhook.
func (s ChannelSecrets) Discord() (id, token string, ok bool) {
	u, ok := webAddress(s.URL)
	if !ok {
		return "", "", false
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	if len(parts) != 4 || parts[0] != "api" || parts[1] != "webhooks" || !topicName.MatchString(parts[2]) || strings.Trim(parts[3], "-_") == "" {
		return "", "", false
	}
	return parts[2], parts[3], true
}

// Slack are the three parts of the address of a Slack webhook.
func (s ChannelSecrets) Slack() (parts []string, ok bool) {
	u, ok := webAddress(s.URL)
	if !ok {
		return nil, false
	}
	parts = strings.Split(strings.Trim(u.Path, "/"), "/")
	if len(parts) != 4 || parts[0] != "services" || slices.Contains(parts, "") {
		return nil, false
	}
	return parts[1:], true
}

// Wants says whether the channel is told of the end of a job.
func (c Channel) Wants(kind JobKind) bool {
	return c.Enabled && (kind == JobBackup && c.TellsBackups || kind == JobRestore && c.TellsRestores)
}
