package jobs

import (
	"context"
	"errors"
	"slices"

	"keepstead/model"
)

// checkAppRestore refuses a choice that the snapshot does not hold.
func (m *Manager) checkAppRestore(ctx context.Context, want model.AppRestore, s model.Snapshot) error {
	contents, err := m.Contents(ctx, s.ID)
	if errors.Is(err, model.ErrNotFound) {
		return model.Conflict{Reason: noManifest}
	}
	if err != nil {
		return err
	}
	var problems model.Invalids
	for _, line := range choose(model.Manifest{Contents: *contents}, want).unknown {
		problems.Add("volumes", "%s", line)
	}
	return problems.Err()
}

// noManifest is why a snapshot cannot come back as an app.
const noManifest = "This snapshot holds no app made of containers; restore its files instead."

// planApp says what the restore of an app would do. It changes nothing.
func (m *Manager) planApp(ctx context.Context, s model.Snapshot, want model.Restore) (model.RestorePlan, error) {
	plan := model.RestorePlan{FreeBytes: -1, NeedBytes: s.TotalSize}
	err := m.quickly(ctx, s.DestinationID, func(ctx context.Context, o opened) error {
		v, err := m.surveyApp(ctx, o, s, want)
		if err != nil {
			return err
		}
		plan.App, plan.Target = v.plan(), v.folder
		for _, t := range v.targets {
			if plan.Target == "" {
				plan.Target = t.to
			}
		}
		if plan.Target == "" {
			return nil
		}
		if free, err := v.files.Space(plan.Target); err == nil {
			plan.FreeBytes = free
		}
		return nil
	})
	return plan, err
}

// plan says in words what was found.
func (v *survey) plan() *model.AppPlan {
	p := &model.AppPlan{Project: v.key.String(), Ports: v.ports, Missing: v.missing, Obstacles: v.obstacles}
	if v.want.Mode == model.AppCopy {
		p.Project = v.want.Project
		p.Created = append(p.Created, "folder "+v.remap.Folder)
	} else {
		p.Replaced = v.replaced(func(t target) bool { return t.there })
	}
	for _, n := range v.networks {
		p.Created = append(p.Created, "network "+n.Name)
	}
	for _, vol := range v.volumes {
		p.Created = append(p.Created, "volume "+vol.Name)
	}
	for _, s := range v.create {
		if _, anew := v.replace[s.Name]; anew {
			p.Replaced, p.Recreated = append(p.Replaced, "container "+s.Name), p.Recreated+1
		} else {
			p.Created = append(p.Created, "container "+s.Name)
		}
	}
	for _, c := range v.stop {
		p.Stopped = append(p.Stopped, c.Name)
	}
	for _, i := range v.images {
		plan := model.ImagePlan{Image: i.ref.Name, Present: i.found.Use != ""}
		if !plan.Present {
			if plan.Pull = i.ref.Digest; plan.Pull == "" {
				plan.Pull = i.ref.Name
			}
		}
		p.Images = append(p.Images, plan)
	}
	return p
}

// databasesIn counts the databases that dumps hold: what belongs to a whole server, such as its roles, is none of its own.
func databasesIn(dumps []model.Dump) int {
	named, servers := 0, map[string]bool{}
	for _, d := range dumps {
		if d.Database != "" {
			named++
		}
		servers[d.Service] = servers[d.Service] || d.Database != ""
	}
	for _, has := range servers {
		if !has {
			named++
		}
	}
	return named
}

// databaseNames are the databases of a server as they are chosen: service/name, or the service where they have no names.
func databaseNames(s serverPart) []string {
	var out []string
	for _, d := range s.dumps {
		name := s.service
		if d.Database != "" {
			name += "/" + d.Database
		}
		if d.Database != "" || !slices.ContainsFunc(s.dumps, func(o model.Dump) bool { return o.Database != "" }) {
			out = append(out, name)
		}
	}
	return out
}
