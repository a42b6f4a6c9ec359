package docker

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/moby/moby/api/types/container"

	"keepstead/device"
	"keepstead/model"
)

// Projects returns every app made of containers: compose projects and lone containers, running and stopped, by name.
// What is on the disk is looked at through files, which are those of the engine's device.
func (e *Engine) Projects(ctx context.Context, files device.Files) ([]Project, error) {
	return e.discover(ctx, files, func(container.Summary) bool { return true })
}

// Project returns one app as it is now; model.ErrNotFound when it has no container.
func (e *Engine) Project(ctx context.Context, files device.Files, key Key) (Project, error) {
	found, err := e.discover(ctx, files, func(c container.Summary) bool { return keyOf(c.Names, c.Labels) == key })
	if err != nil {
		return Project{}, err
	}
	for _, p := range found {
		if p.Key == key {
			return p, nil
		}
	}
	return Project{}, fmt.Errorf("containers of %s: %w", key, model.ErrNotFound)
}

// discover finds the apps that the wanted containers make up.
func (e *Engine) discover(ctx context.Context, files device.Files, want func(container.Summary) bool) ([]Project, error) {
	asking, cancel := context.WithTimeout(ctx, reading)
	defer cancel()
	drafts, err := e.drafts(asking, want)
	if err != nil {
		return nil, e.explain(ctx, "find apps", err)
	}
	e.lookAt(ctx, files, drafts)
	if err := e.readCompose(ctx, files, drafts); err != nil {
		return nil, err
	}
	out := make([]Project, 0, len(drafts))
	now := time.Now().UTC()
	for _, d := range drafts {
		d.Found.SeenAt = now
		out = append(out, d.Project)
	}
	return out, ctx.Err()
}

// drafts asks the engine, and groups what it has into apps.
func (e *Engine) drafts(ctx context.Context, want func(container.Summary) bool) ([]*draft, error) {
	s, err := e.survey(ctx)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, c := range s.containers {
		names[c.ID] = nameOf(c.Names)
	}
	inspected, err := e.inspectAll(ctx, slices.DeleteFunc(s.containers, func(c container.Summary) bool { return !want(c) }))
	if err != nil {
		return nil, err
	}
	digests, err := e.digests(ctx, inspected)
	if err != nil {
		return nil, err
	}
	byKey := map[Key][]Container{}
	for _, in := range inspected {
		c, err := e.describe(in, digests[in.Container.Image], func(id string) string { return cmp.Or(names[id], id) })
		if err != nil {
			return nil, err
		}
		key := keyOf([]string{in.Container.Name}, c.Labels)
		byKey[key] = append(byKey[key], c)
	}
	var out []*draft
	for key, containers := range byKey {
		if d := e.assemble(key, containers, s); !d.passing() {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b *draft) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Container, b.Container))
	})
	return out, nil
}

// draft is a project in the making.
type draft struct {
	Project
	mounts []*mounted
	places []place         // where all containers of the engine have their folders
	told   map[string]bool // the services whose dependencies the files told
}

// mounted is a volume or host path of a project, with what is needed to judge it.
type mounted struct {
	model.ContentVolume
	targets []string
	shared  int  // how many other apps use it
	others  bool // not only Keepstead itself uses it
	look    *looking
	size    *counting
}

// passing says that a project is a command that somebody runs for a moment: it goes with its end, and leaves no data.
func (d *draft) passing() bool {
	if d.Key.Project != "" || len(d.mounts) > 0 {
		return false
	}
	return !slices.ContainsFunc(d.Containers, func(c Container) bool { return !c.Passing })
}

// lookAt judges the mounts of all projects. It looks at all of them at once and waits for all together.
func (e *Engine) lookAt(ctx context.Context, files device.Files, drafts []*draft) {
	for _, d := range drafts {
		for _, m := range d.mounts {
			if m.Path != "" && e.facts(m).byName().role == "" {
				m.look = e.looks.stat(files, e.self, m.Path)
			}
		}
	}
	stats, counts := time.NewTimer(statWait), time.NewTimer(countWait)
	defer stats.Stop()
	defer counts.Stop()
	e.each(drafts, func(m *mounted) {
		if m.look != nil && await(ctx, m.look.ended, stats) && m.look.seen.err == nil {
			m.Path = m.look.seen.path
			if e.facts(m).counts() {
				m.size = e.looks.size(files, m.Path)
			}
		}
	})
	e.each(drafts, func(m *mounted) {
		if m.size != nil {
			await(ctx, m.size.ended, counts)
		}
	})
	for _, d := range drafts {
		e.settle(d)
	}
}

func (*Engine) each(drafts []*draft, act func(*mounted)) {
	for _, d := range drafts {
		for _, m := range d.mounts {
			act(m)
		}
	}
}

// await waits for an end until the timer fires, which it then does for everybody who comes later.
func await(ctx context.Context, ended <-chan struct{}, timer *time.Timer) bool {
	select {
	case <-ended:
		return true
	default:
	}
	select {
	case <-ended:
		return true
	case <-timer.C:
		timer.Reset(0)
	case <-ctx.Done():
	}
	return false
}

// facts gathers what is known of a mount so far.
func (e *Engine) facts(m *mounted) facts {
	f := facts{
		mount: m.FoundMount, options: m.Options, targets: m.targets, shared: m.shared, root: e.root,
		boxed: e.self.id != "" || e.self.boxed,
		own:   !m.others || slices.ContainsFunc(e.own, func(own string) bool { return m.Path != "" && model.Within(m.Path, own) }),
	}
	if m.look != nil {
		select {
		case <-m.look.ended:
			f.seen = m.look.seen
		default:
		}
	}
	if m.size != nil {
		f.seen.count = e.looks.result(m.size)
	}
	return f
}

// settle gives each mount of a project its role.
func (e *Engine) settle(d *draft) {
	folder := ""
	if sets := setsOf(d.Containers); len(sets) > 0 {
		folder = sets[0].dir
	}
	for _, m := range d.mounts {
		f := e.facts(m)
		f.folder = folder
		v := f.judge()
		m.Role, m.Why = v.role, v.why
		switch {
		case f.seen.mode.IsRegular():
			m.Bytes = f.seen.bytes
		case f.seen.count.done:
			m.Bytes = f.seen.count.bytes
		}
		slices.Sort(m.Users)
		d.Volumes = append(d.Volumes, m.ContentVolume)
		d.Found.Mounts = append(d.Found.Mounts, m.FoundMount)
	}
}
