package views

import (
	"testing"

	"github.com/google/uuid"

	"keepstead/model"
)

// TestRemovalsNameWhatIsLost: the question before a destination is removed names the apps and policies that lose it, and
// offers the switch; a device with something on it is not offered for removal at all.
func TestRemovalsNameWhatIsLost(t *testing.T) {
	t.Parallel()
	all := pages(t, newSample(t))
	// home-assistant and vaultwarden go to this disk alone; the others have the bucket, and jellyfin is off.
	html := render(t, all["destination-remove"])
	inOrder(t, html, "home-assistant and vaultwarden are then backed up nowhere.", "The policies Default and Hourly databases no longer back up to it.",
		"Remove destination", DestinationTogglePath(id(10)), "Switch it off instead")
	lacks(t, html, "jellyfin", "nextcloud")
	html = render(t, all["device-remove"])
	inOrder(t, html, "atlas still has 9 apps. Forget them first.", AppPath(id(30)), AppForgetPath(id(30)), "atlas still has 1 destination. Remove it first.", DestinationPath(id(10)))
	lacks(t, html, "<form method=\"post\" action=\""+DeviceRemovePath(id(1)), "btn-danger")
}

func TestWhatLosesADestination(t *testing.T) {
	t.Parallel()
	here, there := model.Destination{ID: id(1), Enabled: true}, id(2)
	app := func(name string, status model.Protection, at ...uuid.UUID) model.AppOverview {
		c := model.ConfigurationOverview{Status: status}
		for _, place := range at {
			c.Coverage = append(c.Coverage, model.Coverage{DestinationID: place})
		}
		return model.AppOverview{App: model.App{Name: name}, Configurations: []model.ConfigurationOverview{c}}
	}
	both := app("two policies", model.Protected, here.ID)
	both.Configurations = append(both.Configurations, app("", model.Protected, there).Configurations...)
	lost := NewDestinationRemove(ConfirmProps{}, here, []model.AppOverview{
		app("alone", model.Protected, here.ID), app("off", model.Paused, here.ID), app("elsewhere", model.Protected, there), app("twice", model.FailedSafe, here.ID, there), both,
	}, nil)
	if names := appNames(lost.Nowhere); len(names) != 1 || names[0] != "alone" {
		t.Errorf("%q are backed up nowhere", names)
	}
}
