package ui

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// Bytes writes a size in IEC units: 1.2 GiB. A negative size is not known.
func Bytes(n int64) string {
	if n < 0 {
		return "unknown"
	}
	return humanize.IBytes(uint64(n))
}

// ExactBytes writes a size to the byte, for a title.
func ExactBytes(n int64) string {
	if n < 0 {
		return "unknown"
	}
	return humanize.Comma(n) + " bytes"
}

// Count writes a number with thousands separators.
func Count(n int) string { return humanize.Comma(int64(n)) }

// Plural writes a count with its noun: “1 file”, “2,310 files”.
func Plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Count(n) + " " + many
}

// Duration writes a span in its two largest units: “2 m 10 s”, “3 h 5 m”, “820 ms”.
func Duration(d time.Duration) string {
	switch {
	case d < 0:
		return "0 s"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return strings.TrimSuffix(strconv.FormatFloat(d.Seconds(), 'f', 1, 64), ".0") + " s"
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return two(d, time.Minute, "m", time.Second, "s")
	case d < 48*time.Hour:
		return two(d, time.Hour, "h", time.Minute, "m")
	}
	return two(d, 24*time.Hour, "d", time.Hour, "h")
}

func two(d, big time.Duration, bigUnit string, small time.Duration, smallUnit string) string {
	rest := (d % big) / small
	if rest == 0 {
		return fmt.Sprintf("%d %s", d/big, bigUnit)
	}
	return fmt.Sprintf("%d %s %d %s", d/big, bigUnit, rest, smallUnit)
}

// Percent writes a share of 1: “43 %”. Below 1 it never says 100.
func Percent(share float64) string {
	n := int(share * 100)
	if share < 1 && n > 99 {
		n = 99
	}
	return strconv.Itoa(max(0, min(n, 100))) + " %"
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
		return "just now"
	case d < 45*time.Second:
		return "in a moment"
	case d < time.Hour:
		span = fmt.Sprintf("%d m", max(1, int(d.Round(time.Minute).Minutes())))
	case d < 24*time.Hour:
		span = fmt.Sprintf("%d h", int(d.Round(time.Hour).Hours()))
	case d < 7*24*time.Hour:
		span = fmt.Sprintf("%d d", int(d.Round(24*time.Hour).Hours()/24))
	case t.In(c.zone()).Year() == c.Now.In(c.zone()).Year():
		return t.In(c.zone()).Format("2 Jan")
	default:
		return t.In(c.zone()).Format("2 Jan 2006")
	}
	if ahead {
		return "in " + span
	}
	return span + " ago"
}

// Exact writes t to the second in the page's zone, for a title.
func (c Clock) Exact(t time.Time) string {
	return t.In(c.zone()).Format("Mon 2 Jan 2006, 15:04:05 MST")
}

// Day writes the date of t in the page's zone.
func (c Clock) Day(t time.Time) string { return t.In(c.zone()).Format("2 Jan 2006") }

// Moment writes t by day and hour: “today 02:00”, “tomorrow 02:00”, “Fri 02:00”, “3 Jan 02:00”.
func (c Clock) Moment(t time.Time) string {
	local, now := t.In(c.zone()), c.Now.In(c.zone())
	days := daysBetween(now, local)
	hour := local.Format("15:04")
	switch {
	case days == 0:
		return "today " + hour
	case days == 1:
		return "tomorrow " + hour
	case days == -1:
		return "yesterday " + hour
	case days > 1 && days < 7:
		return local.Format("Mon ") + hour
	case local.Year() == now.Year():
		return local.Format("2 Jan ") + hour
	}
	return local.Format("2 Jan 2006 ") + hour
}

// daysBetween counts the midnights from a to b, whatever a summer-time change does to the hours between.
func daysBetween(a, b time.Time) int {
	day := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	return int(day(b).Sub(day(a)).Hours() / 24)
}

func (c Clock) zone() *time.Location {
	if c.Zone == nil {
		return time.UTC
	}
	return c.Zone
}

// Plain takes the signs out of a name that turn the direction of what follows it in a sentence.
func Plain(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 {
			return -1
		}
		return r
	}, name)
}
