package views

import (
	"slices"
	"sort"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/views/ui"
)

// need is one thing that wants somebody, with its mend.
type need struct {
	State       ui.State
	Title, Text string
	Names       []string // what it is about, in place of a text
	Post        string   // the mend as an act: where its button posts to
	PostText    string
	Link        string // the mend as a page
	LinkText    string
	Mend        string // the mend as a page that stands out, where Link is only the other way
	MendText    string
	About       string           // the page of what it is about
	tells       model.Protection // what the verdict says of it, where it is about apps
	severity    int
	// key names what it is about to channels, kind what is wrong with that; without a key no channel is told.
	key, kind string
	each      []need    // what channels are told instead, where it is about several things
	channel   uuid.UUID // that it is about, and that is not told
}

// maxNeeds is how many of them Home shows: when a disk dies every app fails, and nobody reads five hundred lines.
const maxNeeds = 20

// needs lists what wants somebody, worst first. What the verdict is about comes before all else: the first row says the same
// as the headline over it.
func needs(p HomeProps) []need {
	var out []need
	if len(p.Destinations) == 0 {
		out = append(out, need{
			State: ui.OfProtection(model.Unprotected), Title: "Give your backups a place",
			Text: "A folder on another disk or an S3 bucket. The first one you add is used for every app.",
			Link: NewDestinationPath, LinkText: "Add destination", severity: 99,
		})
	}
	for _, d := range p.Destinations {
		if d.Enabled && d.LastError != "" {
			out = append(out, need{
				State: ui.OfDestination(d), Title: d.Name + " is failing", Text: d.LastError,
				Link: DestinationPath(d.ID), LinkText: "Look into it", severity: model.FailedSafe.Severity(), key: keyOf("destination", d.ID),
			})
		}
	}
	out = append(out, needsOfDamage(p)...)
	out = append(out, needsOfProof(p)...)
	out = append(out, needsOfDevices(p)...)
	out = append(out, needsOfTampering(p)...)
	out = append(out, needsOfUpkeep(p)...)
	out = append(out, needsOfRotation(p)...)
	out = append(out, needsOfEngines(p)...)
	out = append(out, needsOfFound(p)...)
	out = append(out, needOfKit(p)...)
	out = append(out, needsOfChannels(p)...)
	for _, a := range p.Apps {
		if a.App.Gone {
			continue
		}
		for _, c := range a.Configurations {
			if n, ok := needOf(p, a.App, c); ok {
				out = append(out, n)
			}
		}
	}
	out = append(out, needsOfWaiting(p)...)
	sort.SliceStable(out, func(i, j int) bool { return out[i].severity > out[j].severity })
	// The page's headline is told first; all others stay in the order of their weight.
	headline := judge(p.Apps, p.Destinations).Status
	if i := slices.IndexFunc(out, func(n need) bool { return n.tells == headline && n.tells != "" }); i > 0 {
		first := out[i]
		copy(out[1:i+1], out[:i])
		out[0] = first
	}
	return out
}

// needsOfWaiting is one need for all apps that have no backup yet: a new host brings dozens at once. What runs already needs
// nobody.
func needsOfWaiting(p HomeProps) []need {
	var names []string
	var idle []model.App
	for _, a := range p.Apps {
		if a.LeftOut() || standsAt(a) != model.Waiting {
			continue
		}
		names = append(names, ui.Plain(a.App.Name))
		if a.Status != model.Running {
			idle = append(idle, a.App)
		}
	}
	if len(idle) == 0 || len(p.Destinations) == 0 {
		return nil
	}
	n := need{
		State: ui.OfProtection(model.Waiting), Title: ui.Count(len(names)) + " apps wait for their first backup", Names: names,
		Link: AppsOf(StatusUnsafe), LinkText: "Look at them", tells: model.Waiting, severity: model.Waiting.Severity(),
	}
	if len(names) == 1 {
		n.Title, n.Names, n.Text = names[0]+" waits for its first backup", nil, "It runs at the next scheduled time, or now."
		n.About, n.Link, n.LinkText = AppPath(idle[0].ID), "", ""
		n.Post, n.PostText = AppBackupPath(idle[0].ID), "Back up now"
	}
	return []need{n}
}

func needOf(p HomeProps, a model.App, c model.ConfigurationOverview) (need, bool) {
	n := need{
		State: ui.OfProtection(c.Status), tells: c.Status, severity: c.Status.Severity(),
		key: keyOf("configuration", c.Configuration.ID), kind: string(c.Status),
	}
	a.Name = ui.Plain(a.Name)
	last := newestIn(c.Coverage, c.Status)
	if last.LastJobID != uuid.Nil {
		n.Link, n.LinkText = JobPath(last.LastJobID), "Why?"
	}
	switch c.Status {
	case model.FailedSafe:
		n.Title, n.Text = a.Name+" could not be backed up", last.LastMessage
		n.Post, n.PostText = ConfigurationBackupPath(c.Configuration.ID), "Try again"
	case model.PartialSafe:
		n.Title, n.Text = a.Name+" was saved with files missing", last.LastMessage
		n.LinkText = "What is missing?"
	case model.Overdue:
		n.Title, n.Text = a.Name+" is overdue", "Its backup should have run by now and has not."
		n.Post, n.PostText = ConfigurationBackupPath(c.Configuration.ID), "Back up now"
	case model.Frozen:
		if sourceLost(c) { // there is nothing to confirm before the source is back
			n.Title, n.Text = a.Name+" was saved with folders missing", sentences(last.LastMessage, last.LastMend)
			n.Post, n.PostText = ConfigurationBackupPath(c.Configuration.ID), "Back up again"
			n.kind = "lost" // a channel is told again once the source is back and only retention waits
			break
		}
		n.Title, n.Text = a.Name+" keeps all its snapshots for now", c.Configuration.FrozenReason
		n.Post, n.PostText = ConfigurationUnfreezePath(c.Configuration.ID), "Looks right: go on"
		n.Link, n.LinkText = AppPath(a.ID), "Look"
	case model.Unprotected:
		if len(p.Destinations) == 0 {
			return need{}, false // said once, above
		}
		n.Title, n.Text = a.Name+" is not protected", "Its policy “"+c.Policy.Name+"” has no destination that is enabled."
		n.Link, n.LinkText = PolicyPath(c.Policy.ID), "Choose a destination"
	default:
		return need{}, false
	}
	return n, true
}

// newestIn picks the destination whose newest backup tells about the status: one that failed for a failure.
func newestIn(coverage []model.Coverage, status model.Protection) model.Coverage {
	var best model.Coverage
	for _, c := range coverage {
		bad := c.LastState == model.JobFailed || c.LastState == model.JobInterrupted || c.LastState == model.JobPartial
		if status != model.Overdue && !bad {
			continue
		}
		if best.LastAt == nil || c.LastAt != nil && c.LastAt.After(*best.LastAt) {
			best = c
		}
	}
	return best
}
