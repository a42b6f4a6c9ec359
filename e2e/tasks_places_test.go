package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"keepstead/testbed"
)

// estate is a Keepstead with one place for backups, and others to bring in: folders, a bucket, a repository that restic
// made, and a machine over SSH.
type estate struct {
	*keepstead
	dir     string // of everything on this machine
	disk    destination
	bucket  *testbed.Bucket
	machine *testbed.Machine
	old     string // a repository with one snapshot
	oldKey  string // its password
}

func foundEstate(t *testing.T) *estate {
	t.Helper()
	l := &estate{bucket: testbed.S3(t), machine: testbed.NewMachine(t, testbed.MachineOptions{}), keepstead: serve(t), dir: t.TempDir()}
	l.call("PATCH", "/backup/policies/"+l.defaultPolicy(), body{"schedule": never}, nil)
	photos := filepath.Join(l.dir, "photos")
	writeFile(t, filepath.Join(photos, "beach.txt"), "sand, sea and sun\n")
	l.old, l.oldKey = testbed.Repository(t)
	restic(t, l.old, l.oldKey, "backup", "--host", "attic", photos)
	l.disk = l.addFolder("Disk", filepath.Join(l.dir, "disk"))
	_, configuration := l.addApp("Photos", l.addPolicy("Yearly", []string{l.disk.ID}, nil), photos)
	for range hands {
		l.backup(configuration, "success") // each hand deletes one
	}
	l.quiet()
	return l
}

// hands are all ways to work.
var hands = []way{keys, mouse, thumb, plain}

// scriptless is left out where a form without scripts is as all others are.
var scriptless = []way{plain}

// chores are what people come for to the places of their backups, to the machines, and to the settings.
var chores = []struct {
	name string
	do   func(*person, *estate)
	not  []way // that would cost much and show nothing new
}{
	{"add a folder", (*person).bringFolder, nil},
	{"add a bucket, and see why it does not work at first", (*person).bringBucket, nil},
	{"adopt a repository that is there", (*person).bringRepository, scriptless},
	{"look after a destination", (*person).tendDestination, nil},
	{"switch a destination off and on, and change it", (*person).changeDestination, scriptless},
	{"set the maintenance window of a destination", (*person).setWindow, nil},
	{"add a device, test it, change it and remove it", (*person).bringDevice, scriptless},
	{"take the recovery kit", (*person).takeKit, nil},
	{"have another policy be the default", (*person).changeDefault, scriptless},
	{"remove a destination, forget an app, delete a snapshot and a policy", (*person).partWithThings, scriptless},
	{"add a channel of notifications, and send tests", (*person).addChannel, nil},
	{"look up an operation of the API", (*person).lookUp, scriptless},
	{"change the password, and sign other browsers out", (*person).changePassword, scriptless},
}

// TestEveryPlace does what people come for to destinations, devices, questions and settings: with a mouse, by keyboard
// alone, with a thumb on a phone, and in a browser without scripts.
func TestEveryPlace(t *testing.T) {
	t.Parallel()
	l := foundEstate(t)
	b := browse(t, l.url, screens[0])
	b.allow("404 from /", "422 from /") // wrong entries and strange addresses are part of it
	for _, w := range hands {
		t.Run(string(w), func(t *testing.T) {
			p := hire(t, b, w)
			p.stray()
			for _, chore := range chores {
				if slices.Contains(chore.not, w) {
					continue
				}
				t.Run(chore.name, func(t *testing.T) {
					p.t, l.t = t, t
					chore.do(p, l)
				})
			}
			p.t, l.t = t, t
			p.leave()
		})
	}
	b.t, l.t = t, t
}

// submitFrom sends the form in which something was typed last: by keyboard with Enter where it stands, else with the button.
func (p *person) submitFrom(button string) {
	p.t.Helper()
	if p.way != keys {
		p.send(button)
		return
	}
	p.mark()
	p.key(kb.Enter)
	p.await("another page comes after Enter", `window.stillHere === undefined && document.querySelector("main") !== null`)
}

// reads looks at what a field holds.
func (p *person) reads(label, value string) {
	p.t.Helper()
	p.await("“"+label+"” reads “"+value+"”", seek(label, "return e.value === "+quote(value)))
}

// has waits until something of that selector says the text.
func (p *person) has(selector, text string) {
	p.t.Helper()
	p.await(selector+" says “"+text+"”", fmt.Sprintf(`[...document.querySelectorAll(%s)].some(e => e.innerText.replace(/\s+/g, " ").includes(%s))`, quote(selector), quote(text)))
}

// tryFirst tests the place in the form: on the page that stays, or where no script runs on one that comes.
func (p *person) tryFirst(button string) {
	p.t.Helper()
	if p.way == plain {
		p.send(button)
	} else {
		p.act(button)
	}
}

func (p *person) called(thing string) string { return thing + " " + string(p.way) }

func (p *person) bringFolder(l *estate) {
	shelf := p.called("Shelf")
	p.nav("Destinations")
	p.send("Add destination")
	p.pick("Folder a disk")
	p.write("Name", shelf)
	p.write("Folder", filepath.Join(l.dir, "shelf", string(p.way)))
	p.tryFirst("Test first")
	p.says("It works")
	for _, step := range []string{"Write", "Read back", "Delete"} {
		p.has(".probe li.is-good", step)
	}
	p.write("Location", "Cellar")
	p.submitFrom("Add destination")
	p.says(shelf + " is ready for backups.")
	if _, err := os.Stat(filepath.Join(l.dir, "shelf", string(p.way), "config")); err != nil {
		p.t.Errorf("there is no repository: %v", err)
	}
}

