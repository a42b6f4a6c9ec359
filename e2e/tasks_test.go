package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
)

// house is a Keepstead in which something was done already: an app with two snapshots, one that fails, one that is slow.
type house struct {
	*keepstead
	disk   destination
	photos string
	app    string
	cellar string // an app whose backups fail
	attic  string // an app whose backup takes more than a minute
	slow   string // its configuration
	slowly string // the policy that it follows
}

func furnish(t *testing.T) *house {
	t.Helper()
	h := &house{keepstead: serve(t), photos: newFolder(t, "photos")}
	h.disk = h.addFolder("Disk", newFolder(t, "disk"))
	policy := h.addPolicy("Yearly", []string{h.disk.ID}, nil)
	for i := range 520 { // more than one page of a folder
		writeFile(t, filepath.Join(h.photos, "many", fmt.Sprintf("%03d.txt", i)), "x")
	}
	writeFile(t, filepath.Join(h.photos, "album", "beach.txt"), "sand, sea and sun\n")
	writeFile(t, filepath.Join(h.photos, "album", "notes.md"), "# What we saw\n")
	writeFile(t, filepath.Join(h.photos, "holiday.txt"), "first\n")
	app, configuration := h.addApp("Photos", policy, h.photos)
	h.app = app
	h.backup(configuration, "success")
	time.Sleep(time.Second) // pages name snapshots by the second
	writeFile(t, filepath.Join(h.photos, "holiday.txt"), "second, and longer\n")
	h.backup(configuration, "success")

	cellar := newFolder(t, "cellar")
	writeFile(t, filepath.Join(cellar, "wine"), "red")
	broken, missing := h.addApp("Cellar", policy, cellar)
	if err := os.RemoveAll(cellar); err != nil {
		t.Fatal(err)
	}
	h.backup(missing, "failed")
	narrow := h.addFolder("Narrow", newFolder(t, "narrow"))
	h.call("PATCH", "/backup/destinations/"+narrow.ID, body{"bytes_per_second": 2 << 20}, nil)
	attic := newFolder(t, "attic")
	writeRandom(t, filepath.Join(attic, "chest"), 160<<20) // restic ends once it has written what it holds, up to 16 MiB
	h.cellar, h.slowly = broken, h.addPolicy("Slow", []string{narrow.ID}, nil)
	h.attic, h.slow = h.addApp("Attic", h.slowly, attic)
	h.quiet()
	return h
}

// task is what somebody comes for.
type task struct {
	name string
	do   func(*person, *house)
}

// tasks are done in each way.
var tasks = []task{
	{"switch an app off and on, and back it up", (*person).protect},
	{"make a policy", (*person).makePolicy},
	{"see what an app would leave out", (*person).leaveOut},
	{"look into a snapshot", (*person).browseSnapshot},
	{"find a file, its versions, and what changed", (*person).findAndCompare},
	{"bring a deleted file back", (*person).bringFileBack},
	{"see why a job failed, try again, cancel one", (*person).mendJobs},
	{"make a token and a user", (*person).changeSettings},
	{"look into the audit log", (*person).lookIntoAudit},
	{"turn two-factor on, and sign in with it", (*person).useTwoFactor},
}

// further tasks are done in each way that has scripts; that their pages work without is seen by those above.
var further = []task{
	{"add folders, and change how they are kept", (*person).addFolders},
	{"find an app", (*person).findApps},
	{"mend from Home, and back up everything", (*person).startFromHome},
	{"filter the snapshots", (*person).filterSnapshots},
	{"restore everything into another folder", (*person).restoreElsewhere},
	{"download a folder", (*person).downloadFolder},
	{"go somewhere by the palette", (*person).goByPalette},
	{"choose the zone, the hours and the language", (*person).changeAppearance},
}

// TestEveryTask does what people come for by keyboard alone, by mouse, with a thumb on a phone, and in a browser without scripts.
func TestEveryTask(t *testing.T) {
	t.Parallel()
	h := furnish(t)
	b := browse(t, h.url, screens[0])
	for _, w := range []way{keys, mouse, thumb, plain} {
		t.Run(string(w), func(t *testing.T) {
			p := hire(t, b, w)
			p.enter()
			if w == keys {
				p.skipToContent()
				p.sameAgain()
				for _, path := range []string{"/", "/snapshots", "/policies/new", "/settings"} {
					p.everyStop(path)
				}
				p.twoTabs(h)
			}
			todo := tasks
			if w != plain {
				todo = slices.Concat(tasks, further)
			}
			for _, task := range todo {
				t.Run(task.name, func(t *testing.T) {
					p.t, h.t = t, t
					task.do(p, h)
				})
			}
			p.t, h.t = t, t
			p.leave()
		})
	}
	b.t, h.t = t, t
}

