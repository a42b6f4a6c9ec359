package gateway

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// id is the name of a content.
func id(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

// sealed is content that is long enough for one of restic's files.
func sealed(name string) string { return name + strings.Repeat(".", minFile) }

// victim is a folder with a repository in it and something beside it, and what all of it holds.
type victim struct {
	root, repository string
	before           string
}

func newVictim(t testing.TB) *victim {
	t.Helper()
	root := t.TempDir()
	v := &victim{root: root, repository: filepath.Join(root, "repository")}
	for name, content := range map[string]string{
		"repository/config":                                sealed("config"),
		"repository/" + file(kindData, "pack").name():      sealed("pack"),
		"repository/" + file(kindKeys, "key").name():       sealed("key"),
		"repository/" + file(kindSnapshots, "snap").name(): sealed("snap"),
		"repository/" + file(kindLocks, "theirs").name():   sealed("theirs"),
		"repository/data/secret":                           "not restic's",
		"canary":                                           "beside the repository",
	} {
		check(t, os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o700))
		check(t, os.WriteFile(filepath.Join(root, name), []byte(content), 0o600))
	}
	check(t, os.Mkdir(filepath.Join(v.repository, "index"), 0o700))
	v.before = v.state(t)
	return v
}

func file(kind, content string) target { return target{kind: kind, id: id(sealed(content))} }

// state describes every file of the folder.
func (v *victim) state(t testing.TB) string {
	t.Helper()
	var out []string
	check(t, filepath.WalkDir(v.root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			content, err := os.ReadFile(path)
			out = append(out, fmt.Sprintf("%s %x %v", path, sha256.Sum256(content), err))
		}
		return err
	}))
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// request writes a request as it is and returns the first answer.
func request(t testing.TB, socket, raw string) (int, string) {
	t.Helper()
	return converse(t, socket, raw, false)
}

// converse is request; cut ends the sending side behind it.
func converse(t testing.TB, socket, raw string, cut bool) (int, string) {
	t.Helper()
	conn, err := net.Dial("unix", socket)
	check(t, err)
	defer func() { _ = conn.Close() }()
	go func() {
		_, _ = io.WriteString(conn, raw) // the server need not read all of it
		if cut {
			_ = conn.(*net.UnixConn).CloseWrite()
		}
	}()
	method, _, _ := strings.Cut(raw, " ")
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = res.Body.Close() }()
	body, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(body)
}

// socketOf returns the path in a URL for restic.
func socketOf(url string) string {
	return strings.TrimSuffix(strings.TrimPrefix(url, "rest:http+unix://"), ":/")
}

func plain(method, path string) string { return method + " " + path + " HTTP/1.1\r\nHost: x\r\n\r\n" }

func upload(path, body string) string {
	return uploadAs(path, fmt.Sprint("Content-Length: ", len(body)), body)
}

func uploadAs(path, header, body string) string {
	return "POST " + path + " HTTP/1.1\r\nHost: x\r\n" + header + "\r\n\r\n" + body
}

func ranged(value string) string {
	return "GET /config HTTP/1.1\r\nHost: x\r\nRange: " + value + "\r\n\r\n"
}

