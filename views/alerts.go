package views

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/views/lang"
	"keepstead/views/ui"
)

// keyOf names something to channels, the same from one look to the next.
func keyOf(what string, id uuid.UUID) string { return what + ":" + id.String() }

// Alerts is what Home says needs somebody, as channels are told of it, and what is well. It is English: a message is put
// into the language of its channel when it is made.
func Alerts(p HomeProps) []model.Alert {
	var out []model.Alert
	for _, n := range needs(p) {
		each := n.each
		if len(each) == 0 {
			each = []need{n}
		}
		for _, n := range each {
			if n.key != "" {
				out = append(out, alertOf(n))
			}
		}
	}
	return append(out, calm(p)...)
}

func alertOf(n need) model.Alert {
	path := n.Link
	for _, other := range []string{n.Mend, n.About} {
		if path == "" {
			path = other
		}
	}
	return model.Alert{Key: n.key, State: model.AlertFiring, Kind: n.kind, Title: n.Title, Text: n.Text, Path: path, Channel: n.channel}
}

// calm is what needs nobody, or is being worked on. What is in neither list is gone.
func calm(p HomeProps) []model.Alert {
	var out []model.Alert
	well := func(key, title, path string) {
		out = append(out, model.Alert{Key: key, State: model.AlertResolved, Title: title, Path: path})
	}
	for _, a := range p.Apps {
		out = append(out, calmApp(a, p.Found[a.App.ID])...)
	}
	for _, d := range p.Destinations {
		if !d.Enabled {
			continue
		}
		name := ui.Plain(d.Name)
		if d.LastError == "" {
			well(keyOf("destination", d.ID), name+" works again", DestinationPath(d.ID))
		}
		if d.Damage == "" {
			well(keyOf("damage", d.ID), "A check found no damage in "+name+" any more", DestinationPath(d.ID))
		}
		if p.Now.Sub(provedAt(d)) <= proofAge {
			well(keyOf("proof", d.ID), "What "+name+" holds was restored again", DestinationPath(d.ID))
		}
		if p.Rotations[d.ID] {
			out = append(out, model.Alert{Key: keyOf("rotation", d.ID), State: model.AlertPending})
		} else if settled(d) {
			well(keyOf("rotation", d.ID), "The key rotation of "+name+" is complete", DestinationPath(d.ID))
		}
		if d.TamperResult == model.TamperHeld {
			well(keyOf("tamper", d.ID), "No device can destroy "+name+" any more", DestinationPath(d.ID))
		}
		if a, ok := calmUpkeep(p, d); ok {
			out = append(out, a)
		}
	}
	for _, d := range p.Devices {
		if d.State == model.DeviceReady {
			well(keyOf("device", d.ID), ui.Plain(d.Name)+" works again", DevicePath(d.ID))
		}
		if d.Engine != nil && d.Engine.State == model.EngineReady && d.Engine.Message == "" {
			well(keyOf("engine", d.ID), "Docker on "+ui.Plain(d.Name)+" works again", DevicePath(d.ID))
		}
	}
	if len(outdated(p.Destinations)) == 0 {
		well(kitKey, "The recovery kit opens all of your repositories again", KitPath)
	}
	for _, c := range p.Channels {
		if c.Enabled && c.LastError == "" {
			well(keyOf("channel", c.ID), "Messages reach "+ui.Plain(c.Name)+" again", NotificationsPath)
		}
	}
	return out
}

func calmApp(a model.AppOverview, found model.FoundCounts) []model.Alert {
	if a.App.Gone {
		return nil
	}
	name, path := ui.Plain(a.App.Name), AppPath(a.App.ID)
	out := []model.Alert{{Key: keyOf("gone", a.App.ID), State: model.AlertResolved, Title: name + " is back", Path: path}}
	if found.Lost == 0 {
		out = append(out, model.Alert{Key: keyOf("lost", a.App.ID), State: model.AlertResolved, Title: "All of " + name + " can be read again", Path: path})
	}
	for _, c := range a.Configurations {
		alert := model.Alert{Key: keyOf("configuration", c.Configuration.ID), State: model.AlertResolved, Title: name + " is protected again", Path: path}
		switch c.Status {
		case model.Running, model.Waiting:
			alert.State = model.AlertPending
		case model.Protected:
		default:
			continue
		}
		out = append(out, alert)
	}
	return out
}

