package views

import (
	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/views/ui"
)

// needsOfEngines lists the container engines that somebody counts on and that cannot be used.
func needsOfEngines(p HomeProps) []need {
	var out []need
	for _, d := range p.Devices {
		if !engineNotice(d, p.Apps) {
			continue
		}
		n := need{
			State: engineState(d), Title: engineTitle(d), Text: sentences(d.Engine.Message, d.Engine.Mend),
			Post: DiscoverPath, PostText: "Look again", severity: model.FailedSafe.Severity(),
			key: keyOf("engine", d.ID), kind: string(d.Engine.State),
		}
		if d.Engine.State == model.EngineReady {
			n.severity = model.PartialSafe.Severity()
		}
		out = append(out, n)
	}
	return out
}

// needsOfFound lists what discovery found and cannot decide: new apps, folders that are too large to take unasked, data
// that cannot be read, apps that went away.
func needsOfFound(p HomeProps) []need {
	var out []need
	var pending []string
	var each []need
	for _, a := range p.Apps {
		switch {
		case a.App.Pending && !a.App.Gone:
			pending = append(pending, ui.Plain(a.App.Name))
			each = append(each, need{Title: ui.Plain(a.App.Name) + " was found and is not protected", Link: AppPath(a.App.ID), key: keyOf("found", a.App.ID)})
		case a.App.Gone && lastGood(a) != uuid.Nil:
			out = append(out, goneNeed(a))
		case len(a.Configurations) > 0 && !a.App.Gone:
			out = append(out, mountNeeds(a, p.Found[a.App.ID])...)
		}
	}
	if len(pending) == 0 {
		return out
	}
	return append(out, need{
		State: ui.OfProtection(model.Unprotected), Title: ui.Plural(len(pending), "app was", "apps were") + " found and " + isAre(len(pending)) + " not protected",
		Names: pending, Post: AcceptAllPath, PostText: protectWords(len(pending)), Link: AppsPath, LinkText: "Choose",
		severity: model.Unprotected.Severity(), each: each,
	})
}

func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func protectWords(n int) string {
	if n == 1 {
		return "Protect"
	}
	return "Protect all"
}

func goneNeed(a model.AppOverview) need {
	return need{
		State: ui.Gone(), Title: ui.Plain(a.App.Name) + " is gone", Text: "Nothing new of it can be saved; its snapshots stay.",
		Link: AppForgetPath(a.App.ID), LinkText: "Forget…", About: AppPath(a.App.ID),
		Mend: RestorePath(lastGood(a)), MendText: "Bring it back", severity: model.Paused.Severity() + 1, key: keyOf("gone", a.App.ID),
	}
}

func mountNeeds(a model.AppOverview, n model.FoundCounts) []need {
	var out []need
	at := AppPath(a.App.ID) + "#" + AppMountsID
	if n.Lost > 0 {
		out = append(out, need{
			State: ui.OfMount(model.RoleLost), Title: ui.Plural(n.Lost, "part", "parts") + " of " + ui.Plain(a.App.Name) + " cannot be read",
			Text: "Its backups go on without; the page of the app says why.", Mend: at, MendText: "See why", severity: model.FailedSafe.Severity(),
			key: keyOf("lost", a.App.ID),
		})
	}
	if n.Ask > 0 {
		title := "1 folder of " + ui.Plain(a.App.Name) + " waits for your decision"
		if n.Ask > 1 {
			title = ui.Count(n.Ask) + " folders of " + ui.Plain(a.App.Name) + " wait for your decision"
		}
		out = append(out, need{
			State: ui.OfMount(model.RoleAsk), Title: title,
			Text: "Left out until you say so.", Mend: at, MendText: "Decide", severity: model.PartialSafe.Severity(),
			key: keyOf("ask", a.App.ID),
		})
	}
	return out
}
