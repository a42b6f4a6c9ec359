package docker

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// registry serves one image, app, read-only. An engine takes one on the machine itself without TLS.
type registry struct {
	mu     sync.Mutex
	blobs  map[string][]byte // by digest
	tags   map[string]string // to digests of manifests
	config string            // its digest is the id of the image
}

func digest(b []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(b)) }

// newRegistry makes an image of one layer, as the tag 1.
func newRegistry(t *testing.T) (*registry, string) {
	t.Helper()
	var layer, packed bytes.Buffer
	w := tar.NewWriter(&layer)
	content := bytes.Repeat([]byte("keepstead "), 200_000)
	check := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	check(w.WriteHeader(&tar.Header{Name: "file", Mode: 0o644, Size: int64(len(content))}))
	_, err := w.Write(content)
	check(err)
	check(w.Close())
	z, err := gzip.NewWriterLevel(&packed, gzip.NoCompression) // large enough to be told about
	check(err)
	_, err = z.Write(layer.Bytes())
	check(err)
	check(z.Close())
	config, err := json.Marshal(map[string]any{
		"architecture": runtime.GOARCH, "os": "linux", "config": map[string]any{"Cmd": []string{"/file"}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{digest(layer.Bytes())}},
	})
	check(err)
	descriptor := func(kind string, b []byte) map[string]any {
		return map[string]any{"mediaType": "application/vnd.docker." + kind, "size": len(b), "digest": digest(b)}
	}
	manifest, err := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": manifestType, "config": descriptor("container.image.v1+json", config),
		"layers": []any{descriptor("image.rootfs.diff.tar.gzip", packed.Bytes())},
	})
	check(err)
	r := &registry{blobs: map[string][]byte{}, tags: map[string]string{"1": digest(manifest)}, config: digest(config)}
	for _, b := range [][]byte{packed.Bytes(), config, manifest} {
		r.blobs[digest(b)] = b
	}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	return r, strings.TrimPrefix(server.URL, "http://") + "/app"
}

const manifestType = "application/vnd.docker.distribution.manifest.v2+json"

func (r *registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	name := path.Base(req.URL.Path)
	if d := r.tags[name]; d != "" {
		name = d
	}
	b := r.blobs[name]
	switch {
	case req.URL.Path == "/v2/":
		return
	case b == nil:
		http.Error(w, `{"errors":[{"code":"MANIFEST_UNKNOWN"}]}`, http.StatusNotFound)
		return
	case strings.Contains(req.URL.Path, "/manifests/"):
		w.Header().Set("Content-Type", manifestType)
	}
	w.Header().Set("Docker-Content-Digest", name)
	w.Header().Set("Content-Length", fmt.Sprint(len(b)))
	if req.Method != http.MethodHead {
		_, _ = w.Write(b) // the engine may have gone away
	}
}

func TestPull(t *testing.T) {
	t.Parallel()
	bed, e := connect(t)
	r, app := newRegistry(t)
	exact := app + "@" + r.tags["1"]
	for _, c := range []struct {
		name  string
		ref   ImageRef
		named bool
		fails bool
	}{
		{name: "by name", ref: ImageRef{Name: app + ":1"}, named: true},
		{name: "by digest, and it gets its name", ref: ImageRef{Name: app + ":other", ID: r.config, Digest: exact}, named: true},
		{name: "by digest alone", ref: ImageRef{Name: r.config, ID: r.config, Digest: exact}},
		{name: "by name, its digest is gone", ref: ImageRef{Name: app + ":1", Digest: app + "@sha256:" + strings.Repeat("0", 64)}, named: true},
		{name: "gone", ref: ImageRef{Name: app + ":gone"}, fails: true},
		{name: "an image that came from nowhere", ref: ImageRef{Name: r.config, ID: r.config}, fails: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var last PullProgress
			err := e.Pull(t.Context(), c.ref, func(p PullProgress) { last = p })
			if c.fails {
				if err == nil {
					t.Error("it succeeded")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if last.Total == 0 || last.Done == 0 || last.Done > last.Total {
				t.Errorf("the progress ended with %+v", last)
			}
			found, err := e.Image(t.Context(), c.ref)
			if err != nil || found.Use == "" || c.named && found.Use != c.ref.Name {
				t.Errorf("got %+v %v", found, err)
			}
			bed.Docker(t, "rmi", "-f", r.config)
		})
	}
}
