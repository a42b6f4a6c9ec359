package jobs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"keepstead/docker"
	"keepstead/model"
	"keepstead/store"
)

// When discovery looks: at the start, whenever the engine says that something changed, and every lookEvery in case it did
// not say. An engine that cannot be used is tried every retryEvery.
const (
	lookEvery  = 5 * time.Minute
	retryEvery = 3 * time.Second
	lookLimit  = 2 * time.Minute
	// restAfter times the length of a look is the pause after it, longestRest at most, so that containers which restart
	// without end cost a bounded share of the machine.
	restAfter   = 2
	longestRest = 5 * time.Second
	// manyApps is the number of changes from which pages are told once that all may have changed.
	manyApps = 20
)

// discoverLoop keeps apps made of containers in line with what the engine has, until the Manager stops.
func (m *Manager) discoverLoop() {
	defer m.loops.Done()
	defer m.unlink()
	if m.DockerSocket == "" {
		if err := m.Discover(m.base); err != nil && m.base.Err() == nil {
			m.logger.Error("record that discovery is off", "error", err)
		}
		return
	}
	w := watched{}
	defer func() { w.stop() }()
	for m.base.Err() == nil {
		begun := time.Now()
		w.follow(m)
		if err := m.Discover(m.base); err != nil && m.base.Err() == nil {
			m.logger.Error("discover apps", "error", err)
		}
		m.pause(min(restAfter*time.Since(begun), longestRest))
		every := lookEvery
		if w.tokens == nil {
			every = retryEvery
		}
		select {
		case <-m.base.Done():
		case _, open := <-w.tokens:
			if !open {
				w.stop()
			}
		case <-time.After(every):
		}
	}
}

// pause waits, but not past the end of the Manager.
func (m *Manager) pause(d time.Duration) {
	select {
	case <-m.base.Done():
	case <-time.After(d):
	}
}

// watched is the stream of an engine's changes.
type watched struct {
	engine *docker.Engine
	tokens <-chan struct{}
	cancel context.CancelFunc
}

// follow listens to the engine in use, before it is looked at, so that nothing falls between the two.
func (w *watched) follow(m *Manager) {
	engine, err := m.engine(m.base, uuid.Nil)
	if err != nil {
		w.stop() // why is for Discover to record
		return
	}
	if engine == w.engine && w.tokens != nil {
		return
	}
	w.stop()
	var ctx context.Context
	ctx, w.cancel = context.WithCancel(m.base)
	w.engine, w.tokens = engine, engine.Watch(ctx)
}

func (w *watched) stop() {
	if w.cancel != nil {
		w.cancel()
	}
	*w = watched{}
}

// Discover looks at the containers of this machine and brings the apps in line with them: new ones are made and
// protected, vanished ones are marked as gone, renamed ones stay what they are. An engine that cannot be used is no
// error; the device says why, and no app is touched.
func (m *Manager) Discover(ctx context.Context) error {
	m.discovery.Lock()
	defer m.discovery.Unlock()
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	local, err := m.Store.LocalDevice(ctx)
	if err != nil {
		return err
	}
	info, projects, err := m.look(ctx, local.ID)
	if ctx.Err() != nil {
		return fmt.Errorf("look at the containers: %w", context.Cause(ctx))
	}
	if err := m.keepEngine(ctx, local, info); err != nil {
		return err
	}
	if err != nil {
		if info.State != model.EngineReady {
			m.unlink()
		}
		var told *docker.Error
		if errors.As(err, &told) {
			return nil
		}
		return err
	}
	err = m.reconcile(ctx, local.ID, projects)
	if errors.Is(err, model.ErrConflict) { // a person took a name meanwhile
		err = m.reconcile(ctx, local.ID, projects)
	}
	return err
}

// look asks the engine for everything. With an error it returns what that says of the engine.
func (m *Manager) look(ctx context.Context, device uuid.UUID) (model.Engine, []docker.Project, error) {
	engine, err := m.engine(ctx, device)
	if err != nil {
		return docker.Condition(err, m.now()), nil, err
	}
	info, err := engine.Info(ctx)
	if err != nil {
		return info, nil, err
	}
	files, err := m.Host.Files()
	if err != nil {
		return info, nil, err
	}
	away, err := m.away(ctx) // before and after: a restore may be putting a container back right now
	if err != nil {
		return info, nil, err
	}
	projects, err := engine.Projects(ctx, files)
	projects = leaveOut(projects, away)
	var told *docker.Error
	if errors.As(err, &told) {
		info = docker.Condition(err, m.now())
	}
	return info, projects, err
}

// keepEngine records what the engine said, where it is news.
func (m *Manager) keepEngine(ctx context.Context, d model.Device, info model.Engine) error {
	old := model.Engine{}
	if d.Engine != nil {
		old = *d.Engine
	}
	seen := old.SeenAt
	old.SeenAt = info.SeenAt
	if old == info && info.SeenAt.Sub(seen) < lookEvery {
		return nil
	}
	if err := m.Store.SetDeviceEngine(ctx, d.ID, &info); err != nil {
		return err
	}
	if old != info {
		m.publish(model.EventDevice, d.ID)
	}
	return nil
}

// reconcile writes what changed.
func (m *Manager) reconcile(ctx context.Context, device uuid.UUID, projects []docker.Project) error {
	v, err := m.view(ctx, device)
	if err != nil {
		return err
	}
	c := v.compare(projects)
	if err := m.keepFound(ctx, c.apps); err != nil {
		return err
	}
	for _, conf := range c.configurations {
		if _, err := m.writeConfiguration(ctx, conf, m.Store.UpdateConfiguration); err != nil {
			return fmt.Errorf("follow the label keepstead.policy: %w", err)
		}
	}
	return nil
}

// keepFound writes changes of apps and tells the pages.
func (m *Manager) keepFound(ctx context.Context, apps []store.FoundApp) error {
	if len(apps) == 0 {
		return nil
	}
	if err := m.Store.PutFoundApps(ctx, apps); err != nil {
		return err
	}
	if len(apps) > manyApps {
		m.publish(model.EventApp, uuid.Nil)
		return nil
	}
	for _, a := range apps {
		if a.App.ForgottenAt == nil {
			m.publish(model.EventApp, a.App.ID)
		}
	}
	return nil
}

// view reads what is known of a device's apps.
func (m *Manager) view(ctx context.Context, device uuid.UUID) (*view, error) {
	v := &view{device: device, names: map[string]bool{}, configurations: map[uuid.UUID][]model.Configuration{}, now: m.now()}
	all, err := m.Store.Apps(ctx)
	if err != nil {
		return nil, err
	}
	for _, a := range all {
		if a.DeviceID == device {
			v.names[strings.ToLower(a.Name)] = true
		}
	}
	if v.apps, err = m.Store.FoundApps(ctx, device); err != nil {
		return nil, err
	}
	configurations, err := m.Store.Configurations(ctx, store.ConfigurationFilter{})
	if err != nil {
		return nil, err
	}
	for _, c := range configurations {
		v.configurations[c.AppID] = append(v.configurations[c.AppID], c)
	}
	if v.away, err = m.away(ctx); err != nil {
		return nil, err
	}
	if v.policies, err = m.Store.Policies(ctx); err != nil {
		return nil, err
	}
	v.mode, err = m.DiscoveryMode(ctx)
	return v, err
}
