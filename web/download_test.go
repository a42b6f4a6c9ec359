package web

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"keepstead/model"
)

// TestDownloads fetches what snapshots hold, and tries to fetch what it may not.
func TestDownloads(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.fetchFile()
	s.fetchTar()
	s.fetchZip()
	s.fetchHostile()
	s.refuse()
	s.previews()
	s.leave()
	s.quiet()
	s.breakOff()
	s.quiet()
}

// fetchFile compares a file, then uses its address again, and as somebody else.
func (s *shelf) fetchFile() {
	s.t.Helper()
	address := s.order("a large file", "")
	if r := s.do(ask{path: address, cookie: s.signIn()}); r.status != http.StatusNotFound {
		s.t.Errorf("another session: %d", r.status)
	}
	if r := s.do(ask{method: http.MethodHead, path: address, cookie: s.cookie}); r.status != http.StatusMethodNotAllowed {
		s.t.Errorf("HEAD: %d", r.status)
	}
	r := s.do(ask{path: address, cookie: s.cookie})
	if r.status != http.StatusOK || r.body != string(s.files["a large file"]) {
		s.t.Fatalf("%d, %d bytes that are not the file's %d", r.status, len(r.body), len(s.files["a large file"]))
	}
	for name, want := range map[string]string{
		"Content-Length": strconv.Itoa(len(r.body)), "Content-Type": "application/octet-stream", "Cache-Control": "no-store",
		"Content-Security-Policy": "sandbox; default-src 'none'", "X-Content-Type-Options": "nosniff",
		"Content-Disposition": `attachment; filename="a large file"; filename*=UTF-8''a%20large%20file`,
	} {
		if got := r.header.Get(name); got != want {
			s.t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if log := s.log.String(); strings.Contains(log, address) || !strings.Contains(log, "path=/downloads/:token ") {
		s.t.Error("the log has the address of a download")
	}
	if e := s.audited(); e.Act != model.ActDownload || e.Actor != testUser || e.SubjectKind != model.SubjectSnapshot || !strings.HasSuffix(e.SubjectName, "/a large file") || e.Outcome != model.AuditDone {
		s.t.Errorf("the audit log: %+v", e)
	}
	if r := s.do(ask{path: address, cookie: s.cookie}); r.status != http.StatusGone || !strings.Contains(r.body, "works once") {
		s.t.Errorf("a second time: %d %.500s", r.status, r.body)
	}
}

func (s *shelf) fetchTar() {
	s.t.Helper()
	r := s.do(ask{path: s.order("", "tar"), cookie: s.cookie})
	if r.header.Get("Content-Type") != "application/x-tar" || r.header.Get("Content-Length") != "" || !strings.Contains(r.header.Get("Content-Disposition"), `"photos.tar"`) {
		s.t.Errorf("headers %v", r.header)
	}
	got := map[string][]byte{}
	for in := tar.NewReader(strings.NewReader(r.body)); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		s.must(err)
		content, err := io.ReadAll(in)
		s.must(err)
		if h.Typeflag == tar.TypeReg {
			got[h.Name] = content
		}
	}
	s.same(got)
}

func (s *shelf) fetchZip() {
	s.t.Helper()
	r := s.do(ask{path: s.order("", "zip"), cookie: s.cookie})
	in, err := zip.NewReader(strings.NewReader(r.body), int64(len(r.body)))
	s.must(err)
	got := map[string][]byte{}
	for _, f := range in.File {
		if !f.Mode().IsRegular() {
			continue
		}
		from, err := f.Open()
		s.must(err)
		got[f.Name], err = io.ReadAll(from)
		s.must(err)
	}
	if r.header.Get("Content-Type") != "application/zip" {
		s.t.Errorf("headers %v", r.header)
	}
	s.same(got)
}

func (s *shelf) same(got map[string][]byte) {
	s.t.Helper()
	for name, content := range s.files {
		if !bytes.Equal(got["photos/"+name], content) {
			s.t.Errorf("%q has %d bytes that are not the file's %d", name, len(got["photos/"+name]), len(content))
		}
	}
	if len(got) != len(s.files) {
		s.t.Errorf("%d files in the archive, %d in the folder", len(got), len(s.files))
	}
}

// fetchHostile has a name that turns the reading direction, quotes, breaks the line and is not UTF-8.
func (s *shelf) fetchHostile() {
	s.t.Helper()
	r := s.do(ask{path: s.order(hostileName, ""), cookie: s.cookie})
	_, parameters, err := mime.ParseMediaType(r.header.Get("Content-Disposition"))
	if r.body != "hostile" || err != nil || parameters["filename"] != "_gpj__b___X_ y_.txt" || r.header.Get("X") != "" {
		s.t.Errorf("%d %q saved as %q, %v", r.status, r.body, parameters["filename"], err)
	}
}

func (s *shelf) refuse() {
	s.t.Helper()
	for _, tt := range []struct {
		name, format string
		status       int
	}{{"nothing", "", http.StatusNotFound}, {"page.html", "zip", http.StatusUnprocessableEntity}} {
		form := url.Values{"path": {url.QueryEscape(s.shown(tt.name))}}
		if r := s.post(s.at("/download?format="+tt.format), s.cookie, form); r.status != tt.status {
			s.t.Errorf("%+v: %d", tt, r.status)
		}
	}
	if r := s.post(s.at("/download"), s.cookie, nil); r.status != http.StatusUnprocessableEntity {
		s.t.Errorf("without a path: %d", r.status)
	}
	if r := s.do(ask{path: "/downloads/" + strings.Repeat("x", 43), cookie: s.cookie}); r.status != http.StatusNotFound {
		s.t.Errorf("a made-up address: %d", r.status)
	}
}

// dial sends a GET over a plain connection, whose small buffer a large answer does not fit into.
func (s *shelf) dial(path string) *net.TCPConn {
	s.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	s.must(err)
	s.t.Cleanup(func() { _ = conn.Close() })
	tcp := conn.(*net.TCPConn)
	s.must(tcp.SetReadBuffer(64 << 10))
	s.must(tcp.SetDeadline(time.Now().Add(time.Minute)))
	_, err = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: keepstead\r\nCookie: %s=%s\r\n\r\n", path, s.cookie.Name, s.cookie.Value)
	s.must(err)
	return tcp
}

// leave goes away in the middle of a download: what makes it ends.
func (s *shelf) leave() {
	s.t.Helper()
	conn := s.dial(s.order("a large file", ""))
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	s.must(err)
	_, err = io.CopyN(io.Discard, res.Body, 100<<10)
	s.must(err)
	if n := s.children(); n != 1 {
		s.t.Fatalf("%d programs read the repository while a reader is slow", n)
	}
	s.must(conn.Close())
	s.quiet()
	// The line is written after the program has ended.
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(s.log.String(), "a download broke off"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatal("the log does not tell of the download that was left")
		}
	}
}

