package views

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"keepstead/model"
	"keepstead/views/lang"
	"keepstead/views/ui"
)

// shownFile is a form value as the path it stands for.
func shownFile(value string) string {
	if p, err := FilePath(value); err == nil {
		return p
	}
	return value
}

func onDevice(d model.Device) string {
	if d.Name == "" {
		return ""
	}
	return ", on " + d.Name
}

// overwritten says what a restore in place does to what is there.
func overwritten(p RestoreProps) string {
	if p.Missing {
		return "nothing is there now" + onDevice(p.Device)
	}
	return "files there are overwritten" + onDevice(p.Device)
}

// restoredPaths are the places that a restore in place writes to. What Keepstead wrote for a backup goes nowhere.
func restoredPaths(p RestoreProps) []string {
	if len(p.Form.Files) == 0 {
		return slices.DeleteFunc(slices.Clone(p.Snapshot.Paths), func(dir string) bool { return p.Contents != nil && dir == p.Contents.Staging })
	}
	var out []string
	for _, f := range p.Form.Files {
		out = append(out, shownFile(f))
	}
	return out
}

type restoreMode struct {
	Value, Title, Text string
	Icon               ui.IconName
}

// restoreModes are the ways in which an app made of containers comes back.
func restoreModes(p RestoreProps) []restoreMode {
	whole := "as it was, in place of what is there"
	if p.Damaged {
		whole = "as it was; the way to go when it is gone or broken"
	}
	return []restoreMode{
		{string(model.AppInPlace), "The whole app", whole, ui.IconRestore},
		{string(model.AppParts), "Parts of it", "single volumes and databases, the rest stays", ui.IconContainers},
		{string(model.AppCopy), "A new project", "beside the old one, or on another device", ui.IconPlus},
		{ModeFiles, "Only files", "to a folder, or over what is there", ui.IconFolder},
	}
}

// savedVolumes are the volumes and binds whose files are in a snapshot.
func savedVolumes(c model.Contents) []model.ContentVolume {
	return slices.DeleteFunc(slices.Clone(c.Volumes), func(v model.ContentVolume) bool { return v.In == "" })
}

// replacedWords count what of an app would be replaced, and which containers would be made anew: the list names both.
func replacedWords(a model.AppPlan) (title, text string) {
	anew := ui.Plural(a.Recreated, "container", "containers") + " of " + a.Project + " would be made anew"
	switch data := len(a.Replaced) - a.Recreated; {
	case data == 0:
		return anew, ""
	case a.Recreated > 0:
		text = anew + "."
		fallthrough
	default:
		return ui.Plural(data, "volume, folder or database", "volumes, folders and databases") + " of " + a.Project + " would be replaced", text
	}
}

// databasePart is a database, or all of one server, that can be chosen alone.
type databasePart struct {
	Value, Title, Text string
	Inner              bool // one database of a server
}

// databaseParts lists the dumped servers, and under one with several databases each of those. SQLite files come with
// their volume.
func databaseParts(c model.Contents) []databasePart {
	var services []string
	byService := map[string][]model.Dump{}
	for _, d := range c.Dumps {
		if d.Kind == model.SQLite {
			continue
		}
		if byService[d.Service] == nil {
			services = append(services, d.Service)
		}
		byService[d.Service] = append(byService[d.Service], d)
	}
	var out []databasePart
	for _, s := range services {
		dumps := byService[s]
		out = append(out, databasePart{Value: s, Title: s, Text: serverWords(dumps)})
		for _, d := range dumps {
			if d.Database != "" {
				out = append(out, databasePart{Value: s + "/" + d.Database, Title: d.Database, Text: databaseWords(d), Inner: true})
			}
		}
	}
	return out
}

func serverWords(dumps []model.Dump) string {
	words := dumps[0].Kind.Title()
	if v := dumps[0].Version; v != "" {
		words += " " + v
	}
	if dumps[0].Kind == model.Redis || dumps[0].Kind == model.Valkey {
		return words + ", all keys"
	}
	return words + ", all databases"
}

// ticked says that a form's list of FileValues has the entry.
func ticked(values []string, entry string) bool { return slices.Contains(values, FileValue(entry)) }

type portRow struct{ Service, From, To, Free string }

// portRows are the published ports that a new project maps: as the plan has them, else as they were saved.
func portRows(p RestoreProps) []portRow {
	var out []portRow
	add := func(service string, from int, free string) {
		text := strconv.Itoa(from)
		if slices.ContainsFunc(out, func(r portRow) bool { return r.From == text }) {
			return
		}
		row := portRow{Service: service, From: text, Free: free}
		if i := slices.Index(p.Form.PortsFrom, text); i >= 0 && i < len(p.Form.PortsTo) {
			row.To = p.Form.PortsTo[i]
		}
		out = append(out, row)
	}
	if p.Plan != nil && p.Plan.App != nil {
		for _, port := range p.Plan.App.Ports {
			add(port.Service, port.From, strconv.Itoa(port.To))
		}
		return out
	}
	for _, s := range p.Contents.Services {
		for _, text := range s.Ports {
			if n := hostPort(text); n > 0 {
				add(s.Name, n, "a free one")
			}
		}
	}
	return out
}

// hostPort reads the host's port of a published one such as 127.0.0.1:8080->80/tcp; 0 where it has none.
func hostPort(text string) int {
	host, _, published := strings.Cut(text, "->")
	if !published {
		return 0
	}
	n, err := strconv.Atoi(host[strings.LastIndex(host, ":")+1:])
	if err != nil {
		return 0
	}
	return n
}

func portWords(p model.PortPlan) string {
	from := strconv.Itoa(p.From)
	switch p.To {
	case 0:
		return from + " would not be published"
	case p.From:
		return from + " stays"
	}
	return from + " becomes " + strconv.Itoa(p.To)
}

// planEntry is one thing of a plan: its kind is a word of ours, its name is not.
func planEntry(ctx context.Context, entry string) string {
	if kind, _, named := strings.Cut(entry, " "); named && slices.Contains([]string{"container", "folder", "network", "volume"}, kind) {
		return lang.T(ctx, entry)
	}
	return entry
}

// restoreFields are the fields whose refusals stand at their place in the form.
func restoreFields() []string {
	return []string{"files", "target_path", "target_device_id", "where", "mode", "volumes", "databases", "project", "folder", "ports"}
}

// databaseWords says how large a database is.
func databaseWords(d model.Dump) string {
	if d.Objects == 0 {
		return ui.Bytes(d.Bytes)
	}
	return objectWords(d) + ", " + ui.Bytes(d.Bytes)
}
