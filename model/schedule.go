package model

import (
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Cron is a checked schedule with its time zone.
type Cron struct {
	schedule cron.Schedule
	zone     *time.Location
	text     string
	delay    time.Duration // of each slot
}

var descriptors = map[string]string{
	"@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
	"@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}

// Cron parses the policy's schedule in its time zone. The error is an Invalids that names `schedule` or `time_zone`.
func (p Policy) Cron() (Cron, error) {
	var problems Invalids
	zone, err := LoadZone(p.TimeZone)
	if err != nil {
		problems.Add("time_zone", "%q is not a known time zone; use a name such as Europe/Berlin.", clip(p.TimeZone))
	}
	text := strings.TrimSpace(p.Schedule)
	if fields, ok := descriptors[text]; ok {
		text = fields
	}
	if text == "" {
		problems.Add("schedule", "Give a schedule: five cron fields such as 0 2 * * *, or @daily.")
		return Cron{}, problems
	}
	text = sundays(text)
	if len(text) > 200 || strings.Contains(text, "@") || strings.Contains(text, "=") {
		problems.Add("schedule", "Use five cron fields such as 0 2 * * *, or @hourly, @daily, @weekly, @monthly, @yearly.")
		return Cron{}, problems
	}
	parsed, err := cron.ParseStandard(text)
	if err != nil {
		problems.Add("schedule", "Not a schedule (%s). Use five cron fields: minute hour day month weekday, such as 0 2 * * *.", err)
		return Cron{}, problems
	}
	c := Cron{schedule: parsed, zone: zone, text: text}
	if zone != nil && c.Next(time.Now()).IsZero() {
		problems.Add("schedule", "This schedule never comes due: no such day in any month.")
	}
	return c, problems.Err()
}

// sundays writes the weekday 7, which many crons take for Sunday, as the parser's 0.
func sundays(text string) string {
	fields := strings.Fields(text)
	if len(fields) != 5 {
		return text
	}
	days := strings.Split(fields[4], ",")
	for i, day := range days {
		if from, ok := strings.CutSuffix(day, "-7"); ok {
			days[i] = from + "-6,0"
		} else if day == "7" {
			days[i] = "0"
		}
	}
	fields[4] = strings.Join(days, ",")
	return strings.Join(fields, " ")
}

// LoadZone returns the location for an IANA name; empty means the server's own zone.
func LoadZone(name string) (*time.Location, error) {
	if name == "" {
		return time.Local, nil
	}
	return time.LoadLocation(name)
}

// Fields returns the schedule as five cron fields, descriptors spelled out.
func (c Cron) Fields() string { return c.text }

// Zone returns the schedule's location.
func (c Cron) Zone() *time.Location { return c.zone }

// Next returns the first slot after t, or the zero time when there is none within five years. A slot that the clocks
// jump over in spring comes as long after the jump as it lay behind its start; one that they repeat in autumn comes
// once, unless the schedule runs in every hour.
func (c Cron) Next(t time.Time) time.Time {
	next := c.next(t.Add(-c.delay))
	if next.IsZero() {
		return next
	}
	return next.Add(c.delay)
}

// next is Next without the delay.
func (c Cron) next(t time.Time) time.Time {
	next := c.schedule.Next(t.In(c.zone))
	for !next.IsZero() && !c.everyHour() && repeated(next) {
		next = c.schedule.Next(next)
	}
	if _, end := t.In(c.zone).ZoneBounds(); !next.IsZero() && (end.IsZero() || next.Before(end)) {
		return next // the clocks are not changed before, so none is jumped over
	}
	if skipped := c.skipped(t); !skipped.IsZero() && (next.IsZero() || skipped.Before(next)) {
		return skipped
	}
	return next
}

// skipped returns the moment for the next slot on the wall's clock when no such time exists in the zone.
func (c Cron) skipped(t time.Time) time.Time {
	wall := c.schedule.Next(onWall(t.In(c.zone), time.UTC))
	if wall.IsZero() {
		return time.Time{}
	}
	real := onWall(wall, c.zone)
	shown := onWall(real, time.UTC)
	if shown.Equal(wall) {
		return time.Time{}
	}
	if shown.Before(wall) { // of the two moments it may mean, the library took the one before the jump, west of Greenwich
		real = real.Add(wall.Sub(shown))
	}
	if !real.After(t) {
		return time.Time{}
	}
	return real
}

// onWall returns the moment at which the clocks of zone show what t shows.
func onWall(t time.Time, zone *time.Location) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
}

// repeated says that the clocks showed the same time before they were put back.
func repeated(t time.Time) bool {
	start, _ := t.ZoneBounds()
	if start.IsZero() {
		return false
	}
	_, now := t.Zone()
	_, before := start.Add(-time.Second).Zone()
	return t.Sub(start) < time.Duration(before-now)*time.Second
}

// everyHour says that the schedule's hour is a plain star.
func (c Cron) everyHour() bool {
	spec, ok := c.schedule.(*cron.SpecSchedule)
	return ok && spec.Hour&(1<<24-1) == 1<<24-1
}

// NextRuns returns the n slots after t.
func (c Cron) NextRuns(t time.Time, n int) []time.Time {
	out := make([]time.Time, 0, n)
	for range n {
		t = c.Next(t)
		if t.IsZero() {
			break
		}
		out = append(out, t)
	}
	return out
}

// LastMissed returns the newest slot in (since, now], or the zero time when none was missed.
func (c Cron) LastMissed(since, now time.Time) time.Time {
	// Stepping back in growing strides finds the newest slot without walking years of minutes one by one.
	for stride := time.Hour; ; stride *= 4 {
		from := now.Add(-stride)
		if from.Before(since) {
			from = since
		}
		var last time.Time
		for t := c.Next(from); !t.IsZero() && !t.After(now); t = c.Next(t) {
			last = t
		}
		if !last.IsZero() || from.Equal(since) {
			return last
		}
	}
}
