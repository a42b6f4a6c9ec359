package views

import (
	"testing"
	"time"

	"keepstead/model"
	"keepstead/views/ui"
)

// TestCardsOfDestinations: a card says what kind of place it is, what fails together with it, how much room is left and
// whether a device could destroy it; and what is wrong before what runs.
func TestCardsOfDestinations(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	p := DestinationsProps{Chrome: s.chrome, Destinations: s.destinations, Devices: []model.Device{s.device}, Policies: s.policies, Open: s.jobs[:2]}
	p.Destinations[0].Site, p.Destinations[0].TamperedAt = "Home", ago(s.chrome.Now, 48*time.Hour)
	html := render(t, DestinationsList(p))
	inOrder(t, html, "Backup disk", "Running", "Folder", "atlas", "Home", "1.0 TiB free", "Tamper test held", "2 d ago",
		"Backblaze B2", "Failing", "S3 storage", "Backblaze", "Tamper test never run", "Garage at Mum", "Disabled")
	for want, d := range map[ui.State]model.Destination{
		ui.OfJob(model.JobRunning):                                         {ID: id(10), Enabled: true},
		ui.OfDestination(model.Destination{}):                              {ID: id(10)},
		ui.OfDestination(model.Destination{Enabled: true, LastError: "x"}): {ID: id(10), Enabled: true, LastError: "x"},
		ui.OfDestination(model.Destination{Enabled: true}):                 {ID: id(99), Enabled: true},
	} {
		if got := placeState(p, d); got != want {
			t.Errorf("%+v is shown as %s, want %s", d, got.Word, want.Word)
		}
	}
}

// TestOneWordForOneThing: a destination's page and its form call the failure domain the same, and lead to each other.
func TestOneWordForOneThing(t *testing.T) {
	t.Parallel()
	all := pages(t, newSample(t))
	inOrder(t, render(t, all["destination"]), "Check the repository", ">Check<", "Read the snapshots again", ">Read again<")
	inOrder(t, render(t, all["destination"]), "Failure domain", DestinationEditPath(id(11))+"#"+FailureDomainID, "Provider", "Location")
	inOrder(t, render(t, all["destination-edit"]), `id="`+FailureDomainID+`"`, "Failure domain", "Provider", "Left empty: “Backblaze”.", "Location")
	inOrder(t, render(t, all["destination-new"]), "Location", `name="site"`, "Repository")
}
