// Package notify hands a message to a service such as ntfy, Telegram or a mail server, by Shoutrrr. Nothing it returns
// holds a secret: Shoutrrr's errors name the addresses that it called, with the tokens in them.
package notify

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nicholas-fedor/shoutrrr/pkg/format"
	"github.com/nicholas-fedor/shoutrrr/pkg/router"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/matrix"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"

	"keepstead/model"
)

// Timeout is how long a service may take to accept a message.
const Timeout = 20 * time.Second

// maxHanging bounds the addresses whose calls are still without an answer when they were given up. Shoutrrr cannot break one off.
const maxHanging = 16

// Error says why a message was not delivered, without a secret.
type Error struct{ Reason string }

// Error returns the sentence.
func (e *Error) Error() string { return e.Reason }

// Sender delivers messages. Make one with New.
type Sender struct {
	timeout time.Duration

	mu      sync.Mutex
	hanging map[string]int // calls that were given up and have not ended, by address
}

// New returns a Sender that waits for an answer up to timeout; 0 is Timeout.
func New(timeout time.Duration) *Sender {
	keepMessages()
	if timeout == 0 {
		timeout = Timeout
	}
	return &Sender{timeout: timeout, hanging: map[string]int{}}
}

// keepMessages has a redirect that would leave the message behind fail. Shoutrrr calls webhooks with the default client of
// the process, which turns a POST into a GET there, and takes what a login page answers for success; ntfy and Gotify it calls
// with others, and reads what they answer.
var keepMessages = sync.OnceFunc(func() {
	http.DefaultClient.CheckRedirect = func(to *http.Request, via []*http.Request) error {
		switch {
		case to.Method != via[0].Method:
			return errRedirects
		case len(via) >= maxRedirects:
			return errors.New("it redirects without an end")
		}
		return nil
	}
})

// maxRedirects is how many redirects in a row are followed.
const maxRedirects = 10

var errRedirects = errors.New("it redirects to another page")

// Check refuses a channel whose address Shoutrrr cannot read, at the field that is wrong. It calls nobody.
func Check(c model.Channel, s model.ChannelSecrets) error {
	if readable(URL(c, s)) == nil {
		return nil
	}
	field, reason := "url", "Shoutrrr cannot read this URL. Compare it with the page of the service at https://shoutrrr.nickfedor.com."
	switch c.Service {
	case model.ServiceSlack, model.ServiceDiscord, model.ServiceWebhook:
		reason = "This address cannot be used. Copy it again from where the webhook was made, whole."
	case model.ServiceNtfy, model.ServiceGotify, model.ServiceTelegram:
		field, reason = "token", "This token cannot be used. Copy it again, whole."
	case model.ServiceEmail:
		field, reason = "server", "This mail server cannot be used. Give a name such as smtp.example.com:587."
	}
	return model.Invalid{Field: field, Reason: reason}
}

// refusedSchemes write to Keepstead's own output, where nobody is told.
var refusedSchemes = []string{"logger"}

func locate(address string) (types.Service, error) {
	scheme, _, _ := strings.Cut(address, ":")
	if slices.Contains(refusedSchemes, strings.ToLower(scheme)) {
		return nil, errors.New("this service tells nobody")
	}
	var r router.ServiceRouter
	return r.Locate(address)
}

// readable says whether Shoutrrr can read an address. Matrix, alone of all services, signs in while its address is read: of
// that only the configuration is.
func readable(address string) (err error) {
	scheme, _, _ := strings.Cut(address, ":")
	if strings.ToLower(scheme) != "matrix" {
		_, err = locate(address)
		return err
	}
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	return format.GetServiceConfig(&matrix.Service{}).SetURL(u)
}

// Send delivers a message, and waits until the service took it, refused it, or has not answered in time. An error of the
// service is an *Error; when ctx ends first, it is that of ctx.
func (s *Sender) Send(ctx context.Context, c model.Channel, secrets model.ChannelSecrets, m model.Message) error {
	address := URL(c, secrets)
	if s.hangs(address) {
		return &Error{"The service has not answered an earlier message yet."}
	}
	done := make(chan error, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		done <- deliver(address, c, m)
	}()
	timer := time.NewTimer(s.timeout)
	defer timer.Stop()
	select {
	case err := <-done:
		if err != nil {
			return &Error{redact(err, address, secrets)}
		}
		return nil
	case <-timer.C:
		s.giveUp(address, ended)
		return &Error{fmt.Sprintf("The service did not answer within %d seconds.", max(1, int(s.timeout.Seconds())))}
	case <-ctx.Done():
		s.giveUp(address, ended)
		return ctx.Err()
	}
}

// hangs says that an address may not be called now: one that hangs is not called again, so that few calls ever hang.
func (s *Sender) hangs(address string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hanging[address] > 0 || len(s.hanging) >= maxHanging
}

// giveUp counts a call as one that hangs, until it ends.
func (s *Sender) giveUp(address string, ended <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hanging[address]++
	go func() {
		<-ended
		s.end(address)
	}()
}

func (s *Sender) end(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hanging[address]--; s.hanging[address] == 0 {
		delete(s.hanging, address)
	}
}

// titled are the services of Shoutrrr that take a title beside the text.
var titled = []string{
	"discord", "lark", "matrix", "mattermost", "slack", "teams", "telegram", "zulip", "smtp", "opsgenie", "bark", "gotify",
	"ifttt", "join", "ntfy", "pushbullet", "pushover", "generic",
}

// deliver hands the message over in the way that the service has for it. A panic in there is a failure of this message.
func deliver(address string, c model.Channel, m model.Message) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the service's part of Shoutrrr broke: %v", p)
		}
	}()
	service, err := locate(address)
	if err != nil {
		return err
	}
	title, text, params := oneLine(m.Title), m.Text, types.Params{}
	if slices.Contains(titled, service.GetID()) {
		params[types.TitleKey] = title
	} else {
		text = title + "\n" + text
	}
	switch {
	case m.Link == "":
	case c.Service == model.ServiceNtfy:
		params["click"] = m.Link
	case c.Service == model.ServiceWebhook:
		params["link"] = m.Link
	default:
		text += "\n\n" + m.Link
	}
	return service.Send(text, &params)
}

// oneLine keeps a title from beginning a header of its own.
func oneLine(title string) string {
	return strings.Join(strings.Fields(title), " ")
}
