package jobs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"keepstead/docker"
	"keepstead/model"
	"keepstead/store"
)

// When discovery looks: at the start, whenever the engine says that something changed, and every lookEvery in case it did
// not say. An engine of this machine that cannot be used is tried every retryEvery; another machine that cannot be
// reached, or has no engine, is left alone for longer each time, up to lookEvery.
const (
	lookEvery  = 5 * time.Minute
	retryEvery = 3 * time.Second
	retryAway  = 30 * time.Second
	lookLimit  = 2 * time.Minute
	// restAfter times the length of a look is the pause after it, longestRest at most, so that containers which restart
	// without end cost a bounded share of the machine.
	restAfter   = 2
	longestRest = 5 * time.Second
	// manyApps is the number of changes from which pages are told once that all may have changed.
	manyApps = 20
)

// discoverAll keeps apps made of containers in line with what the engines have, one loop for each device, until the
// Manager stops. A device that comes or goes starts or ends its loop.
func (m *Manager) discoverAll() {
	defer m.loops.Done()
	changes := m.Hub.Subscribe(m.base)
	following := map[uuid.UUID]context.CancelFunc{}
	for m.base.Err() == nil {
		if err := m.followDevices(following); err != nil && m.base.Err() == nil {
			m.logger.Error("read the devices to look at", "error", err)
		}
		changes = m.awaitDevices(changes)
	}
}

// followDevices starts a loop for each device that has none, and ends those of devices that are gone.
func (m *Manager) followDevices(following map[uuid.UUID]context.CancelFunc) error {
	all, err := m.engineDevices(m.base)
	if err != nil {
		return err
	}
	gone := maps.Clone(following)
	for _, d := range all {
		delete(gone, d.ID)
		if following[d.ID] != nil {
			continue
		}
		ctx, cancel := context.WithCancel(m.base)
		following[d.ID] = cancel
		m.loops.Add(1)
		go m.discoverLoop(ctx, d.ID, d.Kind == model.DeviceSSH)
	}
	for id, cancel := range gone {
		cancel()
		delete(following, id)
	}
	return nil
}

// engineDevices lists the devices that have an engine of their own: other names for this machine have not.
func (m *Manager) engineDevices(ctx context.Context) ([]model.Device, error) {
	all, err := m.Store.Devices(ctx)
	if err != nil {
		return nil, err
	}
	local, err := m.Store.LocalDevice(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(d model.Device) bool { return d.Kind == model.DeviceLocal && d.ID != local.ID }), nil
}

// awaitDevices waits for a change of the devices, or lookEvery in case it was not told.
func (m *Manager) awaitDevices(changes <-chan model.Event) <-chan model.Event {
	timer := time.NewTimer(lookEvery)
	defer timer.Stop()
	for {
		select {
		case <-m.base.Done():
			return changes
		case <-timer.C:
			return changes
		case e, open := <-changes:
			if !open { // dropped as a slow reader
				return m.Hub.Subscribe(m.base)
			}
			if e.Kind == model.EventDevice {
				return changes
			}
		}
	}
}

// discoverLoop keeps the apps of one device in line until ctx ends.
func (m *Manager) discoverLoop(ctx context.Context, device uuid.UUID, away bool) {
	defer m.loops.Done()
	defer m.unlink(device)
	w := watched{}
	defer func() { w.stop() }()
	l := m.linkTo(device)
	var rest time.Duration
	for ctx.Err() == nil {
		begun := time.Now()
		off := w.follow(ctx, m, device)
		if err := m.discoverDevice(ctx, device); err != nil && ctx.Err() == nil {
			m.logger.Error("discover apps", "device", device, "error", err)
		}
		if off {
			return
		}
		pause(ctx, min(restAfter*time.Since(begun), longestRest))
		every := lookEvery
		switch {
		case w.tokens != nil:
			rest = 0
		case away:
			rest = longer(rest)
			every = rest
		default:
			every = retryEvery
		}
		select {
		case <-ctx.Done():
		case _, open := <-w.tokens:
			if !open {
				w.stop()
			}
		case <-l.fresh:
			rest = 0
		case <-time.After(every):
		}
	}
}

