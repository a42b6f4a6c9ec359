package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"keepstead/testbed"
)

// dial connects to a served socket; the connection ends with the test.
func dial(t *testing.T, url string) net.Conn {
	t.Helper()
	conn, err := net.Dial("unix", socketOf(url))
	check(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// Whoever stops in the middle is let go, and nothing of what was sent is stored.
func TestHalfOpenClientsAreLetGo(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	s := &closing{Storage: Folder(localFiles(t), v.repository), closed: make(chan struct{}, 1)}
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
	name := target{kind: kindIndex, id: id(string(big))}.name()
	check(t, os.WriteFile(filepath.Join(v.repository, name), big, 0o600))
	before := v.state(t)
	short := limits{header: 50 * time.Millisecond, pause: 50 * time.Millisecond, idle: 50 * time.Millisecond, closed: time.Second}
	_, url := lend(t, s, Options{limits: short})
	for what, sent := range map[string]string{
		"nothing":        "",
		"half a header":  "GET /config HTT",
		"half an upload": uploadAs("/data/"+id(sealed("new")), "Content-Length: 1000000", sealed("new")),
		"a request":      plain("HEAD", "/config"),
	} {
		conn := dial(t, url)
		_, err := io.WriteString(conn, sent)
		check(t, err)
		if _, err := io.Copy(io.Discard, conn); err != nil && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("after %s: %v", what, err) // and without an end of ours the test hangs here
		}
	}
	_, err := io.WriteString(dial(t, url), plain("GET", address(name))) // and the answer is never read
	check(t, err)
	<-s.closed
	if after := v.state(t); after != before {
		t.Errorf("the folder was\n%s\nand is\n%s", before, after)
	}
}

// closing tells when a file that is being read is closed.
type closing struct {
	Storage
	closed chan struct{}
}

func (c *closing) Load(ctx context.Context, name string, offset, length int64) (io.ReadCloser, int64, error) {
	body, size, err := c.Storage.Load(ctx, name, offset, length)
	return opened{body, closer(func() error { c.closed <- struct{}{}; return body.Close() })}, size, err
}

type closer func() error

func (c closer) Close() error { return c() }

// An upload that is not stored when the server is closed is not said to be.
func TestCloseEndsOpenRequests(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	s := &stuck{Storage: Folder(localFiles(t), v.repository), begun: make(chan struct{})}
	o := Options{Patience: -1, limits: defaultLimits}
	o.limits.closed = 10 * time.Millisecond
	server, url := lend(t, s, o)
	status := make(chan int)
	go func() {
		got, _ := request(t, socketOf(url), upload("/data/"+id(sealed("new")), sealed("new")))
		status <- got
	}()
	<-s.begun
	server.Close()
	if got := <-status; got == http.StatusOK {
		t.Error("the upload was accepted")
	}
	if after := v.state(t); after != v.before {
		t.Errorf("the folder was\n%s\nand is\n%s", v.before, after)
	}
	if _, err := net.Dial("unix", socketOf(url)); err == nil {
		t.Error("the socket is still served")
	}
}

// stuck is a storage that does not answer until nobody waits any more.
type stuck struct {
	Storage
	begun chan struct{}
}

func (s *stuck) Save(ctx context.Context, _ string, _ int64, _ io.Reader) error {
	close(s.begun)
	<-ctx.Done()
	return ctx.Err()
}

// A job that is cut off leaves its lock, which goes with the server; another's stays.
func TestCloseTakesTheLocksOfItsJob(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	others := v.state(t)
	l, err := net.Listen("unix", filepath.Join(v.root, "first"))
	check(t, err)
	server, err := Serve(t.Context(), l, Folder(localFiles(t), v.repository), Options{AppendOnly: true})
	check(t, err)
	mine := address(file(kindLocks, "mine").name())
	if status, body := request(t, l.Addr().String(), upload(mine, sealed("mine"))); status != 200 {
		t.Fatalf("status %d: %s", status, body)
	}
	server.Close()
	if left := v.state(t); left != others {
		t.Errorf("the folder was\n%s\nand is\n%s", others, left)
	}
}

// troubled is a storage that fails a number of times, in the middle of what it does.
type troubled struct {
	Storage
	left atomic.Int64
}

func (s *troubled) fails() bool { return s.left.Add(-1) >= 0 }

func (s *troubled) Save(ctx context.Context, name string, size int64, body io.Reader) error {
	if s.fails() {
		return errors.Join(s.Storage.Save(ctx, name, size, io.LimitReader(body, size/2)), syscall.ECONNRESET)
	}
	err := s.Storage.Save(ctx, name, size, body)
	if s.fails() {
		return syscall.ECONNRESET // stored, and the answer was lost
	}
	return err
}

func (s *troubled) Load(ctx context.Context, name string, offset, length int64) (io.ReadCloser, int64, error) {
	body, size, err := s.Storage.Load(ctx, name, offset, length)
	if err == nil && s.fails() {
		return opened{io.LimitReader(body, 1000), body}, size, nil
	}
	return body, size, err
}

func (s *troubled) List(ctx context.Context, kind string, each func(string, int64) error) error {
	told := 0
	return s.Storage.List(ctx, kind, func(id string, size int64) error {
		if told++; told > 1 && s.fails() {
			return syscall.ECONNRESET
		}
		return each(id, size)
	})
}

func (s *troubled) Remove(ctx context.Context, name string) error {
	err := s.Storage.Remove(ctx, name)
	if s.fails() {
		return syscall.ECONNRESET
	}
	return err
}

// A storage that fails now and then is asked again, and goes on where it stopped; the client need not know.
func TestPatience(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	s := &troubled{Storage: Folder(localFiles(t), v.repository)}
	server, url := lend(t, s, Options{Spool: t.TempDir(), Patience: 20 * time.Second})
	var paths []string
	for i, size := range []int{minFile, 10_000, 300_000} {
		content := strings.Repeat(fmt.Sprint(i), size)
		paths = append(paths, "/data/"+id(content))
		for _, raw := range []string{upload(paths[i], content), plain("GET", paths[i])} {
			s.left.Store(3)
			status, body := request(t, socketOf(url), raw)
			if status != 200 || strings.HasPrefix(raw, "GET") && body != content {
				t.Errorf("%d bytes, %.4s: status %d, %d bytes", size, raw, status, len(body))
			}
		}
	}
	s.left.Store(3)
	status, list := request(t, socketOf(url), plain("GET", "/data/"))
	if status != 200 || strings.Count(list, `"`) != 2*4 {
		t.Errorf("status %d, list %s", status, list)
	}
	s.left.Store(1)
	if status, body := request(t, socketOf(url), plain("DELETE", paths[0])); status != 200 {
		t.Errorf("delete: status %d: %s", status, body)
	}
	if failure := server.Stats().Failure; failure != nil {
		t.Errorf("the client was told of %v", failure)
	}
}

// What the storage cannot do is told in restic's terms, and kept for the job to tell.
func TestFailuresOfTheStorage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err    error
		status int
	}{
		{syscall.ENOSPC, 507}, {syscall.EDQUOT, 507}, {errFull, 507}, {syscall.EROFS, 500}, {syscall.EACCES, 403}, {syscall.EIO, 500},
	} {
		s := &refusing{Storage: Folder(localFiles(t), newVictim(t).repository), err: &fs.PathError{Op: "open", Path: "/mnt/x", Err: c.err}}
		server, url := lend(t, s, Options{Patience: -1})
		status, body := request(t, socketOf(url), upload("/data/"+id(sealed("new")), sealed("new")))
		if status != c.status || strings.Contains(body, "/mnt/x") || !errors.Is(server.Stats().Failure, c.err) {
			t.Errorf("%v: status %d, %s, failure %v", c.err, status, body, server.Stats().Failure)
		}
	}
}

