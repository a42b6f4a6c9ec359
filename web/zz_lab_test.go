package web

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"syscall"
	"testing"
	"time"

	"keepstead/auth"
	"keepstead/device"
	"keepstead/events"
	"keepstead/handlers"
	"keepstead/handlers/api"
	"keepstead/index"
	"keepstead/jobs"
	"keepstead/secret"
	"keepstead/static"
	"keepstead/store"
)

func cpu() time.Duration {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func TestZZLab(t *testing.T) {
	s := labSite(t)
	r := s.post("/signin", nil, url.Values{"name": {"admin"}, "password": {"e2e-Admin-Passw0rd-Zq81"}})
	if r.cookie == nil {
		t.Fatal(r.status)
	}
	var h map[string]string
	raw, _ := os.ReadFile("/tmp/lab/ids.json")
	_ = json.Unmarshal(raw, &h)
	dir := url.QueryEscape(h["folder"])
	paths := []string{"/", "/apps", "/apps?page=6", "/apps?status=failed", "/apps?kind=compose&page=3", "/apps/new",
		"/apps/" + h["app"], "/apps/" + h["app"] + "/files", "/apps/" + h["app"] + "/files?q=file+0007", "/apps/" + h["app"] + "/files/versions?path=" + url.QueryEscape(h["folder"]+"/file 000777.txt"), "/apps/" + h["app"] + "/forget",
		"/policies", "/policies/new", "/policies/" + h["policy"],
		"/activity", "/activity?kind=prune", "/activity?kind=backup&state=failed", "/activity?state=open", "/activity?app_id=" + h["app"],
		"/activity?destination_id=" + h["destination"], "/activity?cursor=" + h["older"], "/jobs/" + h["job"], "/jobs/" + h["older"],
		"/snapshots", "/snapshots?app_id=" + h["app"], "/snapshots?destination_id=" + h["destination"], "/snapshots?status=partial", "/snapshots?from=2026-01-01&to=2026-12-31",
		"/snapshots?app_id=" + h["app"] + "&destination_id=" + h["destination"] + "&status=success", "/snapshots?cursor=" + h["older"],
		"/snapshots/" + h["snapshot"], "/snapshots/" + h["snapshot"] + "?dir=" + dir, "/snapshots/" + h["foreign"], "/snapshots/" + h["snapshot"] + "/search?q=file+0007", "/snapshots/" + h["snapshot"] + "/compare",
		"/snapshots/" + h["snapshot"] + "/restore", "/snapshots/" + h["snapshot"] + "/forget",
		"/destinations", "/destinations/new", "/destinations/" + h["destination"], "/destinations/" + h["destination"] + "/edit", "/destinations/" + h["destination"] + "/remove",
		"/devices", "/devices/new", "/devices/" + h["device"], "/devices/" + h["device"] + "/edit",
		"/settings", "/setup/destination", "/setup/apps", "/signin", "/_ui", "/nothing"}
	if one := os.Getenv("ONE"); one != "" {
		paths = []string{one}
	}
	if os.Getenv("PROF") != "" {
		f, _ := os.Create(os.Getenv("PROF"))
		_ = pprof.StartCPUProfile(f)
		defer pprof.StopCPUProfile()
	}
	n := 10
	if os.Getenv("ONE") != "" {
		n = 100
	}
	for _, path := range paths {
		get := func() (int, int) {
			req := http.Request{Method: "GET", Header: http.Header{"Accept-Encoding": {"gzip"}}}
			req.URL, _ = url.Parse(s.url + path)
			req.AddCookie(r.cookie)
			res, err := s.app.Test(&req, -1)
			if err != nil {
				t.Fatal(err)
			}
			buf := make([]byte, 1<<20)
			total := 0
			for {
				n, err := res.Body.Read(buf)
				total += n
				if err != nil {
					break
				}
			}
			return res.StatusCode, total
		}
		get()
		runtime.GC()
		begun, wall, best := cpu(), time.Now(), time.Hour
		var status, size int
		for range n {
			one := time.Now()
			status, size = get()
			best = min(best, time.Since(one))
		}
		fmt.Printf("%7.2f ms cpu %7.2f ms best %7.2f wall %d %6.1f kB %s\n", float64((cpu()-begun).Microseconds())/1000/float64(n), float64(best.Microseconds())/1000, float64(time.Since(wall).Microseconds())/1000/float64(n), status, float64(size)/1000, path)
	}
}

// bareSite starts a Keepstead without a user, as at a first start.
func labSite(t *testing.T, proxies ...netip.Prefix) *site {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	s := &site{t: t, log: &buffer{}, dir: "/tmp/lab"}
	log := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	dir := s.dir
	var err error
	s.store, err = store.Open(t.Context(), dir, store.Options{Exclusive: true}, log)
	must(err)
	t.Cleanup(func() { _ = s.store.Close() })
	master := secret.File(filepath.Join(dir, "master.key"))
	keys, err := s.store.DataKeys(t.Context())
	must(err)
	box, err := secret.Open(master, keys)
	must(err)
	host := device.NewLocal(log)
	t.Cleanup(func() { _ = host.Close() })
	s.hub = events.New()
	s.index, err = index.Open(t.Context(), dir, index.Options{}, log)
	must(err)
	t.Cleanup(func() { _ = s.index.Close() })
	manager, err := jobs.New(jobs.Options{
		Store: s.store, Box: box, Hub: s.hub, Host: host, Restic: "/bin/false", Dir: dir, Log: log, Index: s.index,
	})
	must(err)
	s.auth, err = auth.New(s.store, log, auth.Options{})
	must(err)
	files, err := static.Load()
	must(err)
	pages := handlers.New(handlers.Options{
		Store: s.store, Jobs: manager, Auth: s.auth, Hub: s.hub, Static: files, Log: log, Version: "test", DataDir: dir,
		KeepAlive: 50 * time.Millisecond,
	})
	endpoints, err := api.New(api.Deps{Store: s.store, Jobs: manager, Hub: s.hub, Log: log, Version: "test"})
	must(err)
	ctx, cancel := context.WithCancel(context.Background())
	s.opts = Options{
		Proxies: proxies, Auth: s.auth, Pages: pages, API: endpoints, Static: files, Log: log,
		Ready: []Check{{"store", s.store.Ping}},
	}
	s.app, err = New(ctx, s.opts)
	must(err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	s.url = "http://" + listener.Addr().String()
	done := make(chan struct{})
	go func() { defer close(done); _ = s.app.Listener(listener) }()
	t.Cleanup(func() {
		cancel()
		s.hub.Close()
		_ = s.app.ShutdownWithTimeout(5 * time.Second)
		<-done
	})
	return s
}

