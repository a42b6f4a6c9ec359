package storage

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"keepstead/model"
	"keepstead/testbed"
)

const wholeProbe = "resolve:- connect:ok tls:%s credentials:ok bucket:ok write:ok read:ok delete:ok repository:ok"

func TestProbeS3(t *testing.T) {
	t.Parallel()
	for name, server := range map[string]struct {
		bucket func(testing.TB) *testbed.Bucket
		tls    string
	}{"plain": {testbed.S3, "-"}, "private authority": {testbed.S3TLS, "ok"}} {
		for _, prefix := range []string{"", "homelab/keepstead"} {
			t.Run(name+" "+prefix, func(t *testing.T) {
				t.Parallel()
				bucket := server.bucket(t)
				d, c := s3Destination(bucket, prefix)
				d.S3Region = map[string]string{"": "", "homelab/keepstead": d.S3Region}[prefix]
				result := open(t, d, c).Probe(t.Context(), nil)
				if got, want := outline(result), fmt.Sprintf(wholeProbe, server.tls); got != want {
					t.Errorf("steps\n%s, want\n%s; %+v", got, want, result.Failed())
				}
				if result.Repository != model.RepositoryNone || result.FreeBytes != -1 {
					t.Errorf("repository %q, free %d", result.Repository, result.FreeBytes)
				}
				if keys := bucket.Keys(t); prefix != "" && len(keys) > 0 {
					t.Errorf("the probe left %q", keys)
				}
			})
		}
	}
}

func TestProbeS3SeesWhatIsThere(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		prefix string
		keys   []string
		want   model.RepositoryState
		reason string
	}{
		{"nothing", "", nil, model.RepositoryNone, ""},
		{"a repository", "", []string{"config", "keys/a", "data/00/b"}, model.RepositoryPresent, ""},
		{"a repository beside other files", "", []string{"config", "keys/a", "notes.txt"}, model.RepositoryPresent, ""},
		{"a repository elsewhere in the bucket", "mine", []string{"other/config", "other/keys/a", "mine2/x"}, model.RepositoryNone, ""},
		{"a repository under the prefix", "mine", []string{"mine/config", "mine/keys/a"}, model.RepositoryPresent, ""},
		{"other files", "mine", []string{"mine/holiday.jpg"}, model.RepositoryForeign, "holiday.jpg"},
		{"config without keys", "", []string{"config"}, model.RepositoryForeign, "without any key"},
		{"keys without config", "", []string{"keys/a"}, model.RepositoryForeign, "config file"},
		{"left by a probe that died", "", []string{"keepstead-test-00ff"}, model.RepositoryNone, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := testbed.S3(t)
			for _, key := range test.keys {
				b.Put(t, key, "x")
			}
			d, c := s3Destination(b, test.prefix)
			result := open(t, d, c).Probe(t.Context(), nil)
			if result.Repository != test.want {
				t.Errorf("repository %q, want %q (%s)", result.Repository, test.want, outline(result))
			}
			if test.reason != "" {
				wantFailed(t, result, "repository", test.reason)
			}
		})
	}
}

// change is one thing done to a destination that would work.
type change func(t *testing.T, d *model.Destination, c *Credentials)

