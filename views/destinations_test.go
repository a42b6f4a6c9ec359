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

// TestWindowInWords: a destination's page says its window, when it opens and what waits for it; the form has its fields, and
// Home says what is long overdue.
func TestWindowInWords(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	all := pages(t, s)
	inOrder(t, render(t, all["destination"]), "Maintenance window", DestinationEditPath(id(11))+"#"+MaintenanceWindowID,
		"Every Saturday and Sunday, 22:00 to 04:00 the next day (Europe/Berlin)", "Opens ", "What you start yourself runs at once.",
		"Waiting", "Freeing space waits for the window: ", "Overdue", "The check waits for the window: ")
	inOrder(t, render(t, all["destination-edit"]), `id="`+MaintenanceWindowID+`"`, `value="sat" checked`, `value="sun" checked`, `value="22:00"`, `value="04:00"`, `value="Europe/Berlin"`)
	inOrder(t, render(t, all["home"]), "The upkeep of Backblaze B2 is overdue", "Its window", "Run it now")
	p := DestinationProps{Chrome: s.chrome, Destination: model.Destination{ID: id(11), Enabled: true}}
	inOrder(t, render(t, DestinationWindow(p)), "Maintenance window", "None: upkeep starts by itself at any time.")
	p.Destination.Window = model.Window{Days: 1<<7 - 1}
	inOrder(t, render(t, DestinationWindow(p)), "Every day, all day", "It is open now")
}
