package views

import (
	"time"

	"keepstead/model"
	"keepstead/views/ui"
)

// LogStart is when the log of a job began, as far as its row says.
func LogStart(j model.Job) time.Time {
	if j.StartedAt != nil {
		return *j.StartedAt
	}
	return j.CreatedAt
}

// logLine writes the stamp of a line as the page writes its times. Logs keep the hour in UTC; the day is that of the
// job's start, or the one after where the hour has passed midnight.
func logLine(c ui.Clock, start time.Time, line string) string {
	const stamp = len(time.TimeOnly)
	if len(line) <= stamp || line[stamp] != ' ' {
		return line
	}
	hour, err := time.Parse(time.TimeOnly, line[:stamp])
	if err != nil {
		return line
	}
	y, m, d := start.UTC().Date()
	at := time.Date(y, m, d, hour.Hour(), hour.Minute(), hour.Second(), 0, time.UTC)
	if at.Before(start.Add(-time.Second)) {
		at = at.AddDate(0, 0, 1)
	}
	return c.Second(at) + line[stamp:]
}
