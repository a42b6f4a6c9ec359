package views

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/views/lang"
	"keepstead/views/ui"
)

// Goal is one thing that the palette leads to: a page, or an act.
type Goal struct {
	Verb string // of an act on Name: “Back up”, “Restore”
	Name string // of the page or the thing, as somebody typed it
	Kind string // what it is: “App on atlas”
	Icon ui.IconName
	Path string
	Post bool // Path is posted to, at once
	// words are further ones that it is found by; own says that Name is a text of ours.
	words string
	own   bool
	title string // in the reader's language, where that is not English
}

// Title is the goal in words.
func (g Goal) Title() string {
	if g.title != "" {
		return g.title
	}
	return strings.TrimSpace(g.Verb + " " + g.Name)
}

// in has the goal be found by the words of another language as well.
func (g Goal) in(ctx context.Context) Goal {
	around := goalVerb(ctx, g)
	g.title = around[0] + goalName(ctx, g) + around[1]
	g.words += " " + lang.T(ctx, g.words) + " " + lang.T(ctx, g.Kind) + " " + g.Verb
	if g.own {
		g.words += " " + g.Name
	}
	return g
}

// goalVerb is what stands before and after the name of a goal.
func goalVerb(ctx context.Context, g Goal) []string {
	if g.Verb == "" {
		return []string{"", ""}
	}
	return between(ctx, g.Verb+" "+gap)
}

func goalName(ctx context.Context, g Goal) string {
	if g.own {
		return lang.T(ctx, g.Name)
	}
	return g.Name
}

// GoProps is the palette, as a page and as the results in its dialog. Query: q.
type GoProps struct {
	Chrome
	Query string
	Goals []Goal // best first
	Total int    // that match, shown or not
}

// Places is what the goals are made of.
type Places struct {
	Apps         []model.AppOverview
	Newest       map[uuid.UUID]uuid.UUID // the newest snapshot that holds something, by app
	Destinations []model.Destination
	Devices      []model.Device
	Policies     []model.Policy
}

// Goals lists everything there is to go to or to start: pages first, acts last.
func Goals(ctx context.Context, p Places) []Goal {
	var out []Goal
	for _, s := range sections() {
		out = append(out, Goal{Name: s.name, own: true, Kind: "Page", Icon: s.icon, Path: s.path, words: synonyms()[s.path]})
	}
	out = append(out, Goal{Name: "Back up everything", own: true, Kind: "All apps", Icon: ui.IconBackup, Path: BackupAllPath, Post: true, words: "backup all now"})
	for _, a := range p.Apps {
		out = append(out, Goal{Name: a.App.Name, Kind: appKind(a), Icon: ui.AppIconName(a.App), Path: AppPath(a.App.ID)})
	}
	out = append(out, p.things()...)
	for _, a := range p.Apps {
		out = append(out, p.acts(a)...)
	}
	out = append(out, corners()...)
	if lang.In(ctx) != lang.English {
		for i := range out {
			out[i] = out[i].in(ctx)
		}
	}
	return out
}

// things are what there is beside apps.
func (p Places) things() []Goal {
	var out []Goal
	for _, d := range p.Destinations {
		out = append(out, Goal{Name: d.Name, Kind: "Destination", Icon: ui.PlaceIconName(d.Type), Path: DestinationPath(d.ID)})
	}
	for _, d := range p.Devices {
		out = append(out, Goal{Name: d.Name, Kind: "Device", Icon: ui.IconServer, Path: DevicePath(d.ID), words: d.Address})
	}
	for _, policy := range p.Policies {
		out = append(out, Goal{Name: policy.Name, Kind: "Policy", Icon: ui.IconPolicies, Path: PolicyPath(policy.ID)})
	}
	return out
}

