package jobs

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"keepstead/database"
	"keepstead/docker"
	"keepstead/model"
)

// Who chose a strategy.
const (
	originAuto   = "auto"
	originLabel  = "label"
	originPerson = "person"
)

// chooseStrategies fills in, for each service, the database it is, the strategy in force and why; and for each mount what
// becomes of it then. A label wins over a person, a person over Keepstead. conf may be nil.
func chooseStrategies(found *model.Found, containers []docker.Container, conf *model.Configuration, servers map[string]database.Server) {
	var chosen model.Capture
	if conf != nil && conf.Capture != nil {
		chosen = *conf.Capture
	}
	judgeMounts(found, chosen)
	for i := range found.Services {
		s := &found.Services[i]
		server, known := servers[s.Name]
		if known {
			s.Database, s.DatabaseWhy = server.Kind, server.Why
		}
		c := chooser{service: *s, server: server, known: known, mounts: found.Mounts}
		for _, ctr := range containers {
			if ctr.Service == s.Name {
				c.containers = append(c.containers, ctr)
			}
		}
		s.Strategy, s.Why, s.Origin = c.choose(chosen.Strategies[s.Name])
	}
	if !chosen.RawToo {
		for _, s := range found.Services {
			if s.Strategy == model.StrategyDump {
				leaveRaw(found, s, servers[s.Name])
			}
		}
	}
}

// chooser is what is known of a service when its strategy is chosen.
type chooser struct {
	service    model.FoundService
	containers []docker.Container
	server     database.Server
	known      bool // server is a database that was recognised
	mounts     []model.FoundMount
}

// choose returns the strategy in force, why, and who chose it.
func (c chooser) choose(person model.Strategy) (model.Strategy, string, string) {
	if c.service.Self {
		return model.StrategyHot, "Keepstead runs in it, and never stops itself; its own database is backed up as “Keepstead database”.", originAuto
	}
	label := model.Strategy(c.service.Labels["strategy"])
	wanted, origin := person, originPerson
	if slices.Contains(model.Strategies(), label) {
		wanted, origin = label, originLabel
	}
	if wanted == "" {
		strategy, why := c.automatic()
		return strategy, why, originAuto
	}
	said := "You chose it."
	if origin == originLabel {
		said = "The label keepstead.strategy says so."
	}
	if wanted == model.StrategyDump && !c.dumpable() {
		strategy, why := c.automatic()
		return strategy, "A dump was asked for, but it cannot be made: " + c.undumpable() + " " + why, originAuto
	}
	if !c.lively() && wanted != model.StrategyHot {
		return model.StrategyHot, said + " It does not run now, so its files are complete as they lie.", origin
	}
	return wanted, said, origin
}

// automatic is the strategy that disturbs the app least and still gives consistent data.
func (c chooser) automatic() (model.Strategy, string) {
	switch {
	case c.dumpable():
		return model.StrategyDump, fmt.Sprintf("%s writes a consistent copy of itself while it runs.", c.server.Kind.Title())
	case !c.lively():
		return model.StrategyHot, "It does not run, so nothing writes: its files are complete as they lie."
	case !c.writes():
		return model.StrategyHot, "It writes to nothing that is backed up."
	case c.known:
		return model.StrategyStop, fmt.Sprintf("%s cannot be dumped: %s It is stopped while its files are read.", c.server.Kind.Title(), c.undumpable())
	}
	return model.StrategyHot, "Its files are read while it runs; SQLite databases among them are copied by SQLite itself."
}

func (c chooser) dumpable() bool {
	return c.known && c.server.Dumpable && slices.ContainsFunc(c.containers, func(ctr docker.Container) bool { return ctr.Running && !ctr.Paused })
}

// undumpable is why the service cannot be dumped, in a sentence.
func (c chooser) undumpable() string {
	switch {
	case !c.known:
		return "it is no database that Keepstead knows."
	case c.server.Reason != "":
		return strings.TrimSuffix(c.server.Reason, ".") + "."
	}
	return "it does not run."
}

