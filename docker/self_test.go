package docker

import (
	"slices"
	"strings"
	"testing"
)

const someID = "3f1c8a6b2d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8"

func TestTheIDOfOwnContainerIsRead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, line, want string
	}{
		{"overlay2", "1071 1059 254:1 /var/lib/docker/containers/" + someID + "/hostname /etc/hostname rw,relatime - ext4 /dev/vda1 rw", someID},
		{"a file system of the engine's own", "1071 1059 0:45 /containers/" + someID + "/resolv.conf /etc/resolv.conf rw - btrfs /dev/sdb rw", someID},
		{"snap", "9 8 7:1 /var/snap/docker/common/var-lib-docker/containers/" + someID + "/hosts /etc/hosts rw - ext4 /dev/sda rw", someID},
		{"rootless", "9 8 7:1 /home/me/.local/share/docker/containers/" + someID + "/hosts /etc/hosts rw - ext4 /dev/sda rw", someID},
		{"the engine's folder mounted by a person", "9 8 7:1 /var/lib/docker/containers/" + someID + "/hosts /mnt/hosts rw - ext4 /dev/sda rw", ""},
		{"podman", "9 8 0:50 /containers/overlay-containers/" + someID + "/userdata/hosts /etc/hosts rw - tmpfs tmpfs rw", ""},
		{"a short line", "9 8 7:1", ""},
		{"nothing", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := idOfMount(c.line); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	for name, groups := range map[string]string{
		"version 1":        "12:pids:/docker/" + someID + "\n11:cpu:/docker/" + someID + "\n",
		"systemd":          "0::/system.slice/docker-" + someID + ".scope\n",
		"a group of ours":  "0::/parent/" + someID + "\n",
		"nested in podman": "1:name=systemd:/libpod/x/docker/" + someID + "\n",
	} {
		if m := inGroup.FindStringSubmatch(groups); m == nil || m[1] != someID {
			t.Errorf("%s: got %v", name, m)
		}
	}
	if m := inGroup.FindStringSubmatch("0::/user.slice/user-1000.slice/session-2.scope\n"); m != nil {
		t.Errorf("a session is taken for a container: %v", m)
	}
}

func TestPathsOfTheHostAreMapped(t *testing.T) {
	t.Parallel()
	same := self{id: someID, mounts: []ownMount{
		{host: "/var/run/docker.sock", here: "/var/run/docker.sock"},
		{host: "/var/lib/docker/volumes", here: "/var/lib/docker/volumes", readOnly: true},
		{host: "/var/lib/docker/volumes/keepstead_data/_data", here: "/data"},
		{host: "/srv", here: "/srv"},
		{host: "/mnt/pool", here: "/srv/pool"},
	}}
	whole := self{id: someID, mounts: []ownMount{{host: "/", here: "/host"}, {host: "/mnt/other", here: "/host/etc"}}}
	for _, c := range []struct {
		name string
		self self
		path string
		want string // empty: it cannot be seen
	}{
		{"outside of a container", self{}, "/anything/at all", "/anything/at all"},
		{"a volume", same, "/var/lib/docker/volumes/db/_data", "/var/lib/docker/volumes/db/_data"},
		{"Keepstead's own volume, by its nearest mount", same, "/var/lib/docker/volumes/keepstead_data/_data/x", "/data/x"},
		{"the mount itself", same, "/srv", "/srv"},
		{"below a mount", same, "/srv/app/data", "/srv/app/data"},
		{"a name that only begins alike", same, "/srvother/app", ""},
		{"hidden by another mount", same, "/srv/pool/x", ""},
		{"what hides it", same, "/mnt/pool/x", "/srv/pool/x"},
		{"not mounted", same, "/home/me", ""},
		{"the root", same, "/", ""},
		{"the whole host", whole, "/home/me/x", "/host/home/me/x"},
		{"the host's root", whole, "/", "/host"},
		{"hidden in the whole host", whole, "/etc/app", ""},
		{"with dots", same, "/srv/app/../../srv/x", "/srv/x"},
		{"relative", same, "srv/app", ""},
		{"empty", same, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := &Engine{self: c.self}
			got, ok := e.HostPath(c.path)
			if got != c.want && ok || ok != (c.want != "") {
				t.Errorf("got %q, %t; want %q", got, ok, c.want)
			}
		})
	}
	if !same.readOnly("/var/lib/docker/volumes/x") || same.readOnly("/data") || same.readOnly("/elsewhere") {
		t.Error("what is read-only is told wrong")
	}
}

