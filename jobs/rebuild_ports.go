package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"keepstead/docker"
	"keepstead/model"
)

// published lists the ports of the host that containers ask for, by the service that does.
func published(specs []model.ContainerSpec) map[int]string {
	out := map[int]string{}
	for _, s := range specs {
		var host struct {
			PortBindings map[string][]struct{ HostPort string }
		}
		if json.Unmarshal(s.HostConfig, &host) != nil {
			continue
		}
		for _, bindings := range host.PortBindings {
			for _, b := range bindings {
				if n, err := strconv.Atoi(b.HostPort); err == nil && n > 0 {
					out[n] = s.Service
				}
			}
		}
	}
	return out
}

func usesHostNetwork(s model.ContainerSpec) bool {
	var host struct{ NetworkMode string }
	return json.Unmarshal(s.HostConfig, &host) == nil && host.NetworkMode == "host"
}

// checkPorts makes sure that the ports of what is to start are free, or held by what is stopped first.
func (v *survey) checkPorts(ctx context.Context) error {
	if v.want.Mode != model.AppInPlace || v.want.LeaveStopped {
		return nil
	}
	own := map[int]bool{}
	for _, c := range v.here.Containers {
		for _, p := range c.Ports {
			own[p.Host] = own[p.Host] || c.Running
		}
	}
	services := published(v.manifest.Specs)
	var ask []int
	for n := range services {
		if !own[n] {
			ask = append(ask, n)
		}
	}
	taken, err := v.portsTaken(ctx, ask)
	if err != nil {
		return err
	}
	for _, n := range slices.Sorted(maps.Keys(services)) {
		by := taken[n]
		v.ports = append(v.ports, model.PortPlan{Service: services[n], From: n, To: n, Taken: by})
		if by != "" {
			v.obstacles = append(v.obstacles, fmt.Sprintf("Port %d of %s is taken by %s. Stop that first.", n, services[n], by))
		}
	}
	return nil
}

func (v *survey) portsTaken(ctx context.Context, ports []int) (map[int]string, error) {
	if len(ports) == 0 {
		return nil, nil
	}
	taken, err := v.engine.PortsTaken(ctx, ports)
	if err != nil {
		return nil, engineFailure(err, "The ports in use cannot be read.")
	}
	return taken, nil
}

// portReach is how far above an old port a free one is looked for.
const portReach = 200

// copyPorts gives each published port of the old project another one: as asked for, else a free one near it.
func (v *survey) copyPorts(ctx context.Context, remap *docker.Remap) error {
	services := published(v.manifest.Specs)
	var ask []int
	for n := range services {
		for i := range portReach {
			ask = append(ask, n+i)
		}
	}
	for _, n := range v.want.Ports {
		ask = append(ask, n)
	}
	slices.Sort(ask)
	ask = slices.DeleteFunc(slices.Compact(ask), func(n int) bool { return n < 1 || n > 65535 })
	taken, err := v.portsTaken(ctx, ask)
	if err != nil {
		return err
	}
	chosen, plans, problems := choosePorts(services, v.want.Ports, taken, len(v.here.Containers) > 0)
	remap.Ports, v.ports, v.obstacles = chosen, plans, append(v.obstacles, problems...)
	return nil
}

// choosePorts does no I/O. While the old project is there, its ports are not taken, even when it is stopped.
func choosePorts(services map[int]string, asked map[string]int, taken map[int]string, oldIsThere bool) (map[int]int, []model.PortPlan, []string) {
	chosen, used := map[int]int{}, map[int]bool{}
	var plans []model.PortPlan
	var problems []string
	for from := range asked {
		if n, _ := strconv.Atoi(from); services[n] == "" {
			problems = append(problems, fmt.Sprintf("The app publishes no port %s.", from))
		}
	}
	slices.Sort(problems)
	for from := range services {
		used[from] = oldIsThere
		if to, ok := asked[strconv.Itoa(from)]; ok && to != 0 {
			used[to] = true
		}
	}
	for _, from := range slices.Sorted(maps.Keys(services)) {
		to, ok := asked[strconv.Itoa(from)]
		switch {
		case !ok:
			to = freePort(from, taken, used)
			if to == 0 {
				problems = append(problems, fmt.Sprintf("No port near %d is free; choose one.", from))
			}
		case to != 0 && taken[to] != "":
			problems = append(problems, fmt.Sprintf("Port %d is taken by %s. Choose another one.", to, taken[to]))
		case to != 0 && oldIsThere && services[to] != "":
			problems = append(problems, fmt.Sprintf("Port %d belongs to the old project. Choose another one.", to))
		}
		used[to], chosen[from] = true, to
		plans = append(plans, model.PortPlan{Service: services[from], From: from, To: to, Taken: taken[to]})
	}
	return chosen, plans, problems
}

func freePort(from int, taken map[int]string, used map[int]bool) int {
	for n := from; n < from+portReach && n <= 65535; n++ {
		if taken[n] == "" && !used[n] {
			return n
		}
	}
	return 0
}
