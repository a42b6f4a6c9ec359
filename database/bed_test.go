package database_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"keepstead/database"
	"keepstead/device"
	"keepstead/docker"
	"keepstead/model"
	"keepstead/testbed"
)

// bed is a Docker engine with the servers of one test.
type bed struct {
	*testbed.Engine
	engine *docker.Engine
	files  device.Files
}

func newBed(t *testing.T) *bed {
	t.Helper()
	e := testbed.NewEngine(t)
	host := device.NewLocal(slog.New(slog.NewTextHandler(io.Discard, nil)))
	t.Cleanup(func() { _ = host.Close() })
	engine, err := docker.Open(t.Context(), host, e.Socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	files, err := host.Files()
	if err != nil {
		t.Fatal(err)
	}
	return &bed{Engine: e, engine: engine, files: files}
}

// start runs a container and waits until the database in it is ready.
func (b *bed) start(t *testing.T, name string, args ...string) (docker.Container, database.Server) {
	t.Helper()
	b.Docker(t, append([]string{"run", "-d", "--network", "none", "--name", name}, args...)...)
	c, s := b.look(t, name)
	if err := database.WaitReady(t.Context(), b.engine, c, s); err != nil {
		t.Fatalf("%v\n%s", err, b.Docker(t, "logs", "--tail", "30", name))
	}
	return c, s
}

// look finds a container and the server in it.
func (b *bed) look(t *testing.T, name string) (docker.Container, database.Server) {
	t.Helper()
	p, err := b.engine.Project(t.Context(), b.files, docker.Key{Container: name})
	if err != nil {
		t.Fatal(err)
	}
	s, ok := database.Recognise(p.Containers[0])
	if !ok {
		t.Fatalf("%s was not recognised", name)
	}
	return p.Containers[0], s
}

func (b *bed) dump(t *testing.T, c docker.Container, s database.Server) []model.Dump {
	t.Helper()
	dumps, err := database.Dump(t.Context(), b.engine, b.files, c, s, t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return dumps
}

// restore brings dumps into a server and checks them.
func (b *bed) restore(t *testing.T, c docker.Container, s database.Server, dumps []model.Dump) {
	t.Helper()
	if err := b.tryRestore(t.Context(), c, s, dumps); err != nil {
		t.Fatal(err)
	}
}

func (b *bed) tryRestore(ctx context.Context, c docker.Container, s database.Server, dumps []model.Dump) error {
	if err := database.Import(ctx, b.engine, c, s, dumps, openDump, nil); err != nil {
		return err
	}
	return database.Check(ctx, b.engine, c, s, dumps)
}

func openDump(d model.Dump) (io.ReadCloser, error) { return os.Open(d.File) }

// refused wants a dump to fail with an *Error that says what it should and leaves nothing behind.
func (b *bed) refused(t *testing.T, c docker.Container, s database.Server, dir, says string, secrets ...string) {
	t.Helper()
	dumps, err := database.Dump(t.Context(), b.engine, b.files, c, s, dir, nil)
	wantError(t, err, says, secrets...)
	if len(dumps) > 0 {
		t.Errorf("dumps in spite of the error: %v", dumps)
	}
	if left := listDir(t, dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func wantError(t *testing.T, err error, says string, secrets ...string) {
	t.Helper()
	var e *database.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v, want a *database.Error", err)
	}
	if !strings.Contains(e.Message, says) || !strings.HasSuffix(e.Message, ".") || e.Mend == "" || e.Service == "" {
		t.Errorf("error %+v, want one that says %q", e, says)
	}
	for _, secret := range secrets {
		if strings.Contains(err.Error()+e.Message+e.Mend, secret) {
			t.Errorf("the error holds a secret: %v", err)
		}
	}
}

// text reads a dump without what differs from one run of the tools to the next.
func text(t *testing.T, d model.Dump) string {
	t.Helper()
	raw, err := os.ReadFile(d.File)
	if err != nil {
		t.Fatal(err)
	}
	var kept []string
	for line := range strings.SplitSeq(string(raw), "\n") {
		if !strings.HasPrefix(line, `\restrict `) && !strings.HasPrefix(line, `\unrestrict `) && !strings.HasPrefix(line, "-- Dump completed on") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

// sameDumps wants two dumps to be equal line for line.
func sameDumps(t *testing.T, want, got []model.Dump) {
	t.Helper()
	if len(want) != len(got) {
		t.Fatalf("%d dumps, want %d", len(got), len(want))
	}
	for i, d := range want {
		a, b := strings.Split(text(t, d), "\n"), strings.Split(text(t, got[i]), "\n")
		if got[i].Database != d.Database || got[i].Objects != d.Objects {
			t.Errorf("dump of %q with %d objects, want %q with %d", got[i].Database, got[i].Objects, d.Database, d.Objects)
		}
		for n := range max(len(a), len(b)) {
			if n >= len(a) || n >= len(b) || a[n] != b[n] {
				t.Errorf("%s differs at line %d:\n%.300q\nwant\n%.300q", filepath.Base(d.File), n+1, at(b, n), at(a, n))
				break
			}
		}
	}
}

func at(lines []string, n int) string {
	if n < len(lines) {
		return lines[n]
	}
	return "(the end)"
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !is(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 60 s: %s", what)
		}
	}
}