// lively says whether a container of the service runs, or is about to.
func (c chooser) lively() bool {
	return slices.ContainsFunc(c.containers, func(ctr docker.Container) bool {
		return ctr.Running && !ctr.Paused || ctr.State == "restarting"
	})
}

// writes says whether the service can write to a mount whose files are backed up.
func (c chooser) writes() bool {
	for _, ctr := range c.containers {
		for _, m := range ctr.Mounts {
			i := mountAt(c.mounts, ctr.Service, m.Destination)
			if !m.ReadOnly && i >= 0 && c.mounts[i].Role == model.RoleData {
				return true
			}
		}
	}
	return false
}

// mountAt finds what a service mounts at a path inside; -1 where that is nothing.
func mountAt(mounts []model.FoundMount, service, inside string) int {
	return slices.IndexFunc(mounts, func(m model.FoundMount) bool {
		return slices.Contains(m.Users, service+":"+inside)
	})
}

// whyLeft tells a mount that a person left out from those that can never be saved.
const whyLeft = "You chose to leave it out."

// judgeMounts does to the mounts what a person chose: take one that was asked about, or leave one out.
func judgeMounts(found *model.Found, chosen model.Capture) {
	for i := range found.Mounts {
		m := &found.Mounts[i]
		take, decided := chosen.Binds[m.Source]
		switch {
		case !decided:
		case take && m.Role == model.RoleAsk:
			m.Role, m.Why = model.RoleData, "You chose to save it."
		case !take && (m.Role == model.RoleAsk || m.Role == model.RoleData || m.Role == model.RoleLost):
			m.Role, m.Why = model.RoleLeft, whyLeft
		}
	}
}

// leaveRaw leaves out the raw data folder of a database that is dumped: its files change while they are read. What else
// its mount holds stays in.
func leaveRaw(found *model.Found, s model.FoundService, server database.Server) {
	i := mountAt(found.Mounts, s.Name, server.Mount)
	if i < 0 {
		return
	}
	m := &found.Mounts[i]
	if m.Role != model.RoleData && m.Role != model.RoleAsk && m.Role != model.RoleLost {
		return
	}
	below := ""
	if server.DataDir != "" {
		below = strings.Trim(strings.TrimPrefix(path.Clean(server.DataDir), path.Clean(server.Mount)), "/")
	}
	if below == "" || onlyRaw(below) && !shared(*m, s.Name) || m.Role == model.RoleAsk || m.Path == "" {
		m.Role, m.Why = model.RoleDumped, fmt.Sprintf("%s of “%s” is dumped, so its raw data folder is not needed.", server.Kind.Title(), s.Name)
		return
	}
	raw := path.Join(m.Path, below)
	m.Without = append(m.Without, raw)
	m.Why = fmt.Sprintf("Without %s: %s of “%s” is dumped.", path.Join(m.Source, below), server.Kind.Title(), s.Name)
}

// onlyRaw says that nothing else is kept beside a data folder this far below its mount: it lies there as the official
// images lay it.
func onlyRaw(below string) bool {
	if below == "pgdata" {
		return true
	}
	version, rest, _ := strings.Cut(below, "/") // 18/docker, as of PostgreSQL 18
	return rest == "docker" && version != "" && strings.Trim(version, "0123456789") == ""
}

// shared says whether another service mounts it too.
func shared(m model.FoundMount, service string) bool {
	return slices.ContainsFunc(m.Users, func(u string) bool { return !strings.HasPrefix(u, service+":") })
}

// recognised returns the databases among a project's containers, by service, by what the engine says of them alone.
func recognised(containers []docker.Container) map[string]database.Server {
	out := map[string]database.Server{}
	for _, ctr := range containers {
		if _, have := out[ctr.Service]; have {
			continue
		}
		if s, ok := database.Recognise(ctr); ok {
			out[ctr.Service] = s
		}
	}
	return out
}