type refusing struct {
	Storage
	err error
}

func (s *refusing) Save(context.Context, string, int64, io.Reader) error { return s.err }

// A folder that lacks its repository, as one does whose disk is not mounted, gets no file.
func TestNothingIsStoredWhereThereIsNoRepository(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	_, url := lend(t, Folder(localFiles(t), root), Options{Patience: -1})
	for _, kind := range []string{kindData, kindIndex, kindLocks, kindSnapshots} {
		status, _ := request(t, socketOf(url), upload("/"+kind+"/"+id(sealed("new")), sealed("new")))
		if status != http.StatusInternalServerError {
			t.Errorf("%s: status %d", kind, status)
		}
	}
	if entries, err := os.ReadDir(root); err != nil || len(entries) > 0 {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}

func TestSweepRemovesOnlyOldRemains(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	old, young := filepath.Join(v.repository, kindData, tempPrefix+"OLD"), filepath.Join(v.repository, tempPrefix+"YOUNG")
	for _, name := range []string{old, young} {
		check(t, os.WriteFile(name, []byte("half"), 0o600))
	}
	check(t, os.Chtimes(old, time.Time{}, time.Now().Add(-25*time.Hour)))
	check(t, Folder(localFiles(t), v.repository).(sweeper).sweep(t.Context()))
	check(t, os.Remove(young)) // which is still there
	if after := v.state(t); after != v.before {
		t.Errorf("the folder was\n%s\nand is\n%s", v.before, after)
	}
}

// Less than what the limit lets through in a while takes no less than that while.
func TestBandwidth(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	_, url := lend(t, Folder(localFiles(t), v.repository), Options{BytesPerSecond: 1 << 20})
	content := strings.Repeat("x", 320<<10)
	begun := time.Now()
	for _, raw := range []string{upload("/data/"+id(content), content), plain("GET", "/data/"+id(content))} {
		if status, body := request(t, socketOf(url), raw); status != 200 {
			t.Errorf("status %d: %.80s", status, body)
		}
	}
	if took := time.Since(begun); took < 500*time.Millisecond { // 640 KiB at 1 MiB/s, of which the first 64 are free
		t.Errorf("640 KiB took %s", took)
	}
}

// changing gives other bytes once it was read and is read again, as broken memory would.
type changing struct {
	*bytes.Reader
	content []byte
}

func (c *changing) Seek(offset int64, whence int) (int64, error) {
	c.content[0] = 'X'
	return c.Reader.Seek(offset, whence)
}

// A bucket refuses what changed on its way there, and an object in the place of another.
func TestBucketKeepsWhatItHas(t *testing.T) {
	t.Parallel()
	b := testbed.S3(t)
	s := bucketStorage(t, b)
	content := []byte(sealed("content"))
	name := target{kind: kindData, id: id(string(content))}.name()
	body := &changing{bytes.NewReader(content), content}
	if err := s.Save(t.Context(), name, int64(len(content)), body); err == nil || len(b.Keys(t)) > 0 {
		t.Errorf("the bucket took what changed on its way: %v", err)
	}
	good := []byte(sealed("content"))
	check(t, s.Save(t.Context(), name, int64(len(good)), bytes.NewReader(good)))
	for range 2 { // by the look before, and by the condition alone
		err := s.Save(t.Context(), name, int64(len(content)), bytes.NewReader(content))
		if !errors.Is(err, fs.ErrExist) {
			t.Errorf("the bucket took another object of that name: %v", err)
		}
	}
	_, url := lend(t, s, Options{AppendOnly: true, Log: slog.New(slog.DiscardHandler)})
	for raw, want := range map[string]int{
		upload("/data/"+id("another"), string(good)):                 400,
		upload("/data/"+id("another"), strings.Repeat("x", 200_000)): 400,
		upload("/data/"+id(string(good)), string(good)):              200,
		plain("DELETE", "/data/"+id(string(good))):                   403,
		plain("GET", "/data/"+id("nothing")):                         404,
	} {
		if status, answer := request(t, socketOf(url), raw); status != want {
			t.Errorf("status %d, want %d: %s: %.80s", status, want, answer, raw)
		}
	}
	if keys := b.Keys(t); len(keys) != 1 || keys[0] != "home lab/#1/"+name {
		t.Errorf("the bucket holds %q", keys)
	}
}