func TestProbeS3Failures(t *testing.T) {
	t.Parallel()
	plain, secure := testbed.S3(t), testbed.S3TLS(t)
	endpoint := func(url string) change {
		return func(_ *testing.T, d *model.Destination, _ *Credentials) { d.S3Endpoint = url }
	}
	to := func(make func(*testing.T) string) change {
		return func(t *testing.T, d *model.Destination, _ *Credentials) { d.S3Endpoint = make(t) }
	}
	tests := []struct {
		name   string
		bucket *testbed.Bucket
		change change
		step   string
		reason string
	}{
		{"unknown name", plain, endpoint("https://no-such-host.invalid"), "resolve", "no-such-host.invalid"},
		{"nothing listens", plain, to(func(t *testing.T) string { return "http://" + testbed.FreePort(t) }), "connect", "refused"},
		{"metadata service", plain, endpoint("http://169.254.169.254"), "connect", "never used for storage"},
		{"metadata service as version 6", plain, endpoint("http://[::ffff:169.254.169.254]"), "connect", "never used for storage"},
		{"link-local", plain, endpoint("http://[fe80::1]"), "connect", "never used for storage"},
		{"metadata service of version 6", plain, endpoint("http://[fd00:ec2::254]"), "connect", "never used for storage"},
		{"unspecified", plain, endpoint("http://0.0.0.0:" + port(plain)), "connect", "never used for storage"},
		{"unknown authority", secure, func(_ *testing.T, d *model.Destination, _ *Credentials) { d.S3CACert = "" }, "tls", "authority"},
		{"other authority", secure, func(t *testing.T, d *model.Destination, _ *Credentials) { d.S3CACert = testbed.NewAuthority(t).PEM }, "tls", "authority"},
		{"other name", plain, tlsServer(time.Hour, "storage.example"), "tls", "not for the name"},
		{"expired", plain, tlsServer(-time.Hour, "127.0.0.1"), "tls", "expired"},
		{"plain HTTP on the port", plain, endpoint("https://127.0.0.1:" + port(plain)), "tls", "plain HTTP"},
		{"TLS on the port", secure, endpoint("http://127.0.0.1:" + port(secure)), "credentials", "speaks TLS"},
		{"silent server", plain, to(silent), "credentials", "did not answer"},
		{"silent TLS server", plain, to(func(t *testing.T) string { return strings.Replace(silent(t), "http", "https", 1) }), "tls", "did not answer"},
		{"cut connection", plain, to(cutting), "credentials", "cut the connection"},
		{"web console", plain, answering(http.StatusOK, "<html><body>Sign in</body></html>"), "credentials", "not an S3 server's"},
		{"server in trouble", plain, answering(http.StatusBadGateway, "secret inner text"), "credentials", "HTTP 502"},
		{"wrong access key", plain, func(_ *testing.T, _ *model.Destination, c *Credentials) { c.AccessKey = "nobody" }, "credentials", "does not know this access key"},
		{"wrong secret key", plain, func(_ *testing.T, _ *model.Destination, c *Credentials) { c.SecretKey = "wrong" }, "credentials", "secret key does not fit"},
		{"clock", plain, coded("RequestTimeTooSkewed", ""), "credentials", "clock"},
		{"Garage's unknown key", plain, coded("AccessDenied", "Forbidden: No such key: GK31"), "credentials", "does not know this access key"},
		{"Garage's wrong secret", plain, coded("AccessDenied", "Forbidden: Invalid signature"), "credentials", "secret key does not fit"},
		{"no such bucket", plain, func(_ *testing.T, d *model.Destination, _ *Credentials) { d.S3Bucket = "nowhere" }, "bucket", "no bucket"},
		{"wrong region", plain, func(_ *testing.T, d *model.Destination, _ *Credentials) { d.S3Region = "eu-west-9" }, "bucket", "region"},
		{"may not list", plain, as(), "bucket", "may not list"},
		{"may not write", plain, as("s3:ListBucket", "s3:GetBucketLocation", "s3:GetObject"), "write", "may not write"},
		{"may not read", plain, as("s3:ListBucket", "s3:GetBucketLocation", "s3:PutObject", "s3:DeleteObject"), "read", "may not read"},
		{"may not delete", plain, as("s3:ListBucket", "s3:GetBucketLocation", "s3:PutObject", "s3:GetObject"), "delete", "may not delete"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d, c := s3Destination(test.bucket, "tests")
			test.change(t, &d, &c)
			place, err := newS3(d, c)
			if err != nil {
				t.Fatal(err)
			}
			place.limit = 2 * time.Second
			started := time.Now()
			result := place.Probe(t.Context(), nil)
			if took := time.Since(started); took > 6*time.Second {
				t.Errorf("took %s", took)
			}
			wantFailed(t, result, test.step, test.reason)
			if text := fmt.Sprintf("%+v", result); strings.Contains(text, c.SecretKey) || strings.Contains(text, "inner text") {
				t.Errorf("the result tells too much: %s", text)
			}
		})
	}
}

func port(b *testbed.Bucket) string { return b.Endpoint[strings.LastIndex(b.Endpoint, ":")+1:] }

// as uses a bucket of its own, with a user who may do only the actions.
func as(actions ...string) change {
	return func(t *testing.T, d *model.Destination, c *Credentials) {
		*d, *c = s3Destination(testbed.S3(t).As(t, actions...), "tests")
	}
}

func answering(status int, body string) change {
	return func(t *testing.T, d *model.Destination, _ *Credentials) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}))
		t.Cleanup(server.Close)
		d.S3Endpoint = server.URL
	}
}

func coded(code, message string) change {
	return answering(http.StatusForbidden, `<?xml version="1.0"?><Error><Code>`+code+`</Code><Message>`+message+`</Message></Error>`)
}

func tlsServer(left time.Duration, names ...string) change {
	return func(t *testing.T, d *model.Destination, _ *Credentials) {
		authority := testbed.NewAuthority(t)
		cert, key := authority.SignUntil(t, time.Now().Add(left), names...)
		pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewUnstartedServer(http.NotFoundHandler())
		server.Config.ErrorLog = discardLog()
		server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
		server.StartTLS()
		t.Cleanup(server.Close)
		d.S3Endpoint, d.S3CACert = server.URL, authority.PEM
	}
}

// listen answers each connection with serve.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
	return "http://" + l.Addr().String()
}

func silent(t *testing.T) string {
	t.Helper()
	over := t.Context()
	return listen(t, func(conn net.Conn) {
		<-over.Done()
		_ = conn.Close()
	})
}

// cutting reads the request and closes the connection in the middle of the answer.
func cutting(t *testing.T) string {
	t.Helper()
	return listen(t, func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 4096))
		_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: 4000\r\n\r\n<?xml version"))
		_ = conn.Close()
	})
}

func TestProbeS3FollowsNoRedirect(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			var reached atomic.Int32
			other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
			t.Cleanup(other.Close)
			first := httptest.NewServer(http.RedirectHandler(other.URL, status))
			t.Cleanup(first.Close)
			d, c := s3Destination(testbed.S3(t), "")
			d.S3Endpoint = first.URL
			wantFailed(t, open(t, d, c).Probe(t.Context(), nil), "credentials", "redirects are not followed")
			if reached.Load() > 0 {
				t.Error("the other server was asked")
			}
		})
	}
}

// A server that breaks after the write must not keep the test object.
func TestProbeS3LeavesNothingBehind(t *testing.T) {
	t.Parallel()
	b := testbed.S3(t)
	d, c := s3Destination(b.As(t, "s3:ListBucket", "s3:GetBucketLocation", "s3:PutObject", "s3:DeleteObject"), "")
	wantFailed(t, open(t, d, c).Probe(t.Context(), nil), "read", "may not read")
	if keys := b.Keys(t); len(keys) > 0 {
		t.Errorf("left behind: %q", keys)
	}
}
