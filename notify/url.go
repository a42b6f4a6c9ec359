package notify

import (
	"net"
	"net/url"
	"strings"

	"keepstead/model"
)

// Shoutrrr's names for what a URL can say.
const yes = "yes"

// URL is the address of a channel as Shoutrrr reads it, with the secrets in it.
func URL(c model.Channel, s model.ChannelSecrets) string {
	switch c.Service {
	case model.ServiceNtfy:
		return ntfy(c, s)
	case model.ServiceGotify:
		return gotify(c, s)
	case model.ServiceTelegram:
		bot, token, _ := strings.Cut(s.Token, ":")
		u := url.URL{Scheme: "telegram", User: url.UserPassword(bot, token), Host: "telegram"}
		u.RawQuery = url.Values{"chats": {joined(c.Recipient)}, "preview": {"no"}}.Encode()
		return u.String()
	case model.ServiceDiscord:
		id, token, _ := s.Discord()
		return (&url.URL{Scheme: "discord", User: url.User(token), Host: id, RawQuery: "splitlines=no"}).String()
	case model.ServiceSlack:
		parts, _ := s.Slack()
		return "slack://hook:" + strings.Join(parts, "-") + "@webhook"
	case model.ServiceEmail:
		return email(c, s)
	case model.ServiceWebhook:
		return webhook(s)
	}
	return s.URL
}

func ntfy(c model.Channel, s model.ChannelSecrets) string {
	server, _ := url.Parse(c.Server) // the channel was checked
	u := url.URL{Scheme: "ntfy", Host: server.Host, Path: strings.TrimRight(server.Path, "/") + "/" + s.Topic}
	if s.Token != "" {
		u.User = url.UserPassword("", s.Token)
	}
	u.RawQuery = url.Values{"scheme": {server.Scheme}}.Encode()
	return u.String()
}

func gotify(c model.Channel, s model.ChannelSecrets) string {
	server, _ := url.Parse(c.Server)
	u := url.URL{Scheme: "gotify", Host: server.Host, Path: strings.TrimRight(server.Path, "/") + "/" + s.Token}
	q := url.Values{"useheader": {yes}} // else the token is in the address of the request, and in the server's log
	if server.Scheme == "http" {
		q.Set("disabletls", yes)
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// Ports of mail servers: the one that programs hand mails in at, and the one that speaks TLS from the first byte.
const submission, submissions = "587", "465"

func email(c model.Channel, s model.ChannelSecrets) string {
	host, port, err := net.SplitHostPort(c.Server)
	if err != nil {
		host, port = strings.Trim(c.Server, "[]"), submission
	}
	q := url.Values{"fromaddress": {c.Sender}, "fromname": {"Keepstead"}, "toaddresses": {joined(c.Recipient)}, "auth": {"None"}}
	u := url.URL{Scheme: "smtp", Host: net.JoinHostPort(host, port), Path: "/"}
	if c.Username != "" || s.Token != "" {
		u.User = url.UserPassword(c.Username, s.Token)
		q.Set("auth", "Plain")
		if port != submissions {
			q.Set("requirestarttls", yes)
		}
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// webhookKeys are what Shoutrrr takes from the query of a webhook for itself, unless two underscores stand in front.
var webhookKeys = []string{"contenttype", "disabletls", "template", "title", "titlekey", "messagekey", "method"}

func webhook(s model.ChannelSecrets) string {
	u, err := url.Parse(s.URL)
	if err != nil {
		return ""
	}
	q := u.Query()
	for _, key := range webhookKeys {
		if own, ok := q[key]; ok {
			q.Del(key)
			q["__"+key] = own
		}
	}
	q.Set("template", "json")
	if u.Scheme == "http" {
		q.Set("disabletls", yes)
	}
	u.Scheme, u.RawQuery, u.Fragment = "generic", q.Encode(), ""
	return u.String()
}

// joined is a list without the spaces around its entries.
func joined(list string) string {
	parts := strings.Split(list, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return strings.Join(parts, ",")
}