func (p *person) protect(h *house) {
	p.nav("Apps")
	p.send("Protect Photos")
	p.listed("Photos", "Paused")
	p.look("apps, one of them off")
	p.send("Protect Photos")
	p.await("it is on again", `document.querySelector('[aria-label="Protect Photos"]').ariaChecked === "true"`)
	p.tick("Choose Photos")
	if p.way != plain {
		p.says("1 chosen")
	}
	p.look("apps, one of them chosen")
	p.send("Switch off")
	p.says("1 app is switched off.")
	p.listed("Photos", "Paused")
	p.tick("Choose Photos")
	p.send("Switch on")
	p.says("1 app is switched on.")
	p.send("Back up now : Photos")
	p.says("Started ")
	h.quiet()
	p.listed("Photos", "Protected")
	p.keepsPlace("when the backup is done")
}

func (p *person) makePolicy(h *house) {
	name := "Weekdays " + string(p.way)
	p.nav("Policies")
	p.send("Add policy")
	p.write("Name", name)
	if p.way != plain {
		p.act("Monthly") // a common schedule, by its button
		p.says("On the 1st of every month at 03:00")
	}
	p.write("Schedule", "30 3 * * 1-5")
	p.write("Yearly", "9")
	if p.way == plain {
		p.send("Preview")
	}
	p.says("Every day from Monday to Friday at 03:30")
	p.says("would be kept of each app")
	p.keepsPlace("while the preview follows")
	p.tick("Narrow") // every destination is ticked at first
	p.look("a policy as it is made")
	p.send("Add policy")
	p.says(name + " is saved.")
	var list struct {
		Policies []struct {
			Name, Schedule string
			Destinations   []string `json:"destination_ids"`
			Yearly         int      `json:"keep_yearly"`
		}
	}
	h.call("GET", "/backup/policies", nil, &list)
	for _, each := range list.Policies {
		if each.Name == name && each.Schedule == "30 3 * * 1-5" && each.Yearly == 9 && len(each.Destinations) == 1 && each.Destinations[0] == h.disk.ID {
			return
		}
	}
	p.t.Errorf("the policy is not as it was made: %+v", list)
}

func (p *person) openSnapshot() {
	p.t.Helper()
	p.nav("Snapshots")
	p.send("Photos")
	p.present("holiday.txt")
}

// openFolder opens one folder of the snapshot on the page: in place, or as a page of its own.
func (p *person) openFolder(name string) {
	p.t.Helper()
	p.act(name)
	if p.way == plain {
		p.send("Open " + name)
	}
}

func (p *person) browseSnapshot(h *house) {
	p.openSnapshot()
	p.openFolder("album")
	p.present("Look at notes.md")
	p.look("a snapshot with a folder open")
	p.send("Look at notes.md")
	p.says("# What we saw")
	p.look("a preview")
	to := p.downloads()
	p.act("Download")
	p.sameFile(filepath.Join(to, "notes.md"), filepath.Join(h.photos, "album", "notes.md"))
	p.present("Download") // a second time, too

	p.openSnapshot()
	p.openFolder("many")
	p.present("Show more of 520 entries")
	switch p.way {
	case plain:
		p.send("Show more of 520 entries")
	case keys: // there are two thousand stops before it
		p.script("go to the end", seek("Show more of 520 entries", "e.focus()"))
		fallthrough
	default:
		p.act("Show more of 520 entries")
	}
	p.present("Look at 519.txt")
	if p.way == keys {
		if at := ask[string](p.tab, `document.activeElement.closest("li").innerText.trim().slice(0, 7)`); at != "500.txt" {
			p.t.Errorf("after more of a folder came, the keyboard stands at %q", at)
		}
	}
}

func (p *person) sameFile(got, want string) {
	p.t.Helper()
	content, err := os.ReadFile(want)
	if err != nil {
		p.t.Fatal(err)
	}
	if found := p.saved(got); !bytes.Equal(found, content) {
		p.t.Errorf("%s holds %q, want %q", got, found, content)
	}
}

