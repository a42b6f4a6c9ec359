package testbed

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Bucket is one test's own bucket at a real S3 server.
type Bucket struct {
	Endpoint  string // http://127.0.0.1:port, or https
	Name      string
	Region    string
	AccessKey string
	SecretKey string
	CACert    string // PEM of the authority that signed an https server; empty for http
	Dir       string // where the server keeps the bucket's objects as files

	server *server
}

// S3 returns a new bucket at the test process's S3 server, which is started for the first and stopped after the last
// test that uses it.
func S3(t testing.TB) *Bucket { return plainServer.bucket(t) }

// S3TLS is S3 at a server that speaks TLS, with a certificate of an authority of its own for 127.0.0.1 and localhost.
func S3TLS(t testing.TB) *Bucket { return tlsServer.bucket(t) }

// The two servers of a test process. They are shared because a start costs more than most tests.
var plainServer, tlsServer = &server{}, &server{secure: true}

const region = "us-east-1"

// server is one versitygw process.
type server struct {
	secure bool

	mu        sync.Mutex
	users     int
	dir       string
	endpoint  string
	access    string
	secret    string
	authority *Authority
	exited    chan struct{}
	stop      func()
}

func (s *server) bucket(t testing.TB) *Bucket {
	t.Helper()
	binary := Binary(t, "versitygw")
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users == 0 {
		s.start(t, binary)
	}
	s.users++
	t.Cleanup(s.release)
	b := &Bucket{
		Endpoint: s.endpoint, Name: "keep-" + strings.ToLower(random(8)), Region: region,
		AccessKey: s.access, SecretKey: s.secret, server: s,
	}
	if s.secure {
		b.CACert = s.authority.PEM
	}
	b.Dir = filepath.Join(s.dir, "data", b.Name)
	if err := b.Client(t).MakeBucket(t.Context(), b.Name, minio.MakeBucketOptions{Region: region}); err != nil {
		t.Fatalf("make bucket: %v", err)
	}
	return b
}

// start tries again on another port where somebody took the free one in between.
func (s *server) start(t testing.TB, binary string) {
	t.Helper()
	var err error
	for range 3 {
		if err = s.try(t, binary); err == nil {
			return
		}
	}
	t.Fatalf("start the S3 server: %v", err)
}

func (s *server) try(t testing.TB, binary string) error {
	dir, err := os.MkdirTemp("", "keepstead-s3-")
	if err != nil {
		return err
	}
	for _, name := range []string{"data", "meta", "iam", "versions"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			return err
		}
	}
	port := FreePort(t)
	s.dir, s.access, s.secret = dir, random(16), random(32)
	args, scheme := []string{"--quiet", "--port", port, "--region", region, "--iam-dir", filepath.Join(dir, "iam")}, "http"
	if s.secure {
		s.authority = NewAuthority(t)
		cert, key := s.authority.Sign(t, "127.0.0.1", "localhost")
		args = append(args, "--cert", cert.WriteTo(t, dir, "cert.pem"), "--key", key.WriteTo(t, dir, "key.pem"))
		scheme = "https"
	}
	args = append(args, "posix", "--sidecar", filepath.Join(dir, "meta"), "--versioning-dir", filepath.Join(dir, "versions"), filepath.Join(dir, "data"))
	s.endpoint = scheme + "://" + port
	cmd := exec.Command(binary, args...)
	cmd.Env = []string{"ROOT_ACCESS_KEY_ID=" + s.access, "ROOT_SECRET_ACCESS_KEY=" + s.secret, "HOME=" + dir, "PATH=" + os.Getenv("PATH")}
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if s.exited, err = Start(cmd); err != nil {
		return err
	}
	exited := s.exited
	s.stop = func() {
		_ = cmd.Process.Kill()
		<-exited
		_ = os.RemoveAll(dir)
	}
	if err := s.await(port); err != nil {
		s.stop()
		return fmt.Errorf("%w; its output: %s", err, output.String())
	}
	return nil
}

