package model

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

// TestWindow opens and closes windows through midnights and both changes of the clocks. Europe/Berlin puts them forward on
// Sunday 29 March 2026 from 02:00 to 03:00 and back on Sunday 25 October from 03:00 to 02:00.
func TestWindow(t *testing.T) {
	t.Parallel()
	const sunday, saturday, weekend, everyDay = "sun", "sat", "sat sun", "mon tue wed thu fri sat sun"
	for _, c := range []struct {
		name, days, from, to string
		at                   string // RFC 3339
		opens                string // when upkeep may start; the same as at where the window is open then
	}{
		{"no window", "", "", "", "2026-03-10T12:00:00+01:00", "2026-03-10T12:00:00+01:00"},
		{"before", sunday, "02:00", "06:00", "2026-03-15T01:59:59+01:00", "2026-03-15T02:00:00+01:00"},
		{"when it opens", sunday, "02:00", "06:00", "2026-03-15T02:00:00+01:00", "2026-03-15T02:00:00+01:00"},
		{"in it", sunday, "02:00", "06:00", "2026-03-15T05:59:59+01:00", "2026-03-15T05:59:59+01:00"},
		{"when it closes", sunday, "02:00", "06:00", "2026-03-15T06:00:00+01:00", "2026-03-22T02:00:00+01:00"},
		{"the same time of another day", sunday, "02:00", "06:00", "2026-03-11T03:00:00+01:00", "2026-03-15T02:00:00+01:00"},
		{"asked in another zone", sunday, "02:00", "06:00", "2026-03-14T23:00:00Z", "2026-03-15T02:00:00+01:00"},
		{"every day", everyDay, "02:00", "06:00", "2026-03-10T12:00:00+01:00", "2026-03-11T02:00:00+01:00"},

		{"over midnight, before", saturday, "22:00", "04:00", "2026-03-14T21:00:00+01:00", "2026-03-14T22:00:00+01:00"},
		{"over midnight, at its end", saturday, "22:00", "04:00", "2026-03-15T03:59:00+01:00", "2026-03-15T03:59:00+01:00"},
		{"over midnight, past its end", saturday, "22:00", "04:00", "2026-03-15T04:00:00+01:00", "2026-03-21T22:00:00+01:00"},
		{"over midnight, the night before its day", saturday, "22:00", "04:00", "2026-03-14T03:00:00+01:00", "2026-03-14T22:00:00+01:00"},
		{"until midnight", sunday, "20:00", "00:00", "2026-03-15T23:59:00+01:00", "2026-03-15T23:59:00+01:00"},
		{"until midnight, past it", sunday, "20:00", "00:00", "2026-03-16T00:00:00+01:00", "2026-03-22T20:00:00+01:00"},
		{"a whole day", sunday, "00:00", "00:00", "2026-03-15T23:59:00+01:00", "2026-03-15T23:59:00+01:00"},
		{"a whole day, past it", sunday, "00:00", "00:00", "2026-03-16T00:00:00+01:00", "2026-03-22T00:00:00+01:00"},
		{"a whole day from noon", sunday, "12:00", "12:00", "2026-03-16T11:59:00+01:00", "2026-03-16T11:59:00+01:00"},
		{"two days in a row", weekend, "22:00", "04:00", "2026-03-15T05:00:00+01:00", "2026-03-15T22:00:00+01:00"},

		{"spring: it opens in the hour that is jumped over", sunday, "02:30", "06:00", "2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00"},
		{"spring: it would lie in that hour", sunday, "02:15", "02:45", "2026-03-29T01:00:00+01:00", "2026-04-05T02:15:00+02:00"},
		{"spring: each night, one would lie in that hour", everyDay, "02:15", "02:45", "2026-03-28T03:00:00+01:00", "2026-03-30T02:15:00+02:00"},
		{"spring: it closes in that hour", sunday, "01:00", "02:30", "2026-03-29T03:00:00+02:00", "2026-04-05T01:00:00+02:00"},
		{"spring: it opens after", sunday, "04:00", "06:00", "2026-03-28T12:00:00+01:00", "2026-03-29T04:00:00+02:00"},
		{"spring: over midnight and the jump", saturday, "22:00", "04:00", "2026-03-29T03:30:00+02:00", "2026-03-29T03:30:00+02:00"},

		{"autumn: the first time", sunday, "02:00", "03:00", "2026-10-25T01:00:00+02:00", "2026-10-25T02:00:00+02:00"},
		{"autumn: the second time", sunday, "02:00", "03:00", "2026-10-25T02:30:00+01:00", "2026-10-25T02:30:00+01:00"},
		{"autumn: between both", sunday, "02:15", "02:45", "2026-10-25T02:50:00+02:00", "2026-10-25T02:15:00+01:00"},
		{"autumn: at the change", sunday, "01:30", "02:30", "2026-10-25T02:45:00+02:00", "2026-10-25T02:00:00+01:00"},
		{"autumn: past both", sunday, "02:00", "03:00", "2026-10-25T03:00:00+01:00", "2026-11-01T02:00:00+01:00"},
		{"autumn: it opens after", sunday, "04:00", "06:00", "2026-10-24T12:00:00+02:00", "2026-10-25T04:00:00+01:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, problems := ParseWindow(strings.Fields(c.days), c.from, c.to, "Europe/Berlin")
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			at, opens := instant(t, c.at), instant(t, c.opens)
			if got := w.Next(at); !got.Equal(opens) {
				t.Errorf("at %s it opens at %s, want %s", c.at, got.Format(time.RFC3339), c.opens)
			}
			if got := w.Open(at); got != at.Equal(opens) {
				t.Errorf("at %s it is open: %v", c.at, got)
			}
			if !w.Open(opens) || w.Set() && !at.Equal(opens) && w.Open(opens.Add(-time.Second)) {
				t.Errorf("it is not at %s that it opens", c.opens)
			}
		})
	}
}

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestParseWindow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, days, from, to, zone string
		words                      string // of a good one
		fields                     string // that are refused
	}{
		{"nothing", "", "", "", "", "At any time", ""},
		{"a zone alone", "", "", " ", "Europe/Berlin", "At any time", ""},
		{"one day", "sun", "02:00", "06:30", "", "Every Sunday, 02:00 to 06:30", ""},
		{"two days", "sun sat", " 22:00", "04:00 ", "Asia/Tokyo", "Every Saturday and Sunday, 22:00 to 04:00 the next day", ""},
		{"a row of days", "mon tue wed", "02:00", "03:00", "", "Every day from Monday to Wednesday, 02:00 to 03:00", ""},
		{"all days", "mon tue wed thu fri sat sun", "00:00", "00:00", "", "Every day, all day", ""},
		{"until midnight", "fri", "20:00", "00:00", "", "Every Friday, 20:00 to 00:00", ""},
		{"no day", "", "02:00", "06:00", "", "", "window_days"},
		{"no day, and a strange time", "", "2 o’clock", "", "", "", "window_days window_from window_to"},
		{"no times", "sun", "", "", "", "", "window_from window_to"},
		{"past the day", "sun", "24:00", "25:00", "", "", "window_from window_to"},
		{"a strange day", "Sunday", "02:00", "06:00", "", "", "window_days"},
		{"a strange zone", "sun", "02:00", "06:00", "Mars/Base", "", "window_time_zone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, problems := ParseWindow(strings.Fields(c.days), c.from, c.to, c.zone)
			var fields []string
			for _, p := range problems {
				fields = append(fields, p.Field)
			}
			if got := strings.Join(fields, " "); got != c.fields {
				t.Fatalf("refused are %q, want %q", got, c.fields)
			}
			if c.fields == "" && w.Words() != c.words {
				t.Errorf("it reads %q, want %q", w.Words(), c.words)
			}
		})
	}
}

