package handlers

import (
	"errors"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/views"
)

// liveView reads again what changed on one page and returns the elements that may look different now.
type liveView func(*feed, changes) ([]fragment, error)

// liveViews are the pages with a stream, by their name in the URL.
func liveViews() map[string]liveView {
	return map[string]liveView{
		"shell": func(*feed, changes) ([]fragment, error) { return nil, nil },
		"home":  liveHome, "apps": liveApps, "app": liveApp,
		"destinations": liveDestinations, "destination": liveDestination, "policies": livePolicies,
		"notifications": liveNotifications,
		"devices":       liveDevices, "device": liveDevice,
		"snapshots": liveSnapshots, "snapshot": liveSnapshot, "activity": liveActivity, "job": liveJob,
	}
}

func navRunning(open int) fragment {
	return fragment{id: views.NavRunningID, component: views.NavRunning(open)}
}

func liveHome(s *feed, seen changes) ([]fragment, error) {
	out, err := s.jobProgress(seen, func(model.Event) bool { return true })
	if err != nil || !seen.any(anything) {
		return out, err
	}
	p, err := s.homeProps(s.ctx, s.frame())
	if err != nil {
		return out, err
	}
	return append(out,
		fragment{id: views.HomeVerdictID, component: views.HomeVerdict(p)},
		fragment{id: views.HomeNeedsID, component: views.HomeNeeds(p)},
		fragment{id: views.HomeRunningID, component: views.HomeRunning(p)},
		fragment{id: views.HomeNextID, component: views.HomeNext(p)},
		fragment{id: views.HomeDestinationID, component: views.HomeDestinations(p)},
		fragment{id: views.HomeCalendarID, component: views.HomeCalendar(p)},
		fragment{id: views.HomeRecentID, component: views.HomeRecent(p)},
		fragment{id: views.HomeRuleID, component: views.HomeRule(p)},
		fragment{id: views.HomeProofID, component: views.HomeProof(p)},
		fragment{id: views.HomeStorageID, component: views.HomeStorage(p)},
	), nil
}

// liveApps sends the rows of the apps whose jobs changed, or the whole list when more than that did.
func liveApps(s *feed, seen changes) ([]fragment, error) {
	out := s.jobBars(seen, anything)
	filter := s.query.apps
	filter.Page = 0
	filtered := filter != (appsQuery{})
	rest := of(model.EventApp, model.EventConfiguration, model.EventPolicy, model.EventDestination, model.EventDevice)
	changed := map[uuid.UUID]bool{}
	for e := range seen.events {
		if e.AppID != uuid.Nil {
			changed[e.AppID] = true
		}
	}
	if seen.any(rest) || filtered && seen.any(anything) || len(changed) > fewApps {
		return s.appsList(out)
	}
	if len(changed) == 0 {
		return out, nil
	}
	destinations, err := s.Store.Destinations(s.ctx)
	if err != nil {
		return out, err
	}
	for id := range changed {
		app, err := s.Jobs.AppOverview(s.ctx, id)
		if errors.Is(err, model.ErrNotFound) {
			return s.appsList(out)
		}
		if err != nil {
			return out, err
		}
		row := views.AppRowProps{
			Clock: s.frame().Clock, App: app, Found: app.App.Found.Counts(), Destinations: destinations, Progress: s.progressOf([]model.AppOverview{app}),
		}
		out = append(out, fragment{id: views.AppRowID(id), component: views.AppRow(row)})
	}
	return out, nil
}

// fewApps is up to how many changed apps are read one by one; the list of all is one reading.
const fewApps = 5

func (s *feed) appsList(out []fragment) ([]fragment, error) {
	p, err := s.appsProps(s.ctx, s.frame(), s.query.apps)
	return append(out,
		fragment{id: views.AppsFoundID, component: views.AppsFound(p)},
		fragment{id: views.AppsListID, component: views.AppsList(p)},
	), err
}

func liveApp(s *feed, seen changes) ([]fragment, error) {
	mine := func(e model.Event) bool { return e.AppID == s.id }
	out, err := s.jobProgress(seen, mine)
	other := of(model.EventApp, model.EventDevice, model.EventConfiguration, model.EventPolicy, model.EventDestination, model.EventSnapshot)
	if err != nil || !seen.any(func(e model.Event) bool { return mine(e) || other(e) }) {
		return out, err
	}
	p, err := s.appProps(s.ctx, s.frame(), s.id)
	if err != nil {
		return out, err
	}
	return append(out,
		fragment{id: views.AppStateID, component: views.AppState(p)},
		fragment{id: views.AppServicesID, component: views.AppServices(p)},
		fragment{id: views.AppMountsID, component: views.AppMounts(p)},
		fragment{id: views.AppFilesID, component: views.AppFiles(p)},
		fragment{id: views.AppSnapshotsID, component: views.AppSnapshots(p)},
		fragment{id: views.AppJobsID, component: views.AppJobs(p)},
	), nil
}

func liveDestinations(s *feed, seen changes) ([]fragment, error) {
	if !seen.any(anything) {
		return nil, nil
	}
	p, err := s.destinationsProps(s.ctx, s.frame())
	return []fragment{{id: views.DestinationsID, component: views.DestinationsList(p)}}, err
}

func liveDestination(s *feed, seen changes) ([]fragment, error) {
	mine := func(e model.Event) bool { return e.DestinationID == s.id || e.ID == s.id }
	out := s.jobBars(seen, mine)
	if !seen.any(func(e model.Event) bool { return mine(e) || e.Kind == model.EventPolicy }) {
		return out, nil
	}
	p, err := s.destinationProps(s.ctx, s.frame(), s.id)
	if err != nil {
		return out, err
	}
	return append(out,
		fragment{id: views.DestinationHeadID, component: views.DestinationHead(p)},
		fragment{id: views.DestinationTamperID, component: views.DestinationTamper(p)},
		fragment{id: views.DestinationKeysID, component: views.DestinationKeys(p)},
		fragment{id: views.DestinationWindowID, component: views.DestinationWindow(p)},
		fragment{id: views.DestinationStorageID, component: views.DestinationStorage(p)},
		fragment{id: views.DestinationJobsID, component: views.DestinationJobs(p)},
	), nil
}

