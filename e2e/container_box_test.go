package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"keepstead/testbed"
)

// boxed is Keepstead in a container: a compose project of its own, beside the apps of the engine.
type boxed struct {
	*keepstead
	engine *testbed.Engine
	dir    string
	name   string
	port   string
}

// box says how the container is made.
type box struct {
	hostname string   // empty leaves it to the engine
	folders  []string // of projects
	under    string   // where they are mounted; empty is under their own paths
	blind    bool     // without the folder of volumes
	deaf     bool     // without the engine's socket
}

// boxUp writes the project and starts it. The mounts of docs/compose.example.yml are mapped to the paths of the test.
func (b *boxed) boxUp(o box) {
	b.t.Helper()
	mounts := []string{
		"data:/data", "backups:/backups", b.dir + ":" + b.dir,
		binary(b.t) + ":/usr/local/bin/keepstead:ro", testbed.Binary(b.t, "restic") + ":/usr/local/bin/restic:ro",
	}
	if volumes := filepath.Join(b.engine.Root, "volumes"); !o.blind {
		mounts = append(mounts, volumes+":"+volumes+":rslave")
	}
	for _, dir := range o.folders {
		mounts = append(mounts, dir+":"+o.under+dir)
	}
	if !o.deaf {
		mounts = append(mounts, b.engine.Socket+":/var/run/docker.sock")
	}
	hostname := ""
	if o.hostname != "" {
		hostname = "hostname: " + o.hostname
	}
	text := fmt.Sprintf(`services:
  keepstead:
    image: keepstead:test
    %s
    entrypoint: [/usr/local/bin/keepstead, serve]
    stop_grace_period: 30s
    healthcheck: {disable: true}
    labels: {keepstead.strategy: stop}
    environment: {KEEPSTEAD_DATA: /data, KEEPSTEAD_LISTEN: "0.0.0.0:8080", KEEPSTEAD_ADMIN_PASSWORD: %s}
    ports: ["127.0.0.1:%s:8080"]
    volumes: ["%s"]
volumes: {data: {}, backups: {}}
`, hostname, adminPassword, b.port, strings.Join(mounts, `", "`))
	for name, text := range map[string]string{"docker-compose.yml": text, ".env": "COMPOSE_PROJECT_NAME=" + b.name + "\n"} {
		if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o600); err != nil {
			b.t.Fatal(err)
		}
	}
	b.engine.Compose(b.t, b.dir, "up", "-d")
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if res, err := http.Get(b.url + "/readyz"); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
	}
	b.t.Fatalf("Keepstead in its container is not ready after 60 s: %s", b.log())
}

// newBox starts Keepstead in a container, with a destination in a volume of its own, in the default policy.
func newBox(t *testing.T, e *testbed.Engine, o box) *boxed {
	t.Helper()
	name := "keepstead" + strings.ToLower(filepath.Base(e.Root))
	b := &boxed{keepstead: &keepstead{t: t}, engine: e, name: name, dir: filepath.Join(t.TempDir(), name)}
	if err := os.MkdirAll(b.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	_, b.port, _ = strings.Cut(testbed.FreePort(t), ":")
	b.url = "http://127.0.0.1:" + b.port
	e.Docker(t, "tag", "sqliteapp:1", "keepstead:test") // a Debian to run in; nothing of its own is started
	t.Cleanup(func() {
		if text := b.log(); t.Failed() || strings.Contains(text, "DATA RACE") || strings.Contains(text, "panic:") {
			t.Errorf("output of keepstead in its container:\n%s", tail(text, 8000))
		}
	})
	b.boxUp(o)
	b.token = b.inside("token", "create", "e2e")
	d := b.addFolder("Volume", "/backups/repository")
	var list struct {
		Policies []struct {
			ID      string `json:"id"`
			Default bool   `json:"is_default"`
		} `json:"policies"`
	}
	b.call("GET", "/backup/policies", nil, &list)
	for _, p := range list.Policies {
		if p.Default {
			b.call("PATCH", "/backup/policies/"+p.ID, body{"schedule": never, "destination_ids": []string{d.ID}}, nil)
		}
	}
	return b
}

func (b *boxed) container() string { return b.name + "_keepstead_1" }

// inside runs keepstead with arguments in the container.
func (b *boxed) inside(args ...string) string {
	b.t.Helper()
	return b.engine.Docker(b.t, append([]string{"exec", b.container(), "/usr/local/bin/keepstead"}, args...)...)
}

func (b *boxed) log() string {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second) // it is asked at the test's end, too
	defer cancel()
	text, err := b.engine.Run(ctx, "logs", b.container())
	if err != nil {
		return err.Error()
	}
	return text
}

// repository is the folder of the destination as the test sees it.
func (b *boxed) repository() string {
	return filepath.Join(b.engine.Root, "volumes", b.name+"_backups", "_data", "repository")
}

// started is when the container began to run, for the last time.
func (b *boxed) started() string {
	b.t.Helper()
	return b.engine.Docker(b.t, "inspect", "--format", "{{.Id}} {{.State.StartedAt}}", b.container())
}

// boxedApp is what the API says of an app, as far as these tests read it.
type boxedApp struct {
	Found struct {
		Self     bool `json:"self"`
		Services []struct {
			Name     string `json:"name"`
			Strategy string `json:"strategy"`
			Self     bool   `json:"self"`
		} `json:"services"`
		Mounts []boxedMount `json:"mounts"`
	} `json:"found"`
}

type boxedMount struct {
	Name   string `json:"name"`
	Source string `json:"source"`
	Role   string `json:"role"`
	Why    string `json:"why"`
}

// mounts returns what becomes of the mounts of an app, by the names of volumes and the paths of folders.
func (b *boxed) mounts(app string) map[string]boxedMount {
	b.t.Helper()
	var a boxedApp
	b.call("GET", "/apps/"+app, nil, &a)
	out := map[string]boxedMount{}
	for _, m := range a.Found.Mounts {
		if m.Name == "" {
			m.Name = m.Source
		}
		out[m.Name] = m
	}
	return out
}

// boxedEngine is what the local device says of its engine.
type boxedEngine struct {
	State   string `json:"state"`
	Message string `json:"message"`
	Mend    string `json:"mend"`
}

func (b *boxed) awaitEngine(state string) boxedEngine {
	b.t.Helper()
	var list struct {
		Devices []struct {
			Engine boxedEngine `json:"engine"`
		} `json:"devices"`
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		b.call("GET", "/devices", nil, &list)
		if len(list.Devices) == 1 && list.Devices[0].Engine.State == state {
			return list.Devices[0].Engine
		}
	}
	b.t.Fatalf("the engine is not %s but %+v", state, list.Devices)
	return boxedEngine{}
}

// locks counts the locks of the repository.
func (b *boxed) locks() int {
	b.t.Helper()
	all, err := os.ReadDir(filepath.Join(b.repository(), "locks"))
	if err != nil {
		b.t.Fatal(err)
	}
	return len(all)
}

func (b *boxed) awaitUnlocked() {
	b.t.Helper()
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if b.locks() == 0 {
			return
		}
	}
	b.t.Fatalf("there are %d locks", b.locks())
}

// awaitLock waits until a running backup has locked its repository.
func (b *boxed) awaitLock(id string) {
	b.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); b.locks() == 0; time.Sleep(2 * time.Millisecond) {
		if j := b.job(id); slices.Contains(final, j.State) || time.Now().After(deadline) {
			b.t.Fatalf("the backup locked nothing: %+v", j)
		}
	}
}