func (p *person) findAndCompare(h *house) {
	p.openSnapshot()
	if p.way == keys {
		p.key("/")
		p.await("the search is at hand", `document.activeElement.name === "q"`)
	}
	p.write("Name contains", "holiday")
	p.choose("In", "All snapshots", "")
	p.send("Find")
	p.says("holiday.txt")
	p.look("what was found")
	p.send("Versions of holiday.txt")
	p.says("2 versions")
	p.look("the versions of a file")

	first := h.snapshots(map[string][]string{"app_id": {h.app}, "status": {"success"}})
	p.openSnapshot()
	p.send("Compare")
	p.says("Compare snapshots of")
	choices := ask[[]string](p.tab, `[...document.querySelectorAll("main tbody .acts a")].map(a => a.ariaLabel)`)
	p.look("the choice of a comparison")
	p.use(choices[len(choices)-1], kb.Enter) // leads to a page of its own, under the same path
	p.await("the comparison comes", `location.search.startsWith("?with=")`)
	p.says("holiday.txt")
	p.look("a comparison")
	if len(choices) != len(first)-1 { // one of them is this snapshot
		p.t.Errorf("%d snapshots, and the list has %q", len(first), choices)
	}
}

func (p *person) bringFileBack(h *house) {
	lost := filepath.Join(h.photos, "album", "beach.txt")
	if err := os.Remove(lost); err != nil {
		p.t.Fatal(err)
	}
	p.openSnapshot()
	p.openFolder("album")
	p.send("Restore beach.txt")
	p.says("Nothing is overwritten")
	if p.way == keys {
		p.tabTo("Where it was")
		p.key(kb.ArrowUp)
		p.present("Folder")
		p.key(kb.ArrowDown)
		p.says("Nothing is overwritten")
	}
	p.look("the restore of a file that is gone")
	p.send("Restore")
	p.await("the job's page comes", `location.pathname.startsWith("/jobs/")`)
	p.becomes("are back")
	if got, err := os.ReadFile(lost); err != nil || string(got) != "sand, sea and sun\n" {
		p.t.Errorf("the file holds %q, %v", got, err)
	}
}

func (p *person) mendJobs(h *house) {
	p.nav("Activity")
	p.choose("Status", "Failed", "Filter")
	p.listed("Cellar", "Failed")
	if ask[bool](p.tab, `document.querySelector("main tbody").innerText.includes("Photos")`) {
		p.t.Error("the filter shows what did not fail")
	}
	p.look("activity, filtered")
	p.send("Cellar")
	p.says("Failed")
	p.look("a job that failed")
	p.send("Try again")
	h.quiet()
	p.visit(ask[string](p.tab, "location.pathname")) // it may have ended before the page listened
	p.says("Failed")

	var s started
	h.call("POST", "/backup/configurations/"+h.slow+"/backup", nil, &s)
	p.nav("Activity")
	p.send("Attic")
	p.becomes("Running")
	p.look("a job that runs")
	p.send("Cancel")
	p.becomes("Cancelled")
	if j := h.wait(s.JobID); j.State != "cancelled" {
		p.t.Errorf("the job is %s", j.State)
	}
	h.quiet()
}

func (p *person) changeSettings(h *house) {
	p.nav("Settings")
	token, user := "Robot "+string(p.way), "ann-"+string(p.way[3:5])
	p.write("New token for", token)
	p.write("Your password", adminPassword)
	p.send("Make token")
	p.says("Copy the token “" + token + "” now")
	p.look("settings with a new token")
	p.visit("/settings")
	p.send("Revoke… " + token)
	p.says("It was never used.")
	p.look("the question before a token is revoked")
	p.send("Revoke token")
	p.says("The token is revoked.")
	p.act("Add a user")
	p.write("Name", user)
	p.write("Password", "short")
	p.write("Your password", adminPassword)
	p.allow("422 from /settings/users")
	p.send("Add user")
	p.says("10 to 256")
	p.write("Name", user)
	p.write("Password", adminPassword)
	p.write("Your password", adminPassword)
	p.send("Add user")
	p.says(user + " can sign in now.")
	p.send("Remove… " + user)
	p.says("This is removed")
	p.send("Remove user")
	p.says(user + " is removed.")
	if p.way == plain {
		p.send("Dark")
	} else {
		p.act("Dark")
	}
	p.await("it is dark", `document.documentElement.dataset.theme === "dark"`)
	if p.way == plain {
		p.send("System")
	} else {
		p.act("System")
	}
}

func (p *person) leave() {
	p.t.Helper()
	if p.way == thumb {
		p.act("More")
	}
	p.send("Sign out")
	p.await("the sign-in comes", `location.pathname === "/signin"`)
}
