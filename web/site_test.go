package web

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"keepstead/auth"
	"keepstead/device"
	"keepstead/events"
	"keepstead/handlers"
	"keepstead/handlers/api"
	"keepstead/handlers/audit"
	"keepstead/index"
	"keepstead/jobs"
	"keepstead/model"
	"keepstead/secret"
	"keepstead/static"
	"keepstead/store"
)

const (
	testUser     = "ada"
	testPassword = "long enough for a test"
)

// site is a whole Keepstead on a port of its own. Its jobs are queued and not worked on.
type site struct {
	t     *testing.T
	url   string
	app   *fiber.App
	store *store.Store
	index *index.Index
	auth  *auth.Auth
	hub   *events.Hub
	token string
	log   *buffer
	dir   string
	opts  Options
	ahead atomic.Int64 // nanoseconds that the sign-in's clock is ahead
}

// buffer is a log that a test reads while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// newSite starts a Keepstead with one user and one token, behind the given proxies.
func newSite(t *testing.T, proxies ...netip.Prefix) *site {
	t.Helper()
	s := bareSite(t, proxies...)
	if _, err := s.auth.CreateUser(t.Context(), testUser, testPassword); err != nil {
		t.Fatal(err)
	}
	token, _, err := s.auth.CreateToken(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	s.token = token
	return s
}

// bareSite starts a Keepstead without a user, as at a first start.
func bareSite(t *testing.T, proxies ...netip.Prefix) *site {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	s := &site{t: t, log: &buffer{}, dir: t.TempDir()}
	log := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	dir := s.dir
	var err error
	s.store, err = store.Open(t.Context(), dir, store.Options{Exclusive: true}, log)
	must(err)
	t.Cleanup(func() { _ = s.store.Close() })
	master := secret.File(filepath.Join(dir, "master.key"))
	key, err := secret.NewDataKey(master)
	must(err)
	key, err = s.store.CreateDataKey(t.Context(), key)
	must(err)
	keys, err := s.store.DataKeys(t.Context())
	must(err)
	box, err := secret.Open(master, keys)
	must(err)
	if len(keys) != 1 || keys[0].ID != key.ID {
		t.Fatal("the data key is not there")
	}
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
	s.auth, err = auth.New(s.store, log, auth.Options{Box: box, Clock: func() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }})
	must(err)
	files, err := static.Load()
	must(err)
	endpoints, err := api.New(api.Deps{Store: s.store, Jobs: manager, Hub: s.hub, Log: log, Version: "test"})
	must(err)
	pages := handlers.New(handlers.Options{
		Reference: endpoints.Reference(),
		Store:     s.store, Jobs: manager, Auth: s.auth, Hub: s.hub, Static: files, Log: log, Version: "test", DataDir: dir,
		KeepAlive: 50 * time.Millisecond,
	})
	ctx, cancel := context.WithCancel(context.Background())
	s.opts = Options{
		Proxies: proxies, Auth: s.auth, Pages: pages, API: endpoints, Static: files, Log: log, Trail: audit.New(s.store, log, nil),
		Ready: []Check{{"store", s.store.Ping}}, Development: true,
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

// ask is one request; its zero value is GET /.
type ask struct {
	method, path, body string
	header             map[string]string
	cookie             *http.Cookie
}

// reply is what came back. The body of a stream is left alone.
type reply struct {
	status int
	header http.Header
	body   string
	stream io.ReadCloser
	cookie *http.Cookie // the session's, if it was set
}

func (s *site) do(a ask) reply {
	s.t.Helper()
	if a.method == "" {
		a.method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(s.t.Context(), a.method, s.url+a.path, strings.NewReader(a.body))
	if err != nil {
		s.t.Fatal(err)
	}
	if a.body != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for k, v := range a.header {
		req.Header.Set(k, v)
	}
	if a.cookie != nil {
		req.AddCookie(a.cookie)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		s.t.Fatalf("%s %s: %v", a.method, a.path, err)
	}
	out := reply{status: res.StatusCode, header: res.Header}
	for _, c := range res.Cookies() {
		if c.Name == "keepstead" {
			out.cookie = c
		}
	}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		out.stream = res.Body
		s.t.Cleanup(func() { _ = res.Body.Close() })
		return out
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	out.body = string(body)
	return out
}

// post sends a form from our own page.
func (s *site) post(path string, cookie *http.Cookie, form url.Values) reply {
	s.t.Helper()
	return s.do(ask{
		method: http.MethodPost, path: path, body: form.Encode(), cookie: cookie,
		header: map[string]string{"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"},
	})
}

// folder adds a destination in a folder, and returns what its form sends with some fields of it changed.
func (s *site) folder() (model.Destination, func(url.Values) url.Values) {
	s.t.Helper()
	device, err := s.store.LocalDevice(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	d, err := s.store.CreateDestination(s.t.Context(), model.Destination{Name: "Disk", Type: model.DestinationLocal, LocalDeviceID: device.ID, LocalPath: "/srv/repo", Enabled: true})
	if err != nil {
		s.t.Fatal(err)
	}
	return d, func(changed url.Values) url.Values {
		form := url.Values{"name": {"Disk"}, "type": {"local"}, "path": {d.LocalPath}, "device_id": {device.ID.String()}}
		maps.Copy(form, changed)
		return form
	}
}

// signIn returns the cookie of a new session.
func (s *site) signIn() *http.Cookie {
	s.t.Helper()
	r := s.post("/signin", nil, url.Values{"name": {testUser}, "password": {testPassword}})
	if r.status != http.StatusSeeOther || r.cookie == nil {
		s.t.Fatalf("sign in: %d %s", r.status, r.body)
	}
	return r.cookie
}
