package docker

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ownPrefix begins the labels by which people tell Keepstead what to do with a container.
const ownPrefix = "keepstead."

// maxLabel bounds a label's value: more than any command or list of paths needs.
const maxLabel = 8 << 10

// The labels that speak for the whole app, and those that speak for their own service.
func appLabels() []string { return []string{"enable", "policy", "include", "exclude"} }

func serviceLabels() []string { return []string{"strategy", "pre", "post", "timeout", "on-failure"} }

// overrides are the keepstead.* labels of a project, without the prefix, and what is wrong with them.
type overrides struct {
	app      map[string]string
	services map[string]map[string]string
	problems []string
}

// overridesOf reads the labels of containers, which come in the order of their services: the first one that says
// something of the app is believed.
func overridesOf(containers []Container) overrides {
	out := overrides{app: map[string]string{}, services: map[string]map[string]string{}}
	from := map[string]string{} // which service said it
	for _, c := range containers {
		for _, label := range slices.Sorted(maps.Keys(c.Labels)) {
			key, ok := strings.CutPrefix(label, ownPrefix)
			if !ok {
				continue
			}
			value := strings.TrimSpace(c.Labels[label])
			switch {
			case len(value) > maxLabel:
				out.problem("The label %s of %s is too long and is ignored.", label, c.Service)
			case slices.Contains(appLabels(), key):
				out.forApp(key, value, c.Service, from)
			case slices.Contains(serviceLabels(), key):
				out.forService(key, value, c.Service)
			default:
				out.problem("Keepstead knows no label %s (on %s). It knows %s.", label, c.Service, knownLabels())
			}
		}
	}
	return out
}

func knownLabels() string {
	var all []string
	for _, key := range append(appLabels(), serviceLabels()...) {
		all = append(all, ownPrefix+key)
	}
	return strings.Join(all, ", ")
}

func (o *overrides) forApp(key, value, service string, from map[string]string) {
	if key == "enable" {
		switch strings.ToLower(value) {
		case "false", "no", "off", "0":
			value = "false"
		case "true", "yes", "on", "1", "":
			value = "true"
		default:
			o.problem("The label %senable of %s says %q, which is neither true nor false, and is ignored.", ownPrefix, service, value)
			return
		}
	}
	said, ok := o.app[key]
	switch {
	case !ok:
		o.app[key], from[key] = value, service
	case said != value:
		o.problem("The services %s and %s differ in the label %s%s; what %s says holds for the app.", from[key], service, ownPrefix, key, from[key])
	}
}

func (o *overrides) forService(key, value, service string) {
	labels := o.services[service]
	if labels == nil {
		labels = map[string]string{}
		o.services[service] = labels
	}
	if said, ok := labels[key]; ok && said != value {
		o.problem("The containers of %s differ in the label %s%s; the first one holds.", service, ownPrefix, key)
		return
	}
	labels[key] = value
}

// problem notes a sentence once.
func (o *overrides) problem(format string, args ...any) {
	if p := fmt.Sprintf(format, args...); !slices.Contains(o.problems, p) {
		o.problems = append(o.problems, p)
	}
}