func livePolicies(s *feed, seen changes) ([]fragment, error) {
	if !seen.any(of(model.EventPolicy, model.EventDestination, model.EventConfiguration, model.EventApp)) {
		return nil, nil
	}
	p, err := s.policiesProps(s.ctx, s.frame())
	return []fragment{{id: views.PoliciesListID, component: views.PoliciesList(p)}}, err
}

func liveSnapshots(s *feed, seen changes) ([]fragment, error) {
	out := s.jobBars(seen, func(e model.Event) bool { return e.JobKind == model.JobBackup })
	if s.query.snapshots.Cursor != "" || !seen.any(of(model.EventSnapshot, model.EventJob)) {
		return out, nil
	}
	p, err := s.snapshotsProps(s.ctx, s.frame(), s.query.snapshots)
	if err != nil {
		return out, err
	}
	return append(out, fragment{id: views.SnapshotsListID, component: views.SnapshotsList(p)}), nil
}

func liveSnapshot(s *feed, seen changes) ([]fragment, error) {
	job, err := s.jobOf(s.ctx, s.id)
	if err != nil {
		return nil, err
	}
	mine := func(e model.Event) bool { return e.ID == s.id || e.ID == job && job != uuid.Nil }
	out, err := s.jobProgress(seen, mine)
	if err != nil || !seen.any(mine) {
		return out, err
	}
	p, err := s.snapshotProps(s.ctx, s.frame(), s.id)
	if err != nil {
		return out, err
	}
	return append(out, fragment{id: views.SnapshotHeadID, component: views.SnapshotHead(p)}), nil
}

// liveActivity sends the row of a job that stands in the list, and the whole list when another one came.
func liveActivity(s *feed, seen changes) ([]fragment, error) {
	out := s.jobBars(seen, anything)
	whole := seen.all
	var changed []uuid.UUID
	for e := range seen.events {
		if e.Kind == model.EventJob {
			changed = append(changed, e.ID)
			whole = whole || !s.shown[e.ID] || s.query.activity.State != ""
		}
	}
	if !whole {
		rows, err := s.changedJobs(changed)
		for _, item := range rows {
			out = append(out, fragment{id: views.JobRowID(item.ID), component: views.JobRow(s.frame().Clock, item)})
		}
		if !errors.Is(err, model.ErrNotFound) { // one was taken out of the queue
			return out, err
		}
	}
	p, err := s.activityProps(s.ctx, s.frame(), s.query.activity)
	if err != nil {
		return out, err
	}
	for _, j := range p.Jobs {
		s.shown[j.ID] = true
	}
	return append(out, fragment{id: views.ActivityListID, component: views.ActivityList(p)}), nil
}

func liveJob(s *feed, seen changes) ([]fragment, error) {
	mine := func(e model.Event) bool { return e.ID == s.id }
	var out []fragment
	if _, moved := seen.moved[s.id]; moved || seen.any(mine) {
		p, err := s.jobProps(s.ctx, s.frame(), s.id)
		if err != nil {
			return out, err
		}
		out = append(out,
			fragment{id: views.JobProgressID(s.id), component: views.JobProgress(p.Clock, p.Job)},
			fragment{id: views.JobStepsID(s.id), component: views.JobSteps(p)},
		)
		if seen.any(mine) {
			out = append(out, fragment{id: views.JobHeadID(s.id), component: views.JobHead(p)})
		}
	}
	if !seen.logs[s.id] && !seen.any(mine) {
		return out, nil
	}
	tail, err := s.logAfter(s.id, s.at)
	if err != nil || len(tail.lines) == 0 {
		return out, err
	}
	job, err := s.Store.Job(s.ctx, s.id)
	if err != nil && !errors.Is(err, model.ErrNotFound) {
		return out, err
	}
	s.at = tail.end
	log := views.LogLines(s.frame().Clock, views.LogStart(job), tail.lines)
	return append(out, fragment{id: views.JobLogID(s.id), component: log, appends: true}), nil
}

// jobProgress returns the full progress of the jobs that moved and match.
func (s *feed) jobProgress(seen changes, match func(model.Event) bool) ([]fragment, error) {
	var moved []uuid.UUID
	for id, e := range seen.moved {
		if match(e) {
			moved = append(moved, id)
		}
	}
	rows, err := s.changedJobs(moved)
	var out []fragment
	for _, item := range rows {
		out = append(out, fragment{id: views.JobProgressID(item.ID), component: views.JobProgress(s.frame().Clock, item)})
	}
	return out, err
}

// changedJobs reads the jobs of some events.
func (s *feed) changedJobs(ids []uuid.UUID) ([]views.JobItem, error) {
	var jobs []model.Job
	for _, id := range ids {
		job, err := s.Store.Job(s.ctx, id)
		if err != nil {
			return nil, err
		}
		jobs = append(jobs, job)
	}
	return s.jobItems(s.ctx, jobs)
}

// jobBars returns the one-line progress of the jobs that moved and match.
func (s *feed) jobBars(seen changes, match func(model.Event) bool) []fragment {
	var out []fragment
	for id, e := range seen.moved {
		if match(e) {
			out = append(out, fragment{id: views.JobBarID(id), component: views.JobBar(s.frame().Clock, id, s.progress(id))})
		}
	}
	return out
}
