package model

import (
	"strings"
	"testing"
	"time"
)

func cronOf(t *testing.T, schedule, zone string) Cron {
	t.Helper()
	c, err := Policy{Schedule: schedule, TimeZone: zone}.Cron()
	if err != nil {
		t.Fatalf("%q in %q: %v", schedule, zone, err)
	}
	return c
}

func TestScheduleIsChecked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ schedule, zone, field string }{
		{"0 2 * * *", "", ""},
		{"  0 2 * * *  ", "Europe/Berlin", ""},
		{"@daily", "UTC", ""},
		{"@hourly", "", ""},
		{"*/15 1-5,23 * jan-mar mon", "America/New_York", ""},
		{"0 0 29 2 *", "", ""},
		{"0 2 * * 7", "", ""},
		{"0 2 * * 5-7", "", ""},
		{"0 2 * * 8", "", "schedule"},
		{"", "", "schedule"},
		{"0 2 * *", "", "schedule"},
		{"0 0 2 * * *", "", "schedule"},
		{"61 2 * * *", "", "schedule"},
		{"0 24 * * *", "", "schedule"},
		{"0 0 31 2 *", "", "schedule"},
		{"@every 1s", "", "schedule"},
		{"@reboot", "", "schedule"},
		{"TZ=UTC 0 2 * * *", "", "schedule"},
		{"CRON_TZ=UTC 0 2 * * *", "", "schedule"},
		{"every day", "", "schedule"},
		{"0 2 * * *\x00", "", "schedule"},
		{strings.Repeat("1,", 200) + "1 * * * *", "", "schedule"},
		{"0 2 * * *", "Mars/Olympus", "time_zone"},
		{"0 2 * * *", "../../etc/passwd", "time_zone"},
	} {
		_, err := Policy{Schedule: c.schedule, TimeZone: c.zone}.Cron()
		switch refused := Refused(err); {
		case c.field == "" && err != nil:
			t.Errorf("%q in %q is refused: %v", c.schedule, c.zone, err)
		case c.field != "" && (len(refused) == 0 || refused[0].Field != c.field || refused[0].Reason == ""):
			t.Errorf("%q in %q gives %v, want %s refused", c.schedule, c.zone, err, c.field)
		}
	}
}

func TestSundayIsSevenToo(t *testing.T) {
	t.Parallel()
	from := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC) // a Wednesday
	for seven, zero := range map[string]string{"0 2 * * 7": "0 2 * * 0", "0 2 * * 5-7": "0 2 * * 5,6,0", "0 2 * * 1,7": "0 2 * * 0,1"} {
		got, want := cronOf(t, seven, "UTC").NextRuns(from, 6), cronOf(t, zero, "UTC").NextRuns(from, 6)
		for i := range want {
			if !got[i].Equal(want[i]) {
				t.Errorf("%s comes at %v, want %v", seven, got[i], want[i])
			}
		}
	}
}

func TestNextRunsOverClockChanges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, schedule, from string
		want                 []string
	}{
		{"spring skips an hour", "0 2 * * *", "2024-03-30T12:00:00+01:00", []string{"2024-03-31T03:00:00+02:00", "2024-04-01T02:00:00+02:00"}},
		{"spring, inside the hour", "30 2 * * *", "2024-03-30T12:00:00+01:00", []string{"2024-03-31T03:30:00+02:00", "2024-04-01T02:30:00+02:00"}},
		{"autumn repeats one", "30 2 * * *", "2024-10-26T12:00:00+02:00", []string{"2024-10-27T02:30:00+02:00", "2024-10-28T02:30:00+01:00"}},
		{"hourly in autumn", "0 * * * *", "2024-10-27T01:30:00+02:00", []string{
			"2024-10-27T02:00:00+02:00", "2024-10-27T02:00:00+01:00", "2024-10-27T03:00:00+01:00",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			from, err := time.Parse(time.RFC3339, c.from)
			if err != nil {
				t.Fatal(err)
			}
			for i, next := range cronOf(t, c.schedule, "Europe/Berlin").NextRuns(from, len(c.want)) {
				if got := next.Format(time.RFC3339); got != c.want[i] {
					t.Errorf("run %d is at %s, want %s", i, got, c.want[i])
				}
			}
		})
	}
}

func TestLastMissed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, schedule, since, now, want string }{
		{"none yet", "0 2 * * *", "2024-03-10 02:00", "2024-03-10 12:00", ""},
		{"one", "0 2 * * *", "2024-03-10 02:00", "2024-03-11 12:00", "2024-03-11 02:00"},
		{"the newest of many", "0 2 * * *", "2020-01-01 00:00", "2024-03-11 12:00", "2024-03-11 02:00"},
		{"the very minute", "0 2 * * *", "2024-03-10 02:00", "2024-03-11 02:00", "2024-03-11 02:00"},
		{"every minute for years", "* * * * *", "2020-01-01 00:00", "2024-03-11 12:00", "2024-03-11 12:00"},
		{"once a year", "0 0 1 1 *", "2021-06-01 00:00", "2024-03-11 12:00", "2024-01-01 00:00"},
		{"a clock that went back", "0 2 * * *", "2024-03-12 02:00", "2024-03-11 12:00", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			got := cronOf(t, c.schedule, "UTC").LastMissed(at(t, c.since), at(t, c.now))
			if c.want == "" && !got.IsZero() || c.want != "" && !got.Equal(at(t, c.want)) {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if took := time.Since(began); took > time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}
