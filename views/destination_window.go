package views

import (
	"context"
	"time"

	"keepstead/model"
	"keepstead/views/lang"
	"keepstead/views/ui"
)

// windowWords says a window in words, with its zone where that is not the server's own.
func windowWords(ctx context.Context, w model.Window) string {
	words := lang.T(ctx, w.DayWords()) + ", " + lang.T(ctx, w.HourWords())
	if w.TimeZone != "" {
		words += " (" + w.TimeZone + ")"
	}
	return words
}

// pruneWords says what freeing space is, and when that is done without being asked for.
func pruneWords(d model.Destination) string {
	if d.Window.Set() {
		return "Removes data that no snapshot needs any more. Runs by itself in the maintenance window."
	}
	return "Removes data that no snapshot needs any more. Runs daily by itself."
}

// waiting is the upkeep that is due and waits for its window.
func waiting(plan []model.Upkeep, now time.Time) []model.Upkeep {
	var out []model.Upkeep
	for _, u := range plan {
		if u.Waits(now) {
			out = append(out, u)
		}
	}
	return out
}

func upkeepState(u model.Upkeep, now time.Time) ui.State {
	if u.Overdue(now) {
		return ui.OfProtection(model.Overdue)
	}
	return ui.OfProtection(model.Waiting)
}

// waitsWords says which upkeep waits; the moment stands in the gap.
func waitsWords(kind model.JobKind) string {
	if kind == model.JobCheck {
		return "The check waits for the window: " + gap + "."
	}
	return "Freeing space waits for the window: " + gap + "."
}

// needsOfUpkeep lists the destinations whose upkeep is long due, since their window passes without it.
func needsOfUpkeep(p HomeProps) []need {
	var out []need
	for _, d := range p.Destinations {
		for _, u := range waiting(p.Upkeep[d.ID], p.Clock.Now) {
			if !u.Overdue(p.Clock.Now) {
				continue
			}
			out = append(out, need{
				State: ui.OfProtection(model.Overdue), Title: "The upkeep of " + ui.Plain(d.Name) + " is overdue",
				Text:  "Its maintenance window passed and nothing started. Is Keepstead running then?",
				About: DestinationPath(d.ID), Link: DestinationEditPath(d.ID) + "#" + MaintenanceWindowID, LinkText: "Its window",
				Post: DestinationMaintainPath(d.ID, string(u.Kind)), PostText: "Run it now",
				severity: model.Overdue.Severity(), key: keyOf("upkeep", d.ID),
			})
			break
		}
	}
	return out
}

// calmUpkeep is the upkeep of a destination that needs nobody: what is overdue in an open window is about to start.
func calmUpkeep(p HomeProps, d model.Destination) (model.Alert, bool) {
	alert := model.Alert{
		Key: keyOf("upkeep", d.ID), State: model.AlertResolved, Title: "The upkeep of " + ui.Plain(d.Name) + " runs again", Path: DestinationPath(d.ID),
	}
	for _, u := range p.Upkeep[d.ID] {
		if !u.Overdue(p.Clock.Now) {
			continue
		}
		if u.Waits(p.Clock.Now) {
			return alert, false
		}
		alert.State = model.AlertPending
	}
	return alert, true
}
