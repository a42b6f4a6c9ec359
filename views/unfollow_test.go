package views

import (
	"testing"

	"github.com/google/uuid"

	"keepstead/model"
)

// TestUnfollowNamesWhatIsLost tells an app that another policy still takes to the same place from one that nothing does.
func TestUnfollowNamesWhatIsLost(t *testing.T) {
	t.Parallel()
	follows := func(n int, status model.Protection, policy string, at ...uuid.UUID) model.ConfigurationOverview {
		out := model.ConfigurationOverview{Configuration: model.Configuration{ID: id(n)}, Policy: model.Policy{Name: policy}, Status: status}
		for _, place := range at {
			out.Coverage = append(out.Coverage, model.Coverage{DestinationID: place})
		}
		return out
	}
	places := []model.Destination{{ID: id(1), Name: "Disk"}, {ID: id(2), Name: "Bucket"}}
	first := follows(10, model.Protected, "Default", id(1), id(2))
	nowhere, another := "Photos is then backed up nowhere.", "No new backup of it goes to Bucket."
	for _, tt := range []struct {
		name      string
		others    []model.ConfigurationOverview
		want, not string
	}{
		{"alone", nil, nowhere, another},
		{"beside one that is off", []model.ConfigurationOverview{follows(11, model.Paused, "Weekly", id(1))}, nowhere, another},
		{"beside one without a place", []model.ConfigurationOverview{follows(11, model.Unprotected, "Weekly")}, nowhere, another},
		{"beside one with one place", []model.ConfigurationOverview{follows(11, model.Overdue, "Weekly", id(1))}, another, nowhere},
		{"beside one with both", []model.ConfigurationOverview{follows(11, model.Protected, "Weekly", id(1), id(2))}, "Default no longer backs up Photos.", another},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := model.AppOverview{App: model.App{Name: "Photos"}, Configurations: append([]model.ConfigurationOverview{first}, tt.others...)}
			html := render(t, ConfirmPage(NewUnfollow(newSample(t).chrome, a, first.Configuration, places)))
			inOrder(t, html, tt.want, "Its snapshots stay")
			lacks(t, html, tt.not, "What was set for it")
		})
	}
}
