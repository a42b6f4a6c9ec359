package jobs

import (
	"encoding/json"
	"reflect"
	"slices"

	"keepstead/docker"
	"keepstead/model"
)

// outdated returns the containers that are there and were made otherwise than the snapshot's: an app comes back with the
// image and the environment that fit its data. Those that share a part of one of them are made anew with it.
func outdated(specs []model.ContainerSpec, present []docker.Container, withEnv bool) map[string]docker.Container {
	out := map[string]docker.Container{}
	known := map[string]docker.Container{}
	for _, s := range specs {
		for _, c := range present {
			if c.Name != s.Name || c.Self {
				continue
			}
			known[s.Name] = c
			if !sameSpec(s, c.Spec, withEnv) {
				out[s.Name] = c
			}
		}
	}
	for grown := true; grown; {
		grown = false
		for _, s := range specs {
			refs, err := docker.References(s)
			c, there := known[s.Name]
			if _, done := out[s.Name]; done || !there || err != nil {
				continue
			}
			if slices.ContainsFunc(refs, func(name string) bool { _, anew := out[name]; return anew }) {
				out[s.Name], grown = c, true
			}
		}
	}
	return out
}

// sameSpec compares how two containers were made; withEnv is false where one of them has no environment written down.
func sameSpec(a, b model.ContainerSpec, withEnv bool) bool {
	if a.ImageID != "" && b.ImageID != "" && a.ImageID != b.ImageID {
		return false
	}
	return sameJSON(a.Config, b.Config, withEnv) && sameJSON(a.HostConfig, b.HostConfig, true) && sameJSON(a.Networks, b.Networks, true)
}

func sameJSON(a, b json.RawMessage, withEnv bool) bool {
	var x, y map[string]any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return string(a) == string(b)
	}
	if !withEnv {
		delete(x, "Env")
		delete(y, "Env")
	}
	return reflect.DeepEqual(x, y)
}
