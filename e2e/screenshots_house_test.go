//go:build screenshots

package e2e

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	_ "github.com/mattn/go-sqlite3"

	"keepstead/testbed"
)

// gallery is a homelab worth a picture: two compose projects that are backed up and one that waits for a decision, folders,
// two machines over SSH, four destinations, and weeks of backups of which some were partial or failed.
type gallery struct {
	*keepstead
	t           *testing.T
	engine      *testbed.Engine
	nas, laptop *testbed.Machine
	projects    map[string]*testbed.Project
	folders     map[string]string // name → where they are
	disk, cloud destination
	appIDs      map[string]string // by name
	configs     map[string]string // the configurations of apps of folders, by the app's name
	ids         map[string]string // of machines, policies and further destinations, by name
}

const nights = 16

// place is a folder with a path that can be shown: below KEEPSTEAD_SCREENSHOTS_ROOT where that is given.
func place(t *testing.T, parts ...string) string {
	t.Helper()
	root := os.Getenv("KEEPSTEAD_SCREENSHOTS_ROOT")
	if root == "" {
		root = t.TempDir()
	}
	return filepath.Join(append([]string{root}, parts...)...)
}

func newGallery(t *testing.T) *gallery {
	t.Helper()
	h := &gallery{t: t, projects: map[string]*testbed.Project{}, folders: map[string]string{}, appIDs: map[string]string{}, configs: map[string]string{}, ids: map[string]string{}}
	h.engine = testbed.NewEngine(t)
	h.nas, h.laptop = testbed.NewMachine(t, testbed.MachineOptions{}), testbed.NewMachine(t, testbed.MachineOptions{})
	bucket := testbed.S3(t)
	for name, kind := range map[string]string{"shop": testbed.Postgres, "wiki": testbed.MariaDB, "notes": testbed.SQLite} {
		h.projects[name] = h.project(name, kind)
	}
	h.engine.Up(t, h.projects["shop"].Dir)
	h.engine.Up(t, h.projects["wiki"].Dir)
	h.keepstead = prepare(t, "KEEPSTEAD_DOCKER_SOCKET="+h.engine.Socket)
	h.data = place(t, "keepstead")
	h.start()
	h.makeToken()
	h.call("PUT", "/devices/"+h.localDevice(), body{"name": "atlas", "kind": "local"}, nil)
	h.machines()
	h.destinations(bucket)
	h.foldersOf()
	h.night()
	return h
}

// project is one of the testbed's under a name that can be shown.
func (h *gallery) project(name, kind string) *testbed.Project {
	h.t.Helper()
	p := testbed.NewProject(h.t, kind)
	dir := place(h.t, name)
	check(h.t, os.CopyFS(dir, os.DirFS(p.Dir)))
	env, err := os.ReadFile(filepath.Join(p.Dir, ".env"))
	check(h.t, err)
	check(h.t, os.WriteFile(filepath.Join(dir, ".env"), bytes.ReplaceAll(env, []byte(p.Name), []byte(name)), 0o600))
	p.Dir, p.Name = dir, name
	return p
}

func (h *gallery) machines() {
	h.t.Helper()
	h.ids["nas"] = h.addDevice("nas", "root", h.nas)
	h.ids["laptop"] = uuid.NewString()
	h.confirmed("PUT", "/devices/"+h.ids["laptop"], body{
		"name": "laptop", "kind": "ssh", "address": h.laptop.Address, "user": "plain", "password": testbed.MachinePassword,
	}, h.laptop, nil)
	h.laptop.Run(h.t, `mkdir -p /home/documents && cd /home/documents && for n in $(seq 40); do head -c 20000 /dev/urandom > "letter $n.odt"; done
		echo secret > taxes.kdbx && echo key > "bank key.pem" && chown -R plain . && chown root taxes.kdbx "bank key.pem" && chmod 600 taxes.kdbx "bank key.pem"`)
}

