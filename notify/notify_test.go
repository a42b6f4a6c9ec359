package notify

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"keepstead/model"
)

// got is one request that a service received.
type got struct {
	path, query, body string
	header            http.Header
}

// service is a real server that keeps what it receives and answers with a status.
func service(t *testing.T, status int) (address string, requests chan got) {
	t.Helper()
	requests = make(chan got, 10)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		requests <- got{r.URL.Path, r.URL.RawQuery, string(body), r.Header}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"id":1}`)
	}))
	t.Cleanup(srv.Close)
	return srv.URL, requests
}

var message = model.Message{Title: "Photos could not be backed up", Text: "The disk “Größe” is full.\nFree some space.", Link: "https://b.example.org/jobs/1"}

func TestWebhook(t *testing.T) {
	t.Parallel()
	address, requests := service(t, http.StatusOK)
	c := model.Channel{Service: model.ServiceWebhook}
	s := model.ChannelSecrets{URL: address + "/hooks/secret-word?title=mine&key=a+b"}
	if err := New(0).Send(t.Context(), c, s, message); err != nil {
		t.Fatal(err)
	}
	r := <-requests
	var body map[string]string
	if err := json.Unmarshal([]byte(r.body), &body); err != nil {
		t.Fatalf("%q: %v", r.body, err)
	}
	query, err := url.ParseQuery(r.query)
	if err != nil || r.path != "/hooks/secret-word" || query.Get("title") != "mine" || query.Get("key") != "a b" || len(query) != 2 {
		t.Errorf("called %s?%s (%v), want the webhook's own address", r.path, r.query, err)
	}
	if body["title"] != message.Title || body["message"] != message.Text || body["link"] != message.Link {
		t.Errorf("body is %v", body)
	}
}

// TestRedirect follows a redirect that keeps the message, and takes one that does not for a failure.
func TestRedirect(t *testing.T) {
	t.Parallel()
	for status, delivered := range map[int]bool{http.StatusFound: false, http.StatusMovedPermanently: false, http.StatusTemporaryRedirect: true, http.StatusPermanentRedirect: true} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			end, requests := service(t, http.StatusOK)
			door := httptest.NewServer(http.RedirectHandler(end+"/login", status))
			t.Cleanup(door.Close)
			err := New(0).Send(t.Context(), model.Channel{Service: model.ServiceWebhook}, model.ChannelSecrets{URL: door.URL + "/hook"}, message)
			if !delivered {
				var told *Error
				if !errors.As(err, &told) || !strings.HasPrefix(told.Reason, "The address leads on to another one") || len(requests) > 0 {
					t.Errorf("answered %v after %d requests", err, len(requests))
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if r := <-requests; r.path != "/login" || !strings.Contains(r.body, message.Title) {
				t.Errorf("the page behind the redirect got %+v", r)
			}
		})
	}
}

func TestNtfy(t *testing.T) {
	t.Parallel()
	address, requests := service(t, http.StatusOK)
	c := model.Channel{Service: model.ServiceNtfy, Server: address}
	if err := New(0).Send(t.Context(), c, model.ChannelSecrets{Topic: "homelab_x7", Token: "tk_abcdef"}, message); err != nil {
		t.Fatal(err)
	}
	r := <-requests
	if r.path != "/homelab_x7" || r.header.Get("Title") != message.Title || r.header.Get("Click") != message.Link || r.body != message.Text {
		t.Errorf("ntfy got %+v", r)
	}
	if r.header.Get("Authorization") == "" {
		t.Error("the token was not sent")
	}
}

func TestGotify(t *testing.T) {
	t.Parallel()
	address, requests := service(t, http.StatusOK)
	c := model.Channel{Service: model.ServiceGotify, Server: address + "/push"}
	if err := New(0).Send(t.Context(), c, model.ChannelSecrets{Token: "AbCdEfGhIjKlMnO"}, message); err != nil {
		t.Fatal(err)
	}
	r := <-requests
	// Shoutrrr writes two slashes after a folder, which proxies take as one.
	if path.Clean(r.path) != "/push/message" || r.header.Get("X-Gotify-Key") != "AbCdEfGhIjKlMnO" || !strings.Contains(r.body, message.Title) || strings.Contains(r.query, "AbCd") {
		t.Errorf("Gotify got %+v", r)
	}
}

// TestSecretsStayOutOfReasons lets each service fail in several ways.
func TestSecretsStayOutOfReasons(t *testing.T) {
	t.Parallel()
	refusing, _ := service(t, http.StatusForbidden)
	const nobody = "http://127.0.0.1:1"
	const word = "hunter2Geheim"
	for _, address := range []string{refusing, nobody, "http://no-such-host.invalid"} {
		host := strings.TrimPrefix(address, "http://")
		for name, tc := range map[string]struct {
			c model.Channel
			s model.ChannelSecrets
		}{
			"webhook":       {model.Channel{Service: model.ServiceWebhook}, model.ChannelSecrets{URL: address + "/" + word + "/x?key=" + word}},
			"with password": {model.Channel{Service: model.ServiceWebhook}, model.ChannelSecrets{URL: "http://user:" + word + "@" + host}},
			"ntfy":          {model.Channel{Service: model.ServiceNtfy, Server: address}, model.ChannelSecrets{Topic: word, Token: "tk_" + word}},
			"gotify":        {model.Channel{Service: model.ServiceGotify, Server: address}, model.ChannelSecrets{Token: word}},
			"email":         {model.Channel{Service: model.ServiceEmail, Server: host, Username: "me", Sender: "a@example.org", Recipient: "b@example.org"}, model.ChannelSecrets{Token: word}},
			"matrix":        {model.Channel{Service: model.ServiceURL}, model.ChannelSecrets{URL: "matrix://me:" + word + "@" + host + "/?disableTLS=yes"}},
			"rocketchat":    {model.Channel{Service: model.ServiceURL}, model.ChannelSecrets{URL: "rocketchat://" + host + "/" + word + "/" + word + "b"}},
			"unknown":       {model.Channel{Service: model.ServiceURL}, model.ChannelSecrets{URL: "nothing://" + word}},
			"no URL":        {model.Channel{Service: model.ServiceURL}, model.ChannelSecrets{URL: "discord://" + word + "@%zz"}},
		} {
			t.Run(name+" "+host, func(t *testing.T) {
				t.Parallel()
				err := New(time.Second).Send(t.Context(), tc.c, tc.s, message)
				var told *Error
				if !errors.As(err, &told) || told.Reason == "" || strings.ContainsAny(told.Reason, "\n\r") || len(told.Reason) > maxReason+5 {
					t.Fatalf("error is %v", err)
				}
				if begins := []string{"Nothing answers", "There is no server", "The service "}; !slices.ContainsFunc(begins, func(s string) bool { return strings.HasPrefix(told.Reason, s) }) {
					t.Errorf("the reason is no sentence: %s", err)
				}
				if strings.Contains(err.Error(), word) {
					t.Errorf("a secret is in the reason: %s", err)
				}
			})
		}
	}
}

// TestShortSecretsLeaveWordsWhole has an address with a part that ordinary words hold.
func TestShortSecretsLeaveWordsWhole(t *testing.T) {
	t.Parallel()
	refusing, _ := service(t, http.StatusTeapot)
	err := New(0).Send(t.Context(), model.Channel{Service: model.ServiceWebhook}, model.ChannelSecrets{URL: refusing + "/fail/take"}, message)
	if err == nil || strings.Contains(err.Error(), hidden) || !strings.HasPrefix(err.Error(), "The service did not take the message: ") {
		t.Errorf("the reason is %v", err)
	}
}

// TestCheck refuses at a field what Shoutrrr cannot read.
func TestCheck(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		c     model.Channel
		s     model.ChannelSecrets
		field string // empty where it is right
	}{
		{"ntfy", model.Channel{Service: model.ServiceNtfy, Server: "https://ntfy.sh"}, model.ChannelSecrets{Topic: "x"}, ""},
		{"gotify", model.Channel{Service: model.ServiceGotify, Server: "https://g.example.org/sub"}, model.ChannelSecrets{Token: "A1b2C3d4E5f6G7h"}, ""},
		{"telegram", model.Channel{Service: model.ServiceTelegram, Recipient: "123, @somewhere"}, model.ChannelSecrets{Token: "12345:AbC-d_e"}, ""},
		{"discord", model.Channel{Service: model.ServiceDiscord}, model.ChannelSecrets{URL: "https://discord.com/api/webhooks/123456/AbC-d_e"}, ""},
		{"slack", model.Channel{Service: model.ServiceSlack}, model.ChannelSecrets{URL: "https://hooks.slack.com/services/T00000000/B00000000/" + strings.Repeat("x", 24)}, ""},
		{"slack, cut", model.Channel{Service: model.ServiceSlack}, model.ChannelSecrets{URL: "https://hooks.slack.com/services/T0/B0/x"}, "url"},
		{"email", model.Channel{Service: model.ServiceEmail, Server: "smtp.example.org", Username: "me@example.org", Sender: "a@example.org", Recipient: "b@example.org, c@example.org"}, model.ChannelSecrets{Token: "p/w?d#@:"}, ""},
		{"webhook", model.Channel{Service: model.ServiceWebhook}, model.ChannelSecrets{URL: "https://example.org/x?template=own&a=b"}, ""},
		{"any", model.Channel{Service: model.ServiceURL}, model.ChannelSecrets{URL: "pushover://shoutrrr:token@user"}, ""},
		{"matrix, which is not called", model.Channel{Service: model.ServiceURL}, model.ChannelSecrets{URL: "matrix://me:word@127.0.0.1:1/?disableTLS=yes"}, ""},
		{"matrix, wrong", model.Channel{Service: model.ServiceURL}, model.ChannelSecrets{URL: "matrix://me:word@127.0.0.1:1/?nothing=yes"}, "url"},
		{"nothing known", model.Channel{Service: model.ServiceURL}, model.ChannelSecrets{URL: "carrier-pigeon://loft"}, "url"},
		{"an address of the web", model.Channel{Service: model.ServiceURL}, model.ChannelSecrets{URL: "https://example.org"}, "url"},
		{"our own log", model.Channel{Service: model.ServiceURL}, model.ChannelSecrets{URL: "logger://"}, "url"},
		{"no words", model.Channel{Service: model.ServiceURL}, model.ChannelSecrets{URL: "%%%"}, "url"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			refused := model.Refused(Check(tc.c, tc.s))
			switch {
			case tc.field == "" && len(refused) > 0:
				t.Errorf("refused: %v", refused)
			case tc.field != "" && (len(refused) != 1 || refused[0].Field != tc.field || refused[0].Reason == ""):
				t.Errorf("refused %v, want the field %s", refused, tc.field)
			}
		})
	}
}

// TestAHangingServiceHoldsUpNobody calls a server that takes connections and says nothing.
func TestAHangingServiceHoldsUpNobody(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := New(200 * time.Millisecond)
	c := model.Channel{Service: model.ServiceWebhook}
	secrets := model.ChannelSecrets{URL: "http://" + listener.Addr().String()}
	begin := time.Now()
	for i, want := range []string{"did not answer", "has not answered an earlier message"} {
		err := s.Send(t.Context(), c, secrets, message)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("attempt %d: %v, want that it %s", i, err, want)
		}
	}
	if took := time.Since(begin); took > 3*time.Second {
		t.Errorf("it took %s", took)
	}
	if err := listener.Close(); err != nil { // and with it the connection that nobody took
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		err := s.Send(t.Context(), c, secrets, message)
		if err != nil && !strings.Contains(err.Error(), "earlier message") {
			break // it is called again, and refuses
		}
		if time.Now().After(deadline) {
			t.Fatalf("the address is not called again: %v", err)
		}
	}
}

// TestManyAtOnce has twenty services answer once all twenty were called: a call in flight keeps no other one back.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	const many = maxHanging + 4
	var called atomic.Int32
	all := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if called.Add(1) == many {
			close(all)
		}
		select {
		case <-all:
		case <-time.After(5 * time.Second):
		}
	}))
	t.Cleanup(srv.Close)
	s := New(10 * time.Second)
	var sent sync.WaitGroup
	for i := range many {
		sent.Go(func() {
			secrets := model.ChannelSecrets{URL: fmt.Sprintf("%s/%d", srv.URL, i)}
			if err := s.Send(t.Context(), model.Channel{Service: model.ServiceWebhook}, secrets, message); err != nil {
				t.Error(err)
			}
		})
	}
	sent.Wait()
}
