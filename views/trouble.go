package views

import (
	"context"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/views/ui"
)

// trouble is a newest backup that did not come out whole, with all destinations where it ended with the same words.
type trouble struct {
	last   model.Coverage
	places []uuid.UUID
	idle   bool // nothing of the same configuration runs or waits
}

// troubles are what stands first on an app's page. An app that is switched off, or whose source is gone, has other news.
func troubles(p AppProps) []trouble {
	var out []trouble
	if p.App.App.Gone || p.App.App.ForgottenAt != nil {
		return out
	}
	for _, c := range p.App.Configurations {
		if c.Status == model.Paused {
			continue
		}
		out = append(out, troublesOf(c)...)
	}
	return out
}

func troublesOf(c model.ConfigurationOverview) []trouble {
	var out []trouble
	idle := true
	for _, v := range c.Coverage {
		idle = idle && v.RunningJobID == uuid.Nil
	}
	for _, v := range c.Coverage {
		if !isTrouble(v.LastState) {
			continue
		}
		n := len(out)
		for i, t := range out {
			if t.last.LastState == v.LastState && t.last.LastMessage == v.LastMessage && t.last.LastMend == v.LastMend {
				n = i
			}
		}
		if n == len(out) {
			v.ConfigurationID = c.Configuration.ID
			out = append(out, trouble{last: v, idle: idle})
		}
		out[n].places = append(out[n].places, v.DestinationID)
	}
	return out
}

func isTrouble(s model.JobState) bool {
	return s == model.JobFailed || s == model.JobPartial || s == model.JobInterrupted
}

// placesOf names the destinations of a trouble.
func placesOf(ctx context.Context, t trouble, destinations []model.Destination) []string {
	var out []string
	for _, id := range t.places {
		out = append(out, nameOf(ctx, id, destinations))
	}
	return out
}

// sourceLost says that retention is held back because the source is not there, and still is not. An empty folder of
// several counts as there: somebody may have emptied it, and says so by confirming.
func sourceLost(c model.ConfigurationOverview) bool {
	for _, v := range c.Coverage {
		missing := v.LastCause == model.CauseSourceMissing || v.LastCause == model.CauseSourceEmpty && v.LastState == model.JobFailed
		if c.Configuration.FrozenAt != nil && missing {
			return true
		}
	}
	return false
}

// frozenWords say why retention is held back, where a notice above does not, and what to do.
func frozenWords(c model.ConfigurationOverview) string {
	const look = "Look at the newest snapshot. If it is as it should be, let retention go on."
	for _, t := range troublesOf(c) {
		if t.last.LastMessage == c.Configuration.FrozenReason {
			return look
		}
	}
	return sentences(c.Configuration.FrozenReason, look)
}

// partial is how a destination is shown that holds only snapshots with something missing.
func partial() ui.State {
	return ui.State{Class: "is-warn", Icon: ui.IconHalf, Word: "partial"}
}

// newsOf says that the newest backup into a destination is other news than the snapshot that is shown of it.
func newsOf(h model.Coverage) bool {
	shown := h.LastGoodAt == nil && h.PartialAt != nil && h.LastState == model.JobPartial
	return h.LastState != "" && h.LastState != model.JobSuccess && !shown
}

// bringsBack is the snapshot that an app is restored from: its newest full one, else its newest incomplete one; the nil
// id for none.
func bringsBack(a model.AppOverview) uuid.UUID {
	if id := lastGood(a); id != uuid.Nil {
		return id
	}
	var newest model.Coverage
	for _, h := range heldBy(a) {
		if h.PartialAt != nil && (newest.PartialAt == nil || h.PartialAt.After(*newest.PartialAt)) {
			newest = h
		}
	}
	return newest.PartialID
}

// restorePlace is where the restore of an app begins, empty where it has nothing to restore: without a policy it has no
// coverage, but its snapshots may still be there.
func restorePlace(p AppProps) string {
	if id := bringsBack(p.App); id != uuid.Nil {
		return RestorePath(id)
	}
	for _, s := range p.Snapshots {
		if s.Restorable() {
			return SnapshotsOf(p.App.App.ID, uuid.Nil)
		}
	}
	return ""
}

// canForget says that somebody may forget an app: not while it waits for a decision, and never a part of Keepstead.
func canForget(a model.App) bool {
	return a.ForgottenAt == nil && !a.Pending && a.Kind != model.AppSystem
}
