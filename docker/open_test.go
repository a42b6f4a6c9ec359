package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"keepstead/device"
	"keepstead/model"
)

// childSocket makes the test binary a program that opens the engine and tells what it learnt, as JSON.
const childSocket = "KEEPSTEAD_TEST_ENGINE"

// told is what the child learnt.
type told struct {
	Engine model.Engine
	Paths  map[string]string
	Mounts []model.FoundMount
}

// TestChild is no test: others run it elsewhere, as another user or in a container.
func TestChild(t *testing.T) {
	socket := os.Getenv(childSocket)
	if socket == "" {
		return
	}
	host := device.NewLocal(slog.New(slog.DiscardHandler))
	out := told{Paths: map[string]string{}}
	e, err := Open(t.Context(), host, socket, "/data")
	if err != nil {
		out.Engine = Condition(err, time.Now())
	} else {
		out.Engine, err = e.Info(t.Context())
		for _, p := range strings.Fields(os.Getenv("PATHS")) {
			out.Paths[p], _ = e.HostPath(p)
		}
		if p, err := e.Project(t.Context(), localFiles(t, e), Key{Container: os.Getenv("WANTED")}); err == nil {
			out.Mounts = p.Found.Mounts
		}
	}
	if err != nil && out.Engine.State == model.EngineReady {
		t.Error(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		t.Error(err)
	}
}

// heard reads what a child wrote, before the testing package added its own words.
func heard(t *testing.T, out string) (got told) {
	t.Helper()
	if err := json.NewDecoder(strings.NewReader(out)).Decode(&got); err != nil {
		t.Fatalf("%v in %q", err, out)
	}
	return got
}

// binary is a copy of the test binary that everybody may run.
func binary(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "keepstead-child")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	from, err := os.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	to, err := os.OpenFile(filepath.Join(dir, "test"), os.O_WRONLY|os.O_CREATE, 0o755)
	if err == nil {
		_, err = io.Copy(to, from)
		err = errors.Join(err, to.Close(), from.Close(), os.Chmod(dir, 0o755))
	}
	if err != nil {
		t.Fatal(err)
	}
	return to.Name()
}

// answering is a socket on which the handler answers.
func answering(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }() // ends with the test
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return socket
}

func TestAnEngineThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	refusing := filepath.Join(dir, "refusing")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: refusing, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	file := filepath.Join(dir, "file")
	if err := errors.Join(l.Close(), os.WriteFile(file, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	deaf := make(chan struct{})
	t.Cleanup(func() { close(deaf) })
	for _, c := range []struct {
		name, socket  string
		want          model.EngineState
		message, mend string // parts
	}{
		{"absent", filepath.Join(dir, "absent"), model.EngineAbsent, "There is no Docker socket at", "Install Docker"},
		{"its folder absent", filepath.Join(dir, "no", "such"), model.EngineAbsent, "There is no Docker socket at", "Install Docker"},
		{"a folder", dir, model.EngineAbsent, "is not a socket", "remove it"},
		{"a file", file, model.EngineAbsent, "is not a socket", "remove it"},
		{"nobody listens", refusing, model.EngineDown, "does not run", "Start it"},
		{"nobody answers", answering(t, func(http.ResponseWriter, *http.Request) { <-deaf }), model.EngineDown, "does not answer", "restart it"},
		{"somebody else answers", answering(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }), model.EngineDown, "cannot be reached", "right one"},
		{"a proxy that refuses", answering(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }), model.EngineForbidden, "refuses", "proxy"},
		{"a proxy that refuses the most", answering(t, pinging("1.41", http.StatusForbidden)), model.EngineForbidden, "refuses", "proxy"},
		{"somebody else answers well", answering(t, func(http.ResponseWriter, *http.Request) {}), model.EngineDown, "cannot be reached", "right one"},
		{"too old", answering(t, pinging("1.40", http.StatusOK)), model.EngineTooOld, "too old", "20.10"},
		{"far too old", answering(t, pinging("1.24", http.StatusOK)), model.EngineTooOld, "too old", "20.10"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			host := device.NewLocal(slog.New(slog.DiscardHandler))
			_, err := Open(t.Context(), host, c.socket)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v", err)
			}
			if e.State != c.want || !strings.Contains(e.Message, c.message) || !strings.Contains(e.Mend, c.mend) {
				t.Errorf("got %s, %q, %q", e.State, e.Message, e.Mend)
			}
			if took := time.Since(began); took > 2*patience {
				t.Errorf("it took %s", took)
			}
			if got := Condition(err, time.Now()); got.State != c.want || got.Message != e.Message || got.Mend != e.Mend {
				t.Errorf("the condition is %+v", got)
			}
			if err := host.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("forbidden", func(t *testing.T) {
		t.Parallel()
		if os.Getuid() != 0 {
			return // this user may not become another
		}
		socket := answering(t, pinging("1.41", http.StatusOK))
		if err := os.Chmod(socket, 0o600); err != nil {
			t.Fatal(err)
		}
		open := filepath.Dir(socket)
		for range 2 {
			if err := os.Chmod(open, 0o755); err != nil {
				t.Fatal(err)
			}
			open = filepath.Dir(open)
		}
		cmd := exec.Command(binary(t), "-test.run=^TestChild$")
		cmd.Env = []string{childSocket + "=" + socket}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		if got := heard(t, string(out)).Engine; got.State != model.EngineForbidden || !strings.Contains(got.Mend, "group docker") {
			t.Errorf("got %+v", got)
		}
	})
}

