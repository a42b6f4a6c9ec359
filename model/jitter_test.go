package model

import (
	"testing"
	"time"

	"github.com/google/uuid"
)

// TestDelaysAreSpread gives each app a delay of its own that stays, fills the whole span, and grows with it.
func TestDelaysAreSpread(t *testing.T) {
	t.Parallel()
	const span = 30
	counts := map[time.Duration]int{}
	for range 3100 {
		app := NewID()
		d := Policy{JitterMinutes: span}.Delay(app)
		counts[d]++
		if d < 0 || d > span*time.Minute || d%time.Minute != 0 {
			t.Fatalf("the delay is %v", d)
		}
		if again := (Policy{JitterMinutes: span, Name: "another"}).Delay(app); again != d {
			t.Fatalf("the delay of one app is %v, then %v", d, again)
		}
		if more := (Policy{JitterMinutes: 2 * span}).Delay(app); more < d {
			t.Fatalf("with more jitter the app starts %v before", d-more)
		}
		if none := (Policy{}).Delay(app); none != 0 {
			t.Fatalf("without jitter it starts %v later", none)
		}
	}
	for minute := range time.Duration(span + 1) {
		if n := counts[minute*time.Minute]; n < 50 || n > 170 { // 100 each, with twice the room that chance needs
			t.Errorf("%d of 3100 apps start %d minutes later, want about 100", n, minute)
		}
	}
}

// TestNextRunWithDelay asks for the run after a moment and the newest one up to it, also where the clocks are changed.
func TestNextRunWithDelay(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, zone string
		delay      time.Duration
		from       string
		next, last string // of the same moment
	}{
		{"before the slot", "Europe/Berlin", 40 * time.Minute, "2026-05-05T01:00:00+02:00", "2026-05-05T02:40:00+02:00", "2026-05-04T02:40:00+02:00"},
		{"between the slot and the start", "Europe/Berlin", 40 * time.Minute, "2026-05-05T02:10:00+02:00", "2026-05-05T02:40:00+02:00", "2026-05-04T02:40:00+02:00"},
		{"at the start", "Europe/Berlin", 40 * time.Minute, "2026-05-05T02:40:00+02:00", "2026-05-06T02:40:00+02:00", "2026-05-05T02:40:00+02:00"},
		{"no delay", "Europe/Berlin", 0, "2026-05-05T02:00:00+02:00", "2026-05-06T02:00:00+02:00", "2026-05-05T02:00:00+02:00"},
		{"nearly a day", "Europe/Berlin", 23*time.Hour + 59*time.Minute, "2026-05-05T01:58:00+02:00", "2026-05-05T01:59:00+02:00", "2026-05-04T01:59:00+02:00"},
		{"over the hour that is skipped", "Europe/Berlin", 40 * time.Minute, "2026-03-29T01:30:00+01:00", "2026-03-29T03:40:00+02:00", "2026-03-28T02:40:00+01:00"},
		{"over the hour that comes twice", "Europe/Berlin", 90 * time.Minute, "2026-10-25T02:10:00+02:00", "2026-10-25T02:30:00+01:00", "2026-10-24T03:30:00+02:00"},
		{"after the hour that comes twice", "Europe/Berlin", 90 * time.Minute, "2026-10-25T02:30:00+01:00", "2026-10-26T03:30:00+01:00", "2026-10-25T02:30:00+01:00"},
		{"west of Greenwich", "America/New_York", 40 * time.Minute, "2026-03-08T01:30:00-05:00", "2026-03-08T03:40:00-04:00", "2026-03-07T02:40:00-05:00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cron := cronOf(t, "0 2 * * *", tt.zone).Later(tt.delay)
			from := moment(t, tt.from)
			if next := cron.Next(from); !next.Equal(moment(t, tt.next)) {
				t.Errorf("the next run is %v, want %s", next, tt.next)
			}
			if last := cron.LastMissed(from.AddDate(0, 0, -3), from); !last.Equal(moment(t, tt.last)) {
				t.Errorf("the newest run is %v, want %s", last, tt.last)
			}
		})
	}
}

func moment(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// TestJitterEndsBeforeTheNextSlot allows as much jitter as lies between two runs of a schedule, and a day at most.
func TestJitterEndsBeforeTheNextSlot(t *testing.T) {
	t.Parallel()
	for schedule, most := range map[string]int{
		"* * * * *": 0, "*/2 * * * *": 1, "*/7 * * * *": 3, "0 * * * *": 59, "0,5 2 * * *": 4, "0 */6 * * *": 359, "30 2 * * *": 1439, "0 0,23 * * *": 59,
		"0 3 * * 0": MaxJitter, "0 3 * * 0,1": 1439, "0 3 1 * *": MaxJitter, "0 3 1,2 * *": 1439, "@yearly": MaxJitter, "0 0 29 2 *": MaxJitter,
		"0 0 31 12 *": MaxJitter, "59 23 31 12,1 *": MaxJitter, "0 0 28 2,3 *": MaxJitter,
	} {
		p := Policy{Name: "p", Schedule: schedule, TimeZone: "Europe/Berlin", DestinationIDs: []uuid.UUID{NewID()}}
		for _, minutes := range []int{0, most} {
			p.JitterMinutes = minutes
			if err := p.Validate(); err != nil {
				t.Errorf("%d minutes of jitter for %q: %v", minutes, schedule, err)
			}
		}
		for _, minutes := range []int{-1, most + 1, MaxJitter + 1} {
			p.JitterMinutes = minutes
			if refused := Refused(p.Validate()); len(refused) != 1 || refused[0].Field != "jitter_minutes" {
				t.Errorf("%d minutes of jitter for %q: %v", minutes, schedule, refused)
			}
		}
	}
	p := Policy{Name: "p", Schedule: "61 * * * *", JitterMinutes: 30, DestinationIDs: []uuid.UUID{NewID()}}
	if refused := Refused(p.Validate()); len(refused) != 1 || refused[0].Field != "schedule" {
		t.Errorf("with a schedule that cannot be read: %v", refused)
	}
}