func (h *gallery) destinations(bucket *testbed.Bucket) {
	h.t.Helper()
	h.disk = h.addFolder("Backup disk", place(h.t, "backup", "keepstead"))
	h.cloud = h.addS3("Cloud", bucket)
	var folder, box destination
	h.call("POST", "/backup/destinations/local", body{"name": "NAS", "device_id": h.ids["nas"], "path": "/srv/backups"}, &folder)
	h.confirmed("POST", "/backup/destinations/sftp", body{
		"name": "Storage box", "host": h.nas.Address, "user": "sftponly", "password": testbed.MachinePassword, "path": "/data/repo",
	}, h.nas, &box)
	h.ids["NAS"], h.ids["Storage box"] = folder.ID, box.ID
	h.call("PATCH", "/backup/destinations/"+h.cloud.ID, body{"window_days": []string{"sat", "sun"}, "window_from": "22:00", "window_to": "04:00", "window_time_zone": "Europe/Berlin"}, nil)
	h.call("PATCH", "/backup/policies/"+h.defaultPolicy(), body{"schedule": "0 2 * * *", "keep_daily": 0, "keep_weekly": 0, "keep_monthly": 0, "keep_last": 100, "destination_ids": []string{h.disk.ID, h.cloud.ID}}, nil)
	h.ids["nightly"] = h.addPolicy("Folders", []string{h.disk.ID}, body{"schedule": "30 1 * * *", "keep_last": 100, "description": "Everything that is not a container."})
	h.ids["archive"] = h.addPolicy("Archive", []string{folder.ID, box.ID}, body{"schedule": "0 4 * * 0", "keep_monthly": 24, "keep_yearly": 5, "description": "Once a week, out of the house."})
}

// foldersOf declares the apps that are folders.
func (h *gallery) foldersOf() {
	h.t.Helper()
	for _, name := range []string{"photos", "scans"} {
		h.folders[name] = place(h.t, name)
		h.picture(filepath.Join(h.folders[name], "2026", "harbour.jpg"), 1)
	}
	write := func(parts, text string) { writeFile(h.t, filepath.Join(h.folders["photos"], parts), text) }
	write("albums.txt", "Harbour\nNorth coast\nGarden, spring\nNina’s birthday\n")
	write("albums/harbour/notes.md", "# Harbour\n\nTaken on a cold morning in November.\n")
	writeRandom(h.t, filepath.Join(h.folders["photos"], "films", "birthday.mkv"), 24<<20)
	h.folderApp("Photos", h.localDevice(), h.ids["nightly"], h.folders["photos"])
	h.folderApp("Scans", h.localDevice(), h.ids["nightly"], h.folders["scans"])
	h.folderApp("Documents", h.ids["laptop"], h.ids["archive"], "/home/documents")
}

// folderApp declares an app and puts it under a policy instead of the default one.
func (h *gallery) folderApp(name, device, policy, path string) {
	h.t.Helper()
	key, id := strings.ToLower(name), uuid.NewString()
	var a dockerApp
	h.call("PUT", "/apps/"+id, body{"name": name, "device_id": device, "paths": []string{path}}, nil)
	h.call("GET", "/apps/"+id, nil, &a)
	h.appIDs[key], h.configs[key] = id, a.Configurations[0].ID
	h.call("PATCH", "/backup/configurations/"+h.configs[key], body{"policy_id": policy}, nil)
}

// picture paints a sky over the sea.
func (h *gallery) picture(name string, n int) {
	h.t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 960, 600))
	for y := range 600 {
		for x := range 960 {
			glow := max(0, 200-((x-640)*(x-640)+(y-360)*(y-360))/(260+20*n))
			at := color.RGBA{uint8(min(255, 40+y/4+glow)), uint8(min(255, 70+y/5+glow*2/3)), uint8(min(255, 120+y/9)), 255}
			if y > 380 {
				at = color.RGBA{uint8(20 + glow/3), uint8(60 + glow/3 + (x*y/97)%9), uint8(90 + (x+3*y)%13), 255}
			}
			m.Set(x, y, at)
		}
	}
	var out bytes.Buffer
	check(h.t, jpeg.Encode(&out, m, nil))
	writeFile(h.t, name, out.String())
}

