package views

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/views/ui"
)

// sample is a homelab with something of everything: what the pages are rendered with in tests.
type sample struct {
	chrome       Chrome
	device       model.Device
	destinations []model.Destination
	policies     []model.Policy
	apps         []model.AppOverview
	jobs         []JobItem
	snapshots    []SnapshotItem
	progress     map[uuid.UUID]model.Progress
	empty        bool     // shows each page with its frame alone
	spoil        *spoiler // writes into all that somebody else can choose; nil leaves the sample as it is
}

func id(n int) uuid.UUID { return uuid.NewSHA1(uuid.NameSpaceOID, []byte(fmt.Sprint(n))) }

func newSample(t *testing.T) sample {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 9, 41, 12, 0, zone)
	s := sample{
		chrome: Chrome{Clock: ui.Clock{Now: now, Zone: zone}, User: "admin", Live: "/live/home", Running: 2, Version: "0.1.0"},
		device: model.Device{ID: id(1), Name: "atlas", Kind: model.DeviceLocal, OS: "linux", Arch: "amd64", ResticVersion: "0.19.1"},
	}
	s.fillDestinations(now)
	s.policies = []model.Policy{
		{ID: id(20), Name: "Default", Description: "Applied to every new app.", IsDefault: true, Enabled: true, Schedule: "0 2 * * *", Retention: model.Retention{KeepDaily: 7, KeepWeekly: 4, KeepMonthly: 6}, DestinationIDs: []uuid.UUID{id(10), id(11)}},
		{ID: id(21), Name: "Hourly databases", Enabled: true, Schedule: "15 * * * *", TimeZone: "Europe/Berlin", JitterMinutes: 20, Retention: model.Retention{KeepHourly: 48, KeepDaily: 14}, DestinationIDs: []uuid.UUID{id(10)}},
		{ID: id(22), Name: "Archive", Description: "Rarely changing media, once a week.", Schedule: "0 4 * * 0", Retention: model.Retention{KeepMonthly: 24, KeepYearly: 5}, DestinationIDs: []uuid.UUID{id(11)}},
	}
	s.fillApps(now)
	s.fillJobs(now)
	s.fillSnapshots(now)
	return s
}

func ago(now time.Time, d time.Duration) *time.Time { t := now.Add(-d).UTC(); return &t }

func (s *sample) fillDestinations(now time.Time) {
	s.destinations = []model.Destination{
		{ID: id(10), Name: "Backup disk", Type: model.DestinationLocal, Enabled: true, LocalDeviceID: id(1), LocalPath: "/mnt/backup/keepstead", TotalSnapshots: 412, TotalSize: 739 << 30, RestorableSize: 21 << 40, AddedSize: 1150 << 30, AddedPackedSize: 730 << 30, FreeSize: new(int64(1) << 40), FreeAt: ago(now, 26*time.Minute), TamperResult: model.TamperHeld, LastRestoreAt: ago(now, 11*24*time.Hour), LastBackupAt: ago(now, 26*time.Minute), LastCheckAt: ago(now, 3*24*time.Hour), LastPruneAt: ago(now, 5*time.Hour), RepoID: "5f1c0d9e77aa", Stamps: model.Stamps{CreatedAt: now.AddDate(0, -8, 0)}},
		{ID: id(11), Name: "Backblaze B2", Type: model.DestinationS3, Enabled: true, S3Endpoint: "s3.us-west-002.backblazeb2.com", S3Bucket: "homelab-atlas", S3Region: "us-west-002", S3Prefix: "keepstead", TotalSnapshots: 388, TotalSize: 702 << 30, RestorableSize: 20 << 40, AddedSize: 1150 << 30, AddedPackedSize: 730 << 30, PricePerTBMonth: 6, PriceCurrency: "USD", LastBackupAt: ago(now, 7*time.Hour), LastError: "The server does not know this access key.", RepoID: "a81bce02f3d4", Window: model.Window{Days: model.WeekdaysOf(time.Saturday, time.Sunday), Opens: 22 * 60, Closes: 4 * 60, TimeZone: "Europe/Berlin"}, Stamps: model.Stamps{CreatedAt: now.AddDate(0, -7, 0)}},
		{ID: id(12), Name: "Garage at Mum’s", Type: model.DestinationS3, S3Endpoint: "http://192.168.178.40:3900", S3Bucket: "atlas", TotalSnapshots: 31, TotalSize: 88 << 30, LastBackupAt: ago(now, 40*24*time.Hour), RepoID: "0c", Stamps: model.Stamps{CreatedAt: now.AddDate(0, -2, 0)}},
	}
}