// A client that was broken into gets nothing but the repository, and changes nothing of what is in it.
func TestMaliciousClient(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	server, url := lend(t, Folder(localFiles(t), v.repository), Options{AppendOnly: true})
	pack, snap := address(file(kindData, "pack").name()), address(file(kindSnapshots, "snap").name())
	fresh := sealed("new")
	for _, c := range []struct {
		name, raw string
		status    int // 0 is an answer that is no answer
	}{
		{"up and out", plain("GET", "/../canary"), 400},
		{"up and out of a folder", plain("GET", "/data/../../canary"), 400},
		{"encoded slashes", plain("GET", "/data/..%2f..%2fcanary"), 400},
		{"encoded dots", plain("GET", "/%2e%2e/canary"), 400},
		{"an encoded name", plain("GET", "/%63onfig"), 400},
		{"twice encoded", plain("GET", "/%252e%252e/canary"), 400},
		{"a zero byte", plain("GET", "/config%00"), 400},
		{"backslashes", plain("GET", `/data/..\..\canary`), 400},
		{"two slashes", plain("GET", "//config"), 400},
		{"a slash behind", plain("GET", "/config/"), 400},
		{"a file that is not restic's", plain("GET", "/data/secret"), 400},
		{"a folder of packs", plain("GET", "/data/"+file(kindData, "pack").id[:2]+"/"), 400},
		{"a pack by its place", plain("GET", "/"+file(kindData, "pack").name()), 400},
		{"capitals", plain("GET", strings.ToUpper(pack)), 400},
		{"capital digits", plain("GET", "/data/"+strings.ToUpper(file(kindData, "pack").id)), 400},
		{"a digit too few", plain("GET", pack[:len(pack)-1]), 400},
		{"another kind", plain("GET", "/secrets/"+file(kindData, "pack").id), 400},
		{"a kind without its slash", plain("GET", "/data"), 400},
		{"a query", plain("GET", "/config?x"), 400},
		{"another server", plain("GET", "http://127.0.0.1:9/config"), 400},
		{"another server with a name", plain("GET", "http://x@config/config"), 400},
		{"a tunnel", plain("CONNECT", "127.0.0.1:22"), 400},
		{"a star", plain("OPTIONS", "*"), 400},
		{"a method of WebDAV", plain("MOVE", "/config"), 405},
		{"PUT", "PUT " + pack + " HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx", 405},
		{"delete a list", plain("DELETE", "/data/"), 405},
		{"post to a list", upload("/data/", fresh), 405},
		{"get the root", plain("GET", "/"), 405},

		{"several ranges", ranged("bytes=0-1,3-4"), 400},
		{"a range from the end", ranged("bytes=-5"), 400},
		{"a range backwards", ranged("bytes=5-2"), 400},
		{"a range of signs", ranged("bytes=+1-+2"), 400},
		{"a range that overflows", ranged("bytes=0-9223372036854775807"), 400},
		{"a range beyond the end", ranged("bytes=1000-1001"), 416},
		{"a range of lines", ranged("lines=0-1"), 400},

		{"a wrong hash", upload("/data/"+id("another"), fresh), 400},
		{"a wrong hash of a large one", upload("/data/"+id("another"), strings.Repeat("x", 3<<20)), 400},
		{"a wrong hash of a lock", upload("/locks/"+id("another"), fresh), 400},
		{"no length", uploadAs("/data/"+id(fresh), "X: y", fresh), 400},
		{"in chunks", uploadAs("/data/"+id(fresh), "Transfer-Encoding: chunked", "1\r\nx\r\n0\r\n\r\n"), 411},
		{"a length and chunks", uploadAs("/data/"+id(fresh), "Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n"), 411},
		{"two lengths", uploadAs("/data/"+id(fresh), "Content-Length: 5\r\nContent-Length: 6", "hello"), 400},
		{"a huge body", uploadAs("/data/"+id(fresh), "Content-Length: 268435457", "x"), 413},
		{"a huge lock", uploadAs("/locks/"+id(fresh), "Content-Length: 65537", "x"), 413},
		{"an impossible body", uploadAs("/data/"+id(fresh), "Content-Length: 99999999999999999999", "x"), 400},
		{"a negative body", uploadAs("/data/"+id(fresh), "Content-Length: -1", "x"), 400},
		{"a short body", uploadAs("/data/"+id(fresh), "Content-Length: 1000", fresh), 400},
		{"a short large body", uploadAs("/data/"+id(fresh), "Content-Length: 1000000", strings.Repeat("x", 500_000)), 400},
		{"a snapshot of one byte", upload("/snapshots/"+id("x"), "x"), 400},
		{"an empty lock", upload("/locks/"+id(""), ""), 400},

		{"another pack in its place", upload(pack, fresh), 400},
		{"another config", upload("/config", sealed("another config")), 403},
		{"a key", upload("/keys/"+id(sealed("mine")), sealed("mine")), 403},
		{"a repository anew", upload("/?create=true", ""), 403},
		{"a repository anew, in other words", upload("/?create=true&x=y", ""), 400},

		{"delete a pack", plain("DELETE", pack), 403},
		{"delete a snapshot", plain("DELETE", snap), 403},
		{"delete a key", plain("DELETE", address(file(kindKeys, "key").name())), 403},
		{"delete another's lock", plain("DELETE", address(file(kindLocks, "theirs").name())), 403},
		{"another's lock again", upload(address(file(kindLocks, "theirs").name()), sealed("theirs")), 200},
		{"delete it as one's own", plain("DELETE", address(file(kindLocks, "theirs").name())), 403},
		{"delete the config", plain("DELETE", "/config"), 403},
		{"delete the repository", plain("DELETE", "/"), 403},
		{"delete what is not there", plain("DELETE", "/data/"+id("nothing")), 404},

		{"headers without an end", "GET /config HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 20_000) + "\r\n\r\n", 431},
		{"not HTTP", "SSH-2.0-OpenSSH_9.2\r\n\r\n", 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, body := converse(t, socketOf(url), c.raw, strings.HasPrefix(c.name, "a short"))
			if status != c.status {
				t.Errorf("status %d, want %d: %s", status, c.status, body)
			}
			if strings.Contains(body, "canary") || strings.Contains(body, "not restic's") || strings.Contains(body, v.root) {
				t.Errorf("the answer tells %q", body)
			}
			if after := v.state(t); after != v.before {
				t.Errorf("the folder was\n%s\nand is\n%s", v.before, after)
			}
		})
	}
	if s := server.Stats(); s.RefusedDeletes != 7 || s.RefusedWrites != 2 || s.Failure != nil {
		t.Errorf("figures %+v, failure %v", s, s.Failure)
	}
}

