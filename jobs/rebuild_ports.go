package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"keepstead/docker"
	"keepstead/model"
)

// publishedPort is a port of the host that a container asks for, and the service that does.
type publishedPort struct {
	docker.Port
	service string
}

// published lists the ports of the host that containers ask for.
func published(specs []model.ContainerSpec) []publishedPort {
	var out []publishedPort
	for _, s := range specs {
		var host struct {
			PortBindings map[string][]struct{ HostIP, HostPort string }
		}
		if json.Unmarshal(s.HostConfig, &host) != nil {
			continue
		}
		for inside, bindings := range host.PortBindings {
			_, protocol, ok := strings.Cut(inside, "/")
			if !ok {
				protocol = "tcp"
			}
			for _, b := range bindings {
				if n, err := strconv.Atoi(b.HostPort); err == nil && n > 0 {
					out = append(out, publishedPort{docker.Port{HostIP: b.HostIP, Host: n, Protocol: protocol}, s.Service})
				}
			}
		}
	}
	return out
}

// publishers says by number which service asks for a port.
func publishers(ports []publishedPort) map[int]string {
	out := map[int]string{}
	for _, p := range ports {
		out[p.Host] = p.service
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
	asked := published(v.manifest.Specs)
	var ask []docker.Port
	for _, p := range asked {
		if !v.holds(p.Port) {
			ask = append(ask, p.Port)
		}
	}
	taken, err := v.portsTaken(ctx, ask)
	if err != nil {
		return err
	}
	by := map[int]string{}
	for p, who := range taken {
		by[p.Host] = max(by[p.Host], who) // always the same one of two
	}
	services := publishers(asked)
	for _, n := range slices.Sorted(maps.Keys(services)) {
		v.ports = append(v.ports, model.PortPlan{Service: services[n], From: n, To: n, Taken: by[n]})
		if by[n] != "" {
			v.obstacles = append(v.obstacles, fmt.Sprintf("Port %d of %s is taken by %s. Stop that first.", n, services[n], by[n]))
		}
	}
	return nil
}

// holds says that a container of the app itself, which is stopped first, has the port now.
func (v *survey) holds(p docker.Port) bool {
	return slices.ContainsFunc(v.here.Containers, func(c docker.Container) bool {
		return c.Running && slices.ContainsFunc(c.Ports, p.Overlaps)
	})
}

func (v *survey) portsTaken(ctx context.Context, ports []docker.Port) (map[docker.Port]string, error) {
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
	asked := published(v.manifest.Specs)
	services := publishers(asked)
	var ask []docker.Port
	for _, p := range asked {
		for n := p.Host; n < p.Host+portReach && n <= 65535; n++ {
			ask = append(ask, numbered(p.Port, n))
		}
		if n := v.want.Ports[strconv.Itoa(p.Host)]; n > 0 && n <= 65535 {
			ask = append(ask, numbered(p.Port, n))
		}
	}
	all, err := v.portsTaken(ctx, ask)
	if err != nil {
		return err
	}
	taken := func(from, to int) string {
		by := ""
		for _, p := range asked {
			if p.Host == from {
				by = max(by, all[numbered(p.Port, to)])
			}
		}
		return by
	}
	chosen, plans, problems := choosePorts(services, v.want.Ports, taken, len(v.here.Containers) > 0)
	remap.Ports, v.ports, v.obstacles = chosen, plans, append(v.obstacles, problems...)
	return nil
}

// numbered is the same port under another number.
func numbered(p docker.Port, n int) docker.Port {
	p.Host = n
	return p
}

// choosePorts does no I/O; taken says by whom the port that one of the old project's is to become is taken. While the old project is there, its ports are not taken, even when it is stopped.
func choosePorts(services map[int]string, asked map[string]int, taken func(from, to int) string, oldIsThere bool) (map[int]int, []model.PortPlan, []string) {
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
		case to != 0 && taken(from, to) != "":
			problems = append(problems, fmt.Sprintf("Port %d is taken by %s. Choose another one.", to, taken(from, to)))
		case to != 0 && oldIsThere && services[to] != "":
			problems = append(problems, fmt.Sprintf("Port %d belongs to the old project. Choose another one.", to))
		}
		used[to], chosen[from] = true, to
		plans = append(plans, model.PortPlan{Service: services[from], From: from, To: to, Taken: taken(from, to)})
	}
	return chosen, plans, problems
}

func freePort(from int, taken func(from, to int) string, used map[int]bool) int {
	for n := from; n < from+portReach && n <= 65535; n++ {
		if taken(from, n) == "" && !used[n] {
			return n
		}
	}
	return 0
}
