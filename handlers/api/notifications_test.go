package api

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"

	"keepstead/model"
)

// TestNotifications walks a channel's life; what it keeps secret is in no answer.
func TestNotifications(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	got := make(chan string, 5)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- string(body)
		if r.URL.Path == "/refuses-geheim77" {
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	t.Cleanup(srv.Close)
	const secret = "hook-geheim77"
	made := h.send("POST", "/notifications", map[string]any{"name": "House", "service": "webhook", "url": srv.URL + "/" + secret, "tells_weekly": true}, 201)
	c := read[Notification](made)
	at := "/notifications/" + c.ID.String()
	if made.header.Get("Location") != Base+at || !c.Enabled || !c.TellsNeeds || !c.TellsWeekly || c.TellsBackups || c.SentAt != nil || c.Service != model.ServiceWebhook {
		t.Errorf("made %+v at %s", c, made.header.Get("Location"))
	}
	tested := h.send("POST", at+"/test", nil, 200)
	var message map[string]string
	if err := json.Unmarshal([]byte(<-got), &message); err != nil || message["title"] != "This is a test" || message["message"] == "" {
		t.Errorf("the service got %v, %v", message, err)
	}
	if r := read[NotificationTest](tested); !r.OK || r.Reason != "" {
		t.Errorf("the test says %+v", r)
	}
	read1 := h.send("GET", at, nil, 200)
	if c := read[Notification](read1); c.SentAt == nil || c.LastError != "" {
		t.Errorf("after the test: %+v", c)
	}

	changed := h.send("PATCH", at, map[string]any{"tells_needs": false, "tells_backups": true, "enabled": false}, 200)
	if c := read[Notification](changed); c.Enabled || c.TellsNeeds || !c.TellsBackups || !c.TellsWeekly || c.Name != "House" {
		t.Errorf("PATCH: %+v", c)
	}
	h.send("PATCH", at, map[string]any{"url": srv.URL + "/refuses-geheim77"}, 200)
	refused := h.send("POST", at+"/test", nil, 200)
	<-got
	if r := read[NotificationTest](refused); r.OK || !strings.Contains(r.Reason, "403") {
		t.Errorf("a refused test says %+v", r)
	}
	h.send("PATCH", at, map[string]any{"service": "ntfy"}, 422) // it stays
	h.send("PATCH", at, map[string]any{"url": "nonsense"}, 422).names("url")

	h.send("POST", "/notifications", map[string]any{"name": "House", "service": "webhook", "url": srv.URL}, 409)
	h.send("POST", "/notifications", map[string]any{"name": "Chat", "service": "telegram", "token": "1:geheim77", "recipient": "me"}, 422).names("recipient")
	h.send("POST", "/notifications", map[string]any{"name": "Any", "service": "url", "url": "carrier-pigeon://geheim77"}, 422).names("url")
	h.send("POST", "/notifications", map[string]any{"name": "Quiet", "service": "webhook", "url": srv.URL, "tells_needs": false}, 422).names("tells")
	list := h.send("GET", "/notifications", nil, 200)
	if l := read[NotificationList](list).Channels; len(l) != 1 || l[0].ID != c.ID {
		t.Errorf("listed %+v", l)
	}
	for _, a := range []answer{made, tested, read1, changed, refused, list} {
		if strings.Contains(string(a.body), "geheim77") {
			t.Errorf("a secret is shown: %s", a.body)
		}
	}
	h.send("DELETE", at, nil, 204)
	h.send("GET", at, nil, 404)
	h.send("POST", "/notifications/"+uuid.NewString()+"/test", nil, 404)
}