func (s *sample) fillApps(now time.Time) {
	next := time.Date(2026, 11, 24, 2, 0, 0, 0, s.chrome.Zone)
	add := func(n int, name string, policy int, status model.Protection, size int64, state model.JobState, message string, kind model.AppKind) {
		app := model.App{ID: id(n), DeviceID: id(1), Name: name, Kind: kind, Origin: model.OriginManual, Paths: []string{"/srv/" + name, "/etc/" + name}}
		c := model.ConfigurationOverview{
			Configuration: model.Configuration{ID: id(n + 100), AppID: id(n), PolicyID: s.policies[policy].ID, Enabled: status != model.Paused},
			Policy:        s.policies[policy], Status: status, NextRun: next,
		}
		if status == model.Frozen {
			c.Configuration.FrozenAt = ago(now, 7*time.Hour)
			c.Configuration.FrozenReason = "The source shrank from 41 GiB to 2.1 GiB since the last good snapshot."
		}
		for i, d := range s.policies[policy].DestinationIDs {
			v := model.Coverage{ConfigurationID: id(n + 100), DestinationID: d, LastGoodID: id(n + 300 + i), LastGoodAt: ago(now, time.Duration(7+n%3)*time.Hour), LastGoodSize: size, LastJobID: id(200 + n), LastState: model.JobSuccess, LastAt: ago(now, 7*time.Hour)}
			if i == 0 && state != "" {
				v.LastState, v.LastMessage = state, message
			}
			if status == model.Waiting {
				v.LastGoodAt = nil
			}
			if status == model.Running && i == 0 {
				v.RunningJobID = id(201)
			}
			c.Coverage = append(c.Coverage, v)
		}
		s.apps = append(s.apps, model.AppOverview{App: app, Device: s.device, Configurations: []model.ConfigurationOverview{c}, Status: status})
	}
	add(30, "immich", 0, model.Running, 412<<30, "", "", model.AppFolders)
	add(31, "nextcloud", 0, model.FailedSafe, 96<<30, model.JobFailed, "The server does not know this access key.", model.AppFolders)
	add(32, "paperless", 0, model.PartialSafe, 14<<30, model.JobPartial, "Saved, but 3 files could not be read.", model.AppFolders)
	add(33, "home-assistant", 1, model.Protected, 3<<30+700<<20, "", "", model.AppCompose)
	add(34, "vaultwarden", 1, model.Protected, 48<<20, "", "", model.AppCompose)
	add(35, "photos-archive", 0, model.Frozen, 2<<30, "", "", model.AppFolders)
	add(36, "jellyfin", 0, model.Paused, 9<<30, "", "", model.AppContainer)
	add(37, "gitea", 0, model.Waiting, 0, "", "", model.AppFolders)
	add(38, "Keepstead database", 0, model.Protected, 12<<20, "", "", model.AppSystem)
	s.apps[8].App.SystemType, s.apps[8].App.Origin, s.apps[8].App.Paths = model.SystemDatabase, model.OriginSystem, nil
}

