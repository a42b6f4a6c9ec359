package views

import (
	"context"
	"slices"
	"strings"

	"keepstead/model"
	"keepstead/views/lang"
	"keepstead/views/ui"
)

// kept counts the destinations that have a repository, and so a password.
func kept(all []model.Destination) int {
	n := 0
	for _, d := range all {
		if d.RepoInitialized {
			n++
		}
	}
	return n
}

func kitState(d model.Destination) ui.State {
	switch {
	case d.KitAt == nil:
		return ui.State{Class: "is-warn", Icon: ui.IconWarning, Word: "In no kit yet"}
	case d.KitOutdated():
		return ui.State{Class: "is-warn", Icon: ui.IconWarning, Word: "Kit out of date"}
	}
	return ui.State{Class: "is-good", Icon: ui.IconGood, Word: "In a kit"}
}

// unkitted are the destinations whose password nobody has outside of this machine, as far as Keepstead knows.
func unkitted(all []model.Destination) []model.Destination {
	return slices.DeleteFunc(slices.Clone(all), func(d model.Destination) bool { return !d.RepoInitialized || d.KitAt != nil })
}

// outdated are the destinations that a kit was taken for which does not open them any more.
func outdated(all []model.Destination) []model.Destination {
	return slices.DeleteFunc(slices.Clone(all), func(d model.Destination) bool { return !d.RepoInitialized || !d.KitOutdated() })
}

func kitStateOf(all []model.Destination) ui.State {
	missing, old := len(unkitted(all)), len(outdated(all))
	switch {
	case kept(all) == 0:
		return ui.State{Class: "is-idle", Icon: ui.IconRing, Word: "Nothing to keep yet"}
	case missing > 0:
		return ui.State{Class: "is-warn", Icon: ui.IconWarning, Word: ui.Plural(missing, "destination is in no kit", "destinations are in no kit")}
	case old > 0:
		return ui.State{Class: "is-warn", Icon: ui.IconWarning, Word: "Out of date"}
	}
	return ui.State{Class: "is-good", Icon: ui.IconGood, Word: "In a kit"}
}

// needOfKit asks to take the kit: with the machine go the passwords, and with them every backup.
func needOfKit(p HomeProps) []need {
	if len(unkitted(p.Destinations)) == 0 {
		return needOfNewKit(p)
	}
	return []need{{
		State: ui.State{Class: "is-warn", Icon: ui.IconKey, Word: "Only here"}, Title: "Keep the recovery kit somewhere else",
		Text: "The passwords of your repositories are on this machine alone. When it is gone, nothing can be read without them.",
		Link: KitPath, LinkText: "Get the kit", key: "kit",
	}}
}

// kitKey names to channels a kit that is out of date.
const kitKey = "kit:outdated"

// needOfNewKit asks to take the kit again where an older one does not open everything any more.
func needOfNewKit(p HomeProps) []need {
	old := outdated(p.Destinations)
	if len(old) == 0 {
		return nil
	}
	n := need{
		State: ui.State{Class: "is-warn", Icon: ui.IconKey, Word: "Out of date"}, Title: "Download the recovery kit again",
		Text: "The kit you downloaded on " + p.Clock.Minute(*old[0].KitAt) + " is out of date: it no longer opens all of your repositories.",
		Link: KitPath, LinkText: "Get the kit", key: kitKey,
	}
	if len(old) == 1 {
		n.Text = "The kit you downloaded on " + p.Clock.Minute(*old[0].KitAt) + " is out of date: it no longer opens " + ui.Plain(old[0].Name) + "."
	}
	return []need{n}
}

// KitText is the kit: a text that a person reads and a shell understands. machine is the device that Keepstead runs on.
func KitText(ctx context.Context, c ui.Clock, machine string, entries []model.KitEntry) string {
	var b strings.Builder
	line := func(text string) { b.WriteString(text + "\n") }
	say := func(text string) { line(lang.T(ctx, text)) }
	say("Keepstead recovery kit")
	line(naming(ctx, "Made "+c.Minute(c.Now)+" on "+gap+".", oneLine(machine)))
	line("")
	say("Keep it away from this machine: printed, or in a password manager. Whoever has it can read every backup.")
	say("It holds the destinations of that day: take a new one when you add a destination or rotate a key.")
	line("")
	say("To restore with restic alone, version 0.17 or newer, from https://restic.net:")
	say("1. Paste the lines of one destination below into a shell; the last one lists its snapshots.")
	say("2. Bring one back with the same command, with the words “restore ID --target /restored” in place of “snapshots”. ID is what the list begins with; one with the tag “safety” is what a restore replaced.")
	line("")
	say("To have Keepstead again: install it, add the destination, and give its password where it asks for one. Its snapshots are taken over.")
	for _, e := range entries {
		line("\n" + strings.Repeat("-", 72))
		name := oneLine(e.Name)
		if e.Removed {
			name = naming(ctx, gap+", removed from Keepstead; its repository may still be there", name)
		}
		line(name)
		place := oneLine(e.Place)
		if e.Device != "" {
			place = naming(ctx, gap+" on "+gap2, place, oneLine(e.Device))
		}
		line(place + "\n")
		for _, l := range e.Lines {
			line("  " + l)
		}
		line(strings.Join([]string{" ", e.Command, "snapshots"}, " "))
		if e.SSHPassword != "" {
			line("\n" + naming(ctx, "Password for SSH: "+gap, e.SSHPassword))
		}
		for _, f := range e.Files {
			line("\n" + naming(ctx, "Save this as “"+gap+"” where you call restic, and have nobody else read it with chmod 600:", f.Name) + "\n")
			line(strings.TrimSpace(f.Content))
		}
	}
	return b.String()
}

// oneLine keeps a name from beginning a line of its own, which a shell would run.
func oneLine(name string) string {
	return strings.Join(strings.FieldsFunc(ui.Plain(name), func(r rune) bool { return r < ' ' || r == 0x7f || r == 0x2028 || r == 0x2029 || r == 0x85 }), " ")
}
