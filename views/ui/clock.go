// Package ui holds the pieces that pages share: icons, badges, fields, times, sizes. It knows the model and no page.
package ui

import (
	"fmt"
	"time"

	"keepstead/model"
	"keepstead/views/lang"
)

// Clock is the moment a page was asked for, the zone its times are shown in, and how they are written.
type Clock struct {
	Now  time.Time
	Zone *time.Location
	// Hours and Dates are how the user wants hours and dates; empty is 14:30 and 31 Jan 2026.
	Hours model.HourClock
	Dates model.DateOrder
	// Language of the names of days and months; nil is English.
	Language *lang.Language
}

// In is the same clock in another zone, for times that belong to one, such as a policy's.
func (c Clock) In(zone *time.Location) Clock {
	c.Zone = zone
	return c
}

// Relative writes t as seen from now: “4 m ago”, “in 3 h”, and the date beyond six days. app.js
// writes the same in open pages.
func (c Clock) Relative(t time.Time) string {
	d := c.Now.Sub(t)
	ahead := d < 0
	if ahead {
		d = -d
	}
	var span string
	switch {
	case d < 45*time.Second && !ahead:
		return c.tell("just now")
	case d < 45*time.Second:
		return c.tell("in a moment")
	case d < time.Hour:
		span = fmt.Sprintf("%d m", max(1, int(d.Round(time.Minute).Minutes())))
	case d < 24*time.Hour:
		span = fmt.Sprintf("%d h", int(d.Round(time.Hour).Hours()))
	case d < 7*24*time.Hour:
		span = fmt.Sprintf("%d d", int(d.Round(24*time.Hour).Hours()/24))
	case c.local(t).Year() == c.local(c.Now).Year():
		return c.ShortDay(t)
	default:
		return c.Day(t)
	}
	if ahead {
		return c.tell("in " + span)
	}
	return c.tell(span + " ago")
}

// tell puts a text into the clock's language.
func (c Clock) tell(text string) string {
	out, _ := c.Language.Text(text)
	return out
}

// write writes t by a layout of time.Format.
func (c Clock) write(t time.Time, layout string) string { return c.Language.Format(c.local(t), layout) }

// Exact writes t to the second, for a title: “Sat 31 Jan 2026, 14:30:05 CET”.
func (c Clock) Exact(t time.Time) string {
	return c.write(t, c.weekday()+c.date()+", "+c.seconds()+" MST")
}

// Day writes the date of t: “31 Jan 2026”.
func (c Clock) Day(t time.Time) string { return c.write(t, c.date()) }

// ShortDay writes the date of t where its year is plain: “31 Jan”.
func (c Clock) ShortDay(t time.Time) string { return c.write(t, c.shortDate()) }

// Weekday writes the day of t with its name: “Sat 31 Jan”.
func (c Clock) Weekday(t time.Time) string { return c.write(t, c.weekday()+c.shortDate()) }

// Minute writes t to the minute: “31 Jan 2026, 14:30”.
func (c Clock) Minute(t time.Time) string { return c.write(t, c.date()+", "+c.hours()) }

// Slot writes t to the minute with the name of the day: “Sat 31 Jan 2026, 14:30”.
func (c Clock) Slot(t time.Time) string {
	return c.write(t, c.weekday()+c.date()+", "+c.hours())
}

// Hour writes the hour of t: “14:30”.
func (c Clock) Hour(t time.Time) string { return c.write(t, c.hours()) }

// Second writes the hour of t to the second: “14:30:05”.
func (c Clock) Second(t time.Time) string { return c.write(t, c.seconds()) }

// Moment writes t by day and hour: “today 02:00”, “tomorrow 02:00”, “Fri 02:00”, “3 Jan 02:00”.
func (c Clock) Moment(t time.Time) string {
	local, now := c.local(t), c.local(c.Now)
	days := daysBetween(now, local)
	hour := c.Hour(t)
	switch {
	case days == 0:
		return c.tell("today") + " " + hour
	case days == 1:
		return c.tell("tomorrow") + " " + hour
	case days == -1:
		return c.tell("yesterday") + " " + hour
	case days > 1 && days < 7:
		return c.write(t, "Mon ") + hour
	case local.Year() == now.Year():
		return c.ShortDay(t) + " " + hour
	}
	return c.Day(t) + " " + hour
}

// daysBetween counts the midnights from a to b, whatever a summer-time change does to the hours between.
func daysBetween(a, b time.Time) int {
	day := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	return int(day(b).Sub(day(a)).Hours() / 24)
}

func (c Clock) local(t time.Time) time.Time {
	if c.Zone == nil {
		return t.UTC()
	}
	return t.In(c.Zone)
}

// The layouts below are those of time.Format.

func (c Clock) hours() string {
	if c.Hours == model.Hours12 {
		return "3:04 PM"
	}
	return "15:04"
}

func (c Clock) seconds() string {
	if c.Hours == model.Hours12 {
		return "3:04:05 PM"
	}
	return "15:04:05"
}

func (c Clock) date() string {
	switch c.Dates {
	case model.MonthFirst:
		return "Jan 2, 2006"
	case model.YearFirst:
		return time.DateOnly
	}
	return "2 Jan 2006"
}

// shortDate keeps the year where it comes first: 01-31 alone could be read either way.
func (c Clock) shortDate() string {
	switch c.Dates {
	case model.MonthFirst:
		return "Jan 2"
	case model.YearFirst:
		return time.DateOnly
	}
	return "2 Jan"
}

func (c Clock) weekday() string {
	if c.Dates == model.MonthFirst {
		return "Mon, "
	}
	return "Mon "
}
