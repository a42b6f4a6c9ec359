package docker

import (
	"reflect"
	"strings"
	"testing"

	"keepstead/model"
)

func TestOrder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		waits  map[string][]string
		want   string
		circle string
	}{
		{name: "nothing", want: ""},
		{name: "one", waits: map[string][]string{"a": nil}, want: "a"},
		{name: "a chain", waits: map[string][]string{"web": {"app"}, "app": {"db", "cache"}, "db": nil, "cache": nil}, want: "cache db, app, web"},
		{name: "a diamond", waits: map[string][]string{"d": {"b", "c"}, "b": {"a"}, "c": {"a"}, "a": nil}, want: "a, b c, d"},
		{name: "unknown and own names", waits: map[string][]string{"a": {"gone", "a"}, "b": {"a", "a"}}, want: "a, b"},
		{name: "a circle", waits: map[string][]string{"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}, want: "a, c d, b", circle: "a → b → c → a"},
		{name: "a circle behind another", waits: map[string][]string{"a": {"b"}, "b": {"a"}, "x": {"y"}, "y": {"x"}}, want: "a, b, x, y", circle: "a → b → a; x → y → x"},
		{name: "a circle reached from outside", waits: map[string][]string{"a": {"y"}, "x": {"y"}, "y": {"x"}}, want: "x, y, a", circle: "y → x → y"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var services []model.FoundService
			for name, on := range c.waits {
				services = append(services, model.FoundService{Name: name, DependsOn: on})
			}
			groups, err := Order(services)
			var got []string
			for _, g := range groups {
				got = append(got, strings.Join(g, " "))
			}
			if strings.Join(got, ", ") != c.want {
				t.Errorf("got %q, want %q", strings.Join(got, ", "), c.want)
			}
			switch {
			case c.circle == "" && err != nil:
				t.Errorf("unexpected: %v", err)
			case c.circle != "" && (err == nil || !strings.HasSuffix(err.Error(), ": "+c.circle)):
				t.Errorf("got %v, want the circle %s", err, c.circle)
			}
		})
	}
}

func TestSorted(t *testing.T) {
	t.Parallel()
	spec := func(name, host string) model.ContainerSpec {
		return model.ContainerSpec{Name: name, Config: []byte(`{}`), HostConfig: []byte(host), Networks: []byte(`{}`)}
	}
	got, err := Sorted([]model.ContainerSpec{
		spec("torrent", `{"NetworkMode":"container:vpn"}`),
		spec("side", `{"VolumesFrom":["torrent:ro"],"PidMode":"container:torrent"}`),
		spec("linked", `{"Links":["side:s"]}`),
		spec("vpn", `{"NetworkMode":"bridge"}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range got {
		names = append(names, s.Name)
	}
	if want := []string{"vpn", "torrent", "side", "linked"}; !reflect.DeepEqual(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
	_, err = Sorted([]model.ContainerSpec{spec("a", `{"VolumesFrom":["b"]}`), spec("b", `{"VolumesFrom":["a"]}`)})
	if err == nil {
		t.Error("a circle was not told")
	}
}
