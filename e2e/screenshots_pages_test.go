//go:build screenshots

package e2e

import (
	"net/url"
	"path/filepath"
	"slices"
	"time"
)

// lists draws the pages of the navigation, and the sign-in before them.
func (h *gallery) lists(c *camera) {
	h.t.Helper()
	c.page("sign-in", "/signin")
	c.fill("name", "admin")
	c.fill("password", "not this one")
	c.submit()
	c.await("it is refused", `document.querySelector("main .notice") !== null`)
	c.shoot("sign-in-refused")
	c.page("error-404-signed-out", "/nowhere/at/all")
	c.signIn()
	for name, path := range map[string]string{
		"home": "/", "apps": "/apps", "snapshots": "/snapshots", "destinations": "/destinations", "policies": "/policies",
		"devices": "/devices", "activity": "/activity", "settings": "/settings", "recovery-kit": "/settings/recovery-kit", "keys": "/settings/keys", "audit": "/settings/audit", "two-factor": "/settings/two-factor", "reference": "/reference", "design": "/_ui", "error-404": "/nowhere",
		"apps-none": "/apps?q=nothing", "activity-failed": "/activity?state=failed", "snapshots-none": "/snapshots?status=failed&from=2020-01-01&to=2020-01-02",
	} {
		c.page(name, path)
	}
	c.foreign("/backup")
	c.shoot("error-403")
	h.channels(c)
}

// channels draws the pages of notifications: empty, the form, a test that failed, and the list.
func (h *gallery) channels(c *camera) {
	h.t.Helper()
	c.page("notifications-none", "/settings/notifications")
	c.page("notification-new", "/settings/notifications/new")
	c.fill("name", "Phone")
	c.fill("ntfy_server", "http://127.0.0.1:1")
	c.fill("ntfy_topic", "homelab-x7Qm2")
	c.press("Send a test")
	c.says("The test was not sent")
	c.shoot("notification-new-failed")
	c.submit()
	c.says("Phone is added.")
	h.call("POST", "/notifications", body{"name": "Everybody at home", "service": "email", "server": "127.0.0.1:1", "sender": "keepstead@example.org", "recipient": "ada@example.org, eva@example.org", "tells_weekly": true, "enabled": false}, nil)
	c.page("notifications", "/settings/notifications")
	c.script("send a test", `document.querySelector("main .rows form button").click()`)
	c.says("The test was not sent")
	c.shoot("notifications-tested")
	c.page("notification-edit", ask[string](c.tab, `document.querySelector("main .rows a.name").pathname`))
	h.parting()
}

// parting deletes the channels: the other pages are drawn without one that fails, and so is the next look of these.
func (h *gallery) parting() {
	h.t.Helper()
	var list struct{ Channels []struct{ ID string } }
	h.call("GET", "/notifications", nil, &list)
	for _, channel := range list.Channels {
		h.call("DELETE", "/notifications/"+channel.ID, nil, nil)
	}
}

// snapshotOf returns the newest snapshot of an app that can be restored, or the n-th of them.
func (h *gallery) snapshotOf(app string, n int) snapshot {
	h.t.Helper()
	for _, s := range h.snapshots(url.Values{"app_id": {app}}) {
		if s.Restorable {
			if n--; n < 0 {
				return s
			}
		}
	}
	h.t.Fatalf("the app %s has no such snapshot", app)
	return snapshot{}
}

// jobOf returns the newest job with the query.
func (h *gallery) jobOf(query string) string {
	h.t.Helper()
	for _, j := range h.jobs(query + "&limit=1") {
		return "/jobs/" + j.ID
	}
	h.t.Fatalf("there is no job with %s", query)
	return ""
}

// things draws the page of one thing of each kind.
func (h *gallery) things(c *camera) {
	h.t.Helper()
	app := func(id string) string { return "/apps/" + id }
	photos, older, shop, documents := h.snapshotOf(h.appIDs["photos"], 0), h.snapshotOf(h.appIDs["photos"], 7), h.snapshotOf(h.appIDs["shop"], 0), h.snapshotOf(h.appIDs["documents"], 0)
	file := func(parts ...string) string {
		return url.QueryEscape(filepath.Join(append([]string{h.folders["photos"]}, parts...)...))
	}
	in := "/snapshots/" + photos.ID
	for name, path := range map[string]string{
		"app": app(h.appIDs["shop"]), "app-folders": app(h.appIDs["photos"]), "app-partial": app(h.appIDs["documents"]), "app-failed": app(h.appIDs["scans"]),
		"app-pending": app(h.awaitApp("notes", time.Minute, func(a dockerApp) bool { return a.Pending }).ID), "app-forget": app(h.appIDs["shop"]) + "/forget",
		"find": app(h.appIDs["photos"]) + "/files?q=img", "find-none": app(h.appIDs["photos"]) + "/files?q=zebra", "versions": app(h.appIDs["photos"]) + "/files/versions?path=" + file("albums.txt"),
		"snapshot": in + "?dir=" + file(), "snapshot-app": "/snapshots/" + shop.ID, "snapshot-partial": "/snapshots/" + documents.ID,
		"snapshot-forget": in + "/forget", "compare-choose": in + "/compare", "compare": in + "/compare?with=" + older.ID,
		"preview-text": in + "/preview?path=" + file("albums.txt"), "preview-image": in + "/preview?path=" + file("2026", "harbour.jpg"),
		"preview-bytes": in + "/preview?path=" + file("films", "birthday.mkv"), "restore-files": in + "/restore", "restore-app": "/snapshots/" + shop.ID + "/restore",
		"destination": "/destinations/" + h.disk.ID, "destination-s3": "/destinations/" + h.cloud.ID, "destination-sftp": "/destinations/" + h.ids["Storage box"],
		"destination-edit": "/destinations/" + h.cloud.ID + "/edit", "destination-remove": "/destinations/" + h.disk.ID + "/remove", "destination-keys": "/destinations/" + h.disk.ID + "/keys",
		"policy": "/policies/" + h.ids["nightly"], "policy-new": "/policies/new",
		"device": "/devices/" + h.ids["nas"], "device-local": "/devices/" + h.localDevice(), "device-plain": "/devices/" + h.ids["laptop"],
		"device-edit": "/devices/" + h.ids["nas"] + "/edit", "device-host-key": "/devices/" + h.ids["nas"] + "/host-key", "device-remove": "/devices/" + h.ids["laptop"] + "/remove",
		"job-success": h.jobOf("kind=backup&state=success"), "job-partial": h.jobOf("kind=backup&state=partial"), "job-failed": h.jobOf("kind=backup&state=failed"),
		"job-restore": h.jobOf("kind=restore&app_id=" + h.appIDs["shop"]), "job-restore-files": h.jobOf("kind=restore&app_id=" + h.appIDs["photos"]),
	} {
		c.visit(path)
		c.await("the page has what it asks for", `document.querySelector("main [hx-trigger=load]") === null`)
		c.shoot(name)
	}
}

