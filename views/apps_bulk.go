package views

import (
	"context"

	"keepstead/model"
	"keepstead/views/lang"
	"keepstead/views/ui"
)

// What the form over several apps does.
const (
	BulkOn     = "on"     // switch their backups on
	BulkOff    = "off"    // and off
	BulkPolicy = "policy" // have them follow PolicyID
)

// BulkForm is what is done with the apps that are ticked in the list. POST AppsBulkPath, with next.
type BulkForm struct {
	Apps     []string `form:"app"` // ids
	Act      string   `form:"act"`
	PolicyID string   `form:"policy_id"`
}

// bulkID is the id of the form that the boxes in the rows belong to: the rows have forms of their own, and a form cannot
// hold another.
const bulkID = "apps-bulk"

// rowNews is the newest backup of an app that a bad row tells about, and whether there is one.
func rowNews(a model.AppOverview) (model.Coverage, bool) {
	if a.App.Gone || a.Status == model.Running {
		return model.Coverage{}, false
	}
	for _, state := range []model.JobState{model.JobFailed, model.JobInterrupted, model.JobPartial} {
		for _, c := range a.Configurations {
			if c.Status == model.Paused {
				continue
			}
			for _, t := range troublesOf(c) {
				if t.last.LastState == state && t.last.LastMessage != "" {
					return t.last, true
				}
			}
		}
	}
	return model.Coverage{}, false
}

// bulkPolicies are the choices of a policy, after one that chooses none.
func bulkPolicies(ctx context.Context, policies []model.Policy) []ui.Option {
	return append([]ui.Option{{Text: lang.T(ctx, "Choose a policy")}}, policyOptions(policies)...)
}