// TestNothingIsMadeInThePlaceOfAKnownRepository lends a repository whose disk has gone: a client that makes a new one on what
// is left is refused, and the folder stays empty.
func TestNothingIsMadeInThePlaceOfAKnownRepository(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server, url := lend(t, Folder(localFiles(t), dir), Options{AppendOnly: true, Known: true, Patience: -1})
	for _, raw := range []string{
		"POST /?create=true HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", upload(address(file(kindKeys, "key").name()), sealed("key")), upload("/config", sealed("config")),
	} {
		if status, body := request(t, socketOf(url), raw); status != 403 {
			t.Errorf("status %d: %s\n%.60s", status, body, raw)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 || server.Stats().RefusedWrites != 3 {
		t.Errorf("the folder holds %v, %v; figures %+v", left, err, server.Stats())
	}
}

// What an honest client sends twice, because it did not hear the answer, is a success and changes nothing; and it may
// remove its own lock.
func TestHonestClient(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	server, url := lend(t, Folder(localFiles(t), v.repository), Options{AppendOnly: true})
	ask := func(raw string, want int) string {
		t.Helper()
		status, body := request(t, socketOf(url), raw)
		if status != want {
			t.Errorf("status %d, want %d: %s\n%.80s", status, want, body, raw)
		}
		return body
	}
	ask(upload(address(file(kindData, "pack").name()), sealed("pack")), 200)
	ask(upload("/config", sealed("config")), 200)
	if after := v.state(t); after != v.before {
		t.Errorf("the folder was\n%s\nand is\n%s", v.before, after)
	}
	mine := address(file(kindLocks, "mine").name())
	for range 2 {
		ask(upload(mine, sealed("mine")), 200)
	}
	if got := ask(plain("GET", mine), 200); got != sealed("mine") {
		t.Errorf("the lock reads %q", got)
	}
	if got := ask(plain("GET", "/locks/"), 200); strings.Count(got, `"`) != 4 || !strings.Contains(got, file(kindLocks, "mine").id) {
		t.Errorf("the locks are %s", got)
	}
	ask(plain("DELETE", mine), 200)
	ask(plain("DELETE", mine), 404)
	if after := v.state(t); after != v.before {
		t.Errorf("the folder was\n%s\nand is\n%s", v.before, after)
	}
	if s := server.Stats(); s.RefusedDeletes+s.RefusedWrites != 0 || s.In < int64(4*minFile) || s.Out < int64(minFile) {
		t.Errorf("figures %+v", s)
	}
	for from, want := range map[string]string{"bytes=0-": sealed("config"), "bytes=2-4": "nfi", "bytes=2-9999": sealed("config")[2:], "bytes=0-0": "c"} {
		if got := ask(ranged(from), 206); got != want {
			t.Errorf("%s is %q, want %q", from, got, want)
		}
	}
}

// One job's secret opens its own repository and no other.
func TestSecret(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	if _, err := Serve(t.Context(), l, Folder(localFiles(t), v.repository), Options{}); err == nil {
		t.Error("a port is served without a secret")
	}
	l, err = net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	server, err := Serve(t.Context(), l, Folder(localFiles(t), v.repository), Options{Secret: "this job's"})
	check(t, err)
	t.Cleanup(server.Close)
	url := URL(l.Addr(), "this job's")
	if want := "rest:http://keepstead:this%20job%27s@" + l.Addr().String() + "/"; url != want {
		t.Errorf("URL %s, want %s", url, want)
	}
	for _, c := range []struct {
		secret string
		want   int
	}{{"this job's", 200}, {"another job's", 401}, {"", 401}} {
		for _, method := range []string{"GET", "HEAD", "DELETE", "POST"} {
			r, err := http.NewRequest(method, "http://"+l.Addr().String()+"/config", nil)
			check(t, err)
			if c.secret != "" {
				r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("keepstead:"+c.secret)))
			}
			res, err := http.DefaultClient.Do(r)
			check(t, err)
			_ = res.Body.Close()
			if (c.want == 401) != (res.StatusCode == 401) || method == "GET" && res.StatusCode != c.want {
				t.Errorf("%s with %q: %d", method, c.secret, res.StatusCode)
			}
		}
	}
	if text := fmt.Sprintf("%v %+v %#v", Options{Secret: "this job's"}, Options{Secret: "this job's"}, Options{Secret: "this job's"}); strings.Contains(text, "this job's") {
		t.Errorf("the options print %s", text)
	}
}