func TestWindowIsChecked(t *testing.T) {
	t.Parallel()
	for _, w := range []Window{
		{Days: 1 << 7, Opens: 60, Closes: 120}, {Days: 1, Opens: 24 * 60, Closes: 60}, {Days: 1, Opens: 60, Closes: -1}, {Days: 1, TimeZone: "Mars/Base"},
	} {
		d := Destination{Name: "Disk", Type: DestinationSFTP, SFTPHost: "box", SFTPPort: 22, SFTPUser: "u", SFTPPath: "/b", Window: w}
		var problems Invalids
		if err := d.Validate(); !errors.As(err, &problems) || len(problems) != 1 || !strings.HasPrefix(problems[0].Field, "window_") {
			t.Errorf("%+v is refused with %v", w, err)
		}
	}
}

func TestUpkeep(t *testing.T) {
	t.Parallel()
	w, _ := ParseWindow([]string{"sun"}, "02:00", "06:00", "UTC")
	due := instant(t, "2026-03-10T04:30:00Z") // a Tuesday
	for _, c := range []struct {
		name, now, starts     string
		window                Window
		ready, waits, overdue bool
	}{
		{"not due", "2026-03-10T04:00:00Z", "2026-03-10T04:30:00Z", Window{}, false, false, false},
		{"due, at any time", "2026-03-10T05:00:00Z", "2026-03-10T05:00:00Z", Window{}, true, false, false},
		{"not due, with a window", "2026-03-10T04:00:00Z", "2026-03-15T02:00:00Z", w, false, false, false},
		{"due, and the window is closed", "2026-03-10T05:00:00Z", "2026-03-15T02:00:00Z", w, false, true, false},
		{"due, and the window is open", "2026-03-15T03:00:00Z", "2026-03-15T03:00:00Z", w, true, false, false},
		{"the window passed", "2026-03-15T06:00:00Z", "2026-03-22T02:00:00Z", w, false, true, false},
		{"another passed", "2026-03-22T06:00:00Z", "2026-03-29T02:00:00Z", w, false, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			now := instant(t, c.now)
			u := Destination{Window: c.window}.UpkeepAt(JobPrune, due, now)
			if !u.Starts.Equal(instant(t, c.starts)) || u.Ready(now) != c.ready || u.Waits(now) != c.waits || u.Overdue(now) != c.overdue {
				t.Errorf("it starts at %s, ready: %v, waits: %v, overdue: %v", u.Starts.Format(time.RFC3339), u.Ready(now), u.Waits(now), u.Overdue(now))
			}
		})
	}
}

// TestWindowAsJSON writes what somebody can read without Keepstead.
func TestWindowAsJSON(t *testing.T) {
	t.Parallel()
	for want, w := range map[string]Window{
		`null`: {},
		`{"Days":["mon","sun"],"From":"22:05","To":"04:00","TimeZone":"Europe/Berlin"}`: {
			Days: WeekdaysOf(time.Sunday, time.Monday), Opens: 22*60 + 5, Closes: 4 * 60, TimeZone: "Europe/Berlin",
		},
	} {
		if got, err := json.Marshal(Destination{Window: w}); err != nil || !strings.Contains(string(got), `"Window":`+want) {
			t.Errorf("%s, %v; want %s", got, err, want)
		}
	}
}
