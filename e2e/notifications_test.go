package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// channelSecrets are those of addFailingChannels.
var channelSecrets = map[string]string{
	"topic of ntfy": "e2e-topic-4hTw81x", "token of ntfy": "tk_e2eNtfy7Qz0Lp31", "token of Gotify": "Ae2eGotify55Kd9", "token of the bot": "e2eBot_W8sJ31Xv",
	"password of the mail server": "e2e-Mail-pw-62Yt", "path of the webhook": "e2e-hook-93Rb7c", "key of the webhook": "e2e-hook-key-18Nn",
	"token of Matrix": "e2e-matrix-pw-71Gd",
}

// addFailingChannels adds channels of several services, none of which answers.
func (k *keepstead) addFailingChannels() (ids []string) {
	k.t.Helper()
	const nowhere = "http://127.0.0.1:1"
	s := channelSecrets
	for name, fields := range map[string]body{
		"Ntfy":    {"service": "ntfy", "server": nowhere, "topic": s["topic of ntfy"], "token": s["token of ntfy"]},
		"Gotify":  {"service": "gotify", "server": nowhere, "token": s["token of Gotify"]},
		"Mail":    {"service": "email", "server": "127.0.0.1:1", "username": "me", "token": s["password of the mail server"], "sender": "a@example.org", "recipient": "b@example.org"},
		"Webhook": {"service": "webhook", "url": nowhere + "/" + s["path of the webhook"] + "?key=" + s["key of the webhook"]},
		"Matrix":  {"service": "url", "url": "matrix://me:" + s["token of Matrix"] + "@127.0.0.1:1/?disableTLS=yes"},
	} {
		fields["name"], fields["tells_backups"] = name, true
		var made struct{ ID string }
		k.call("POST", "/notifications", fields, &made)
		ids = append(ids, made.ID)
	}
	// A bot's service is on the internet, and is not called here.
	status, answer := k.try("POST", "/notifications", body{"name": "Bot", "service": "telegram", "token": s["token of the bot"], "recipient": "1"})
	if status != http.StatusUnprocessableEntity || strings.Contains(string(answer), s["token of the bot"]) {
		k.t.Errorf("a wrong token is answered by %d %s", status, answer)
	}
	return ids
}

type channel struct {
	ID, Name  string
	Waiting   int
	LastError string  `json:"last_error"`
	SentAt    *string `json:"sent_at"`
}

func (k *keepstead) channel(id string) (c channel) {
	k.t.Helper()
	k.call("GET", "/notifications/"+id, nil, &c)
	return c
}

// awaitTold waits until each channel was tried.
func (k *keepstead) awaitTold(ids []string) {
	k.t.Helper()
	for _, id := range ids {
		k.until("the channel was tried", func() bool { return k.channel(id).LastError != "" })
	}
}

func (k *keepstead) until(what string, is func() bool) {
	k.t.Helper()
	for deadline := time.Now().Add(90 * time.Second); !is(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			k.t.Fatalf("not within 90 seconds: %s", what)
		}
	}
}

// hook is a webhook that keeps the titles it gets.
func hook(t testing.TB) (url string, titles chan string) {
	t.Helper()
	titles = make(chan string, 50)
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var message struct{ Title, Message, Link string }
		text, err := io.ReadAll(r.Body)
		if err != nil || json.Unmarshal(text, &message) != nil || message.Message == "" {
			t.Errorf("the webhook got %q, %v", text, err)
		}
		titles <- message.Title
	}))
	t.Cleanup(srv.Close)
	return srv.URL, titles
}

// TestAKilledKeepsteadStillTells kills it between a failed backup and the message about it.
func TestAKilledKeepsteadStillTells(t *testing.T) {
	t.Parallel()
	k := serve(t)
	url, titles := hook(t)
	d := k.addFolder("Disk", newFolder(t, "repository"))
	app := newFolder(t, "app")
	writeFile(t, filepath.Join(app, "file"), "content")
	_, configuration := k.addApp("Cellar", k.addPolicy("P", []string{d.ID}, nil), app)
	var c channel
	k.call("POST", "/notifications", body{"name": "Hook", "service": "webhook", "url": url}, &c)
	k.quiet()
	if err := os.RemoveAll(app); err != nil {
		t.Fatal(err)
	}
	k.backup(configuration, "failed")
	k.kill()
	if n := len(titles); n > 0 {
		t.Fatalf("%q was sent before the kill", <-titles)
	}
	k.start()
	select {
	case <-titles:
	case <-time.After(90 * time.Second):
		t.Fatalf("nothing was sent: %+v", k.channel(c.ID))
	}
	k.until("nothing waits any more", func() bool { c := k.channel(c.ID); return c.Waiting == 0 && c.SentAt != nil && c.LastError == "" })
	k.stop()
	k.start()
	time.Sleep(8 * time.Second) // the first look is over
	if c := k.channel(c.ID); c.Waiting != 0 || len(titles) != 0 {
		t.Errorf("it is told again: %d messages, %+v", len(titles), c)
	}
}

// addChannel sets up a webhook, tests it from the form and from the list, and deletes it.
func (p *person) addChannel(l *estate) {
	url, titles := hook(p.t)
	name := p.called("Hook")
	tested := func() {
		p.t.Helper()
		p.says("The test was sent")
		select {
		case title := <-titles:
			if title != "This is a test" {
				p.t.Errorf("the webhook got %q", title)
			}
		case <-time.After(30 * time.Second):
			p.t.Error("the test did not arrive")
		}
	}
	p.nav("Settings")
	p.send("Set up notifications")
	p.send("Add a channel")
	p.pick("Webhook")
	p.write("Name", name)
	p.write("Address", "nonsense")
	p.submitFrom("Add channel")
	p.has(".field", "Give an address that begins with https:// or http://.")
	p.write("Address", url+"/geheim")
	p.tryFirst("Send a test")
	tested()
	p.look("a channel as it is made")
	if p.way == plain { // another page, which shows no secret
		p.write("Address", url+"/geheim")
	}
	p.tick("Every restore")
	p.submitFrom("Add channel")
	p.says(name + " is added.")
	p.tryFirst("Send a test " + name)
	tested()
	p.look("channels")
	p.send("Use " + name)
	p.has("main .rows li", "Off")
	var list struct{ Channels []channel }
	l.call("GET", "/notifications", nil, &list)
	if len(list.Channels) != 1 || list.Channels[0].Name != name || list.Channels[0].SentAt == nil {
		p.t.Errorf("the channels are %+v", list.Channels)
	}
	p.send(name)
	p.asks("Delete…", "Delete the channel “"+name+"”?", "Messages that still wait for it.")
	p.send("Delete channel")
	p.says("The channel is deleted.")
	p.says("Nobody is told yet")
}