// breakOff has restic fail in the middle: neither a file nor an archive may look whole.
func (s *shelf) breakOff() {
	s.t.Helper()
	s.lose()
	for _, format := range []string{"", "tar"} {
		res, raw := s.begin(format)
		n, err := io.Copy(io.Discard, res.Body)
		if err == nil || n >= int64(len(s.files["a large file"])) || bytes.HasSuffix(raw.Bytes(), []byte("0\r\n\r\n")) {
			s.t.Errorf("as %q: %d bytes, %v: it looks whole", format, n, err)
		}
	}
	if log := s.log.String(); !strings.Contains(log, "restic dump") {
		s.t.Error("the log does not say why")
	}
}

// begin downloads the large file, of which a part is lost, until its first half is on the way. Restic reads ahead: on a
// busy machine it may come to the loss before it has written a byte, and then nothing but an error may be sent.
func (s *shelf) begin(format string) (*http.Response, *bytes.Buffer) {
	s.t.Helper()
	name := "a large file"
	if format != "" {
		name = ""
	}
	for range 50 {
		var raw bytes.Buffer
		res, err := http.ReadResponse(bufio.NewReader(io.TeeReader(s.dial(s.order(name, format)), &raw)), nil)
		s.must(err)
		if res.StatusCode == http.StatusOK {
			return res, &raw
		}
		if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Content-Disposition") != "" {
			s.t.Fatalf("as %q: %d with headers %v", format, res.StatusCode, res.Header)
		}
	}
	s.t.Fatalf("as %q: it never began", format)
	return nil, nil
}
