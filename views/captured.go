package views

import (
	"strings"

	"keepstead/model"
	"keepstead/views/ui"
)

// canChoose says that a person may choose how an app is captured: it is there, and follows a policy.
func canChoose(a model.AppOverview) bool { return len(a.Configurations) > 0 && !a.App.Gone }

// capturedHeading and howCaptured head what is told of an app's mounts and services: what a backup would take before
// somebody has decided, what it took after the app has gone.
func capturedHeading(a model.App) string {
	switch {
	case a.Gone:
		return "What was captured"
	case a.Pending:
		return "What a backup would take"
	}
	return "What is captured"
}

func howCaptured(a model.App) string {
	switch {
	case a.Gone:
		return "How it was captured"
	case a.Pending:
		return "How it would be captured"
	}
	return "How it is captured"
}

// mountState is how the role of a mount is shown. Where nothing is captured now, nothing is green.
func mountState(a model.App, r model.MountRole) ui.State {
	state := ui.OfMount(r)
	switch {
	case a.Gone && r == model.RoleAsk:
		return ui.State{Class: "is-idle", Icon: ui.IconSkipped, Word: "Not decided"}
	case a.Gone:
		state.Class = "is-idle"
	case !a.Pending:
	case r == model.RoleData:
		return ui.State{Class: "is-idle", Icon: ui.IconRing, Word: "Would be captured"}
	case r == model.RoleDumped:
		return ui.State{Class: "is-idle", Icon: ui.IconDatabase, Word: "Would be dumped instead"}
	}
	return state
}

// mountWords counts what becomes of the mounts.
func mountWords(a model.App, f model.Found) string {
	captured, dumped, ask := "captured", "dumped instead", "to decide"
	if a.Pending && !a.Gone {
		captured, dumped = "would be captured", "would be dumped instead"
	}
	if a.Gone {
		ask = "not decided"
	}
	n := map[model.MountRole]int{}
	for _, m := range f.Mounts {
		n[m.Role]++
	}
	var words []string
	for _, w := range []struct {
		role model.MountRole
		text string
	}{
		{model.RoleLost, "cannot be read"},
		{model.RoleAsk, ask},
		{model.RoleData, captured},
		{model.RoleDumped, dumped},
		{model.RoleLeft, "left out"},
	} {
		if n[w.role] > 0 {
			words = append(words, ui.Count(n[w.role])+" "+w.text)
		}
	}
	return strings.Join(words, " · ")
}