// needsOfChannels lists the channels that messages do not reach.
func needsOfChannels(p HomeProps) []need {
	var out []need
	for _, c := range p.Channels {
		if c.Enabled && c.LastError != "" {
			out = append(out, need{
				State: ui.OfChannel(c.Channel), Title: "Messages do not reach " + ui.Plain(c.Name), Text: c.LastError,
				Link: NotificationPath(c.ID), LinkText: "Look into it", severity: model.PartialSafe.Severity(),
				key: keyOf("channel", c.ID), channel: c.ID,
			})
		}
	}
	return out
}

// Tiding is a part of a message: a notification as it waited, or the end of a job.
type Tiding struct {
	model.Notification
	Job *JobItem // whose end it is; nil for another
}

// Bounds of a message: services cut what is longer, or refuse it.
const (
	maxTidings = 15
	maxMessage = 1500 // bytes
)

// Message makes one message of its parts, in the context's language. base is the address under which browsers reach the
// pages, empty where nobody said it.
func Message(ctx context.Context, base string, parts []Tiding) model.Message {
	if len(parts) == 0 {
		return model.Message{}
	}
	title, text, path := tidingWords(ctx, parts[0])
	m := model.Message{Title: title, Text: text}
	if m.Text == "" {
		m.Text = title // some services refuse a message without a text
	}
	if len(parts) > 1 {
		m.Title = lang.T(ctx, ui.Plural(len(parts), "message from Keepstead", "messages from Keepstead"))
		m.Text, path = together(ctx, parts), HomePath
	}
	if base != "" && path != "" {
		m.Link = base + path
	}
	return m
}

// together lists the parts, as many as a message holds.
func together(ctx context.Context, parts []Tiding) string {
	var out strings.Builder
	for i, part := range parts {
		title, text, _ := tidingWords(ctx, part)
		if text != "" {
			title += "\n" + text
		}
		if i == maxTidings || i > 0 && out.Len()+len(title) > maxMessage {
			out.WriteString("\n\n" + lang.T(ctx, "And "+ui.Plural(len(parts)-i, "more thing", "more things")+"; Keepstead shows all of them."))
			break
		}
		if i > 0 {
			out.WriteString("\n\n")
		}
		out.WriteString(title)
	}
	return out.String()
}

// tidingWords are the title and the text of a part, and the page about it.
func tidingWords(ctx context.Context, t Tiding) (title, text, path string) {
	if t.Job != nil {
		return jobNews(ctx, *t.Job), lang.T(ctx, sentences(jobOutcome(*t.Job), t.Job.Mend)), JobPath(t.Job.ID)
	}
	lines := strings.Split(t.Text, "\n")
	for i, line := range lines {
		lines[i] = lang.T(ctx, line)
	}
	return lang.T(ctx, t.Title), strings.Join(lines, "\n"), t.Path
}

// jobNews says how a job ended: “Done: Back up immich → Backblaze”.
func jobNews(ctx context.Context, j JobItem) string {
	return lang.T(ctx, ui.OfJob(j.State).Word) + ": " + titleIn(ctx, j)
}

// Summary says how things stand, for those who are told once a week. It is English, like Alerts.
func Summary(p HomeProps) model.Notification {
	v := judge(p.Apps, p.Destinations)
	lines := []string{v.Sentence}
	if v.Active > 0 {
		lines = append(lines, ui.Count(v.Safe)+" of "+ui.Count(v.Active)+" apps are safe.")
	}
	if len(p.Destinations) > 0 {
		stored := "Stored at " + ui.Plural(len(p.Destinations), "destination", "destinations") + ": " + ui.Bytes(model.StorageOf(p.Destinations...).Stored) + "."
		lines = append(lines, stored)
	}
	if bytes, over := model.Growth(lineOf(p.Clock, p.Samples, uuid.Nil), 7); over > 0 && bytes != 0 {
		lines = append(lines, signed(bytes)+" in the last "+ui.Plural(over, "day", "days")+".")
	}
	list := needs(p)
	if len(list) == 0 {
		lines = append(lines, "Nothing needs you.")
	} else {
		lines = append(lines, ui.Plural(len(list), "thing needs you", "things need you")+":")
	}
	for _, n := range list[:min(len(list), maxTidings)] {
		lines = append(lines, n.Title)
	}
	return model.Notification{Title: "Your backups this week", Text: strings.Join(lines, "\n"), Path: HomePath}
}
