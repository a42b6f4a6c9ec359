package docker

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/client"

	"keepstead/model"
	"keepstead/testbed"
)

// specOf inspects a container and describes it.
func specOf(t *testing.T, e *Engine, id string) model.ContainerSpec {
	t.Helper()
	in, err := e.api.ContainerInspect(t.Context(), id, client.ContainerInspectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	spec, err := Spec(in, func(id string) string {
		other, err := e.api.ContainerInspect(t.Context(), id, client.ContainerInspectOptions{})
		if err != nil {
			return id
		}
		return strings.TrimPrefix(other.Container.Name, "/")
	})
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// inspected is what docker inspect says of a container, without what differs between two of the same: ids, times,
// generated addresses.
func inspected(t *testing.T, bed *testbed.Engine, name string) map[string]any {
	t.Helper()
	var all []map[string]any
	if err := json.Unmarshal([]byte(bed.Docker(t, "inspect", name)), &all); err != nil {
		t.Fatal(err)
	}
	in := all[0]
	id, _ := in["Id"].(string)
	for _, key := range []string{"Id", "Created", "State", "ResolvConfPath", "HostnamePath", "HostsPath", "LogPath", "GraphDriver", "RestartCount", "ExecIDs"} {
		delete(in, key)
	}
	if c := in["Config"].(map[string]any); strings.HasPrefix(id, c["Hostname"].(string)) {
		c["Hostname"] = ""
	}
	host := in["HostConfig"].(map[string]any)
	mounts := in["Mounts"].([]any)
	for _, m := range mounts {
		delete(m.(map[string]any), "Mode") // of an anonymous volume that is named now
	}
	slices.SortFunc(mounts, func(a, b any) int {
		return strings.Compare(a.(map[string]any)["Destination"].(string), b.(map[string]any)["Destination"].(string))
	})
	if binds, ok := host["Binds"].([]any); ok {
		// Anonymous volumes are bound by their names; what is mounted is compared above.
		host["Binds"] = slices.DeleteFunc(binds, func(b any) bool { return anonymous.MatchString(parseBind(b.(string)).source) })
	}
	if policy := host["RestartPolicy"].(map[string]any); policy["Name"] == "" {
		policy["Name"] = "no"
	}
	for _, key := range []string{"CapAdd", "CapDrop"} {
		caps, _ := host[key].([]any)
		for i, c := range caps {
			caps[i] = "CAP_" + strings.TrimPrefix(c.(string), "CAP_")
		}
	}
	more, _ := host["Mounts"].([]any)
	for _, m := range more {
		if source, ok := m.(map[string]any)["Source"].(string); ok && anonymous.MatchString(source) {
			delete(m.(map[string]any), "Source")
		}
	}
	nets := in["NetworkSettings"].(map[string]any)
	in["NetworkSettings"] = nets["Networks"]
	in["Ports"] = nets["Ports"]
	for _, n := range nets["Networks"].(map[string]any) {
		end := n.(map[string]any)
		for _, key := range []string{"NetworkID", "EndpointID", "Gateway", "IPAddress", "MacAddress", "GlobalIPv6Address", "IPv6Gateway"} {
			if key != "MacAddress" || strings.HasPrefix(end[key].(string), "02:42:") {
				delete(end, key)
			}
		}
		if aliases, ok := end["Aliases"].([]any); ok {
			end["Aliases"] = slices.DeleteFunc(aliases, func(a any) bool { return strings.HasPrefix(id, a.(string)) })
		}
	}
	return in
}

// differences lists the paths at which two values of JSON differ.
func differences(path string, a, b any) []string {
	am, aok := a.(map[string]any)
	bm, bok := b.(map[string]any)
	if !aok || !bok {
		if !reflect.DeepEqual(a, b) && (!empty(a) || !empty(b)) {
			x, _ := json.Marshal(a)
			y, _ := json.Marshal(b)
			return []string{path + ": " + string(x) + " became " + string(y)}
		}
		return nil
	}
	var out []string
	for k := range am {
		out = append(out, differences(path+"."+k, am[k], bm[k])...)
	}
	for k := range bm {
		if _, ok := am[k]; !ok {
			out = append(out, differences(path+"."+k, nil, bm[k])...)
		}
	}
	return out
}

func empty(v any) bool {
	r := reflect.ValueOf(v)
	return !r.IsValid() || (r.Kind() == reflect.Slice || r.Kind() == reflect.Map) && r.Len() == 0
}

func TestCreateMakesTheSameAgain(t *testing.T) {
	t.Parallel()
	bed, e := connect(t)
	bind := t.TempDir()
	bed.Docker(t, "network", "create", "--subnet", "10.77.0.0/24", "front")
	bed.Docker(t, "network", "create", "back")
	bed.Docker(t, "run", "-d", "--name", "vpn", "webapp:1")
	bed.Docker(t, "volume", "create", "named")
	for _, c := range []struct {
		name string
		args []string
		also [][]string // further docker commands, before it is looked at
	}{
		{"plain", []string{"webapp:1"}, nil},
		{"rich", []string{
			"--hostname", "rich-host", "--domainname", "example.org", "--user", "postgres:postgres", "--workdir", "/tmp", "-e", "SECRET=p$ss w\"rd\nline", "-e", "EMPTY=",
			"--label", "a.b=c $d", "--restart", "on-failure:3", "--ulimit", "nofile=1000:2000", "--cap-add", "NET_ADMIN", "--cap-drop", "MKNOD",
			"--security-opt", "no-new-privileges", "--sysctl", "net.ipv4.ip_forward=0", "--tmpfs", "/scratch:size=1m,mode=700", "--shm-size", "32m", "--read-only",
			"--log-driver", "json-file", "--log-opt", "max-size=1m", "-p", "127.0.0.1:0:8080", "-p", "5353:53/udp", "--expose", "99",
			"-v", "named:/named:ro", "-v", bind + ":/bind", "-v", "/anonymous", "--mount", "type=volume,dst=/mounted", "--mount", "type=bind,src=" + bind + ",dst=/ro,readonly",
			"--mount", "type=tmpfs,dst=/mem,tmpfs-size=1000000", "--dns", "10.0.0.1", "--dns-search", "example.org", "--dns-option", "ndots:2", "--add-host", "other:10.1.2.3",
			"--group-add", "7", "--init", "--stop-signal", "SIGQUIT", "--stop-timeout", "1", "--health-cmd", "true || exit 1", "--health-interval", "7s", "--health-retries", "4",
			"--memory", "300m", "--memory-reservation", "200m", "--cpus", "0.5", "--cpu-shares", "512", "--pids-limit", "200", "--oom-score-adj", "100",
			"--device", "/dev/null:/dev/nothing:rw", "--network", "front", "--ip", "10.77.0.77", "--network-alias", "richie", "--mac-address", "02:11:22:33:44:55",
			"--entrypoint", "sleep", "postgres:15", "10000",
		}, [][]string{{"network", "connect", "--alias", "behind", "back", "rich"}}},
		{"bridge with a link", []string{"--link", "vpn:tunnel", "-p", "8081:8080", "webapp:1"}, nil},
		{"another's network", []string{"--network", "container:vpn", "--pid", "container:vpn", "-e", "LISTEN=:9090", "webapp:1"}, nil},
		{"the host's network", []string{"--network", "host", "-e", "LISTEN=:0", "webapp:1"}, nil},
		{"no network", []string{"--network", "none", "webapp:1"}, nil},
		{"privileged", []string{"--privileged", "--pid", "host", "--ipc", "host", "--uts", "host", "webapp:1"}, nil},
		{"volumes of another", []string{"--volumes-from", "vpn:ro", "webapp:1"}, nil},
		{"no entrypoint", []string{"--entrypoint", "", "postgres:15", "sleep", "10000"}, nil},
		{"no health check", []string{"--no-healthcheck", "webapp:1"}, nil},
		{"volumes of the image", []string{"redis:7"}, nil},
		{"a terminal", []string{"-it", "redis:7", "sh"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := strings.ReplaceAll(c.name, " ", "-")
			name = strings.ReplaceAll(name, "'", "")
			// A privileged one is not started: not every machine of the tests may give all of that.
			bed.Docker(t, append([]string{"create", "--name", name}, c.args...)...)
			if c.name != "privileged" {
				bed.Docker(t, "start", name)
			}
			for _, args := range c.also {
				bed.Docker(t, args...)
			}
			before := inspected(t, bed, name)
			spec := specOf(t, e, name)
			bed.Docker(t, "rm", "-f", name)
			id, err := e.Create(t.Context(), spec)
			if err != nil {
				t.Fatal(err)
			}
			if c.name != "privileged" {
				if err := e.Start(t.Context(), id); err != nil {
					t.Fatal(err)
				}
			}
			for _, d := range differences("", mapOf(t, spec), mapOf(t, specOf(t, e, id))) {
				if !strings.HasPrefix(d, ".host_config.Cap") {
					t.Errorf("its spec: %s", d)
				}
			}
			for _, d := range differences("", before, inspected(t, bed, name)) {
				if !strings.HasPrefix(d, ".Ports.8080/tcp") { // a port that the engine chooses
					t.Error(d)
				}
			}
		})
	}
}

func text(t *testing.T, spec model.ContainerSpec) string {
	t.Helper()
	out, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// TestAnAppOnAnEmptyEngine makes a project on another engine and asks compose whether it is its own.
func TestAnAppOnAnEmptyEngine(t *testing.T) {
	t.Parallel()
	bed, e := connect(t)
	emptyBed, other := connect(t)
	p := testbed.NewProject(t, testbed.Everything)
	bed.Up(t, p.Dir)
	var specs []model.ContainerSpec
	for _, id := range strings.Fields(bed.Compose(t, p.Dir, "ps", "-q")) {
		specs = append(specs, specOf(t, e, id))
	}
	files, err := e.host.Files()
	if err != nil {
		t.Fatal(err)
	}
	found, err := e.Project(t.Context(), files, Key{Project: p.Name})
	if err != nil {
		t.Fatal(err)
	}
	bed.Compose(t, p.Dir, "stop")
	for _, n := range found.Networks {
		if made, err := other.EnsureNetwork(t.Context(), n); err != nil || !made {
			t.Fatalf("network %s: %t %v", n.Name, made, err)
		}
	}
	for _, v := range found.Volumes {
		if v.Kind != model.MountVolume {
			continue
		}
		made, at, err := other.EnsureVolume(t.Context(), v)
		if err != nil || !made {
			t.Fatalf("volume %s: %t %v", v.Name, made, err)
		}
		if err := os.RemoveAll(at); err != nil {
			t.Fatal(err)
		}
		from := filepath.Join(bed.Root, "volumes", v.Name, "_data")
		if out, err := exec.CommandContext(t.Context(), "cp", "-a", from, at).CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, out)
		}
	}
	specs, err = Sorted(specs)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{}
	for _, s := range specs {
		if ids[s.Service], err = other.Create(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	groups, err := Order(found.Found.Services)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range groups {
		var started []string
		for _, name := range g {
			if ids[name] == "" {
				continue
			}
			if err := other.Start(t.Context(), ids[name]); err != nil {
				t.Fatal(err)
			}
			started = append(started, ids[name])
		}
		if err := other.WaitHealthy(t.Context(), started, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range specs {
		for _, d := range differences("", mapOf(t, specOf(t, e, s.Name)), mapOf(t, specOf(t, other, s.Name))) {
			if !strings.HasPrefix(d, ".running") {
				t.Errorf("%s%s", s.Name, d)
			}
		}
	}
	emptyBed.Compose(t, p.Dir, "up", "-d")
	for service, id := range ids {
		if now := emptyBed.Compose(t, p.Dir, "ps", "-q", service); now != id {
			t.Errorf("compose made %s anew", service)
		}
	}
	emptyBed.AwaitHealthy(t, p.Dir)
}

func mapOf(t *testing.T, spec model.ContainerSpec) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal([]byte(text(t, spec)), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	bed, e := connect(t)
	id := bed.Docker(t, "run", "-d", "--name", "web", "webapp:1")
	spec := specOf(t, e, id)
	if _, err := e.Create(t.Context(), spec); !errors.Is(err, model.ErrConflict) {
		t.Errorf("a name that is taken: %v", err)
	}
	absent := spec
	absent.Name, absent.ImageID = "other", ""
	absent.Config = []byte(`{"Image":"nobody/knows:1"}`)
	if _, err := e.Create(t.Context(), absent); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("an image that is absent: %v", err)
	}
	lost := spec
	lost.Name, lost.Networks, lost.HostConfig = "lost", []byte(`{"front":{},"gone":{}}`), []byte(`{"NetworkMode":"front"}`)
	bed.Docker(t, "network", "create", "front")
	if _, err := e.Create(t.Context(), lost); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("a network that is absent: %v", err)
	}
	if _, err := e.State(t.Context(), "lost"); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("half a container is left: %v", err)
	}
	t.Run("an image that lost its name", func(t *testing.T) {
		bed.Docker(t, "tag", "webapp:1", "mine:1")
		bed.Docker(t, "run", "-d", "--name", "mine", "mine:1")
		spec := specOf(t, e, "mine")
		bed.Docker(t, "rm", "-f", "mine")
		bed.Docker(t, "tag", "redis:7", "mine:1")
		id, err := e.Create(t.Context(), spec)
		if err != nil {
			t.Fatal(err)
		}
		if again := specOf(t, e, id); again.ImageID != spec.ImageID {
			t.Errorf("it was made from %s, not %s", again.ImageID, spec.ImageID)
		}
	})
}