// night backs up as often as there were nights; in some of them not all went well.
func (h *gallery) night() {
	h.t.Helper()
	configuration := func(project string) string {
		a := h.awaitApp(project, 30*time.Second, protected)
		h.appIDs[project] = a.ID
		return a.Configurations[0].ID
	}
	shop, wiki := configuration("shop"), configuration("wiki")
	for n := range nights {
		h.picture(filepath.Join(h.folders["photos"], "2026", fmt.Sprintf("IMG_%04d.jpg", 2200+n*7)), n)
		writeRandom(h.t, filepath.Join(h.folders["photos"], "raw", fmt.Sprintf("IMG_%04d.dng", 2200+n*7)), int64(1+n%3)<<20)
		if n == nights-5 {
			writeFile(h.t, filepath.Join(h.folders["photos"], "albums.txt"), "Harbour\nNorth coast\nGarden, spring\nNina’s birthday\nThe first snow\n")
		}
		h.backup(h.configs["photos"], "success")
		switch n {
		case 3, 4, 5:
			h.backup(h.configs["scans"], "success")
		case nights - 9, nights - 3:
			h.backup(h.configs["documents"], "partial")
		case nights - 6, nights - 2, nights - 1:
			h.backup(shop, "success")
			h.backup(wiki, "success")
		}
	}
	check(h.t, os.RemoveAll(h.folders["scans"]))
	h.backup(h.configs["scans"], "failed")
	h.restored()
	for _, id := range []string{h.disk.ID, h.cloud.ID} {
		h.call("POST", "/backup/destinations/"+id+"/check", nil, nil)
		h.call("POST", "/backup/destinations/"+id+"/prune", nil, nil)
	}
	h.call("POST", "/backup/destinations/"+h.disk.ID+"/tamper", nil, nil)
	h.call("PATCH", "/settings", body{"discovery": "ask"}, nil)
	h.engine.Up(h.t, h.projects["notes"].Dir)
	h.awaitApp("notes", 30*time.Second, func(a dockerApp) bool { return a.Pending })
	h.quiet()
}

// restored brings a folder and a project back.
func (h *gallery) restored() {
	h.t.Helper()
	for _, s := range h.snapshots(map[string][]string{"app_id": {h.appIDs["photos"]}, "limit": {"1"}}) {
		h.call("POST", "/backup/snapshots/"+s.ID+"/restore", body{"target_path": place(h.t, "restored", "photos")}, nil)
	}
	for _, s := range h.snapshots(map[string][]string{"app_id": {h.appIDs["shop"]}, "limit": {"1"}}) {
		h.restoreApp(s.ID, "success", body{"mode": "in_place"})
	}
}

// move moves the times of what happened back, a night a day, so that the pages have a past. Only times are changed.
func (h *gallery) move() {
	h.t.Helper()
	h.stop()
	db, err := sql.Open("sqlite3", filepath.Join(h.data, "keepstead.db"))
	check(h.t, err)
	var began []string // when each night's backup of the photos was asked for
	rows, err := db.QueryContext(context.Background(), `SELECT min(j.created_at, s.created_at) FROM jobs j JOIN snapshots s ON s.id = j.snapshot_id
		WHERE j.kind = 'backup' AND j.configuration_id = ? ORDER BY 1`, h.configs["photos"])
	check(h.t, err)
	for rows.Next() {
		var at string
		check(h.t, rows.Scan(&at))
		began = append(began, at)
	}
	check(h.t, rows.Err())
	for i, at := range began {
		until := "9999"
		if i+1 < len(began) {
			until = began[i+1]
		}
		if i == 0 {
			at = ""
		}
		h.shift(db, "jobs", at, until, len(began)-1-i, "created_at", "started_at", "finished_at")
		h.shift(db, "snapshots", at, until, len(began)-1-i, "created_at", "started_at", "completed_at")
	}
	for _, table := range []string{"apps", "destinations", "devices"} { // not policies: runs would come due
		h.shift(db, table, "", "9999", nights+70, "created_at")
	}
	check(h.t, db.Close())
	for _, name := range []string{"index.db", "index.db-wal", "index.db-shm"} { // it knows the times, and is made again
		check(h.t, os.RemoveAll(filepath.Join(h.data, name)))
	}
	h.start()
	for _, id := range []string{h.defaultPolicy(), h.ids["nightly"]} {
		h.call("PATCH", "/backup/policies/"+id, body{"keep_last": 0, "keep_daily": 7, "keep_weekly": 4, "keep_monthly": 12}, nil)
	}
	h.quiet()
}

// shift moves rows that were made between two times back by some days.
func (h *gallery) shift(db *sql.DB, table, from, until string, days int, columns ...string) {
	h.t.Helper()
	var set []string
	for _, c := range columns {
		set = append(set, fmt.Sprintf("%s = date(substr(%s, 1, 10), '-%d days') || substr(%s, 11)", c, c, days, c))
	}
	_, err := db.ExecContext(context.Background(), "UPDATE "+table+" SET "+strings.Join(set, ", ")+" WHERE created_at >= ? AND created_at < ?", from, until)
	check(h.t, err)
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