func (s *server) await(port string) error {
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		select {
		case <-s.exited:
			return errors.New("it ended at once")
		default:
		}
		if conn, err := net.DialTimeout("tcp", port, time.Second); err == nil {
			return conn.Close()
		}
	}
	return errors.New("it does not listen")
}

func (s *server) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users--; s.users == 0 {
		s.stop()
	}
}

// Client returns an S3 client with all rights in the bucket.
func (b *Bucket) Client(t testing.TB) *minio.Client {
	t.Helper()
	scheme, host, _ := strings.Cut(b.Endpoint, "://")
	options := &minio.Options{Creds: credentials.NewStaticV4(b.server.access, b.server.secret, ""), Secure: scheme == "https", Region: region, BucketLookup: minio.BucketLookupPath}
	if b.server.secure {
		options.Transport = &http.Transport{TLSClientConfig: b.server.authority.Client()}
	}
	client, err := minio.New(host, options)
	if err != nil {
		t.Fatalf("make S3 client: %v", err)
	}
	return client
}

// Put stores an object.
func (b *Bucket) Put(t testing.TB, key, content string) {
	t.Helper()
	_, err := b.Client(t).PutObject(t.Context(), b.Name, key, strings.NewReader(content), int64(len(content)), minio.PutObjectOptions{})
	if err != nil {
		t.Fatalf("put object %s: %v", key, err)
	}
}

// Keys lists the bucket's objects.
func (b *Bucket) Keys(t testing.TB) []string {
	t.Helper()
	var keys []string
	for o := range b.Client(t).ListObjectsIter(context.WithoutCancel(t.Context()), b.Name, minio.ListObjectsOptions{Recursive: true}) {
		if o.Err != nil {
			t.Fatalf("list bucket: %v", o.Err)
		}
		keys = append(keys, o.Key)
	}
	return keys
}

// As returns the bucket with the keys of a new user who may do only the given actions, such as s3:GetObject.
func (b *Bucket) As(t testing.TB, actions ...string) *Bucket {
	t.Helper()
	user := *b
	user.AccessKey, user.SecretKey = random(16), random(32)
	cmd := exec.Command(Binary(t, "versitygw"), "admin", "--endpoint-url", b.Endpoint, "--allow-insecure", "create-user", "--role", "user",
		"--access", user.AccessKey, "--secret", user.SecretKey)
	cmd.Env = []string{"ADMIN_ACCESS_KEY_ID=" + b.server.access, "ADMIN_SECRET_ACCESS_KEY=" + b.server.secret, "HOME=" + b.server.dir}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("create S3 user: %v: %s", err, out)
	}
	arn := "arn:aws:s3:::" + b.Name
	statement := func(resource string, of func(string) bool) map[string]any {
		var chosen []string
		for _, a := range actions {
			if of(a) {
				chosen = append(chosen, a)
			}
		}
		return map[string]any{"Effect": "Allow", "Principal": []string{user.AccessKey}, "Action": chosen, "Resource": resource}
	}
	onBucket := func(a string) bool { return strings.Contains(a, "Bucket") }
	var statements []any
	for _, s := range []map[string]any{statement(arn, onBucket), statement(arn+"/*", func(a string) bool { return !onBucket(a) })} {
		if s["Action"].([]string) != nil {
			statements = append(statements, s)
		}
	}
	if len(statements) == 0 {
		return &user
	}
	policy, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Client(t).SetBucketPolicy(t.Context(), b.Name, string(policy)); err != nil {
		t.Fatalf("set bucket policy: %v", err)
	}
	return &user
}

// random returns n characters of letters and digits.
func random(n int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	raw := make([]byte, n)
	_, _ = io.ReadFull(rand.Reader, raw)
	for i, c := range raw {
		raw[i] = letters[int(c)%len(letters)]
	}
	return string(raw)
}
