package ui

import (
	"testing"
	"time"

	"keepstead/model"
)

func TestBytes(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{-1: "unknown", 0: "0 B", 1023: "1023 B", 1536: "1.5 KiB", 5 << 30: "5.0 GiB"} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %q, want %q", n, got, want)
		}
	}
	if got := ExactBytes(1234567); got != "1,234,567 bytes" {
		t.Errorf("ExactBytes = %q", got)
	}
}

func TestDuration(t *testing.T) {
	t.Parallel()
	cases := map[time.Duration]string{
		-time.Second: "0 s", 820 * time.Millisecond: "820 ms", 2 * time.Second: "2 s", 2500 * time.Millisecond: "2.5 s",
		59 * time.Second: "59 s", 130 * time.Second: "2 m 10 s", 2 * time.Minute: "2 m", 185 * time.Minute: "3 h 5 m",
		50 * time.Hour: "2 d 2 h",
	}
	for d, want := range cases {
		if got := Duration(d); got != want {
			t.Errorf("Duration(%s) = %q, want %q", d, got, want)
		}
	}
}

func TestPercent(t *testing.T) {
	t.Parallel()
	for share, want := range map[float64]string{0: "0 %", 0.434: "43 %", 0.9999: "99 %", 1: "100 %", 1.2: "100 %", -1: "0 %"} {
		if got := Percent(share); got != want {
			t.Errorf("Percent(%g) = %q, want %q", share, got, want)
		}
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 28, 22, 30, 0, 0, zone) // the night before summer time
	c := Clock{Now: now, Zone: zone}
	cases := []struct {
		name             string
		at               time.Time
		relative, moment string
	}{
		{"now", now, "just now", "today 22:30"},
		{"soon", now.Add(20 * time.Second), "in a moment", "today 22:30"},
		{"minutes ago", now.Add(-4 * time.Minute), "4 m ago", "today 22:26"},
		{"hours ahead", now.Add(3 * time.Hour), "in 3 h", "tomorrow 01:30"},
		{"over the change", now.Add(24 * time.Hour), "in 1 d", "tomorrow 23:30"},
		{"yesterday", now.Add(-23 * time.Hour), "23 h ago", "yesterday 23:30"},
		{"this week", now.Add(-3 * 24 * time.Hour), "3 d ago", "25 Mar 22:30"},
		{"this year", now.AddDate(0, -2, 0), "28 Jan", "28 Jan 22:30"},
		{"another year", now.AddDate(-1, 0, 0), "28 Mar 2025", "28 Mar 2025 22:30"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := c.Relative(tc.at); got != tc.relative {
				t.Errorf("Relative = %q, want %q", got, tc.relative)
			}
			if got := c.Moment(tc.at); got != tc.moment {
				t.Errorf("Moment = %q, want %q", got, tc.moment)
			}
		})
	}
	if got := c.Exact(now); got != "Sat 28 Mar 2026, 22:30:00 CET" {
		t.Errorf("Exact = %q", got)
	}
	american := Clock{Now: now, Zone: zone, Hours: model.Hours12, Dates: model.MonthFirst}
	iso := Clock{Now: now, Zone: zone, Dates: model.YearFirst}
	for got, want := range map[string]string{
		american.Exact(now):                      "Sat, Mar 28, 2026, 10:30:00 PM CET",
		american.Moment(now.AddDate(-1, 0, 0)):   "Mar 28, 2025 10:30 PM",
		american.Moment(now.Add(3 * time.Hour)):  "tomorrow 1:30 AM",
		american.Relative(now.AddDate(0, -2, 0)): "Jan 28",
		iso.Slot(now):                            "Sat 2026-03-28, 22:30",
		iso.Moment(now.AddDate(0, -2, 0)):        "2026-01-28 22:30",
		iso.In(time.UTC).Minute(now):             "2026-03-28, 21:30",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := (Clock{Now: now}).Exact(now); got != "Sat 28 Mar 2026, 21:30:00 UTC" {
		t.Errorf("Exact without a zone = %q", got)
	}
}
