package model

import (
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// longList is how many times of day are named one by one.
const longList = 6

// Words says the schedule in plain English. It reads the parsed fields that Next walks, so the words and the runs cannot
// part.
func (c Cron) Words() string {
	spec, ok := c.schedule.(*cron.SpecSchedule)
	if !ok {
		return c.text
	}
	minutes, hours := field(spec.Minute, 0, 59), field(spec.Hour, 0, 23)
	days, always := dayWords(spec)
	if len(minutes)*len(hours) <= longList && len(hours) < 24 && len(minutes) < 60 {
		return days + " at " + joined(clocks(hours, minutes))
	}
	often := oftenWords(minutes, hours)
	if always {
		return often
	}
	return often + ", " + strings.ToLower(days[:1]) + days[1:]
}

// field lists the values of a parsed cron field.
func field(bits uint64, from, to int) []int {
	var out []int
	for v := from; v <= to; v++ {
		if bits&(1<<uint(v)) != 0 {
			out = append(out, v)
		}
	}
	return out
}

// starred says that a field was written as a plain star, which decides how day and weekday go together.
func starred(bits uint64) bool { return bits&(1<<63) != 0 }

// step is the even distance between the values, 0 where there is none.
func step(values []int) int {
	if len(values) < 3 {
		return 0
	}
	by := values[1] - values[0]
	for i := range values[1:] {
		if values[i+1]-values[i] != by {
			return 0
		}
	}
	return by
}

func clocks(hours, minutes []int) []string {
	var out []string
	for _, h := range hours {
		for _, m := range minutes {
			out = append(out, fmt.Sprintf("%02d:%02d", h, m))
		}
	}
	return out
}

// oftenWords says a schedule that runs too often to name each time of day.
func oftenWords(minutes, hours []int) string {
	first, last := hours[0], hours[len(hours)-1]
	from := fmt.Sprintf(" from %02d:%02d to %02d:%02d", first, minutes[0], last, minutes[len(minutes)-1])
	by := step(hours)
	switch {
	case len(minutes) == 1 && len(hours) == 24:
		if minutes[0] == 0 {
			return "Every hour"
		}
		return fmt.Sprintf("Every hour at :%02d", minutes[0])
	case len(minutes) == 1 && by > 0:
		return every(by, "hour") + from
	case len(hours) == 24 && minuteStep(minutes) > 0:
		return every(minuteStep(minutes), "minute")
	case len(hours) == 24:
		return "Every hour " + minuteWords(minutes)
	case minuteStep(minutes) > 0 && (by == 1 || last-first == len(hours)-1):
		return every(minuteStep(minutes), "minute") + from
	case minuteStep(minutes) > 0:
		return every(minuteStep(minutes), "minute") + " of the hours " + joined(numbers("%02d", hours))
	case len(minutes) == 1:
		return fmt.Sprintf("At :%02d of the hours %s", minutes[0], joined(numbers("%02d", hours)))
	}
	words := minuteWords(minutes)
	return strings.ToUpper(words[:1]) + words[1:] + " of the hours " + joined(numbers("%02d", hours))
}

// minuteStep is the step of minutes that divide the hour evenly, 0 for others.
func minuteStep(minutes []int) int {
	if len(minutes) == 2 && minutes[0] == 0 && minutes[1] == 30 {
		return 30
	}
	if by := step(minutes); by > 0 && minutes[0] == 0 && by*len(minutes) == 60 {
		return by
	}
	return 0
}

// minuteWords says which minutes of an hour: a run of them by its ends.
func minuteWords(minutes []int) string {
	if by := step(minutes); by > 0 && len(minutes) > longList {
		return fmt.Sprintf("%s from :%02d to :%02d", strings.ToLower(every(by, "minute")), minutes[0], minutes[len(minutes)-1])
	}
	return "at " + joined(numbers(":%02d", minutes))
}

func every(n int, unit string) string {
	if n == 1 {
		return "Every " + unit
	}
	return fmt.Sprintf("Every %d %ss", n, unit)
}

// dayWords says the days; always says that they are all the days there are.
func dayWords(spec *cron.SpecSchedule) (words string, always bool) {
	days, weekdays, months := field(spec.Dom, 1, 31), field(spec.Dow, 0, 6), field(spec.Month, 1, 12)
	everyDay, everyWeekday := len(days) == 31, len(weekdays) == 7
	if !starred(spec.Dom) && !starred(spec.Dow) && (everyDay || everyWeekday) { // either is enough, and one always is
		everyDay, everyWeekday = true, true
	}
	switch {
	case everyDay && everyWeekday:
		return "Every day" + within(months), len(months) == 12
	case everyDay:
		return weekdayWords(weekdays) + within(months), false
	case everyWeekday && len(days) == 1 && len(months) == 1:
		return fmt.Sprintf("Every year on %d %s", days[0], time.Month(months[0])), false
	case everyWeekday:
		return monthdayWords(days, months), false
	}
	weekday := weekdayWords(weekdays)
	return monthdayWords(days, months) + ", and " + strings.ToLower(weekday[:1]) + weekday[1:] + within(months), false
}

// within says the months of a schedule that does not run in all of them.
func within(months []int) string {
	if len(months) == 12 {
		return ""
	}
	names := numberedNames(months, func(n int) string { return time.Month(n).String() })
	if step(months) == 1 {
		return " from " + names[0] + " to " + names[len(names)-1]
	}
	return " in " + joined(names)
}

func weekdayWords(weekdays []int) string {
	var ordered []int // the week begins on Monday, as the rule of ISO weeks has it
	for _, d := range append(weekdays[:len(weekdays):len(weekdays)], 7) {
		if d != 0 && (d != 7 || weekdays[0] == 0) {
			ordered = append(ordered, d)
		}
	}
	names := numberedNames(ordered, func(n int) string { return time.Weekday(n % 7).String() })
	if step(ordered) == 1 {
		return "Every day from " + names[0] + " to " + names[len(names)-1]
	}
	return "Every " + joined(names)
}

func monthdayWords(days, months []int) string {
	of := " of every month"
	switch last := days[len(days)-1]; {
	case len(months) < 12:
		of = " of " + joined(numberedNames(months, func(n int) string { return time.Month(n).String() }))
	case last > 28 && len(days) == 1:
		of = " of every month that has one"
	}
	names := numberedNames(days, ordinal)
	first, last := names[0], names[len(names)-1]
	switch by := step(days); {
	case by == 1:
		return "From the " + first + " to the " + last + of
	case by > 1 && len(days) > longList:
		return fmt.Sprintf("On every %s day from the %s to the %s%s", ordinal(by), first, last, of)
	}
	return "On the " + joined(names) + of
}

func ordinal(n int) string {
	switch {
	case n%10 == 1 && n != 11:
		return fmt.Sprintf("%dst", n)
	case n%10 == 2 && n != 12:
		return fmt.Sprintf("%dnd", n)
	case n%10 == 3 && n != 13:
		return fmt.Sprintf("%drd", n)
	}
	return fmt.Sprintf("%dth", n)
}

func numbers(format string, values []int) []string {
	return numberedNames(values, func(n int) string { return fmt.Sprintf(format, n) })
}

func numberedNames(values []int, name func(int) string) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = name(v)
	}
	return out
}

// joined writes a list as a sentence does: a, b and c.
func joined(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	return strings.Join(parts[:len(parts)-1], ", ") + " and " + parts[len(parts)-1]
}
