package jobs

import (
	"context"
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

// stock reads everything, or gives what was read at this version of the store: with hundreds of apps that are thousands
// of rows, and many pages ask for them between two writes.
func (m *Manager) stock(ctx context.Context) (*stock, error) {
	m.reading.Lock()
	defer m.reading.Unlock()
	version := m.Store.Version()
	if h := m.lastRead; h != nil && h.version == version && m.now().Sub(h.readAt).Abs() < stockAge {
		return h, nil
	}
	apps, err := m.Store.Apps(ctx)
	if err != nil {
		return nil, err
	}
	h, err := m.stockOf(ctx, apps, store.ConfigurationFilter{})
	if err != nil {
		return nil, err
	}
	if h.found, err = m.Store.FoundCounts(ctx); err != nil {
		return nil, err
	}
	h.version, h.readAt = version, m.now()
	m.lastRead = h
	return h, nil
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

// outcomes are the days that were counted last.
type outcomes struct {
	version uint64 // of the store
	of      string // the first and the last day, with the zone
	days    []model.DayOutcome
}

// DailyOutcomes is the store's, counted once between two writes. It is not to be changed.
func (m *Manager) DailyOutcomes(ctx context.Context, since time.Time, zone *time.Location) ([]model.DayOutcome, error) {
	m.reading.Lock()
	defer m.reading.Unlock()
	version, of := m.Store.Version(), since.In(zone).Format(time.DateOnly)+m.now().In(zone).Format(time.DateOnly)+zone.String()
	if last := m.lastCounted; last.of == of && last.version == version {
		return last.days, nil
	}
	days, err := m.Store.DailyOutcomes(ctx, since, zone)
	if err == nil {
		m.lastCounted = outcomes{version, of, days}
	}
	return days, err
}
