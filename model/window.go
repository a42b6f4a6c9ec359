package model

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Window says when heavy upkeep of a destination may start by itself: on days of the week, from one time of day until
// another, as the clocks on the wall of its zone show them. A window belongs to the day on which it opens, and may end on
// the next. Without days there is no window, and upkeep may start at any time.
type Window struct {
	Days     Weekdays
	Opens    int // minutes after midnight
	Closes   int // minutes after midnight; of the next day where it is not later than Opens
	TimeZone string
}

// Weekdays is a set of days of the week: bit 0 is Sunday, as in time.Weekday.
type Weekdays int

const allDays Weekdays = 1<<7 - 1

// WeekdaysOf is the set of these days.
func WeekdaysOf(days ...time.Weekday) Weekdays {
	var set Weekdays
	for _, d := range days {
		set |= 1 << d
	}
	return set
}

// Has says that the day is in the set.
func (w Weekdays) Has(day time.Weekday) bool { return w&(1<<day) != 0 }

// List returns the days, the week beginning on Monday.
func (w Weekdays) List() []time.Weekday {
	var out []time.Weekday
	for _, d := range WeekFromMonday() {
		if w.Has(d) {
			out = append(out, d)
		}
	}
	return out
}

// WeekFromMonday lists all days of a week, as the rule of ISO weeks has it.
func WeekFromMonday() []time.Weekday {
	return []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday, time.Sunday}
}

// Set says that there is a window at all.
func (w Window) Set() bool { return w.Days != 0 }

// Open says that upkeep may start at t: always where there is no window. What the clocks jump over in spring is left out
// of the window, and what they repeat in autumn is in it twice.
func (w Window) Open(t time.Time) bool {
	if !w.Set() {
		return true
	}
	t = t.In(w.zone())
	minute, today := t.Hour()*60+t.Minute(), t.Weekday()
	if w.Opens < w.Closes {
		return w.Days.Has(today) && minute >= w.Opens && minute < w.Closes
	}
	yesterday := (today + 6) % 7
	return w.Days.Has(today) && minute >= w.Opens || w.Days.Has(yesterday) && minute < w.Closes
}

// transitions is how many changes of the clocks Next looks past: a window comes each week, and no zone changes its clocks
// as often.
const transitions = 4

// Next returns t where the window is open then, or else the moment at which it opens next.
func (w Window) Next(t time.Time) time.Time {
	if !w.Set() {
		return t
	}
	t = t.In(w.zone())
	for range transitions {
		if w.Open(t) {
			return t
		}
		opens, changed := w.opening(t), clocksChange(t)
		if changed.IsZero() || opens.Before(changed) {
			return opens
		}
		t = changed // what the wall shows from here on is another reckoning
	}
	return time.Time{}
}

// opening is the next time that the window opens after t, were the clocks never changed.
func (w Window) opening(t time.Time) time.Time {
	_, offset := t.Zone()
	still := t.In(time.FixedZone("", offset))
	for day := range 8 {
		at := time.Date(still.Year(), still.Month(), still.Day()+day, 0, w.Opens, 0, 0, still.Location())
		if w.Days.Has(at.Weekday()) && at.After(t) {
			return at.In(t.Location())
		}
	}
	return time.Time{}
}

// clocksChange is when the clocks of t's zone are changed next, or the zero time.
func clocksChange(t time.Time) time.Time {
	_, end := t.ZoneBounds()
	return end
}

// zone is the window's zone; a stored one was checked.
func (w Window) zone() *time.Location {
	zone, err := LoadZone(w.TimeZone)
	if err != nil {
		return time.Local
	}
	return zone
}

// MarshalJSON writes the window as people read it, null where there is none.
func (w Window) MarshalJSON() ([]byte, error) {
	if !w.Set() {
		return []byte("null"), nil
	}
	var days []string
	for _, d := range w.Days.List() {
		days = append(days, DayName(d))
	}
	return json.Marshal(struct {
		Days     []string
		From, To string
		TimeZone string
	}{days, ClockTime(w.Opens), ClockTime(w.Closes), w.TimeZone})
}

