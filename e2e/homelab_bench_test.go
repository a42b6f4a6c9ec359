package e2e

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// The homelab that pages are measured in.
const (
	manyApps         = 500
	manyPolicies     = 10
	manyDestinations = 50
	manyFiles        = 200_000   // in one folder of a snapshot
	manyLines        = 1_000_000 // in the log of one job
)

// largeLab is a Keepstead of many apps, with what the addresses of its pages need.
type largeLab struct {
	*keepstead
	app, configuration, policy, destination, device string
	snapshot                                        string // a real one, of a folder with very many files
	job                                             string // the one that made it, with a very long log
	older, foreign                                  string // snapshots by rows alone: of the same app, of another
	folder                                          string // that has the files
}

// manyOf starts a Keepstead, backs one large folder up, and multiplies what is there by rows.
func manyOf(b *testing.B) *largeLab {
	b.Helper()
	h := &largeLab{keepstead: serve(b)}
	d := h.addFolder("Destination 00", newFolder(b, "repository"))
	h.destination, h.device = d.ID, h.localDevice()
	h.policy = h.addPolicy("Policy 0", []string{d.ID}, nil)
	root := newFolder(b, "app")
	h.folder = filepath.Join(root, "many")
	if err := os.MkdirAll(h.folder, 0o755); err != nil {
		b.Fatal(err)
	}
	for i := range manyFiles {
		if err := os.WriteFile(filepath.Join(h.folder, fmt.Sprintf("file %06d.txt", i)), nil, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	writeFile(b, filepath.Join(root, "notes.txt"), strings.Repeat("a line of a text that is looked at\n", 2000))
	h.app, h.configuration = h.addApp("App 000", h.policy, root)
	h.job = h.request(h.configuration)
	h.outcome(h.job)
	h.snapshot = h.snapshots(nil)[0].ID
	h.quiet()
	h.stop()
	rewrite(b, h.data, h.fill)
	h.longLog(b)
	h.start()
	// A start looks for what is not indexed, at each destination. What is measured comes after that.
	time.Sleep(3 * time.Second)
	h.quiet()
	return h
}

// longLog replaces the log of the job.
func (h *largeLab) longLog(b *testing.B) {
	b.Helper()
	var text strings.Builder
	for i := range manyLines {
		_, _ = fmt.Fprintf(&text, "02:00:00 saved /srv/photos/%07d.jpg\n", i)
	}
	if err := os.WriteFile(filepath.Join(h.data, "logs", h.job+".log"), []byte(text.String()), 0o600); err != nil {
		b.Fatal(err)
	}
}

// fill writes the rows. Every app follows one of ten policies with five destinations each; one backup in fifty is
// partial, one fails.
func (h *largeLab) fill(tx *sql.Tx) {
	b := h.t.(*testing.B)
	b.Helper()
	destinations := copies(b, tx, "destinations", "id = '"+h.destination+"'", manyDestinations, func(i int, row map[string]any) {
		row["name"], row["local_path"] = fmt.Sprintf("Destination %02d", i), fmt.Sprintf("/mnt/disk-%02d/keepstead", i)
		row["total_snapshots"], row["total_size"] = benchRows/manyDestinations, int64(i)<<34
	})
	policies := copies(b, tx, "policies", "id = '"+h.policy+"'", manyPolicies, func(i int, row map[string]any) {
		row["name"], row["is_default"] = fmt.Sprintf("Policy %d", i), 0
	})
	// Daily, half a day from now, and without a slot to catch up.
	execute(b, tx, "UPDATE policies SET schedule = ?, time_zone = 'UTC', last_slot_at = ?", fmt.Sprintf("0 %d * * *", (time.Now().UTC().Hour()+12)%24), time.Now().UTC().Format("2006-01-02T15:04:05.000000Z"))
	for p, policy := range policies {
		for n := range manyDestinations / manyPolicies {
			execute(b, tx, "INSERT OR IGNORE INTO policy_destinations (policy_id, destination_id, position) VALUES (?, ?, ?)", policy, destinations[p*manyDestinations/manyPolicies+n], n)
		}
	}
	apps := copies(b, tx, "apps", "id = '"+h.app+"'", manyApps, func(i int, row map[string]any) {
		row["name"] = fmt.Sprintf("App %03d", i)
		if i%5 > 1 {
			row["kind"], row["project"], row["origin"], row["paths"] = "compose", fmt.Sprintf("app-%03d", i), "found", "[]"
			row["found"], row["counts"] = foundProject(i), `{"Services":3,"Databases":1,"Volumes":4,"SeenAt":"`+time.Now().UTC().Format(time.RFC3339)+`"}`
		}
	})
	configurations := copies(b, tx, "configurations", "id = '"+h.configuration+"'", manyApps, func(i int, row map[string]any) {
		row["app_id"], row["policy_id"] = apps[i], policies[i%manyPolicies]
	})
	h.history(tx, apps, configurations, destinations)
}

func (h *largeLab) history(tx *sql.Tx, apps, configurations, destinations []string) {
	b := h.t.(*testing.B)
	b.Helper()
	const each = manyDestinations / manyPolicies
	years(b, tx, 2*time.Minute, func(i int, s, j map[string]any) {
		app, place := i%manyApps, i%manyApps%manyPolicies*each+i/manyApps%each
		for column, id := range map[string]string{"app_id": apps[app], "configuration_id": configurations[app], "destination_id": destinations[place]} {
			s[column], j[column] = id, id
		}
		s["status"], s["error_message"] = "success", ""
		switch i % 53 {
		case 7:
			s["status"], j["state"], s["failed_count"], j["message"] = "partial", "partial", 3, "3 files could not be read: permission denied."
		case 11:
			s["status"], j["state"], s["restic_snapshot_id"] = "failed", "failed", ""
			j["cause"], j["message"], j["mend"] = "unreachable", "The destination could not be reached: connection refused.", "Is the machine on? Test the destination."
		}
		switch id, _ := s["id"].(string); {
		case app == 0 && s["status"] == "success":
			h.older = id
		case s["status"] == "success":
			h.foreign = id
		}
	})
	execute(b, tx, "UPDATE jobs SET state = state") // the trigger that an ending job fires
}

// foundProject is what discovery keeps of a project of three services.
func foundProject(i int) string {
	type part = map[string]any
	var services, mounts []part
	for n, name := range []string{"web", "worker", "database"} {
		services = append(services, part{
			"name": name, "image": "ghcr.io/example/" + name + ":1.2.3", "digest": "ghcr.io/example/" + name + "@sha256:" + strings.Repeat("ab", 32),
			"containers": []string{fmt.Sprintf("app-%03d-%s-1", i, name)}, "running": 1, "state": "running", "strategy": "hot", "why": "Nothing in it needs to be quiet.", "origin": "auto",
		})
		mounts = append(mounts, part{"kind": "volume", "name": fmt.Sprintf("app-%03d_data%d", i, n), "users": []string{name}, "role": "data"})
	}
	out, _ := json.Marshal(part{"working_dir": fmt.Sprintf("/opt/app-%03d", i), "config_files": []string{fmt.Sprintf("/opt/app-%03d/compose.yaml", i)}, "services": services, "mounts": mounts, "seen_at": time.Now().UTC()})
	return string(out)
}

// copies makes rows of a table from one of them until there are n, and returns the ids of all, the first one's first.
func copies(b *testing.B, tx *sql.Tx, name, where string, n int, bend func(i int, row map[string]any)) []string {
	b.Helper()
	t := templates(b, tx, name, where)
	first, _ := t.row(0)["id"].(string)
	ids := []string{first}
	for i := 1; i < n; i++ {
		row := t.row(0)
		id := uuid.Must(uuid.NewV7()).String()
		row["id"] = id
		bend(i, row)
		t.insert(b, tx, row)
		ids = append(ids, id)
	}
	return ids
}

func execute(b *testing.B, tx *sql.Tx, statement string, args ...any) {
	b.Helper()
	if _, err := tx.Exec(statement, args...); err != nil {
		b.Fatalf("%s: %v", statement, err)
	}
}
