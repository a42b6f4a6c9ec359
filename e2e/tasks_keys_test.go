package e2e

import (
	"path/filepath"
	"testing"
)

// TestKeysByHand rotates the key of a destination by mouse, by keyboard alone and with a thumb on a phone, and looks into a
// snapshot from before; then adds a key of one's own, opens the repository with it, and removes it.
func TestKeysByHand(t *testing.T) {
	t.Parallel()
	k := serve(t)
	dir := newFolder(t, "disk")
	disk := k.addFolder("Disk", dir)
	photos := newFolder(t, "photos")
	writeFile(t, filepath.Join(photos, "beach.txt"), "sand, sea and sun\n")
	_, configuration := k.addApp("Photos", k.addPolicy("Yearly", []string{disk.ID}, nil), photos)
	k.backup(configuration, "success")
	k.quiet()
	b := browse(t, k.url, screens[0])
	b.allow("422 from /destinations") // a password that is too short
	for _, w := range []way{mouse, keys, thumb} {
		t.Run(string(w), func(t *testing.T) {
			p := hire(t, b, w)
			k.t = t
			p.enter()
			p.rotateKey(k)
			p.bringOwnKey(dir)
			p.rotateDataKey()
			p.leave()
		})
	}
	b.t, k.t = t, t
}

func (p *person) rotateKey(k *keepstead) {
	before := k.password("Disk")
	p.nav("Destinations")
	p.send("Disk")
	p.has("#destination-keys", "Password in use")
	p.send("Rotate key now")
	p.await("its job comes", `location.pathname.startsWith("/jobs/")`)
	p.until("the job is done", `document.querySelector("main .head").innerText.includes("Done")`)
	p.has("ol.job-steps", "Remove the old key")
	p.look("the rotation of a key")
	after := k.password("Disk")
	if after == before {
		p.t.Error("the password is the one from before")
	}
	p.nav("Snapshots")
	p.send("Photos")
	p.present("beach.txt")
}

func (p *person) bringOwnKey(repository string) {
	const own = "by hand, whatever comes"
	p.nav("Destinations")
	p.send("Disk")
	p.send("All keys")
	p.write("Whose key it is", "Anna")
	p.write("Its password", "too short")
	p.write("Your password", adminPassword)
	p.submitFrom("Add key")
	p.has(".field", "Use 10 to 256 characters.")
	p.write("Its password", own)
	p.write("Your password", adminPassword)
	p.submitFrom("Add key")
	p.says("The key of Anna opens the repository now.")
	p.look("the keys of a repository")
	restic(p.t, repository, own, "cat", "config", "--no-lock")
	p.send("Remove… Anna")
	p.says("Its password no longer opens the repository")
	p.look("the question before a key goes")
	p.send("Remove key")
	p.says("The key is removed.")
	if opens(p.t, repository, own) {
		p.t.Error("the removed key opens the repository")
	}
}

func (p *person) rotateDataKey() {
	p.nav("Settings")
	p.send("Keys and rotation")
	p.send("Rotate the data key")
	p.says("All credentials are sealed with a new data key.")
	p.look("Keepstead’s own keys")
}
