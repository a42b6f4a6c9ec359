package model

import (
	"slices"
	"time"
)

// Theme is the colours of the pages.
type Theme string

// The themes.
const (
	ThemeSystem Theme = "system" // as the browser's system has it
	ThemeLight  Theme = "light"
	ThemeDark   Theme = "dark"
)

// HourClock is how hours are counted.
type HourClock string

// The clocks: 14:30, or 2:30 PM.
const (
	Hours24 HourClock = "24"
	Hours12 HourClock = "12"
)

// DateOrder is how dates are written.
type DateOrder string

// The orders: 31 Jan 2026, Jan 31, 2026, or 2026-01-31.
const (
	DayFirst   DateOrder = "day"
	MonthFirst DateOrder = "month"
	YearFirst  DateOrder = "year"
)

// Language is what the texts of the pages are in, by its BCP 47 tag.
type Language string

// The languages.
const (
	English Language = "en"
	German  Language = "de"
)

// Languages are all that there are texts in.
func Languages() []Language { return []Language{English, German} }

// Appearance is how a user wants the pages to look. An empty field was never chosen.
type Appearance struct {
	Theme Theme `json:"theme,omitempty"`
	// TimeZone is an IANA name; empty follows the zone of whichever browser asks.
	TimeZone string    `json:"time_zone,omitempty"`
	Hours    HourClock `json:"hours,omitempty"`
	Dates    DateOrder `json:"dates,omitempty"`
	// Language of the texts; empty follows whichever browser asks.
	Language Language `json:"language,omitempty"`
}

// Validate checks all fields.
func (a Appearance) Validate() error {
	var problems Invalids
	if !slices.Contains([]Theme{"", ThemeSystem, ThemeLight, ThemeDark}, a.Theme) {
		problems.Add("theme", "Choose system, light or dark.")
	}
	if _, ok := namedZone(a.TimeZone); !ok && a.TimeZone != "" {
		problems.Add("time_zone", "%q is not a known time zone; use a name such as Europe/Berlin.", clip(a.TimeZone))
	}
	if !slices.Contains([]HourClock{"", Hours24, Hours12}, a.Hours) {
		problems.Add("hours", "Choose 24 or 12 hours.")
	}
	if !slices.Contains([]DateOrder{"", DayFirst, MonthFirst, YearFirst}, a.Dates) {
		problems.Add("dates", "Choose day, month or year first.")
	}
	if a.Language != "" && !slices.Contains(Languages(), a.Language) {
		problems.Add("language", "Choose one of the languages.")
	}
	return problems.Err()
}

// Zone is the zone that times are shown in: the chosen one, else that of the browser, else the server's own. A name that
// this machine does not know is passed over.
func (a Appearance) Zone(browser string) *time.Location {
	for _, name := range []string{a.TimeZone, browser} {
		if zone, ok := namedZone(name); ok {
			return zone
		}
	}
	return time.Local
}

// namedZone finds a zone by its IANA name. “Local” is none: it means another zone on another machine.
func namedZone(name string) (*time.Location, bool) {
	if name == "" || name == "Local" || len(name) > 100 {
		return nil, false
	}
	zone, err := time.LoadLocation(name)
	return zone, err == nil
}
