package gateway

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"keepstead/testbed"
)

// faulted drives a handler over flaky files and knows what must be stored.
type faulted struct {
	t       *testing.T
	root    string
	files   *flaky
	dice    *rand.Rand
	bytes   *rand.ChaCha8
	names   []string // of all that was ever accepted
	handler []*handler
	asked   *handler          // the last one
	stored  map[string][]byte // by name, of what was accepted and not removed
	maybe   map[string]bool   // whose removal failed: there or not
	faults  int
}

// Ten thousand faults, at every byte of every kind of request: nothing is accepted that is not stored as it was sent,
// nothing is stored that is not what its name says, and nothing is told that is not so.
func TestFaults(t *testing.T) {
	t.Parallel()
	seed := uint64(20260401)
	if text := os.Getenv("KEEPSTEAD_SEED"); text != "" {
		seed, _ = strconv.ParseUint(text, 10, 64)
	}
	t.Logf("seed %d (KEEPSTEAD_SEED=%d repeats it)", seed, seed)
	f := &faulted{
		t: t, root: filepath.Join(testbed.SmallDisk(t, 64<<20), "repository"), files: &flaky{Files: localFiles(t)},
		dice: rand.New(rand.NewPCG(seed, 1)), bytes: rand.NewChaCha8([32]byte{byte(seed)}), stored: map[string][]byte{}, maybe: map[string]bool{},
	}
	f.files.none()
	s := Folder(f.files, f.root)
	check(t, s.(creator).create(t.Context()))
	for _, o := range []Options{
		{Patience: -1}, {Patience: time.Millisecond}, {Patience: time.Millisecond, Spool: t.TempDir()}, {Patience: -1, AppendOnly: true},
	} {
		o.Log = slog.New(slog.DiscardHandler)
		f.handler = append(f.handler, newHandler(s, o))
	}
	for i := 0; f.faults < 10_000; i++ {
		f.round()
		if i%1000 == 0 {
			f.all()
		}
		if t.Failed() {
			t.Fatalf("in round %d", i)
		}
	}
	f.all()
}

// round makes one request with at most one fault in it.
func (f *faulted) round() {
	name, content := f.some()
	f.files.none()
	f.files.how = failures[f.dice.IntN(len(failures))]
	f.files.budget = f.dice.Int64N(int64(len(content)) + 12)
	if f.dice.IntN(2) == 0 {
		f.files.budget = f.dice.Int64N(12) // near the calls before the first byte
	}
	do := []func(string, []byte){f.post, f.post, f.post, f.get, f.get, f.head, f.list, f.remove}
	if len(f.stored) > 60 {
		do = append(do, f.remove, f.remove, f.remove, f.remove)
	}
	do[f.dice.IntN(len(do))](name, content)
	if f.files.fired {
		f.faults++
	}
	f.files.none()
	f.verify(name)
}

// some returns a file that is stored, or a new one.
func (f *faulted) some() (string, []byte) {
	for len(f.names) > 0 && f.dice.IntN(2) == 0 {
		name := f.names[f.dice.IntN(len(f.names))]
		if content := f.stored[name]; content != nil {
			return name, content
		}
	}
	size := minFile + f.dice.IntN(3000)
	if f.dice.IntN(20) == 0 {
		size = maxSmall - 10 + f.dice.IntN(100_000)
	}
	content := make([]byte, size)
	_, _ = f.bytes.Read(content)
	sum := sha256.Sum256(content)
	kind := []string{kindData, kindData, kindIndex, kindSnapshots}[f.dice.IntN(4)]
	return target{kind: kind, id: hex.EncodeToString(sum[:])}.name(), content
}

// address is a name as restic asks for it.
func address(name string) string {
	parts := strings.Split(name, "/")
	return "/" + parts[0] + "/" + parts[len(parts)-1]
}

