package jobs

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"keepstead/database"
	"keepstead/device"
	"keepstead/docker"
	"keepstead/model"
)

// countLimit is how long a backup waits for folders to be counted. After that they are data: to leave out what nobody
// chose to leave out would make a snapshot that only looks whole.
const countLimit = 3 * time.Minute

// projectOf returns the project once its folders are counted.
func (r *run) projectOf(ctx context.Context, files device.Files, engine *docker.Engine, key docker.Key) (docker.Project, error) {
	counting := func(m model.FoundMount) bool { return m.Role == model.RoleAsk && m.Why == docker.Counting }
	for deadline := time.Now().Add(countLimit); ; {
		project, err := engine.Project(ctx, files, key)
		if err != nil || !slices.ContainsFunc(project.Found.Mounts, counting) {
			return project, err
		}
		if time.Now().After(deadline) {
			for i, m := range project.Found.Mounts {
				if counting(m) {
					project.Found.Mounts[i].Role, project.Found.Mounts[i].Why = model.RoleData, ""
				}
			}
			return project, nil
		}
		select {
		case <-ctx.Done():
			return project, context.Cause(ctx)
		case <-time.After(time.Second):
		}
	}
}

// strategies chooses how each service is captured. A running database that is to be dumped is asked what it is, and the
// choice is made again with its answer; one that somebody chose not to dump is not asked.
func (r *run) strategies(ctx context.Context, files device.Files, p plan, engine *docker.Engine, project *docker.Project) (map[string]database.Server, error) {
	servers := recognised(project.Containers)
	plain := project.Found
	choose := func() {
		project.Found = plain
		project.Found.Services, project.Found.Mounts = slices.Clone(plain.Services), slices.Clone(plain.Mounts)
		chooseStrategies(&project.Found, project.Containers, &p.configuration, servers)
	}
	choose()
	for _, s := range project.Found.Services {
		server, known := servers[s.Name]
		i := slices.IndexFunc(project.Containers, func(ctr docker.Container) bool { return ctr.Service == s.Name && ctr.Running })
		if !known || i < 0 || s.Strategy != model.StrategyDump || !p.configuration.BackupVolumes {
			continue
		}
		confirmed, err := database.Confirm(ctx, engine, project.Containers[i], server)
		if err != nil {
			return nil, dumpFailure(err)
		}
		servers[s.Name] = confirmed
	}
	choose()
	for i := range project.Found.Mounts {
		besideRedis(files, project.Found, &project.Found.Mounts[i])
	}
	return servers, nil
}

// besideRedis keeps what lies in the data folder of Redis or Valkey beside its data, such as a file of users: nothing but
// the data comes back from the dump.
func besideRedis(files device.Files, found model.Found, m *model.FoundMount) {
	s, ok := service(found, userOf(*m))
	if !ok || m.Role != model.RoleDumped || m.Path == "" || s.Database != model.Redis && s.Database != model.Valkey {
		return
	}
	entries, err := files.ReadDir(m.Path)
	if err != nil {
		return
	}
	var data []string
	for _, e := range entries {
		if redisFile(e.Name()) {
			data = append(data, path.Join(m.Path, e.Name()))
		}
	}
	if len(data) < len(entries) {
		m.Role, m.Without = model.RoleData, data
		m.Why = fmt.Sprintf("Without its data: %s of “%s” is dumped.", s.Database.Title(), s.Name)
	}
}

// redisFile says whether a file is one that Redis keeps its data in.
func redisFile(name string) bool {
	return name == "dump.rdb" || name == "nodes.conf" || strings.HasPrefix(name, "appendonly") || strings.HasPrefix(name, "temp-")
}

// whole refuses to capture an app that an earlier job has not put back yet: what lies there is neither the old nor the
// new.
func (r *run) whole(ctx context.Context, project docker.Project) error {
	rows, err := r.Store.Undos(ctx, uuid.Nil)
	if err != nil {
		return err
	}
	for _, u := range rows {
		r.mu.Lock()
		busy := r.running[u.JobID] != nil || r.owned[u.JobID]
		r.mu.Unlock()
		if busy || u.Action == model.UndoDropAside {
			continue
		}
		if slices.ContainsFunc(project.Containers, func(c docker.Container) bool { return c.ID == u.Target || c.Name == u.Target || c.Name == u.Name }) ||
			slices.ContainsFunc(project.Found.Mounts, func(m model.FoundMount) bool { return m.Path != "" && model.Within(u.Target, m.Path) }) {
			return fail(model.CauseEngine, "It is tried every minute; look at Keepstead's log if it does not end.",
				"What an earlier job did to %s is still to be put back.", u.Name)
		}
	}
	return nil
}