// pinging answers as an engine that speaks a version of the API, and gives the status to every other request.
func pinging(version string, status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("API-Version", version)
		if r.URL.Path != "/_ping" {
			w.WriteHeader(status)
		}
	}
}

func TestAnEngineThatIsLost(t *testing.T) {
	t.Parallel()
	bed, e := connect(t)
	info, err := e.Info(t.Context())
	if err != nil || info.State != model.EngineReady || info.Version == "" || info.APIVersion != "1.41" || info.RootDir != bed.Root || info.Self != "" || info.Message != "" {
		t.Errorf("the engine is %+v, %v", info, err)
	}
	bed.Stop(t)
	info, err = e.Info(t.Context())
	var lost *Error
	if !errors.As(err, &lost) || info.State != lost.State || info.Message == "" || lost.State != model.EngineDown && lost.State != model.EngineAbsent {
		t.Errorf("a stopped engine is %+v, %v", info, err)
	}
	if _, err := e.Projects(t.Context(), localFiles(t, e)); !errors.As(err, &lost) {
		t.Errorf("its projects are %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errPressed)
	if _, err := e.Projects(ctx, localFiles(t, e)); !errors.Is(err, errPressed) || errors.As(err, &lost) {
		t.Errorf("a cancelled look is %v", err)
	}
	bed.Start(t)
	if err := e.explain(t.Context(), "ask", fmt.Errorf("get: %w", context.DeadlineExceeded)); !errors.As(err, &lost) || lost.State != model.EngineDown {
		t.Errorf("an engine that stopped to answer is %v", err)
	}
	if info, err = e.Info(t.Context()); err != nil || info.State != model.EngineReady {
		t.Errorf("a started engine is %+v, %v", info, err)
	}
}

var errPressed = errors.New("a person pressed stop")

func TestKeepsteadInAContainer(t *testing.T) {
	t.Parallel()
	bed, _ := connect(t)
	program := binary(t)
	dir := t.TempDir()
	bed.Docker(t, "create", "--name", "app", "-v", "appdata:/data", "-v", dir+":/dir", "webapp:1")
	volumes := bed.Root + "/volumes"
	data := volumes + "/appdata/_data"
	for _, c := range []struct {
		name    string
		mounts  []string
		paths   map[string]string
		message string // a part
		mend    string
		roles   []string // of the folder and the volume, the same order as in Found
	}{
		{
			"all it needs",
			[]string{volumes + ":" + volumes, "/tmp:/tmp"},
			map[string]string{data: data, dir: dir, "/etc": ""},
			"", "",
			[]string{"appdata data", dir + " data"},
		},
		{
			"nothing", nil,
			map[string]string{data: "", dir: ""},
			"without " + volumes, "Add the volume " + volumes + ":" + volumes,
			[]string{"appdata lost", dir + " lost"},
		},
		{
			"read-only",
			[]string{volumes + ":" + volumes + ":ro"},
			map[string]string{data: data},
			"read-only", "“:ro”",
			[]string{"appdata data", dir + " lost"},
		},
		{
			"the host in a folder",
			[]string{"/:/host"},
			map[string]string{data: "/host" + data, dir: "/host" + dir, "/etc": "/host/etc"},
			"", "",
			[]string{"appdata data", dir + " data"},
		},
		{
			"a volume of its own",
			[]string{"ownvolume:/data", volumes + ":" + volumes},
			map[string]string{volumes + "/ownvolume/_data/x": "/data/x"},
			"", "",
			[]string{"appdata data", dir + " lost"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var paths []string
			for p := range c.paths {
				paths = append(paths, p)
			}
			args := []string{
				"run", "--rm", "-v", program + ":/test:ro", "-v", bed.Socket + ":/engine.sock", "-e", childSocket + "=/engine.sock",
				"-e", "PATHS=" + strings.Join(paths, " "), "-e", "WANTED=app", "--entrypoint", "/test",
			}
			for _, m := range c.mounts {
				args = append(args, "-v", m)
			}
			got := heard(t, bed.Docker(t, append(args, "postgres:15", "-test.run=^TestChild$")...))
			if len(got.Engine.Self) != 64 || got.Engine.State != model.EngineReady {
				t.Errorf("it is %+v", got.Engine)
			}
			if (got.Engine.Message == "") != (c.message == "") || !strings.Contains(got.Engine.Message, c.message) || !strings.Contains(got.Engine.Mend, c.mend) {
				t.Errorf("it says %q, %q", got.Engine.Message, got.Engine.Mend)
			}
			for p, want := range c.paths {
				if got.Paths[p] != want {
					t.Errorf("%s is seen at %q, want %q", p, got.Paths[p], want)
				}
			}
			var roles []string
			for _, m := range got.Mounts {
				roles = append(roles, fmt.Sprint(m.Label(), " ", m.Role))
			}
			if fmt.Sprint(roles) != fmt.Sprint(c.roles) {
				t.Errorf("mounts are %q, want %q", roles, c.roles)
			}
		})
	}
}
