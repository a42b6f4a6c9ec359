package views

import (
	"strings"
	"testing"
	"time"

	"keepstead/model"
	"keepstead/views/ui"
)

// TestOneCountOfApps: the list of apps, the list of devices and the page of a device say the same of it.
func TestOneCountOfApps(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	apps := s.apps
	apps[1].App.Pending, apps[2].App.Gone = true, true
	n := CountApps(s.plainApps())[s.device.ID] // nine: one is gone, one a part of Keepstead
	if n != (AppCount{Apps: 7, Undecided: 1}) {
		t.Fatalf("counted %+v", n)
	}
	const want = "7 apps, 1 not decided"
	item := DeviceItem{Device: s.device, Apps: n}
	inOrder(t, render(t, AppsList(AppsProps{Chrome: s.chrome, Apps: apps, Counts: CountApps(s.plainApps())})), want)
	page := render(t, DevicePage(DeviceProps{Chrome: s.chrome, Device: item, Apps: apps[:1]}))
	if strings.Count(page, want) != 2 || strings.Contains(page, "found<") {
		t.Error("the page of the device counts otherwise")
	}
	inOrder(t, render(t, DevicesList(DevicesProps{Chrome: s.chrome, Devices: []DeviceItem{item}})), ">7", "1 not decided")
	for want, n := range map[string]AppCount{"No apps": {}, "1 app": {Apps: 1}, "1 app, 1 not decided": {Apps: 1, Undecided: 1}} {
		if n.words() != want {
			t.Errorf("%+v is %q", n, n.words())
		}
	}
}

// TestProbesSayWhatTheyProved: what was not tried says why, and the notice says what failed.
func TestProbesSayWhatTheyProved(t *testing.T) {
	t.Parallel()
	p := badProbe()
	p.Steps[0] = model.ProbeStep{Name: "resolve", State: model.ProbeSkipped, Detail: "The endpoint is an address; there is no name to look up."}
	html := render(t, ProbeResult(p))
	inOrder(t, html, "The test failed at: Sign in", "The server does not know this access key.", "Copy the access key id", "Find the host", "no name to look up", "Not needed", "Open the bucket", "Not reached")
	good := goodProbe()
	good.Repository, good.Ours = model.RepositoryPresent, true
	if words := repositoryWords(*good); words != "Its repository is there, and can be written to and read from. 900 GiB are free." {
		t.Errorf("a destination in use is told: %q", words)
	}
	device := model.Probe{Steps: []model.ProbeStep{{Name: "restic", State: model.ProbeOK}, {Name: "engine", State: model.ProbeSkipped, Detail: "None."}}}
	if words := provedWords(device); !strings.Contains(words, "signs in") || !strings.Contains(words, "There is no Docker") {
		t.Errorf("a device is told: %q", words)
	}
}

// TestOldFigures: only a device that is out of reach shows old ones.
func TestOldFigures(t *testing.T) {
	t.Parallel()
	at := time.Now()
	for state, want := range map[model.DeviceState]bool{model.DeviceReady: false, model.DeviceLimited: false, model.DeviceUnreachable: true, model.DeviceDenied: true} {
		if got := stale(model.Device{Kind: model.DeviceSSH, State: state, LastSeenAt: &at}); got != want {
			t.Errorf("%s is stale: %v", state, got)
		}
	}
	needs := needsOfDevices(HomeProps{Devices: []model.Device{{ID: id(1), Name: "off", Kind: model.DeviceSSH, State: model.DeviceUnreachable}}})
	if len(needs) != 1 || needs[0].Post != DeviceTestPath(id(1)) || needs[0].PostText != "Test again" {
		t.Errorf("Home offers %+v", needs)
	}
}

// TestOneHeadForStatus: every list heads its column of states alike.
func TestOneHeadForStatus(t *testing.T) {
	t.Parallel()
	all := pages(t, newSample(t))
	for name, page := range all {
		if strings.Contains(render(t, page), ">State<") {
			t.Errorf("%s heads a column with another word than “Status”", name)
		}
	}
	inOrder(t, render(t, all["devices"]), "<th", "Device", "Status")
}

// TestFactsOfADevice: Docker has one row, the day it was added a date, and a container that runs is no job that runs.
func TestFactsOfADevice(t *testing.T) {
	t.Parallel()
	html := render(t, pages(t, newSample(t))["device"])
	for text, n := range map[string]int{">Docker<": 1, ">Containers<": 0, ">Compose<": 0, ">Name in snapshots<": 1, ">Added<": 1, ">Test the connection<": 1} {
		if got := strings.Count(html, text); got != n {
			t.Errorf("%s stands %d times, want %d", text, got, n)
		}
	}
	up, paused := ui.OfService(model.FoundService{State: "running"}), ui.OfService(model.FoundService{State: "paused"})
	if up.Word == ui.OfJob(model.JobRunning).Word || paused.Word == ui.OfProtection(model.Paused).Word || !strings.HasSuffix(paused.Word, "paused") {
		t.Errorf("containers are %s and %s, as jobs and apps are, or as Docker does not say", up.Word, paused.Word)
	}
}

// TestFullness says with a word, not by a colour alone, that a disk gets full.
func TestFullness(t *testing.T) {
	t.Parallel()
	for free, want := range map[int64]string{100: "", 16: "", 15: "getting full", 6: "getting full", 5: "almost full", 0: "almost full"} {
		if got := fullness(model.DeviceMount{Total: 100, Free: free}); got.Word != want || (got.Class == "") != (want == "") {
			t.Errorf("with %d of 100 free it is %+v, want %q", free, got, want)
		}
	}
	if got := fullness(model.DeviceMount{}); got.Word != "" {
		t.Errorf("a file system of an unknown size is %q", got.Word)
	}
}
