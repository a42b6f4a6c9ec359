package gateway

import (
	"bufio"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"keepstead/device"
)

// unsynced are files that do not wait for the disk.
type unsynced struct{ device.Files }

func (unsynced) SyncDir(string) error { return nil }

func (u unsynced) Create(name string, perm fs.FileMode) (device.WriteSyncer, error) {
	file, err := u.Files.Create(name, perm)
	return unsyncedFile{file}, err
}

type unsyncedFile struct{ device.WriteSyncer }

func (unsyncedFile) Sync() error { return nil }

// FuzzHandler sends requests of any form. Whatever they are, what was there stays as it was, and what is new is what its
// name says.
func FuzzHandler(f *testing.F) {
	pack := address(file(kindData, "pack").name())
	fresh := sealed("new")
	for _, raw := range []string{
		plain("GET", "/config"), plain("HEAD", pack), plain("GET", "/data/"), plain("GET", "/locks/"), plain("DELETE", pack), plain("DELETE", "/"),
		plain("GET", "/../canary"), plain("GET", "/data/..%2f..%2fcanary"), plain("GET", "//config"), plain("GET", "http://x/config"), plain("OPTIONS", "*"),
		ranged("bytes=0-1"), ranged("bytes=3-"), ranged("bytes=-1"), ranged("bytes=0-0,2-3"), ranged("bytes=99999-"),
		"GET /data/ HTTP/1.1\r\nHost: x\r\nAccept: " + listV2 + "\r\n\r\n",
		upload("/data/"+id(fresh), fresh), upload("/locks/"+id(fresh), fresh), upload("/snapshots/"+id("other"), fresh), upload("/config", fresh), upload("/?create=true", ""),
		uploadAs("/data/"+id(fresh), "Content-Length: 1000", fresh), uploadAs("/data/"+id(fresh), "Transfer-Encoding: chunked", "1\r\nx\r\n0\r\n\r\n"),
	} {
		f.Add(raw)
	}
	v := newVictim(f)
	h := newHandler(Folder(unsynced{localFiles(f)}, v.repository), Options{AppendOnly: true, Patience: -1, Log: slog.New(slog.DiscardHandler)})
	f.Fuzz(func(t *testing.T, raw string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
		if err != nil {
			return
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if strings.Contains(w.Body.String(), "canary") {
			t.Errorf("the answer is %q", w.Body)
		}
		var after []string
		for _, line := range strings.Split(v.state(t), "\n") {
			name, _, _ := strings.Cut(line, " ")
			if strings.Contains(v.before, line) {
				after = append(after, line)
				continue
			}
			content, err := os.ReadFile(name)
			rel, _ := filepath.Rel(v.repository, name)
			kind, _, _ := strings.Cut(rel, "/")
			if err != nil || w.Code != http.StatusOK || r.Method != http.MethodPost || rel != (target{kind: kind, id: id(string(content))}).name() {
				t.Errorf("status %d, and there is %s: %v", w.Code, rel, err)
			}
			check(t, os.Remove(name))
		}
		if got := strings.Join(after, "\n"); got != v.before {
			t.Errorf("the folder was\n%s\nand is\n%s", v.before, got)
		}
		if r.Method != http.MethodPost && w.Code/100 == 2 && w.Header().Get("Content-Length") != "" && r.Method != http.MethodHead {
			if told := fmt.Sprint(w.Body.Len()); told != w.Header().Get("Content-Length") {
				t.Errorf("%s bytes came, %s were said", told, w.Header().Get("Content-Length"))
			}
		}
	})
}
