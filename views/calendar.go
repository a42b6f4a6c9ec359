package views

import (
	"fmt"
	"time"

	"keepstead/views/ui"
)

// calendarDays is how far back the calendar of home reaches.
const calendarDays = 90

// cell is one day's square, in the calendar's own units.
type cell struct {
	X, Y  int
	Class string // day-good day-partial day-failed, or day-none
	Title string // the day, or what the legend says
	Words string // how its backups went
	Link  string // the snapshots of the day, where something went wrong; empty otherwise
}

// trouble says that something went wrong on the day.
func (c cell) trouble() bool { return c.Class == "day-failed" || c.Class == "day-partial" }

// maxTroubles is how many days with trouble are listed under the calendar.
const maxTroubles = 4

type monthMark struct {
	X    int
	Text string
}

type calendarGrid struct {
	Columns int
	Cells   []cell
	Months  []monthMark
	Summary string // for those who cannot see it
	// Trouble are the newest days with trouble, at most maxTroubles, newest first; Left counts the others.
	Trouble []cell
	Left    int
}

// calendarOf lays the last 90 days out in weeks, Monday at the top.
func calendarOf(c ui.Clock, days []Day) calendarGrid {
	byDate := map[string]Day{}
	zone := c.Zone
	if zone == nil {
		zone = time.UTC
	}
	for _, d := range days {
		byDate[d.Date.Format(time.DateOnly)] = d
	}
	now := c.Now.In(zone)
	today := time.Date(now.Year(), now.Month(), now.Day(), 12, 0, 0, 0, zone)
	first := today.AddDate(0, 0, 1-calendarDays)
	start := first.AddDate(0, 0, -weekday(first))

	var grid calendarGrid
	tally := map[string]int{}
	lastMark := -3
	for i, day := 0, start; !day.After(today); i, day = i+1, day.AddDate(0, 0, 1) {
		column := i / 7
		grid.Columns = column + 1
		if day.Before(first) {
			continue
		}
		if day.Day() <= 7 && weekday(day) == 0 && column-lastMark > 2 {
			grid.Months = append(grid.Months, monthMark{X: column * 15, Text: day.Format("Jan")})
			lastMark = column
		}
		d := byDate[day.Format(time.DateOnly)]
		class := classOf(d)
		tally[class]++
		one := cell{X: column * 15, Y: i % 7 * 15, Class: class, Title: c.Weekday(day), Words: wordsOf(d)}
		if one.trouble() {
			one.Link = SnapshotsOn(day)
			grid.Trouble = append([]cell{one}, grid.Trouble...)
		}
		grid.Cells = append(grid.Cells, one)
	}
	if grid.Left = len(grid.Trouble) - maxTroubles; grid.Left > 0 {
		grid.Trouble = grid.Trouble[:maxTroubles]
	}
	grid.Summary = fmt.Sprintf("In the last %d days: %d with all backups good, %d with a partial one, %d with a failed one, %d without any.",
		calendarDays, tally["day-good"], tally["day-partial"], tally["day-failed"], tally["day-none"])
	return grid
}

// weekday counts from Monday, which is 0.
func weekday(t time.Time) int { return (int(t.Weekday()) + 6) % 7 }

func classOf(d Day) string {
	switch {
	case d.Failed > 0:
		return "day-failed"
	case d.Partial > 0:
		return "day-partial"
	case d.Good > 0:
		return "day-good"
	}
	return "day-none"
}

func wordsOf(d Day) string {
	if d.Good+d.Partial+d.Failed == 0 {
		return "no backups"
	}
	text := fmt.Sprintf("%d good", d.Good)
	if d.Partial > 0 {
		text += fmt.Sprintf(", %d partial", d.Partial)
	}
	if d.Failed > 0 {
		text += fmt.Sprintf(", %d failed", d.Failed)
	}
	return text
}
