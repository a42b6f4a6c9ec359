package docker

import (
	"encoding/json"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"keepstead/testbed"
)

// volumePlugin is a volume driver that keeps its volumes where it tells nobody.
func volumePlugin(t *testing.T, bed *testbed.Engine, name string) *http.Server {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(bed.Plugins, name+".sock"))
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	volumes := map[string]map[string]string{}
	answer := func(path, volume string) any {
		switch path {
		case "/Plugin.Activate":
			return map[string]any{"Implements": []string{"VolumeDriver"}}
		case "/VolumeDriver.Create":
			volumes[volume] = map[string]string{"Name": volume}
		case "/VolumeDriver.Get":
			return map[string]any{"Volume": volumes[volume]}
		case "/VolumeDriver.List":
			all := []map[string]string{}
			for _, v := range volumes {
				all = append(all, v)
			}
			return map[string]any{"Volumes": all}
		case "/VolumeDriver.Capabilities":
			return map[string]any{"Capabilities": map[string]string{"Scope": "local"}}
		}
		return map[string]any{}
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Name string }
		_ = json.NewDecoder(r.Body).Decode(&in) // the first request has no body
		mu.Lock()
		defer mu.Unlock()
		_ = json.NewEncoder(w).Encode(answer(r.URL.Path, in.Name))
	})}
	go func() { _ = server.Serve(l) }() // ends with the test
	t.Cleanup(func() { _ = server.Close() })
	return server
}

func TestAVolumeOfAnUnknownDriver(t *testing.T) {
	t.Parallel()
	bed, e := connect(t)
	plugin := volumePlugin(t, bed, "odd")
	bed.Docker(t, "volume", "create", "-d", "odd", "oddly")
	bed.Docker(t, "create", "--name", "app", "--entrypoint", "/webapp", "-v", "oddly:/x", "-v", "plain:/y", "webapp:1")
	lost := func(when string) {
		t.Helper()
		began := time.Now()
		p := theProject(t, e, Key{Container: "app"})
		if want := []string{"oddly lost", "plain data"}; !slices.Equal(roles(p), want) {
			t.Errorf("%s the mounts are %q", when, roles(p))
		}
		if why := p.Found.Mounts[0].Why; !strings.Contains(why, "odd") {
			t.Errorf("%s it says %q", when, why)
		}
		if took := time.Since(began); took > busy*time.Second/2 {
			t.Errorf("%s discovery took %s", when, took)
		}
	}
	lost("with its driver")
	if err := plugin.Close(); err != nil {
		t.Fatal(err)
	}
	lost("without its driver")
	bed.Stop(t)
	bed.Start(t)
	lost("after a start without its driver")
}