func (f *faulted) ask(method, address string, body []byte, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, address, &cut{bytes.NewReader(body), f.files})
	r.URL.Scheme, r.URL.Host = "", ""
	r.ContentLength = int64(len(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	f.asked = f.handler[f.dice.IntN(len(f.handler))]
	f.asked.ServeHTTP(w, r)
	return w
}

func (f *faulted) post(name string, content []byte) {
	sent := content
	if f.dice.IntN(10) == 0 {
		sent = bytes.Clone(content)
		sent[f.dice.IntN(len(sent))] ^= 1
	}
	w := f.ask(http.MethodPost, address(name), sent)
	switch {
	case w.Code == http.StatusOK && !bytes.Equal(sent, content):
		f.t.Errorf("%s was accepted with another content", name)
	case w.Code == http.StatusOK:
		f.stored[name] = content
		f.names = append(f.names, name)
		delete(f.maybe, name)
	case f.stored[name] == nil:
		f.maybe[name] = true // stored, when the failure came behind it
	}
}

func (f *faulted) get(name string, content []byte) {
	var headers []string
	want, status := content, http.StatusOK
	if f.dice.IntN(3) > 0 {
		from := f.dice.IntN(len(content))
		to := from + f.dice.IntN(len(content)-from)
		headers, want, status = []string{"Range", fmt.Sprintf("bytes=%d-%d", from, to)}, content[from:to+1], http.StatusPartialContent
	}
	w := f.ask(http.MethodGet, address(name), nil, headers...)
	told, _ := strconv.Atoi(w.Header().Get("Content-Length"))
	switch {
	case w.Code/100 != 2:
		return
	case f.stored[name] == nil && !f.maybe[name]:
		f.t.Errorf("%s was read and is not there", name)
	case w.Code != status || told != len(want):
		f.t.Errorf("%s: status %d, length %d, want %d, %d", name, w.Code, told, status, len(want))
	case !bytes.HasPrefix(want, w.Body.Bytes()):
		f.t.Errorf("%s came with another content", name)
	}
}

func (f *faulted) head(name string, content []byte) {
	w := f.ask(http.MethodHead, address(name), nil)
	if told := w.Header().Get("Content-Length"); w.Code == http.StatusOK && told != strconv.Itoa(len(content)) {
		f.t.Errorf("%s has %s bytes, it is said, not %d", name, told, len(content))
	}
}

func (f *faulted) list(name string, _ []byte) {
	kind, _, _ := strings.Cut(name, "/")
	if kind == kindData && f.dice.IntN(16) > 0 {
		kind = kindIndex // which is one folder, not 256
	}
	if f.dice.IntN(3) > 0 {
		return // it takes as long as three others
	}
	w := f.ask(http.MethodGet, "/"+kind+"/", nil, "Accept", listV2)
	var got []struct {
		Name string
		Size int
	}
	if w.Code != http.StatusOK || json.Unmarshal(w.Body.Bytes(), &got) != nil {
		return // a list that broke off is none
	}
	sizes := map[string]int{}
	for _, e := range got {
		sizes[target{kind: kind, id: e.Name}.name()] = e.Size
	}
	for name, content := range f.stored {
		if strings.HasPrefix(name, kind+"/") && sizes[name] != len(content) {
			f.t.Errorf("%s is listed with %d bytes, not %d", name, sizes[name], len(content))
		}
	}
	for name := range sizes {
		if f.stored[name] == nil && !f.maybe[name] {
			f.t.Errorf("%s is listed and is not there", name)
		}
	}
}

func (f *faulted) remove(name string, _ []byte) {
	w := f.ask(http.MethodDelete, address(name), nil)
	if f.asked.appendOnly {
		if w.Code == http.StatusOK || w.Code == http.StatusNotFound && f.stored[name] != nil {
			f.t.Errorf("%s: status %d of a delete in append-only", name, w.Code)
		}
		return // and verify finds it where it was
	}
	switch w.Code {
	case http.StatusOK:
		delete(f.stored, name)
		delete(f.maybe, name)
		if _, err := os.Lstat(filepath.Join(f.root, name)); err == nil {
			f.t.Errorf("%s was removed, it is said, and is there", name)
		}
	case http.StatusNotFound:
		if f.stored[name] != nil {
			f.t.Errorf("%s is not there, it is said", name)
		}
	default:
		if f.stored[name] != nil {
			delete(f.stored, name)
			f.maybe[name] = true
		}
	}
}

// verify looks at one file on the disk.
func (f *faulted) verify(name string) {
	content, err := os.ReadFile(filepath.Join(f.root, name))
	switch sum := sha256.Sum256(content); {
	case err != nil && f.stored[name] != nil:
		f.t.Errorf("%s was accepted and is not there: %v", name, err)
	case err == nil && filepath.Base(name) != hex.EncodeToString(sum[:]):
		f.t.Errorf("%s is on the disk with another content", name)
	case err == nil && f.stored[name] == nil && !f.maybe[name]:
		f.t.Errorf("%s is on the disk and was not accepted", name)
	}
}

// all looks at every file on the disk.
func (f *faulted) all() {
	for name := range f.stored {
		f.verify(name)
	}
	check(f.t, filepath.WalkDir(f.root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && !strings.HasPrefix(entry.Name(), tempPrefix) {
			name, _ := filepath.Rel(f.root, path)
			f.verify(name)
		}
		return err
	}))
}
