package jobs

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/store"
)

// stock is what overviews are made of. Nobody changes it once it is read.
type stock struct {
	version        uint64 // of the store
	readAt         time.Time
	apps           []model.App
	configurations []model.Configuration
	devices        map[uuid.UUID]model.Device
	policies       map[uuid.UUID]model.Policy
	enabled        map[uuid.UUID]bool // destinations
	covered        map[pair]coverage
	found          map[uuid.UUID]model.FoundCounts
}

// stockAge is how long a reading is used at most, for the case that another process wrote.
const stockAge = 30 * time.Second

// kept is what a stock was last made of, each part for as long as its tables stay as they are: a new name of a policy
// does not read anew what a hundred thousand snapshots cover.
type kept struct {
	whole          *stock
	apps           reading[[]model.App]
	found          reading[map[uuid.UUID]model.FoundCounts]
	configurations reading[[]model.Configuration]
	covered        reading[map[pair]coverage]
	wanted         map[uuid.UUID][]uuid.UUID // destinations by policy, when covered was read
	days           reading[[]model.DayOutcome]
	counted        string // the first and the last of the days, with the zone
}

// reading is what was read from some tables.
type reading[T any] struct {
	version uint64 // of the tables, plus one: zero is nothing read
	at      time.Time
	value   T
}

// of gives what was read at this version, or reads it.
func (r *reading[T]) of(version uint64, now time.Time, read func() (T, error)) (T, error) {
	if r.version == version+1 && now.Sub(r.at).Abs() < stockAge {
		return r.value, nil
	}
	value, err := read()
	if err == nil {
		*r = reading[T]{version + 1, now, value}
	}
	return value, err
}

// stock reads everything, or gives what was read at this version of the store: with hundreds of apps that are thousands
// of rows, and many pages ask for them between two writes.
func (m *Manager) stock(ctx context.Context) (*stock, error) {
	m.reading.Lock()
	defer m.reading.Unlock()
	version := m.Store.Version()
	if h := m.kept.whole; h != nil && h.version == version && m.now().Sub(h.readAt).Abs() < stockAge {
		return h, nil
	}
	h := &stock{version: version, readAt: m.now()}
	if err := m.restock(ctx, h); err != nil {
		return nil, err
	}
	m.kept.whole = h
	return h, nil
}

// restock fills a stock with what is kept and still holds, and reads the rest. The caller holds the lock.
func (m *Manager) restock(ctx context.Context, h *stock) (err error) {
	k, of, now := &m.kept, m.Store.VersionOf, h.readAt
	if h.apps, err = k.apps.of(of("apps"), now, func() ([]model.App, error) { return m.Store.Apps(ctx) }); err != nil {
		return err
	}
	if h.found, err = k.found.of(of("apps"), now, func() (map[uuid.UUID]model.FoundCounts, error) { return m.Store.FoundCounts(ctx) }); err != nil {
		return err
	}
	h.configurations, err = k.configurations.of(of("configurations"), now, func() ([]model.Configuration, error) {
		return m.Store.Configurations(ctx, store.ConfigurationFilter{})
	})
	if err != nil {
		return err
	}
	if h.devices, h.policies, h.enabled, err = m.surroundings(ctx); err != nil {
		return err
	}
	if wanted := destinationsOf(h.policies); !maps.EqualFunc(wanted, k.wanted, slices.Equal) {
		k.wanted, k.covered = wanted, reading[map[pair]coverage]{}
	}
	h.covered, err = k.covered.of(of("configurations", "jobs", "snapshots"), now, func() (map[pair]coverage, error) { return m.coverages(ctx) })
	return err
}

func destinationsOf(policies map[uuid.UUID]model.Policy) map[uuid.UUID][]uuid.UUID {
	out := make(map[uuid.UUID][]uuid.UUID, len(policies))
	for id, p := range policies {
		out[id] = p.DestinationIDs
	}
	return out
}

// stockOf reads what surrounds some apps and the configurations of the filter.
func (m *Manager) stockOf(ctx context.Context, apps []model.App, f store.ConfigurationFilter) (*stock, error) {
	h := &stock{apps: apps}
	var err error
	if h.configurations, err = m.Store.Configurations(ctx, f); err != nil {
		return nil, err
	}
	if h.devices, h.policies, h.enabled, err = m.surroundings(ctx); err != nil {
		return nil, err
	}
	var only []uuid.UUID
	if f != (store.ConfigurationFilter{}) {
		for _, c := range h.configurations {
			only = append(only, c.ID)
		}
		if len(only) == 0 {
			return h, nil
		}
	}
	h.covered, err = m.coverages(ctx, only...)
	return h, err
}

// Apps lists the apps that are not forgotten, by name, without what discovery found of them. They are not to be changed.
func (m *Manager) Apps(ctx context.Context) ([]model.App, error) {
	h, err := m.stock(ctx)
	if err != nil {
		return nil, err
	}
	return h.apps, nil
}

// FoundCounts sums up what discovery found, by app. It is not to be changed.
func (m *Manager) FoundCounts(ctx context.Context) (map[uuid.UUID]model.FoundCounts, error) {
	h, err := m.stock(ctx)
	if err != nil {
		return nil, err
	}
	return h.found, nil
}

// DailyOutcomes is the store's, counted once between two writes to jobs. It is not to be changed.
func (m *Manager) DailyOutcomes(ctx context.Context, since time.Time, zone *time.Location) ([]model.DayOutcome, error) {
	m.reading.Lock()
	defer m.reading.Unlock()
	k, now := &m.kept, m.now()
	if of := since.In(zone).Format(time.DateOnly) + now.In(zone).Format(time.DateOnly) + zone.String(); k.counted != of {
		k.counted, k.days = of, reading[[]model.DayOutcome]{}
	}
	return k.days.of(m.Store.VersionOf("jobs"), now, func() ([]model.DayOutcome, error) { return m.Store.DailyOutcomes(ctx, since, zone) })
}
