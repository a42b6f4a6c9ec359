package docker

import (
	"fmt"
	"slices"
	"strings"

	"keepstead/model"
)

// Order arranges services in the groups in which they start: each depends only on services of groups before its own.
// Services of one group, sorted by name, may start together; they stop in the reverse order. Where services wait for each
// other in a circle there is no right order: the error names the circle, and the groups are an order in spite of it.
func Order(services []model.FoundService) ([][]string, error) {
	waits := map[string][]string{}
	for _, s := range services {
		waits[s.Name] = nil
	}
	for _, s := range services {
		for _, d := range s.DependsOn {
			if _, ours := waits[d]; ours && d != s.Name && !slices.Contains(waits[s.Name], d) {
				waits[s.Name] = append(waits[s.Name], d)
			}
		}
	}
	var groups [][]string
	var circles []string
	for len(waits) > 0 {
		group := ready(waits)
		if len(group) == 0 {
			// Any way out is as good as another; one that is the same each time can be explained.
			circle := circleIn(waits)
			circles = append(circles, strings.Join(append(circle, circle[0]), " → "))
			group = []string{slices.Min(circle)}
		}
		groups = append(groups, group)
		for _, name := range group {
			delete(waits, name)
		}
		for name, on := range waits {
			waits[name] = slices.DeleteFunc(on, func(d string) bool { return slices.Contains(group, d) })
		}
	}
	if len(circles) > 0 {
		return groups, fmt.Errorf("these services wait for each other in a circle: %s", strings.Join(circles, "; "))
	}
	return groups, nil
}

// ready returns the services that wait for none, sorted.
func ready(waits map[string][]string) []string {
	var out []string
	for name, on := range waits {
		if len(on) == 0 {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// circleIn walks from one service to what it waits for until it meets one again. Each of them waits for another.
func circleIn(waits map[string][]string) []string {
	var names []string
	for name := range waits {
		names = append(names, name)
	}
	var path []string
	for at := slices.Min(names); ; at = slices.Min(waits[at]) {
		if i := slices.Index(path, at); i >= 0 {
			return path[i:]
		}
		path = append(path, at)
	}
}

// Sorted returns the specs in an order in which they can be made: a container after those that it refers to. The order
// is else as given. An error says that containers refer to each other in a circle.
func Sorted(specs []model.ContainerSpec) ([]model.ContainerSpec, error) {
	refs := map[string][]string{}
	for _, s := range specs {
		on, err := References(s)
		if err != nil {
			return nil, err
		}
		refs[s.Name] = on
	}
	var out []model.ContainerSpec
	left := slices.Clone(specs)
	for len(left) > 0 {
		i := slices.IndexFunc(left, func(s model.ContainerSpec) bool {
			return !slices.ContainsFunc(left, func(o model.ContainerSpec) bool {
				return o.Name != s.Name && slices.Contains(refs[s.Name], o.Name)
			})
		})
		if i < 0 {
			return nil, fmt.Errorf("containers refer to each other in a circle: %s", left[0].Name)
		}
		out = append(out, left[i])
		left = slices.Delete(left, i, i+1)
	}
	return out, nil
}
