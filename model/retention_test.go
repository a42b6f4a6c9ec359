package model

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func at(t *testing.T, text string) time.Time {
	t.Helper()
	when, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

func TestDecide(t *testing.T) {
	t.Parallel()
	week := []string{
		"2024-03-10 02:00", "2024-03-09 02:00", "2024-03-08 14:00", "2024-03-08 02:00", "2024-03-07 02:00", "2024-03-01 02:00",
		"2024-02-01 02:00", "2023-12-31 02:00",
	}
	for _, c := range []struct {
		name string
		keep Retention
		in   []string // a ~ in front marks a partial one
		want []string
	}{
		{"no rule keeps everything", Retention{}, week, week},
		{"last", Retention{KeepLast: 2}, week, week[:2]},
		{"more than there are", Retention{KeepLast: 100}, week, week},
		{"daily keeps the newest of a day", Retention{KeepDaily: 3}, week, []string{week[0], week[1], week[2]}},
		{"daily with counts left keeps the oldest", Retention{KeepDaily: 100}, []string{week[2], week[3]}, []string{week[2], week[3]}},
		{"weekly by ISO week", Retention{KeepWeekly: 2}, week, []string{week[0], week[5]}},
		{"monthly", Retention{KeepMonthly: 3}, week, []string{week[0], week[6], week[7]}},
		{"yearly", Retention{KeepYearly: 2}, week, []string{week[0], week[7]}},
		{"rules together", Retention{KeepLast: 1, KeepMonthly: 2}, week, []string{week[0], week[6]}},
		{"nothing to decide", Retention{KeepLast: 1}, nil, nil},
		{
			"a partial one never pushes out a full one",
			Retention{KeepLast: 1},
			[]string{"~2024-03-10 02:00", "~2024-03-09 02:00", "2024-03-08 02:00", "2024-03-07 02:00"},
			[]string{"~2024-03-10 02:00", "2024-03-08 02:00"},
		},
		{
			"a partial one does not stand for its day",
			Retention{KeepDaily: 1},
			[]string{"~2024-03-10 12:00", "2024-03-10 02:00"},
			[]string{"~2024-03-10 12:00", "2024-03-10 02:00"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var in []Kept
			for _, text := range c.in {
				moment, partial := strings.CutPrefix(text, "~")
				in = append(in, Kept{ID: text, Time: at(t, moment), Partial: partial})
			}
			slices.Reverse(in) // the order given must not matter
			var got []string
			for _, d := range c.keep.Decide(in, time.UTC) {
				if d.Keep != (len(d.Reasons) > 0) {
					t.Errorf("%s is kept %t because of %v", d.ID, d.Keep, d.Reasons)
				}
				if d.Keep {
					got = append(got, d.ID)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("kept %v, want %v", got, c.want)
			}
		})
	}
}

func TestDecideUsesTheZone(t *testing.T) {
	t.Parallel()
	in := []Kept{{ID: "a", Time: at(t, "2024-03-09 23:30")}, {ID: "b", Time: at(t, "2024-03-10 00:30")}, {ID: "c", Time: at(t, "2024-03-08 12:00")}}
	count := func(zone *time.Location) int {
		n := 0
		for _, d := range (Retention{KeepDaily: 2}).Decide(in, zone) {
			if d.Keep && d.ID != "c" {
				n++
			}
		}
		return n
	}
	if utc, east := count(time.UTC), count(time.FixedZone("east", 3600)); utc != 2 || east != 1 {
		t.Errorf("kept %d in UTC and %d in the east", utc, east)
	}
}

func TestRetentionWords(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]Retention{
		"everything, for ever":            {},
		"7 daily, 4 weekly, 6 monthly":    DefaultPolicy().Retention,
		"1 latest, 2 hourly and 3 yearly": {KeepLast: 1, KeepHourly: 2, KeepYearly: 3},
	} {
		if got := r.Words(); got != strings.ReplaceAll(want, " and ", ", ") {
			t.Errorf("%+v is %q", r, got)
		}
	}
}
