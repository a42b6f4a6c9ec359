package docker

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"keepstead/model"
)

func TestResources(t *testing.T) {
	t.Parallel()
	bed, e := connect(t)
	ctx := t.Context()
	v := model.ContentVolume{FoundMount: model.FoundMount{Kind: model.MountVolume, Name: "data", Driver: "local"}, Labels: map[string]string{"a": "b"}}
	made, at, err := e.EnsureVolume(ctx, v)
	if err != nil || !made || at != filepath.Join(bed.Root, "volumes", "data", "_data") {
		t.Errorf("got %t %q %v", made, at, err)
	}
	if label := bed.Docker(t, "volume", "inspect", "-f", "{{.Labels.a}}", "data"); label != "b" {
		t.Errorf("its label is %q", label)
	}
	if made, again, err := e.EnsureVolume(ctx, v); err != nil || made || again != at {
		t.Errorf("the second time: %t %q %v", made, again, err)
	}
	v.Driver = "rclone"
	if _, _, err := e.EnsureVolume(ctx, v); !errors.Is(err, model.ErrConflict) {
		t.Errorf("another driver: %v", err)
	}
	v.Name = "cloud"
	if _, _, err := e.EnsureVolume(ctx, v); err == nil || !strings.Contains(err.Error(), "volume driver rclone") {
		t.Errorf("an unknown driver: %v", err)
	}
	n := model.ContentNetwork{Name: "net", Driver: "bridge", Internal: true, Labels: map[string]string{"a": "b"}, Subnets: []string{"10.88.0.0/24,10.88.0.254"}}
	if made, err := e.EnsureNetwork(ctx, n); err != nil || !made {
		t.Errorf("got %t %v", made, err)
	}
	if got := bed.Docker(t, "network", "inspect", "-f", "{{.Internal}} {{.Labels.a}} {{range .IPAM.Config}}{{.Subnet}} {{.Gateway}}{{end}}", "net"); got != "true b 10.88.0.0/24 10.88.0.254" {
		t.Errorf("got %s", got)
	}
	n.Name = "net2"
	if made, err := e.EnsureNetwork(ctx, n); err != nil || !made {
		t.Errorf("addresses that are taken: %t %v", made, err)
	}
	for _, name := range []string{"net", "bridge", "host", "none"} {
		if made, err := e.EnsureNetwork(ctx, model.ContentNetwork{Name: name}); err != nil || made {
			t.Errorf("%s: %t %v", name, made, err)
		}
	}
	if err := errors.Join(e.RemoveNetwork(ctx, "net"), e.RemoveNetwork(ctx, "net2"), e.RemoveVolume(ctx, "data")); err != nil {
		t.Error(err)
	}
}

func TestImages(t *testing.T) {
	t.Parallel()
	bed, e := connect(t)
	web := bed.Docker(t, "image", "inspect", "-f", "{{.Id}}", "webapp:1")
	bed.Docker(t, "tag", "redis:7", "changed:1")
	for _, c := range []struct {
		name string
		ref  ImageRef
		want ImageFound
	}{
		{"by name", ImageRef{Name: "webapp:1"}, ImageFound{"webapp:1", true}},
		{"by name and id", ImageRef{Name: "webapp:1", ID: web}, ImageFound{"webapp:1", true}},
		{"by id alone", ImageRef{Name: "gone:1", ID: web}, ImageFound{web, true}},
		{"its name means another", ImageRef{Name: "changed:1", ID: web}, ImageFound{web, true}},
		{"only its name is left", ImageRef{Name: "webapp:1", ID: "sha256:" + strings.Repeat("0", 64)}, ImageFound{"webapp:1", false}},
		{"nothing", ImageRef{Name: "gone:1", ID: "sha256:" + strings.Repeat("0", 64), Digest: "gone@sha256:" + strings.Repeat("1", 64)}, ImageFound{}},
		{"no name at all", ImageRef{Name: "Not A Name", ID: ""}, ImageFound{}},
	} {
		got, err := e.Image(t.Context(), c.ref)
		if err != nil || got != c.want {
			t.Errorf("%s: got %+v %v", c.name, got, err)
		}
	}
	// The engine of the tests reaches no registry.
	if err := e.Pull(t.Context(), ImageRef{Name: "registry.invalid/app:1"}, nil); err == nil {
		t.Error("a pull from nowhere succeeded")
	}
}