// acts are what can be done with an app now.
func (p Places) acts(a model.AppOverview) []Goal {
	var out []Goal
	if canBackUp(a) && a.Status != model.Running && a.Status != model.Paused {
		out = append(out, Goal{
			Verb: "Back up", Name: a.App.Name, Kind: appKind(a), Icon: ui.IconBackup, Path: AppBackupPath(a.App.ID), Post: true, words: "backup now",
		})
	}
	if snapshot, ok := p.Newest[a.App.ID]; ok {
		out = append(out, Goal{
			Verb: "Restore", Name: a.App.Name, Kind: appKind(a), Icon: ui.IconRestore, Path: RestorePath(snapshot), words: "bring back",
		})
	}
	return out
}

// corners are pages and parts of pages that the navigation does not name.
func corners() []Goal {
	part := func(name, anchor, words string) Goal {
		return Goal{Name: name, own: true, Kind: "Settings", Icon: ui.IconSettings, Path: SettingsPath + "#" + anchor, words: words}
	}
	add := func(name, path, words string) Goal {
		return Goal{Name: name, own: true, Kind: "Page", Icon: ui.IconPlus, Path: path, words: words}
	}
	return []Goal{
		add("Add folders", NewAppPath, "new app protect"), add("Add a destination", NewDestinationPath, "new repository storage"),
		add("Add a device", NewDevicePath, "new machine host ssh"), add("Add a policy", NewPolicyPath, "new schedule retention"),
		part("Appearance", "appearance", "theme dark light time zone clock dates language"), part("API tokens", "tokens", "key"),
		part("Where you are signed in", "sessions", "sessions browsers sign out"), part("Your password", "password", "change"),
		part("Users", "users", "add people"), part("New apps", "discovery", "discover containers docker"),
		part("Recovery kit", "kit", "passwords repository disaster"), part("Keys and rotation", "own-keys", "data key master passphrase rotate"), part("About", "about", "version restic data"),
		{Name: "Two-factor", own: true, Kind: "Page", Icon: ui.IconProve, Path: TwoFactorPath, words: "totp 2fa mfa codes sign in"},
		{Name: "Audit log", own: true, Kind: "Page", Icon: ui.IconLog, Path: AuditPath, words: "who did history security"},
		{Name: "API reference", own: true, Kind: "Page", Icon: ui.IconFile, Path: ReferencePath, words: "openapi json docs"},
	}
}

// synonyms are other words for the pages.
func synonyms() map[string]string {
	return map[string]string{
		HomePath: "overview dashboard start", AppsPath: "containers folders protected", SnapshotsPath: "restore history backups",
		DestinationsPath: "repositories storage buckets", PoliciesPath: "schedules retention", DevicesPath: "machines hosts ssh",
		ActivityPath: "jobs log running", SettingsPath: "preferences users tokens",
	}
}

// appKind tells apps of one name apart.
func appKind(a model.AppOverview) string {
	if a.Device.Name == "" {
		return "App"
	}
	return "App on " + a.Device.Name
}

// goalsSay counts the results, for the line under them and for a screen reader.
func goalsSay(p GoProps) string {
	switch n := len(p.Goals); {
	case n == 0:
		return fmt.Sprintf("Nothing is called “%s”.", ui.Plain(strings.TrimSpace(p.Query)))
	case p.Total > n:
		return fmt.Sprintf("%d of %s results; type to narrow", n, ui.Count(p.Total))
	default:
		return ui.Plural(n, "result", "results")
	}
}

// key is one line of the list of keys.
type key struct {
	Presses []string // held or pressed together; ctrl is the command key on a Mac
	Does    string
}

func keys() []key {
	return []key{
		{[]string{"Ctrl", "K"}, "Go to a page or a thing, back up, restore"},
		{[]string{"/"}, "Search on this page; where it has no search, the same as above"},
		{[]string{"?"}, "Show these keys"},
		{[]string{"↑", "↓"}, "Choose among results"},
		{[]string{"Enter"}, "Take what is chosen"},
		{[]string{"Esc"}, "Close, and go back to where you were"},
	}
}
