package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestWindowForm sets a maintenance window, is refused at its fields with what was typed kept, and takes it away.
func TestWindowForm(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	d, form := s.folder()
	edit := "/destinations/" + d.ID.String() + "/edit"
	for _, tt := range []struct {
		name           string
		days           []string
		from, to, zone string
		reasons        []string
		words          string
	}{
		{name: "no day", from: "02:00", to: "06:00", reasons: []string{"Choose at least one day"}},
		{name: "no times", days: []string{"sun"}, reasons: []string{"f-window-from-reason", "f-window-to-reason"}},
		{name: "a strange time", days: []string{"sun", "mon"}, from: "2 o’clock", to: "06:00", reasons: []string{"f-window-from-reason"}},
		{name: "a strange zone", days: []string{"sun"}, from: "02:00", to: "06:00", zone: "Mars/Base", reasons: []string{"is not a known time zone"}},
		{name: "a window", days: []string{"sun", "sat"}, from: "22:00", to: " 04:30 ", zone: "Asia/Tokyo", words: "Every Saturday and Sunday, 22:00 to 04:30 the next day"},
		{name: "none again", zone: "Asia/Tokyo", words: "At any time"},
	} {
		r := s.post(edit, cookie, form(url.Values{"window_days": tt.days, "window_from": {tt.from}, "window_to": {tt.to}, "window_time_zone": {tt.zone}}))
		if len(tt.reasons) == 0 {
			got, err := s.store.Destination(t.Context(), d.ID)
			if err != nil || r.status != http.StatusSeeOther || got.Window.Words() != tt.words {
				t.Errorf("%s is answered with %d and saved as %q (%v)", tt.name, r.status, got.Window.Words(), err)
			}
			continue
		}
		kept := []string{`value="` + tt.from + `"`, `value="` + tt.to + `"`, `value="` + tt.zone + `"`}
		for _, day := range tt.days {
			kept = append(kept, `value="`+day+`" checked`)
		}
		for _, text := range append(tt.reasons, kept...) {
			if r.status != http.StatusUnprocessableEntity || !strings.Contains(r.body, text) {
				t.Errorf("%s is answered with %d and without %s", tt.name, r.status, text)
			}
		}
	}
}