func TestLabelsOfPeople(t *testing.T) {
	t.Parallel()
	with := func(service string, labels ...string) Container {
		c := Container{Service: service, Labels: map[string]string{"com.example.other": "x"}}
		for _, l := range labels {
			key, value, _ := strings.Cut(l, "=")
			c.Labels[key] = value
		}
		return c
	}
	for _, c := range []struct {
		name     string
		in       []Container
		app      map[string]string
		service  map[string]string // of web
		problems []string          // a part of each
	}{
		{"none", []Container{with("web")}, nil, nil, nil},
		{
			"all kinds",
			[]Container{with("web", "keepstead.enable=true", "keepstead.policy= Nightly ", "keepstead.strategy=stop", "keepstead.pre=sync", "keepstead.on-failure=go_on")},
			map[string]string{"enable": "true", "policy": "Nightly"},
			map[string]string{"strategy": "stop", "pre": "sync", "on-failure": "go_on"},
			nil,
		},
		{"words for no", []Container{with("web", "keepstead.enable=No")}, map[string]string{"enable": "false"}, nil, nil},
		{"neither yes nor no", []Container{with("web", "keepstead.enable=maybe")}, nil, nil, []string{"neither true nor false"}},
		{"a word nobody knows", []Container{with("web", "keepstead.stratgy=stop")}, nil, nil, []string{"keepstead.stratgy"}},
		{"one that is too long", []Container{with("web", "keepstead.pre="+strings.Repeat("x", maxLabel+1))}, nil, nil, []string{"too long"}},
		{
			"services that differ",
			[]Container{with("db", "keepstead.policy=a"), with("web", "keepstead.policy=b", "keepstead.strategy=hot")},
			map[string]string{"policy": "a"},
			map[string]string{"strategy": "hot"},
			[]string{"what db says holds"},
		},
		{"services that agree", []Container{with("db", "keepstead.policy=a"), with("web", "keepstead.policy=a")}, map[string]string{"policy": "a"}, nil, nil},
		{"containers of one service that differ", []Container{with("web", "keepstead.strategy=hot"), with("web", "keepstead.strategy=stop")}, nil, map[string]string{"strategy": "hot"}, []string{"the first one holds"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := overridesOf(c.in)
			if !sameMap(got.app, c.app) || !sameMap(got.services["web"], c.service) {
				t.Errorf("got %v and %v", got.app, got.services)
			}
			if len(got.problems) != len(c.problems) {
				t.Fatalf("problems are %q", got.problems)
			}
			for i, p := range got.problems {
				if !strings.Contains(p, c.problems[i]) {
					t.Errorf("problem is %q, want %q", p, c.problems[i])
				}
			}
		})
	}
}

func sameMap(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}

func TestSmallReadings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		image   string
		digests []string
		want    string
	}{
		{"postgres:15", []string{"postgres@sha256:" + someID}, "postgres@sha256:" + someID},
		{"docker.io/library/postgres:15", []string{"mine/postgres@sha256:" + someID, "postgres@sha256:" + someID}, "postgres@sha256:" + someID},
		{"ghcr.io/x/y:1", []string{"a/b@sha256:" + someID, "ghcr.io/x/y@sha256:" + someID}, "ghcr.io/x/y@sha256:" + someID},
		{"retagged:1", []string{"b/b@sha256:" + someID, "a/b@sha256:" + someID}, "a/b@sha256:" + someID},
		{"sha256:" + someID, []string{"a/b@sha256:" + someID}, "a/b@sha256:" + someID},
		{"built-here", nil, ""},
	} {
		if got := digestOf(c.image, c.digests); got != c.want {
			t.Errorf("the digest of %s is %q, want %q", c.image, got, c.want)
		}
	}
	for label, want := range map[string][]string{
		"":   nil,
		"db": {"db"},
		"db:service_healthy:false,cache:service_started:true": {"cache", "db"},
		"db : x , , db:y": {"db"},
	} {
		if got := dependsLabel(label); !slices.Equal(got, want) {
			t.Errorf("%q depends on %q, want %q", label, got, want)
		}
	}
	for p, want := range map[Port]string{
		{Host: 80, Container: 8080, Protocol: "tcp"}:                      "80->8080/tcp",
		{HostIP: "127.0.0.1", Host: 53, Container: 53, Protocol: "udp"}:   "127.0.0.1:53->53/udp",
		{HostIP: "2001:db8::1", Host: 443, Container: 1, Protocol: "tcp"}: "[2001:db8::1]:443->1/tcp",
	} {
		if p.String() != want {
			t.Errorf("got %s, want %s", p, want)
		}
	}
}