// Words says the window in plain English.
func (w Window) Words() string {
	if !w.Set() {
		return "At any time"
	}
	return w.DayWords() + ", " + w.HourWords()
}

// DayWords says the days on which the window opens: “Every Saturday and Sunday”.
func (w Window) DayWords() string {
	if w.Days == allDays {
		return "Every day"
	}
	return weekdayWords(w.Days.numbers())
}

// HourWords says from when until when it is open: “22:00 to 04:00 the next day”.
func (w Window) HourWords() string {
	from, to := ClockTime(w.Opens), ClockTime(w.Closes)
	switch {
	case w.Opens == 0 && w.Closes == 0:
		return "all day"
	case w.Closes > w.Opens || w.Closes == 0:
		return from + " to " + to
	}
	return from + " to " + to + " the next day"
}

// numbers are the days as cron counts them, from Sunday.
func (w Weekdays) numbers() []int {
	var out []int
	for d := range 7 {
		if w.Has(time.Weekday(d)) {
			out = append(out, d)
		}
	}
	return out
}

// ClockTime writes a time of day, in minutes after midnight: “02:00”.
func ClockTime(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

// ParseClockTime reads a time of day such as 02:00; ok is false where it is none.
func ParseClockTime(text string) (minutes int, ok bool) {
	at, err := time.Parse("15:04", strings.TrimSpace(text))
	return at.Hour()*60 + at.Minute(), err == nil
}

// DayName is the name of a day of the week in the API: “mon”.
func DayName(d time.Weekday) string { return strings.ToLower(d.String()[:3]) }

// ParseWindow reads a window from texts: days as DayName names them, and times of day. Its problems name the fields
// window_days, window_from, window_to and window_time_zone. Without any day and time there is no window.
func ParseWindow(days []string, from, to, zone string) (Window, Invalids) {
	var problems Invalids
	from, to = strings.TrimSpace(from), strings.TrimSpace(to)
	w := Window{TimeZone: strings.TrimSpace(zone)}
	for _, name := range days {
		i := slices.IndexFunc(WeekFromMonday(), func(d time.Weekday) bool { return DayName(d) == name })
		if i < 0 {
			problems.Add("window_days", "%q is no day; use mon, tue, wed, thu, fri, sat or sun.", clip(name))
			continue
		}
		w.Days |= WeekdaysOf(WeekFromMonday()[i])
	}
	if len(days) == 0 && from == "" && to == "" {
		return Window{}, nil
	}
	if len(days) == 0 {
		problems.Add("window_days", "Choose at least one day, or empty both times for no window.")
	}
	w.Opens = clockTimeOf(&problems, "window_from", from)
	w.Closes = clockTimeOf(&problems, "window_to", to)
	if w.check(&problems); len(problems) > 0 {
		return Window{}, problems
	}
	return w, nil
}

func clockTimeOf(problems *Invalids, field, text string) int {
	minutes, ok := ParseClockTime(text)
	if !ok {
		problems.Add(field, "Give a time of day from 00:00 to 23:59, such as 02:00.")
	}
	return minutes
}

func (w Window) check(problems *Invalids) {
	if _, err := LoadZone(w.TimeZone); err != nil {
		problems.Add("window_time_zone", "%q is not a known time zone; use a name such as Europe/Berlin.", clip(w.TimeZone))
	}
}

// checkWindow refuses a window that no clock can show.
func (d Destination) checkWindow(problems *Invalids) {
	w := d.Window
	if w.Days&^allDays != 0 || w.Opens < 0 || w.Opens >= 24*60 || w.Closes < 0 || w.Closes >= 24*60 {
		problems.Add("window_days", "Give days of the week, and times of day from 00:00 to 23:59.")
	}
	w.check(problems)
}
