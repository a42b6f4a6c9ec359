package views

import (
	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/views/ui"
)

// rulePart is one part of the 3-2-1-1-0 rule, with the fact behind it and what mends it.
type rulePart struct {
	Number, Title string
	State         ui.State
	Tally         string // how many have it, where some lack it; empty for the word of the state
	Asks          string // what the part asks for
	Fact          string // what gives it, or what lacks it; may be empty
	Link, Text    string // the mend; empty where the part is kept
}

// ruleParts says how far the rule is kept, and what is missing.
func ruleParts(p HomeProps, r model.Rule) []rulePart {
	return []rulePart{
		part("3", "Copies", "The data, and good backups at two destinations.", r.Copies, copiesMend(p)),
		part("2", "Kinds of storage", "A backup that is not run by the app’s own machine.", r.Kinds, kindsMend(p)),
		part("1", "Elsewhere", "A backup that is known to be in another place.", r.Offsite, offsiteMend(r.Offsite)),
		part("1", "Tamper-proof", "A backup that a tamper test could not destroy.", r.Locked, lockedMend(r.Locked)),
		part("0", "Errors", "Every destination checked within two weeks.", r.Checked, checkMend(r.Checked)),
	}
}

func part(number, title, asks string, s model.Safeguard, mend [2]string) rulePart {
	one, many := "app", "apps"
	if number == "0" {
		one, many = "destination", "destinations"
	}
	p := rulePart{Number: number, Title: title, Asks: asks, State: ui.State{Class: "is-good", Icon: ui.IconGood, Word: "Kept"}}
	switch {
	case s.Met() && len(s.By) > 0:
		p.Fact = "By " + places(s.By) + "."
	case s.Met():
		p.Fact = "True of " + ui.Plural(s.Of, one, many) + "."
	case s.Of == 0:
		p.Fact = "There is nothing yet that could have it."
	case s.Have == 0 && s.Of > 2:
		p.Fact = "Missing for all " + ui.Plural(s.Of, one, many) + "."
	default:
		p.Fact = "Missing for " + lacking(s) + "."
	}
	if !s.Met() {
		p.State = ui.State{Class: "is-warn", Icon: ui.IconHalf, Word: "Missing"}
		p.Link, p.Text = mend[0], mend[1]
		if s.Have == 0 {
			p.State.Icon = ui.IconRing
		}
		if s.Of > 0 {
			p.Tally = ui.Count(s.Have) + " of " + ui.Plural(s.Of, one, many) // beside its number, “3 … Missing” would read as three that are
		}
	}
	return p
}

func lacking(s model.Safeguard) string {
	names := make([]string, len(s.Lacking))
	for i, name := range s.Lacking {
		names[i] = ui.Plain(name)
	}
	return someOf(names, 2)
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
	return [2]string{PoliciesPath, "Add a second destination to the policies"}
}

// kindsMend leads to the policies where there is a destination that no app's own machine runs.
func kindsMend(p HomeProps) [2]string {
	remote := map[uuid.UUID]bool{}
	for _, d := range p.Devices {
		remote[d.ID] = d.Kind == model.DeviceSSH
	}
	for _, d := range p.Destinations {
		if d.Enabled && (d.Type != model.DestinationLocal || remote[d.LocalDeviceID]) {
			return useMore(d)
		}
	}
	return [2]string{NewDestinationPath, "Add destination"}
}

// useMore sends more of what is backed up to a destination that has what is missing.
func useMore(d model.Destination) [2]string {
	return [2]string{PoliciesPath, "Use " + ui.Plain(d.Name) + " in more policies"}
}

func offsiteMend(s model.Safeguard) [2]string {
	if len(s.By) == 0 && len(s.Doubt) > 0 {
		return [2]string{DestinationEditPath(s.Doubt[0].ID) + "#f-site", "Say where it stands"}
	}
	if len(s.By) > 0 {
		return useMore(s.By[0])
	}
	return [2]string{NewDestinationPath, "Add destination"}
}

func lockedMend(s model.Safeguard) [2]string {
	if len(s.By) == 0 && len(s.Doubt) > 0 {
		return [2]string{DestinationPath(s.Doubt[0].ID) + "#" + DestinationTamperID, "Try a tamper test"}
	}
	if len(s.By) > 0 {
		return useMore(s.By[0])
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
