package e2e

import (
	"fmt"
	"strings"
	"testing"

	"keepstead/testbed"
)

// TestDevicesEvening is the evening on which somebody brings in the other machines of the house, in a browser alone: two
// devices by host and password, a bucket, a folder on the second device and an SFTP server, an app of the first device
// backed up to all three, and its files on the other device. Afterwards the new pages on a phone.
func TestDevicesEvening(t *testing.T) {
	t.Parallel()
	bucket := testbed.S3(t)
	l := newHomelab(t)
	b := browse(t, l.url, screens[0])
	b.signIn()
	b.visit("/devices")
	b.says("Only this machine so far.")
	web := b.addDevice("web", l.web)
	b.says(l.project.Name)
	b.accessible("a device with an app")
	nas := b.addDevice("nas", l.nas)
	b.visit("/devices")
	b.accessible("devices")
	b.onBoth("/devices/"+web+"/edit", "/devices/"+web+"/host-key", "/devices/"+web+"/remove", "/devices/"+nas+"/remove")

	b.addBucket(bucket)
	b.addFolderOn(nas)
	b.addSFTP(l.nas)
	b.visit("/policies/" + l.defaultPolicy())
	b.script("choose all destinations", `document.querySelectorAll('main [name="destination_ids"]').forEach(e => { e.checked = true })`)
	b.submit()
	b.says("Default is saved.")

	b.visit("/devices/" + web)
	b.press(l.project.Name)
	b.says("How it is backed up")
	b.press("Back up now")
	b.await("the page is back", `location.pathname.startsWith("/apps/") && document.readyState === "complete"`)
	b.mark()
	b.await("there is a snapshot on each destination", `document.querySelector("main h1").innerText.includes("Protected") && document.querySelectorAll("#app-snapshots tbody a.name").length === 3`)
	b.unreloaded()
	app := ask[string](b, "location.pathname")
	for i, w := range []way{keys, mouse, thumb} {
		t.Run(string(w), func(t *testing.T) {
			p, folder := hire(t, b, w), fmt.Sprintf("/srv/back%d", i)
			p.visit(app)
			p.bringToDevice(folder)
			l.sameFilm(folder)
		})
	}
	b.t = t // it is a phone still
	for _, path := range []string{"/devices", "/devices/new", "/devices/" + web, "/destinations/new"} {
		b.visit(path)
		b.accessible("on a phone, " + path)
	}
}

// confirm has the machine of the form show its host key, compares, and ticks the box.
func (b *tab) confirm(on *testbed.Machine) {
	b.t.Helper()
	b.press("Show the fingerprint")
	b.says(fingerprint(b.t, on))
	b.script("confirm the fingerprint", `document.querySelector('main [name="host_key_fingerprint"]').click()`)
}

// addDevice adds a machine by its form, as root with a password, and returns the device's id.
func (b *tab) addDevice(name string, on *testbed.Machine) string {
	b.t.Helper()
	b.visit("/devices")
	b.press("Add device")
	b.await("the form comes", `location.pathname === "/devices/new"`)
	b.fill("name", name)
	b.fill("address", on.Address)
	b.confirm(on)
	b.fill("user", "root")
	b.fill("password", testbed.MachinePassword)
	if name == "web" {
		b.accessible("the form of a device")
	}
	b.submit()
	b.says(name + " is added.")
	b.says("Ready")
	return strings.TrimPrefix(ask[string](b, "location.pathname"), "/devices/")
}

// newDestination opens the form for a destination of that kind.
func (b *tab) newDestination(kind, name string) {
	b.t.Helper()
	b.visit("/destinations/new")
	b.script("choose the kind", fmt.Sprintf(`document.querySelector('main [name="type"][value=%q]').click()`, kind))
	b.fill("name", name)
}

// added submits the form of a destination, whose repository is made meanwhile.
func (b *tab) added() {
	b.t.Helper()
	b.submit()
	b.await("the destination is there", `/^\/destinations\/[0-9a-f-]{36}$/.test(location.pathname)`)
}

func (b *tab) addBucket(bucket *testbed.Bucket) {
	b.t.Helper()
	b.newDestination("s3", "Cloud")
	for name, value := range map[string]string{"endpoint": bucket.Endpoint, "bucket": bucket.Name, "region": bucket.Region, "access_key": bucket.AccessKey, "secret_key": bucket.SecretKey} {
		b.fill(name, value)
	}
	b.press("Test first")
	b.says("It works")
	b.accessible("a bucket that works")
	b.added()
}

func (b *tab) addFolderOn(device string) {
	b.t.Helper()
	b.newDestination("local", "Folder")
	b.fill("device_id", device)
	b.fill("path", "/srv/backups")
	b.accessible("the form of a folder on a device")
	b.added()
}

func (b *tab) addSFTP(on *testbed.Machine) {
	b.t.Helper()
	b.newDestination("sftp", "Storage box")
	b.fill("host", on.Address)
	b.confirm(on)
	b.fill("user", "sftponly")
	b.fill("sftp_path", "/data/repo")
	b.fill("password", testbed.MachinePassword)
	b.accessible("the form of an SFTP server")
	b.added()
}

// bringToDevice restores the files of the newest snapshot of the app on the page into a folder of the device nas.
func (p *person) bringToDevice(folder string) {
	p.t.Helper()
	p.openNewest()
	p.says("What it holds")
	p.send("Restore")
	p.pick("Only files")
	p.choose("On the device", "nas", "")
	p.write("Folder", folder)
	p.look("the form of a restore onto another device")
	p.send("Restore")
	p.await("the job's page comes", `location.pathname.startsWith("/jobs/")`)
	p.says("Done")
}
