package web

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/testbed"
)

// shelf is a site with two snapshots of a folder in an adopted repository.
type shelf struct {
	*site
	cookie     *http.Cookie
	repository string
	src        string
	snapshot   uuid.UUID // the newer one
	files      map[string][]byte
	newPack    string // what holds the second half of the folder's large file, and nothing of the first snapshot
}

// pixel is a whole PNG.
const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

const hostileName = "\u202egpj\"<b>\r\nX: y\xff.txt"

func newShelf(t *testing.T) *shelf {
	t.Helper()
	s := &shelf{site: newSite(t), src: filepath.Join(t.TempDir(), "photos"), files: map[string][]byte{}}
	s.cookie = s.signIn()
	dir, password := testbed.Repository(t)
	s.repository = dir
	image, err := base64.StdEncoding.DecodeString(pixel)
	s.must(err)
	large := make([]byte, 14<<20)
	_, _ = rand.Read(large)
	s.write("a large file", large[:6<<20])
	s.write("image.txt", image) // its name lies
	s.write("page.html", []byte("<!doctype html><script>alert(1)</script>"))
	s.write("picture.svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`))
	s.write("below/data.bin", []byte("\x00\x01\x02binary\xff"))
	s.write(hostileName, []byte("hostile"))
	s.restic(password, "backup", s.src)
	before := s.packs()
	s.write("a large file", large)
	s.restic(password, "backup", s.src)
	s.newPack = s.largestBut(before)

	manager := s.opts.Pages.Jobs
	manager.Restic = testbed.Restic(t)
	_, err = manager.AddDestination(t.Context(), model.Destination{Name: "Folder", Type: model.DestinationLocal, LocalPath: dir}, model.DestinationSecrets{RepoPassword: password})
	s.must(err)
	rows, err := s.store.Snapshots(t.Context(), model.SnapshotFilter{})
	s.must(err)
	if len(rows) != 2 {
		t.Fatalf("%d snapshots were adopted", len(rows))
	}
	s.snapshot = rows[0].ID
	if rows[1].StartedAt.After(rows[0].StartedAt) {
		s.snapshot = rows[1].ID
	}
	return s
}

func (s *shelf) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *shelf) write(name string, content []byte) {
	s.t.Helper()
	path := filepath.Join(s.src, name)
	s.must(os.MkdirAll(filepath.Dir(path), 0o755))
	s.must(os.WriteFile(path, content, 0o644))
	s.files[name] = content
}

// restic backs up as a stranger would.
func (s *shelf) restic(password string, args ...string) {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), testbed.Restic(s.t), append(args, "--no-cache", "--host", "home")...)
	cmd.Env = []string{"RESTIC_REPOSITORY=" + s.repository, "RESTIC_PASSWORD=" + password}
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("restic %v: %v\n%s", args, err, out)
	}
}

func (s *shelf) packs() map[string]bool {
	s.t.Helper()
	found, err := filepath.Glob(filepath.Join(s.repository, "data", "*", "*"))
	s.must(err)
	out := map[string]bool{}
	for _, name := range found {
		out[name] = true
	}
	return out
}

// largestBut is the largest pack that was not there before.
func (s *shelf) largestBut(before map[string]bool) (largest string) {
	s.t.Helper()
	size := int64(0)
	for name := range s.packs() {
		info, err := os.Stat(name)
		s.must(err)
		if !before[name] && info.Size() > size {
			largest, size = name, info.Size()
		}
	}
	return largest
}

// lose takes the second half of the large file out of the repository.
func (s *shelf) lose() {
	s.t.Helper()
	s.must(os.Remove(s.newPack))
}

func (s *shelf) at(what string) string { return "/snapshots/" + s.snapshot.String() + what }

// shown is a path of the snapshot as its pages show it.
func (s *shelf) shown(name string) string { return string([]rune(filepath.Join(s.src, name))) }

// order asks for a download and returns where it will be.
func (s *shelf) order(name, format string) string {
	s.t.Helper()
	address := s.at("/download")
	if format != "" {
		address += "?format=" + format
	}
	r := s.post(address, s.cookie, url.Values{"path": {url.QueryEscape(s.shown(name))}})
	if r.status != http.StatusSeeOther || !strings.HasPrefix(r.header.Get("Location"), "/downloads/") {
		s.t.Fatalf("order %q as %q: %d %s %.300s", name, format, r.status, r.header.Get("Location"), r.body)
	}
	return r.header.Get("Location")
}

// children counts the programs that read the repository.
func (s *shelf) children() int {
	s.t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/environ")
	s.must(err)
	n := 0
	for _, name := range all {
		if env, err := os.ReadFile(name); err == nil && bytes.Contains(env, []byte("RESTIC_REPOSITORY="+s.repository+"\x00")) {
			n++
		}
	}
	return n
}

// quiet waits until nothing reads the repository any more.
func (s *shelf) quiet() {
	s.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); s.children() > 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("%d programs still read the repository", s.children())
		}
	}
}
