package docker

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/moby/moby/client"
)

// TestSpec leaves out what an engine made up. The engines of the tests cannot show all of it.
func TestSpec(t *testing.T) {
	t.Parallel()
	id := strings.Repeat("0123456789abcdef", 4)
	named := func(other string) string {
		if strings.HasPrefix(other, "feed") {
			return "vpn"
		}
		return other
	}
	for _, c := range []struct {
		name, in string
		want     map[string]string // path to JSON
	}{
		{"ids of others", `{"Config":{},"HostConfig":{"NetworkMode":"container:feed1","PidMode":"container:feed1","IpcMode":"host","VolumesFrom":["feed1:ro","named"],"Links":["/db:/web/database"]}}`, map[string]string{
			"host_config.NetworkMode": `"container:vpn"`, "host_config.PidMode": `"container:vpn"`, "host_config.IpcMode": `"host"`,
			"host_config.VolumesFrom": `["vpn:ro","named"]`, "host_config.Links": `["db:database"]`,
		}},
		{"a network by its id", `{"Config":{},"HostConfig":{"NetworkMode":"n1"},"NetworkSettings":{"Networks":{"front":{"NetworkID":"n1"},"back":{"NetworkID":"n2"}}}}`, map[string]string{
			"host_config.NetworkMode": `"front"`, "networks.front.NetworkID": `""`,
		}},
		{"another's network", `{"Config":{"Hostname":"of-the-other","Domainname":"d","ExposedPorts":{"80/tcp":{}}},"HostConfig":{"NetworkMode":"container:vpn"}}`, map[string]string{
			"config.Hostname": `""`, "config.Domainname": `""`, "config.ExposedPorts": `null`,
		}},
		{"its own short id", `{"Config":{"Hostname":"0123456789ab"},"HostConfig":{},"NetworkSettings":{"Networks":{"net":{"Aliases":["web","0123456789ab","web","0123"],"DNSNames":["x"],"IPAddress":"10.0.0.7","EndpointID":"e"}}}}`, map[string]string{
			"config.Hostname": `""`, "networks.net.Aliases": `["web","0123"]`, "networks.net.DNSNames": `null`, "networks.net.IPAddress": `""`, "networks.net.EndpointID": `""`,
		}},
		{"a name that its id begins with", `{"Config":{"Hostname":"0123"},"HostConfig":{}}`, map[string]string{"config.Hostname": `"0123"`}},
		{"a name of its own", `{"Config":{"Hostname":"web"},"HostConfig":{}}`, map[string]string{"config.Hostname": `"web"`}},
		{"generated addresses", `{"Config":{},"HostConfig":{"NetworkMode":"net"},"NetworkSettings":{"Networks":{"net":{"MacAddress":"02:42:0a:00:00:07","IPAMConfig":{}}}}}`, map[string]string{
			"networks.net.MacAddress": `""`, "networks.net.IPAMConfig": `null`,
		}},
		{"addresses that were asked for", `{"Config":{"MacAddress":"02:42:0a:00:00:07"},"HostConfig":{"NetworkMode":"net"},"NetworkSettings":{"Networks":{"net":{"MacAddress":"02:42:0a:00:00:07","IPAMConfig":{"IPv4Address":"10.0.0.7"}}}}}`, map[string]string{
			"networks.net.MacAddress": `"02:42:0a:00:00:07"`, "networks.net.IPAMConfig": `{"IPv4Address":"10.0.0.7"}`,
		}},
		{"an address of a real card", `{"Config":{},"HostConfig":{"NetworkMode":"net"},"NetworkSettings":{"Networks":{"net":{"MacAddress":"00:11:22:33:44:55"}}}}`, map[string]string{
			"networks.net.MacAddress": `"00:11:22:33:44:55"`,
		}},
		{"an address, stopped", `{"Config":{"MacAddress":"02:42:0a:00:00:07"},"HostConfig":{"NetworkMode":"net"},"NetworkSettings":{"Networks":{"net":{"MacAddress":""},"other":{}}}}`, map[string]string{
			"networks.net.MacAddress": `"02:42:0a:00:00:07"`, "networks.other.MacAddress": `""`,
		}},
		{"anonymous volumes", `{"Config":{"Volumes":{"/a":{},"/b":{},"/c":{}}},"HostConfig":{"Binds":["named:/b/","/srv:/srv:ro"],"Mounts":[{"Type":"volume","Target":"/m"},{"Type":"volume","Source":"n","Target":"/n"}]},"Mounts":[
			{"Type":"volume","Name":"va","Destination":"/a","RW":true},{"Type":"volume","Name":"named","Destination":"/b","RW":true},{"Type":"volume","Name":"vc","Destination":"/c"},
			{"Type":"bind","Source":"/srv","Destination":"/srv"},{"Type":"volume","Name":"vm","Destination":"/m","RW":true},{"Type":"volume","Name":"n","Destination":"/n","RW":true}]}`, map[string]string{
			"host_config.Binds":  `["named:/b/","/srv:/srv:ro","va:/a:rw","vc:/c:ro"]`,
			"host_config.Mounts": `[{"Source":"vm","Target":"/m","Type":"volume"},{"Source":"n","Target":"/n","Type":"volume"}]`,
		}},
		{"volumes of another", `{"Config":{},"HostConfig":{"VolumesFrom":["vpn"]},"Mounts":[{"Type":"volume","Name":"theirs","Destination":"/t","RW":true}]}`, map[string]string{
			"host_config.Binds": `null`,
		}},
		{"what compose notes of a replacement", `{"Config":{"Labels":{"com.docker.compose.replace":"x","com.docker.compose.service":"s","mine":"y"}},"HostConfig":{}}`, map[string]string{
			"config.Labels": `{"com.docker.compose.service":"s","mine":"y"}`, "service": `"s"`,
		}},
		{"what the engine adds to the privileged", `{"Config":{},"HostConfig":{"Privileged":true,"SecurityOpt":["label=disable","label=disable","apparmor=x"]}}`, map[string]string{
			"host_config.SecurityOpt": `["apparmor=x"]`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in := client.ContainerInspectResult{Raw: []byte(c.in)}
			if err := json.Unmarshal(in.Raw, &in.Container); err != nil {
				t.Fatal(err)
			}
			in.Container.ID, in.Container.Name = id, "/web"
			spec, err := Spec(in, named)
			if err != nil {
				t.Fatal(err)
			}
			if spec.Name != "web" {
				t.Errorf("its name is %q", spec.Name)
			}
			for path, want := range c.want {
				if got := at(t, mapOf(t, spec), path); got != want {
					t.Errorf("%s is %s, not %s", path, got, want)
				}
			}
		})
	}
	if _, err := Spec(client.ContainerInspectResult{}, named); err == nil {
		t.Error("half an answer was taken for a whole one")
	}
}

// at is the JSON of what is at a path in v.
func at(t *testing.T, v any, path string) string {
	t.Helper()
	for _, key := range strings.Split(path, ".") {
		v = v.(map[string]any)[key]
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
