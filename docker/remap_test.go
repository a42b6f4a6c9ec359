package docker

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"keepstead/model"
	"keepstead/testbed"
)

var update = flag.Bool("update", false, "write what the tests got into the golden files")

// golden compares with testdata/NAME, or writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != string(got) {
		t.Errorf("%s differs; run the test with -update and look at the change:\n%s", file, got)
	}
}

// shop is the spec of a container with everything that a copy must change, and much that it must not.
func shop() model.ContainerSpec {
	return model.ContainerSpec{
		Name: "shop_web_1", Service: "web", Running: true, ImageID: "sha256:1",
		Config: []byte(`{"Image":"web:1","Hostname":"shop_web_1","Env":["DB=shop_db_1","PRICE=5$"],"Cmd":["serve"],"Labels":{
			"com.docker.compose.project":"shop","com.docker.compose.service":"web","com.docker.compose.container-number":"1",
			"com.docker.compose.config-hash":"abc","com.docker.compose.project.working_dir":"/srv/shop",
			"com.docker.compose.project.config_files":"docker-compose.yml",
			"traefik.http.routers.shop.rule":"Host(` + "`shop.example.org`" + `)","keepstead.strategy":"stop"}}`),
		HostConfig: []byte(`{"NetworkMode":"shop_default","PidMode":"container:shop_db_1","IpcMode":"container:elsewhere",
			"Binds":["shop_data:/data:rw","` + strings.Repeat("ab", 32) + `:/anon","pictures:/pictures:ro","/srv/shop/config:/etc/shop","/etc/localtime:/etc/localtime:ro","/var/run/docker.sock:/var/run/docker.sock"],
			"Mounts":[{"Type":"volume","Source":"shop_more","Target":"/more","VolumeOptions":{"DriverConfig":{"Name":"nfs"}}},{"Type":"bind","Source":"/srv/shop/media/films","Target":"/films"},{"Type":"tmpfs","Target":"/tmp"}],
			"VolumesFrom":["shop_db_1:ro","helper"],"Links":["shop_db_1:db"],"VolumeDriver":"nfs",
			"PortBindings":{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"}],"443/tcp":[{"HostIp":"192.168.1.5","HostPort":"8443"}],"22/tcp":[{"HostIp":"","HostPort":"2222"}],"53/udp":[{"HostIp":"","HostPort":"53"}]},
			"RestartPolicy":{"Name":"unless-stopped"}}`),
		Networks: []byte(`{"shop_default":{"Aliases":["web"],"IPAMConfig":{"IPv4Address":"172.20.0.5"},"Links":["shop_db_1:db"],"MacAddress":"00:11:22:33:44:55"},"proxy":{"Aliases":["shop"]}}`),
	}
}

func TestRemapSpec(t *testing.T) {
	t.Parallel()
	r := Remap{
		From: "shop", To: "trial", Folder: "/srv/trial", Containers: []string{"shop_web_1", "shop_db_1", "helper"}, Binds: map[string]string{"/srv/shop": "/srv/trial", "/srv/shop/media": "/big/media"},
		Volumes: map[string]string{"pictures": "trial_pictures2"}, Ports: map[int]int{8080: 9080, 8443: 0, 2222: 2223},
	}
	for _, c := range []struct {
		name  string
		remap func(Remap) Remap
	}{
		{"copy", func(r Remap) Remap { return r }},
		{"copy-isolated", func(r Remap) Remap { r.Isolated = true; return r }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := c.remap(r).Spec(shop())
			if err != nil {
				t.Fatal(err)
			}
			raw, err := json.MarshalIndent(mapOf(t, got), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden(t, c.name+".json", append(raw, '\n'))
		})
	}
}

func TestRemapNames(t *testing.T) {
	t.Parallel()
	r := Remap{From: "shop", To: "trial", Networks: map[string]string{"net": "other", "host": "wrong"}}
	isolated := r
	isolated.Isolated = true
	for _, c := range []struct{ what, got, want string }{
		{"compose 1", r.ContainerName("shop_web_1"), "trial_web_1"},
		{"compose 2", r.ContainerName("shop-web-1"), "trial-web-1"},
		{"a name of its own", r.ContainerName("nextcloud"), "trial-nextcloud"},
		{"a name that only begins alike", r.ContainerName("shopping"), "trial-shopping"},
		{"a lone container", r.ContainerName("shop"), "trial"},
		{"a volume", r.VolumeName("shop_data"), "trial_data"},
		{"a volume of somebody else", r.VolumeName("pictures"), "trial_pictures"},
		{"a volume without a name", r.VolumeName(strings.Repeat("0a", 32)), "trial_0a0a0a0a0a0a"},
		{"a network", r.NetworkName("shop_default"), "trial_default"},
		{"a network that is mapped", r.NetworkName("net"), "other"},
		{"a network of somebody else", r.NetworkName("proxy"), "trial_proxy"},
		{"the bridge", r.NetworkName("bridge"), "bridge"},
		{"the host's network", r.NetworkName("host"), "host"},
		{"the bridge, isolated", isolated.NetworkName("bridge"), "trial_default"},
		{"no network, isolated", isolated.NetworkName("none"), "none"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %s, want %s", c.what, c.got, c.want)
		}
	}
}

func TestRemapRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, host, want string }{
		{"data of the first", `{"Binds":["/srv/data:/data"]}`, "/srv/data has no new place"},
		{"data of the first, in the long form", `{"Mounts":[{"Type":"bind","Source":"/srv/data","Target":"/data"}]}`, "/srv/data has no new place"},
		{"the host's network cannot be isolated", `{"NetworkMode":"host"}`, "cannot be cut off"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := Remap{From: "a", To: "b", Isolated: true}.Spec(model.ContainerSpec{Name: "x", HostConfig: []byte(c.host)})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestRemapResources(t *testing.T) {
	t.Parallel()
	r := Remap{From: "shop", To: "trial", Folder: "/srv/trial", Isolated: true}
	volume := r.Volume(model.ContentVolume{
		FoundMount: model.FoundMount{Kind: model.MountVolume, Name: "shop_nfs", Driver: "local", Source: "/var/lib/docker/volumes/shop_nfs/_data"},
		Options:    map[string]string{"type": "nfs", "device": ":/export"}, Labels: map[string]string{"com.docker.compose.project": "shop", "mine": "yes"},
	})
	if want := (model.ContentVolume{
		FoundMount: model.FoundMount{Kind: model.MountVolume, Name: "trial_nfs", Driver: "local"},
		Labels:     map[string]string{"com.docker.compose.project": "trial", "mine": "yes"},
	}); !reflect.DeepEqual(volume, want) {
		t.Errorf("got %+v", volume)
	}
	old := []model.ContentNetwork{
		{Name: "shop_default", Driver: "bridge", Subnets: []string{"172.20.0.0/16"}, Options: map[string]string{"com.docker.network.bridge.name": "br-shop", "com.docker.network.driver.mtu": "1400"}},
		{Name: "lan", Driver: "macvlan", External: true, Options: map[string]string{"parent": "eth0"}, Subnets: []string{"192.168.1.0/24"}},
	}
	specs := []model.ContainerSpec{shop(), {Name: "lone", Networks: []byte(`{"bridge":{}}`)}}
	got, err := r.AllNetworks(old, specs)
	if err != nil {
		t.Fatal(err)
	}
	if want := []model.ContentNetwork{
		{Name: "trial_default", Driver: "bridge", Internal: true, Options: map[string]string{"com.docker.network.driver.mtu": "1400"}},
		{Name: "trial_lan", Driver: "bridge", Internal: true},
		{Name: "trial_proxy", Driver: "bridge", Internal: true},
	}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

// TestCopyBeside makes a second project beside one that runs.
func TestCopyBeside(t *testing.T) {
	t.Parallel()
	bed, e := connect(t)
	p := testbed.NewProject(t, testbed.SQLite)
	bed.Up(t, p.Dir)
	files, err := e.host.Files()
	if err != nil {
		t.Fatal(err)
	}
	key := Key{Project: p.Name}
	first, err := e.Project(t.Context(), files, key)
	if err != nil {
		t.Fatal(err)
	}
	r := Remap{From: p.Name, To: "second", Folder: "/srv/second", Binds: map[string]string{p.Dir: t.TempDir()}}
	var specs []model.ContainerSpec
	for _, c := range first.Containers {
		specs = append(specs, c.Spec)
		r.Containers = append(r.Containers, c.Name)
	}
	networks, err := r.AllNetworks(first.Networks, specs)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range networks {
		if made, err := e.EnsureNetwork(t.Context(), n); err != nil || !made {
			t.Fatalf("network %s: %t %v", n.Name, made, err)
		}
	}
	for _, v := range first.Volumes {
		if v.Kind != model.MountVolume {
			continue
		}
		if made, _, err := e.EnsureVolume(t.Context(), r.Volume(v)); err != nil || !made {
			t.Fatalf("volume %s: %t %v", v.Name, made, err)
		}
	}
	var ids []string
	for _, s := range specs {
		s, err := r.Spec(s)
		if err != nil {
			t.Fatal(err)
		}
		id, err := e.Create(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Start(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := e.WaitHealthy(t.Context(), ids, nil); err != nil {
		t.Fatal(err)
	}
	again, err := e.Project(t.Context(), files, key)
	if err != nil {
		t.Fatal(err)
	}
	if len(again.Containers) != len(first.Containers) {
		t.Fatalf("the first one has %d containers now", len(again.Containers))
	}
	for i, c := range again.Containers {
		if was := first.Containers[i]; c.ID != was.ID || !c.StartedAt.Equal(was.StartedAt) || c.Health != was.Health {
			t.Errorf("the first one's %s changed", c.Name)
		}
	}
	second, err := e.Project(t.Context(), files, Key{Project: "second"})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range second.Volumes {
		for _, old := range first.Volumes {
			if v.Kind == model.MountVolume && v.Source == old.Source {
				t.Errorf("both have the volume %s", v.Name)
			}
		}
	}
	if len(second.Containers) != len(first.Containers) {
		t.Errorf("the second one has %d containers", len(second.Containers))
	}
}