func (s *sample) fillJobs(now time.Time) {
	progress := model.Progress{JobID: id(201), Phase: "saving", Percent: 0.4312, FilesDone: 21440, TotalFiles: 52318, BytesDone: 177 << 30, TotalBytes: 412 << 30, Rate: 84 << 20, Remaining: 48*time.Minute + 12*time.Second, Errors: 2, CurrentFiles: []string{"/srv/immich/library/2026/11/IMG_20261118_174402.heic"}}
	s.progress = map[uuid.UUID]model.Progress{id(201): progress}
	s.jobs = []JobItem{
		{Job: model.Job{ID: id(201), Kind: model.JobBackup, State: model.JobRunning, Trigger: model.TriggerManual, AppID: id(30), DestinationID: id(10), CreatedAt: *ago(now, 38*time.Minute), StartedAt: ago(now, 37*time.Minute)}, AppName: "immich", DestinationName: "Backup disk", Progress: &progress},
		{Job: model.Job{ID: id(202), Kind: model.JobBackup, State: model.JobQueued, Trigger: model.TriggerManual, AppID: id(30), DestinationID: id(11), CreatedAt: *ago(now, 38*time.Minute)}, AppName: "immich", DestinationName: "Backblaze B2"},
		{Job: model.Job{ID: id(203), Kind: model.JobBackup, State: model.JobFailed, Trigger: model.TriggerSchedule, AppID: id(31), DestinationID: id(11), CreatedAt: *ago(now, 7*time.Hour), StartedAt: ago(now, 7*time.Hour), FinishedAt: ago(now, 7*time.Hour-4*time.Second), Cause: model.CauseUnreachable, Message: "The server does not know this access key.", Mend: "Copy the access key id again, and check that it belongs to this endpoint."}, AppName: "nextcloud", DestinationName: "Backblaze B2"},
		{Job: model.Job{ID: id(204), Kind: model.JobBackup, State: model.JobPartial, Trigger: model.TriggerSchedule, AppID: id(32), DestinationID: id(10), CreatedAt: *ago(now, 7*time.Hour), StartedAt: ago(now, 7*time.Hour), FinishedAt: ago(now, 7*time.Hour-130*time.Second), Message: "Saved, but 3 files could not be read.", Result: &model.Result{Files: 18212, Bytes: 14 << 30, FilesNew: 31, FilesChange: 4, DataAdded: 122 << 20, Errors: 3}}, AppName: "paperless", DestinationName: "Backup disk"},
		{Job: model.Job{ID: id(205), Kind: model.JobRestore, State: model.JobSuccess, Trigger: model.TriggerManual, AppID: id(34), DestinationID: id(10), CreatedAt: *ago(now, 20*time.Hour), StartedAt: ago(now, 20*time.Hour), FinishedAt: ago(now, 20*time.Hour-9*time.Second), Result: &model.Result{Files: 214, Bytes: 48 << 20, Verified: true, RestoredTo: "/tmp/restore/vaultwarden"}}, AppName: "vaultwarden", DestinationName: "Backup disk"},
		{Job: model.Job{ID: id(206), Kind: model.JobPrune, State: model.JobSuccess, Trigger: model.TriggerFollowUp, DestinationID: id(10), CreatedAt: *ago(now, 5*time.Hour), StartedAt: ago(now, 5*time.Hour), FinishedAt: ago(now, 5*time.Hour-11*time.Minute), Result: &model.Result{Freed: 3 << 30}}, DestinationName: "Backup disk"},
		{Job: model.Job{ID: id(207), Kind: model.JobForget, State: model.JobSuccess, Trigger: model.TriggerFollowUp, AppID: id(33), DestinationID: id(10), CreatedAt: *ago(now, 26*time.Minute), StartedAt: ago(now, 26*time.Minute), FinishedAt: ago(now, 26*time.Minute-2*time.Second), Result: &model.Result{Kept: 61, Removed: 1}}, AppName: "home-assistant", DestinationName: "Backup disk"},
		{Job: model.Job{ID: id(208), Kind: model.JobCheck, State: model.JobInterrupted, Trigger: model.TriggerManual, DestinationID: id(11), CreatedAt: *ago(now, 50*time.Hour), StartedAt: ago(now, 50*time.Hour), FinishedAt: ago(now, 49*time.Hour), Message: "Keepstead stopped while this ran."}, DestinationName: "Backblaze B2"},
	}
}

