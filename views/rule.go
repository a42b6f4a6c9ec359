package views

import (
	"keepstead/model"
	"keepstead/views/ui"
)

// rulePart is one part of the 3-2-1-1-0 rule, with the fact behind it and what mends it.
type rulePart struct {
	Number, Title string
	State         ui.State
	Fact          string
	Link, Text    string // the mend; empty where the part is kept
}

// ruleParts says how far the rule is kept, and what is missing.
func ruleParts(p HomeProps, r model.Rule) []rulePart {
	add := func(text string) [2]string { return [2]string{NewDestinationPath, text} }
	parts := []rulePart{
		part("3", "Copies", r.Copies, "Every app has its data and at least two backups, in different destinations.",
			lacking(r.Copies)+" fewer than two good backups.", copiesMend(p)),
		part("2", "Kinds of storage", r.Kinds, "Every app has a backup that does not fail together with its own machine.",
			lacking(r.Kinds)+" backups only with whoever runs its own machine.", add("Add destination")),
		part("1", "Elsewhere", r.Offsite, "Every app has a backup in another place: "+places(r.Offsite.By)+".",
			lacking(r.Offsite)+" no backup that is known to be in another place.", offsiteMend(r.Offsite)),
		part("1", "Out of reach", r.Locked, "A tamper test could destroy nothing at "+places(r.Locked.By)+".",
			lacking(r.Locked)+" no backup that a tamper test could not destroy.", lockedMend(r.Locked)),
		part("0", "Errors", r.Checked, "Every destination was checked in the last two weeks, without an error.",
			"Not checked in the last two weeks: "+someOf(r.Checked.Lacking, 2)+".", checkMend(r.Checked)),
	}
	if r.Checked.Of == 0 {
		parts[4].Fact = "Nothing is stored yet that could be checked."
	}
	return parts
}

func part(number, title string, s model.Safeguard, kept, missing string, mend [2]string) rulePart {
	p := rulePart{Number: number, Title: title, State: ui.State{Class: "is-good", Icon: ui.IconGood, Word: "Kept"}, Fact: kept}
	if !s.Met() {
		p.State = ui.State{Class: "is-warn", Icon: ui.IconHalf, Word: "Missing"}
		p.Fact, p.Link, p.Text = missing, mend[0], mend[1]
		if s.Have == 0 {
			p.State.Icon = ui.IconRing
		}
	}
	return p
}

// lacking begins a sentence about the apps that lack something: “immich and 2 more have”.
func lacking(s model.Safeguard) string {
	names := make([]string, len(s.Lacking))
	for i, name := range s.Lacking {
		names[i] = ui.Plain(name)
	}
	switch {
	case s.Of == 0:
		return "No app is on that has"
	case s.Have == 0 && s.Of > 1:
		return "All " + ui.Count(s.Of) + " apps have"
	case len(names) == 1:
		return names[0] + " has"
	}
	return someOf(names, 2) + " have"
}

func copiesMend(p HomeProps) [2]string {
	enabled := 0
	for _, d := range p.Destinations {
		if d.Enabled {
			enabled++
		}
	}
	if enabled < 2 {
		return [2]string{NewDestinationPath, "Add destination"}
	}
	return [2]string{PoliciesPath, "Give policies two"}
}

func offsiteMend(s model.Safeguard) [2]string {
	if len(s.By) == 0 && len(s.Doubt) > 0 {
		return [2]string{DestinationEditPath(s.Doubt[0].ID) + "#f-site", "Say where it stands"}
	}
	if len(s.By) > 0 {
		return [2]string{PoliciesPath, "Send them there"}
	}
	return [2]string{NewDestinationPath, "Add destination"}
}

func lockedMend(s model.Safeguard) [2]string {
	if len(s.By) == 0 && len(s.Doubt) > 0 {
		return [2]string{DestinationPath(s.Doubt[0].ID) + "#" + DestinationTamperID, "Try a tamper test"}
	}
	if len(s.By) > 0 {
		return [2]string{PoliciesPath, "Send them there"}
	}
	return [2]string{DestinationsPath, "Look at destinations"}
}

func checkMend(s model.Safeguard) [2]string {
	if len(s.Doubt) > 0 {
		return [2]string{DestinationPath(s.Doubt[0].ID), "Check it"}
	}
	return [2]string{DestinationsPath, "Look at destinations"}
}

func places(destinations []model.Destination) string {
	names := make([]string, len(destinations))
	for i, d := range destinations {
		names[i] = ui.Plain(d.Name)
	}
	return someOf(names, 2)
}