// forms draws forms that somebody has begun to fill in, and what they answer.
func (h *gallery) forms(c *camera) {
	h.t.Helper()
	c.page("app-new", "/apps/new")
	c.fill("name", "Music")
	c.fill("paths", "srv/music")
	c.submit()
	c.says("relative")
	c.shoot("app-new-refused")
	c.newDestination("local", "Second disk")
	c.fill("path", place(h.t, "second"))
	c.press("Test first")
	c.says("It works")
	c.shoot("destination-new-folder")
	c.newDestination("s3", "Backblaze")
	c.shoot("destination-new-s3")
	c.fill("endpoint", "http://127.0.0.1:1")
	c.fill("bucket", "homelab")
	c.fill("access_key", "key")
	c.fill("secret_key", "secret")
	c.press("Test first")
	c.says("The test failed at")
	c.shoot("destination-new-s3-failed")
	c.newDestination("sftp", "Storage box of a friend")
	c.fill("host", h.nas.Address)
	c.press("Show the fingerprint")
	c.says("SHA256:")
	c.shoot("destination-new-sftp")
	c.page("device-new", "/devices/new")
	c.fill("name", "attic")
	c.fill("address", h.laptop.Address)
	c.press("Show the fingerprint")
	c.says("SHA256:")
	c.shoot("device-new-host-key")
	c.visit("/devices/" + h.ids["nas"])
	c.press("Test")
	c.says("It works")
	c.shoot("device-tested")
	c.visit("/destinations/" + h.disk.ID)
	c.press("Test")
	c.says("It works")
	c.shoot("destination-tested")
	c.visit("/snapshots/" + h.snapshotOf(h.appIDs["shop"], 0).ID + "/restore")
	c.script("choose the whole app", `document.querySelector('main [name="mode"][value="in_place"]').click()`)
	c.press("What would change?")
	c.says("would be replaced")
	c.shoot("restore-app-plan")
	c.visit("/settings")
	c.script("ask for a token", `(() => { const f = document.querySelector("#token-name"); f.value = "phone"; f.form.elements.current_password.value = "`+adminPassword+`"; f.form.requestSubmit() })()`)
	c.says("Copy the token “phone” now")
	c.shoot("settings-token")
	c.visit("/settings/two-factor")
	c.fill("current_password", adminPassword)
	c.submit()
	c.says("Scan this with the app")
	c.shoot("two-factor-enrolment")
}

// atWork draws a backup that runs, on the pages that show it.
func (h *gallery) atWork(c *camera) {
	h.t.Helper()
	writeRandom(h.t, filepath.Join(h.folders["photos"], "films", "holiday.mkv"), 300<<20)
	h.call("PATCH", "/backup/destinations/"+h.disk.ID, body{"bytes_per_second": 1 << 20}, nil)
	var s started
	h.call("POST", "/backup/configurations/"+h.configs["photos"]+"/backup", nil, &s)
	id := s.Snapshots[0].JobID
	for h.job(id).Progress == nil || h.job(id).Progress.BytesDone == 0 {
		if slices.Contains(final, h.job(id).State) {
			h.t.Fatalf("the backup that should be drawn has ended: %+v", h.job(id))
		}
		time.Sleep(200 * time.Millisecond)
	}
	for name, path := range map[string]string{
		"home-running": "/", "apps-running": "/apps", "activity-running": "/activity", "app-running": "/apps/" + h.appIDs["photos"], "destinations-running": "/destinations",
		"job-running": "/jobs/" + id, "snapshot-running": "/snapshots/" + s.Snapshots[0].SnapshotID,
	} {
		c.page(name, path)
	}
	h.call("POST", "/jobs/"+id+"/cancel", nil, nil)
	h.wait(id)
	c.page("job-cancelled", "/jobs/"+id)
}

// without draws what a homelab looks like when something is missing: an app that is gone, a machine that does not answer.
func (h *gallery) without(c *camera) {
	h.t.Helper()
	h.engine.Compose(h.t, h.projects["wiki"].Dir, "down")
	h.awaitApp("wiki", 30*time.Second, func(a dockerApp) bool { return a.Gone })
	c.page("app-gone", "/apps/"+h.appIDs["wiki"])
	h.laptop.Cut()
	h.try("POST", "/devices/"+h.ids["laptop"]+"/test", nil)
	c.page("device-unreachable", "/devices/"+h.ids["laptop"])
	c.page("devices-unreachable", "/devices")
	c.page("home-needs", "/")
	h.laptop.Mend()
}