// longer is how long another machine is left alone that was left alone for rest before, in vain.
func longer(rest time.Duration) time.Duration { return min(max(2*rest, retryAway), lookEvery) }

// pause waits, but not past the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// watched is the stream of an engine's changes.
type watched struct {
	engine *docker.Engine
	tokens <-chan struct{}
	cancel context.CancelFunc
}

// follow listens to the engine in use, before it is looked at, so that nothing falls between the two. It says whether
// engines are switched off for good.
func (w *watched) follow(ctx context.Context, m *Manager, device uuid.UUID) (off bool) {
	engine, err := m.engine(ctx, device)
	if err != nil {
		w.stop() // why is for Discover to record
		var told *docker.Error
		return errors.As(err, &told) && told.State == model.EngineOff
	}
	if engine == w.engine && w.tokens != nil {
		return false
	}
	w.stop()
	ctx, w.cancel = context.WithCancel(ctx)
	w.engine, w.tokens = engine, engine.Watch(ctx)
	return false
}

func (w *watched) stop() {
	if w.cancel != nil {
		w.cancel()
	}
	*w = watched{}
}

// Discover looks at the containers of every device and brings the apps in line with them: new ones are made and
// protected, vanished ones are marked as gone, renamed ones stay what they are. An engine that cannot be used is no
// error; the device says why, and no app is touched.
func (m *Manager) Discover(ctx context.Context) error {
	all, err := m.engineDevices(ctx)
	if err != nil {
		return err
	}
	problems := make([]error, len(all))
	var looks sync.WaitGroup
	for i, d := range all {
		looks.Go(func() { problems[i] = m.discoverDevice(ctx, d.ID) })
	}
	looks.Wait()
	return errors.Join(problems...)
}

// discoverDevice is Discover for one device.
func (m *Manager) discoverDevice(ctx context.Context, id uuid.UUID) error {
	l := m.linkTo(id)
	l.looking.Lock()
	defer l.looking.Unlock()
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	d, err := m.device(ctx, id)
	if err != nil {
		return err
	}
	info, projects, err := m.look(ctx, d.ID)
	if ctx.Err() != nil {
		return fmt.Errorf("look at the containers: %w", context.Cause(ctx))
	}
	if d.Kind == model.DeviceSSH {
		info = thereMended(info)
	}
	if err := m.keepEngine(ctx, d, info); err != nil {
		return err
	}
	if err != nil {
		if info.State != model.EngineReady {
			m.unlink(id)
		}
		var told *docker.Error
		if errors.As(err, &told) || causeOf(deviceFailure(err)) == model.CauseDevice {
			return nil
		}
		return err
	}
	m.discovery.Lock()
	defer m.discovery.Unlock()
	err = m.reconcile(ctx, d.ID, projects)
	if errors.Is(err, model.ErrConflict) { // a person took a name meanwhile
		err = m.reconcile(ctx, d.ID, projects)
	}
	return err
}

// look asks the engine for everything. With an error it returns what that says of the engine.
func (m *Manager) look(ctx context.Context, device uuid.UUID) (model.Engine, []docker.Project, error) {
	engine, err := m.engine(ctx, device)
	if err != nil {
		return m.condition(err), nil, err
	}
	info, err := engine.Info(ctx)
	if err != nil {
		return info, nil, err
	}
	files, err := m.files(ctx, device)
	if err != nil {
		return m.condition(err), nil, err
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

// condition says of an engine what kept it from being asked, also where that is the way to its device.
func (m *Manager) condition(err error) model.Engine {
	var f failure
	if errors.As(deviceFailure(err), &f) && f.cause == model.CauseDevice {
		return model.Engine{State: model.EngineDown, SeenAt: m.now(), Message: f.message, Mend: f.mend}
	}
	return docker.Condition(err, m.now())
}

// thereMended says what mends the engine of a machine that Keepstead does not run on: nothing is mounted into a container.
func thereMended(e model.Engine) model.Engine {
	switch e.State {
	case model.EngineAbsent:
		e.Mend = "If apps are to run on this machine, install Docker there."
	case model.EngineForbidden:
		e.Mend = "Switch sudo on for this device, or add its user to the group docker there."
	}
	return e
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