func (s *sample) fillSnapshots(now time.Time) {
	statuses := []model.SnapshotStatus{model.SnapshotInProgress, model.SnapshotSuccess, model.SnapshotPartial, model.SnapshotSuccess, model.SnapshotFailed, model.SnapshotSuccess, model.SnapshotSuccess, model.SnapshotSuccess}
	for i, status := range statuses {
		a := s.apps[i%5].App
		snapshot := model.Snapshot{ID: id(400 + i), AppID: a.ID, ConfigurationID: id(130 + i%5), DestinationID: id(10 + i%2), Status: status, Hostname: "atlas", Paths: a.Paths, StartedAt: *ago(now, time.Duration(i*9+1)*time.Hour), DataAdded: int64(i+1) * 91 << 20, DataAddedPacked: int64(i+1) * 60 << 20, TotalSize: int64(9-i) * 7 << 30, TotalFiles: 52318, FilesNew: 214, FilesChanged: 12, Duration: 130}
		if status == model.SnapshotSuccess || status == model.SnapshotPartial {
			snapshot.ResticSnapshotID = fmt.Sprintf("%08x5a1b0c9d8e7f", 0x1f3a77c0+i*7919)
		}
		if status == model.SnapshotPartial {
			snapshot.ErrorMessage, snapshot.FailedCount = "Saved, but 3 files could not be read.", 3
			snapshot.FailedFiles = []model.FailedFile{{Path: "/srv/paperless/media/originals/0000412.pdf", Reason: "permission denied"}, {Path: "/srv/paperless/media/originals/0000413.pdf", Reason: "permission denied"}, {Path: "/srv/paperless/index/lock"}}
		}
		s.snapshots = append(s.snapshots, SnapshotItem{Snapshot: snapshot, AppName: a.Name, DestinationName: s.destinations[i%2].Name, PolicyName: "Default"})
	}
}

func (s *sample) days() []Day {
	var days []Day
	for i := range 84 {
		d := Day{Date: s.chrome.Now.AddDate(0, 0, -i), Good: 14}
		if i%17 == 3 {
			d.Partial = 1
		}
		if i == 0 || i == 41 || i == 42 {
			d.Failed = 2
		}
		days = append(days, d)
	}
	return days
}

// samples are a hundred days of the disk, seven weeks of the bucket, and one day of the garage.
func (s *sample) samples() (out []model.StorageSample) {
	for i, d := range s.destinations {
		for n := []int{100, 50, 0}[i]; n >= 0; n-- {
			stored := d.TotalSize - int64(n)*(3<<30) + int64(n%7)*(5<<30)
			out = append(out, model.StorageSample{DestinationID: d.ID, Day: model.StorageDay(s.chrome.Now.AddDate(0, 0, -n)), Stored: stored})
		}
	}
	return out
}

func (s *sample) plainApps() []model.App {
	var out []model.App
	for _, a := range s.apps {
		out = append(out, a.App)
	}
	return out
}

// upkeep is that of the second destination: one is late, one long overdue, and both wait for the window.
func (s *sample) upkeep() []model.Upkeep {
	d, now := s.destinations[1], s.chrome.Now
	return []model.Upkeep{d.UpkeepAt(model.JobPrune, now.Add(-20*time.Hour), now), d.UpkeepAt(model.JobCheck, now.AddDate(0, 0, -12), now)}
}

// kitted are the destinations with repositories, one of them in a kit.
func (s sample) kitted() []model.Destination {
	out := slices.Clone(s.destinations)
	at := s.chrome.Now.Add(-48 * time.Hour)
	for i := range out {
		out[i].RepoInitialized = true
	}
	out[0].KitAt = &at
	return out
}

// own is for a page whose texts are all ours.
func (s sample) own() sample {
	s.spoil = nil
	return s
}

// referenceSample is an API with one operation and one object; their texts are the document's.
func referenceSample(chrome Chrome) ReferenceProps {
	field := model.ReferenceField{Name: "state", Type: "queued | running", About: "How far `it` is.", Schema: "Job", Required: true}
	return ReferenceProps{Chrome: chrome, Origin: "http://keepstead.home:8080", Reference: model.Reference{
		About: "Every request carries a token: `Bearer ks_…`.",
		Sections: []model.ReferenceSection{{Name: "jobs", About: "The work itself.", Operations: []model.ReferenceOperation{{
			ID: "getJob", Method: "GET", Path: "/api/v1/jobs/{id}", Summary: "Read a job", About: "With its steps.",
			Parameters: []model.ReferenceField{field}, Body: "Job", BodyOptional: true,
			Answers: []model.ReferenceAnswer{{Status: "200", About: "The job.", Schema: "Job"}, {Status: "204", About: "Nothing."}},
		}}}},
		Schemas: []model.ReferenceSchema{{Name: "Job", About: "One piece of work.", Fields: []model.ReferenceField{field}}},
	}}
}