func (p *person) bringBucket(l *estate) {
	cloud := p.called("Cloud")
	p.nav("Destinations")
	p.send("Add destination")
	p.pick("S3 storage")
	p.write("Name", cloud)
	if p.way != plain { // a script knows the providers
		p.pick("AWS S3")
		p.reads("Endpoint", "s3.amazonaws.com")
		p.pick("MinIO")
		p.reads("Endpoint", "")
		p.reads("Region", "us-east-1")
	}
	p.write("Endpoint", l.bucket.Endpoint)
	p.write("Bucket", l.bucket.Name)
	p.write("Folder in the bucket", strings.ReplaceAll(cloud, " ", "-"))
	p.write("Access key id", l.bucket.AccessKey)
	p.write("Secret access key", "not-the-secret")
	p.tryFirst("Test first")
	p.says("The test failed at: Sign in")
	p.has(".probe li.is-bad", "The secret key does not fit the access key.")
	p.look("the form of a bucket with a test that failed")
	if p.way == plain { // keys are never sent back
		p.write("Access key id", l.bucket.AccessKey)
	}
	p.write("Secret access key", l.bucket.SecretKey)
	p.submitFrom("Add destination")
	p.says(cloud + " is ready for backups.")
}

func (p *person) bringRepository(l *estate) {
	p.nav("Destinations")
	p.send("Add destination")
	p.pick("Folder a disk")
	p.write("Name", p.called("Old"))
	p.write("Folder", l.old)
	p.pick("Adopt one that is there")
	p.write("Password of the repository", "a guess")
	p.submitFrom("Add destination")
	p.has(".field", "This password does not open the repository that is here.")
	p.write("Password of the repository", l.oldKey)
	p.submitFrom("Add destination")
	p.says(p.called("Old") + " is ready for backups.")
	p.has("dl.facts div", "Snapshots 1")
}

// upkeep is what the page of a destination offers to do, and what it says until that was done.
var upkeep = []struct{ button, until string }{{"Check", "Last check never"}, {"Free space", "Space freed never"}, {"Try now", "Last tried: never"}, {"Read again", ""}}

// tendDestination reads a card, opens it, tests, and does one piece of the upkeep: each hand another, since they are the
// same button, and each job takes its time.
func (p *person) tendDestination(l *estate) {
	p.nav("Destinations")
	p.has("article", "Disk "+l.disk.Path)
	p.has("article", "Used by Default, Yearly")
	p.send("Disk")
	p.tryFirst("Test")
	p.says("It works")
	p.look("a destination after a test")
	for _, each := range upkeep {
		p.present(each.button)
	}
	mine := upkeep[slices.Index(hands, p.way)]
	p.has("main", mine.until)
	p.send(mine.button)
	p.await("its job comes", `location.pathname.startsWith("/jobs/")`)
	p.becomes("Done")
	p.send("Disk")
	if mine.until != "" {
		p.await("it was done", `!document.querySelector("main").innerText.replace(/\s+/g, " ").includes(`+quote(mine.until)+`)`)
	}
}

func (p *person) changeDestination(*estate) {
	shelf := p.called("Shelf")
	use := `document.querySelector('main [aria-label="Use ` + shelf + `"]').ariaChecked`
	p.nav("Destinations")
	p.send(shelf)
	p.send("Use " + shelf)
	p.await("it is off", use+` === "false"`)
	p.send("Use " + shelf)
	p.await("it is on again", use+` === "true"`)
	p.send("Edit")
	p.write("Bandwidth limit", "fast")
	p.submitFrom("Save")
	p.has(".field", "number")
	p.write("Bandwidth limit", "40")
	p.submitFrom("Save")
	p.says("Saved.")
	p.says("at most 40 MiB/s")
}

// twoTaps is within which two taps at one spot are one double tap, which puts the caret back after all was selected.
const twoTaps = 400 * time.Millisecond

// setWindow lets upkeep start by itself only in the nights of a weekend, and then at any time again.
func (p *person) setWindow(*estate) {
	shelf := p.called("Shelf")
	p.nav("Destinations")
	p.send(shelf)
	p.says("None: upkeep starts by itself at any time.")
	p.send("Edit")
	p.write("Opens at", "23:00")
	p.submitFrom("Save")
	p.has(".field", "Choose at least one day")
	p.has(".field", "Give a time of day from 00:00 to 23:59, such as 02:00.")
	p.reads("Opens at", "23:00")
	p.tick("Saturday")
	p.tick("Sunday")
	p.write("Closes at", "05:30")
	p.write("Time zone", "Asia/Tokyo")
	p.look("the form of a destination with a window")
	p.submitFrom("Save")
	p.says("Saved.")
	p.says("Every Saturday and Sunday, 23:00 to 05:30 the next day (Asia/Tokyo)")
	p.look("a destination with a window")
	p.send("Edit")
	for _, day := range []string{"Saturday", "Sunday"} {
		p.tick(day)
	}
	for _, at := range []string{"Opens at", "Closes at"} {
		time.Sleep(twoTaps) // the page scrolls each field to the same spot
		p.write(at, " ")
		p.reads(at, " ")
	}
	p.submitFrom("Save")
	p.says("None: upkeep starts by itself at any time.")
}
