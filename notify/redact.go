package notify

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"keepstead/model"
)

const hidden = "[hidden]"

// maxReason bounds a reason: some services answer with a page.
const maxReason = 300

var anyAddress = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://[^\s"'<>]+`)

// redact is what an error says, without addresses and without anything that the address of the channel holds as a secret.
func redact(err error, address string, s model.ChannelSecrets) string {
	text := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(err.Error(), ""))
	text = anyAddress.ReplaceAllStringFunc(text, host)
	means := meaning(text)
	text = tail(text)
	for _, secret := range secretParts(address, s) {
		text = strings.ReplaceAll(text, secret, hidden)
	}
	text = means + ": " + strings.Join(strings.Fields(text), " ")
	if len(text) > maxReason {
		text = strings.ToValidUTF8(text[:maxReason], "") + "…"
	}
	return text
}

// host is of an address what no secret is in: how it begins and the server. Where the server's name is itself a token, as
// in some of Shoutrrr's URLs, nothing is.
func host(address string) string {
	u, err := url.Parse(strings.TrimRight(address, ".,:;)"))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return "[address]"
	}
	return u.Scheme + "://" + u.Host
}

// secretParts are the texts to hide, the longest first: each secret, and each part of the address that may be one, as
// they are and as they stand in an address.
func secretParts(address string, s model.ChannelSecrets) []string {
	var parts []string
	add := func(text string) {
		_, end, _ := strings.Cut(text, ": ") // what a text that is cut there may be left with
		for _, form := range []string{text, url.QueryEscape(text), url.PathEscape(text), end} {
			if len(form) >= 4 {
				parts = append(parts, form)
			}
		}
	}
	for _, text := range []string{address, s.Topic, s.Token, s.URL} {
		add(text)
	}
	for _, raw := range []string{address, s.URL} {
		u, err := url.Parse(raw)
		if err != nil {
			continue
		}
		password, _ := u.User.Password()
		add(password)
		add(u.User.Username())
		if u.Scheme != "http" && u.Scheme != "https" && raw == s.URL {
			add(u.Host) // Pushover and others have a token there
		}
		for _, segment := range strings.Split(u.Path, "/") {
			if raw == s.URL || segment == s.Topic || segment == s.Token {
				add(segment)
			}
		}
		if raw != s.URL {
			continue
		}
		for _, values := range u.Query() {
			for _, value := range values {
				add(value)
			}
		}
	}
	if _, token, ok := s.Discord(); ok {
		add(token)
	}
	if three, ok := s.Slack(); ok {
		for _, one := range three {
			add(one)
		}
	}
	slices.SortFunc(parts, func(a, b string) int { return len(b) - len(a) })
	return slices.Compact(parts)
}
