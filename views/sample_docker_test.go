package views

import (
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/google/uuid"

	"keepstead/model"
)

// hostile is what somebody may have written into a label, a name or a path.
const hostile = `<img src=x onerror=alert(1)>"'&` + "\u202e" + `txt.exe مرحبا `

var long = strings.Repeat("a-very-long-name", 13)[:200]

func (s *sample) found() *model.Found {
	at := s.chrome.Now.Add(-2 * time.Minute)
	return &model.Found{
		WorkingDir: "/opt/immich", ConfigFiles: []string{"/opt/immich/docker-compose.yml", "/opt/immich/hwaccel.ml.yml"}, EnvFiles: []string{"/opt/immich/.env"},
		Profiles: []string{"ml"}, Networks: []string{"immich_default"}, SeenAt: at,
		Services: []model.FoundService{
			{Name: "database", Image: "ghcr.io/immich-app/postgres:14-vectorchord0.3.0-pgvectors0.2.0", Digest: "ghcr.io/immich-app/postgres@sha256:8d292bdb796aa58bbbaa47fe971c8516f6f57d6a47e7172e62754feb6ed4e7b0", Containers: []string{"immich_postgres"}, Running: 1, State: "running", Health: "healthy", Database: model.Postgres, DatabaseWhy: "Its image is postgres.", Strategy: model.StrategyDump, Why: "PostgreSQL writes a consistent copy of itself while it runs.", Origin: "auto"},
			{Name: "immich-machine-learning", Image: "ghcr.io/immich-app/immich-machine-learning:v2.1.0", Containers: []string{"immich_ml"}, Running: 1, State: "running", Health: "starting", Strategy: model.StrategyHot, Why: "It writes to nothing that is backed up.", Origin: "auto"},
			{Name: "immich-server", Image: "ghcr.io/immich-app/immich-server:v2.1.0", Containers: []string{"immich_server"}, Running: 1, State: "running", Strategy: model.StrategyStop, Why: "You chose it.", Origin: "person", DependsOn: []string{"database", "redis"}, Ports: []string{"0.0.0.0:2283->2283/tcp"}},
			{Name: "redis", Image: "docker.io/valkey/valkey:8", Containers: []string{"immich_redis"}, State: "exited", Database: model.Valkey, DatabaseWhy: "Its image is valkey.", Strategy: model.StrategyPause, Why: "The label keepstead.strategy says so.", Origin: "label", Labels: map[string]string{"strategy": "pause", "pre": "valkey-cli save"}},
			{Name: "keepstead", Image: "keepstead:0.3.0", Containers: []string{"a", "b", "c"}, Running: 2, State: "running", Self: true, Strategy: model.StrategyHot, Origin: "auto"},
		},
		Mounts: []model.FoundMount{
			{Kind: model.MountVolume, Name: "immich_pgdata", Source: "/var/lib/docker/volumes/immich_pgdata/_data", Users: []string{"database:/var/lib/postgresql/data"}, Role: model.RoleDumped, Why: "PostgreSQL of “database” is dumped, so its raw data folder is not needed."},
			{Kind: model.MountBind, Source: "/srv/immich/library", Users: []string{"immich-server:/data"}, Role: model.RoleData, Bytes: 41 << 30},
			{Kind: model.MountVolume, Name: "immich_model-cache", Users: []string{"immich-machine-learning:/cache"}, Role: model.RoleData, Bytes: 812 << 20},
			{Kind: model.MountBind, Source: "/mnt/media/photos", Users: []string{"immich-server:/mnt/media"}, ReadOnly: true, Role: model.RoleAsk, Why: "It holds more than 200 GiB or 1,000,000 files. Choose whether to back it up."},
			{Kind: model.MountVolume, Name: "immich_nfs", Driver: "local (nfs)", Users: []string{"immich-server:/nfs"}, Role: model.RoleLost, Why: "It is a network share that Docker mounts only while a container uses it, and Keepstead does not see it now."},
			{Kind: model.MountBind, Source: "/var/run/docker.sock", Users: []string{"keepstead:/var/run/docker.sock"}, Role: model.RoleLeft, Why: "It is a socket, not data."},
			{Kind: model.MountBind, Source: "/etc/localtime", Users: []string{"immich-server:/etc/localtime"}, ReadOnly: true, Role: model.RoleLeft, Why: "The time zone comes with the system."},
			{Kind: model.MountVolume, Name: "8c1f0d2b9e7a4c55f0aa17bb3cdd2e9184b6a7c0d1e2f3a4b5c6d7e8f9a0b1c2", Anonymous: true, Users: []string{"redis:/data"}, Role: model.RoleData},
			{Kind: model.MountBind, Source: "/srv/immich/thumbs", Users: []string{"immich-server:/thumbs"}, Role: model.RoleLeft, Why: "You chose to leave it out."},
		},
	}
}

func hostileFound() *model.Found {
	return &model.Found{
		ConfigFiles: []string{"/opt/" + hostile + "/compose.yml", "/opt/" + long + "/compose.yml"}, ComposeError: hostile + " did not parse: " + long,
		Problems: []string{"keepstead.strategy: “" + hostile + "” is no strategy."},
		Services: []model.FoundService{
			{Name: hostile, Image: hostile, State: "running", Containers: []string{hostile}, Running: 1, Database: model.MySQL, DatabaseWhy: hostile, Strategy: model.StrategyDump, Why: hostile, Origin: "auto", Labels: map[string]string{"pre": hostile}},
			{Name: long, Image: long, State: "restarting", Health: "unhealthy", Containers: []string{"x"}, Strategy: model.StrategyHot, Why: long, Origin: "auto"},
		},
		Mounts: []model.FoundMount{
			{Kind: model.MountVolume, Name: long, Users: []string{hostile + ":/" + long}, Role: model.RoleAsk, Why: hostile},
			{Kind: model.MountBind, Source: "/" + hostile, Users: []string{long}, Role: model.RoleAsk, Why: long},
		},
		Networks: []string{long, hostile},
	}
}

func (s *sample) contents() *model.Contents {
	return &model.Contents{
		Version: 1, Keepstead: "0.3.0", TakenAt: s.chrome.Now, AppName: "immich", Kind: model.AppCompose, Project: "immich", DeviceName: "atlas", Engine: "27.5.1",
		WorkingDir: "/opt/immich", Files: []string{"/opt/immich/docker-compose.yml", "/opt/immich/.env"}, HasEnv: true, Quiet: 12300,
		Services: []model.ContentService{
			{Name: "database", Image: "ghcr.io/immich-app/postgres:14-vectorchord0.3.0", Digest: "sha256:8d29", Database: model.Postgres, Strategy: model.StrategyDump},
			{Name: "immich-server", Image: "ghcr.io/immich-app/immich-server:v2.1.0", Strategy: model.StrategyStop, Ports: []string{"0.0.0.0:2283->2283/tcp", "[::]:2283->2283/tcp"}},
			{Name: "redis", Image: "docker.io/valkey/valkey:8", Strategy: model.StrategyDump, Database: model.Valkey, Ports: []string{"127.0.0.1:6379->6379/tcp"}},
		},
		Volumes: []model.ContentVolume{
			{FoundMount: model.FoundMount{Kind: model.MountVolume, Name: "immich_pgdata", Role: model.RoleDumped}},
			{FoundMount: model.FoundMount{Kind: model.MountBind, Source: "/srv/immich/library", Users: []string{"immich-server:/data"}, Role: model.RoleData, Bytes: 41 << 30}, In: "/srv/immich/library"},
			{FoundMount: model.FoundMount{Kind: model.MountVolume, Name: "immich_model-cache", Users: []string{"immich-machine-learning:/cache"}, Role: model.RoleData, Bytes: 812 << 20}, In: "/var/lib/docker/volumes/immich_model-cache/_data"},
			{FoundMount: model.FoundMount{Kind: model.MountBind, Source: "/mnt/media/photos", Role: model.RoleAsk, Why: "It is a whole folder of the host's system. Choose whether it belongs to this app."}},
		},
		Dumps: []model.Dump{
			{Service: "database", Kind: model.Postgres, Version: "14.18", Bytes: 4096, Objects: 3},
			{Service: "database", Kind: model.Postgres, Version: "14.18", Database: "immich", Bytes: 2 << 30, Objects: 61},
			{Service: "database", Kind: model.Postgres, Version: "14.18", Database: "postgres", Bytes: 9000},
			{Service: "redis", Kind: model.Valkey, Version: "8.0.2", Bytes: 812 << 10, Objects: 1204},
		},
	}
}

func (s *sample) engine(state model.EngineState) model.Device {
	d := s.device
	d.Engine = &model.Engine{State: state, Version: "27.5.1", Containers: 34, SeenAt: s.chrome.Now}
	if state == model.EngineForbidden {
		d.Engine.Message, d.Engine.Mend = "Keepstead may not use the Docker socket /var/run/docker.sock.", "Run Keepstead as root, or add its user to the group docker and restart it."
	}
	return d
}

// composed are apps made of containers in every state; the first is immich with all there is to see.
func (s *sample) composed() []model.AppOverview {
	device := s.engine(model.EngineReady)
	add := func(n, like int, name string, kind model.AppKind, bend func(*model.AppOverview)) model.AppOverview {
		a := s.apps[like]
		a.Device = device
		a.App = model.App{ID: id(n), DeviceID: device.ID, Name: name, Kind: kind, Origin: model.OriginFound, Project: name}
		bend(&a)
		return a
	}
	none := func(a *model.AppOverview) { a.Configurations, a.Status = nil, model.Unprotected }
	return []model.AppOverview{
		add(50, 4, "immich", model.AppCompose, func(a *model.AppOverview) { a.App.Found = s.found() }),
		add(51, 4, "uptime-kuma", model.AppContainer, func(*model.AppOverview) {}),
		add(52, 6, "old-wiki", model.AppCompose, func(a *model.AppOverview) {
			a.App.Gone = true
			a.App.Found = &model.Found{SeenAt: s.chrome.Now.Add(-75 * time.Hour)}
		}),
		add(53, 4, "scratch", model.AppCompose, none),
		add(54, 6, "runner", model.AppContainer, func(a *model.AppOverview) { a.App.Disabled = true }),
		add(55, 4, hostile+long, model.AppCompose, func(a *model.AppOverview) { a.App.Found = hostileFound() }),
		add(56, 4, "paperless-ngx", model.AppCompose, func(a *model.AppOverview) { none(a); a.App.Pending = true; a.App.Found = s.found() }),
		add(57, 4, "whoami", model.AppContainer, func(a *model.AppOverview) { none(a); a.App.Pending = true }),
	}
}

func (s *sample) counts() map[uuid.UUID]model.FoundCounts {
	out := map[uuid.UUID]model.FoundCounts{}
	for _, a := range s.composed() {
		out[a.App.ID] = a.App.Found.Counts()
	}
	return out
}

func (s *sample) steps(failed bool) []model.Step {
	at := func(ago time.Duration) *time.Time { t := s.chrome.Now.Add(-ago); return &t }
	steps := []model.Step{
		{Title: "Check that everything needed is there", State: model.StepDone, Detail: "2 volumes and folders to bring back.", StartedAt: at(95 * time.Second), FinishedAt: at(93 * time.Second)},
		{Title: "Save the present state", State: model.StepDone, Detail: "Saved as snapshot 5f1c0d9e: 52318 files, 41 GiB, in 42 s.", StartedAt: at(93 * time.Second), FinishedAt: at(51 * time.Second)},
		{Title: "Stop what uses the data", State: model.StepDone, Detail: "Nothing that uses it runs.", StartedAt: at(51 * time.Second), FinishedAt: at(48 * time.Second)},
		{Title: "Restore /srv/immich/library", State: model.StepDone, Detail: "52318 files and folders, 41 GiB, verified, in 28 s.", StartedAt: at(48 * time.Second), FinishedAt: at(20 * time.Second)},
		{Title: "Import PostgreSQL of “database” and check it", State: model.StepRunning, StartedAt: at(20 * time.Second)},
		{Title: "Start the app and wait until it is healthy", State: model.StepWaiting},
	}
	if failed {
		steps[4].State, steps[4].FinishedAt, steps[4].Detail = model.StepFailed, at(9*time.Second), "No database server is recognised in immich_postgres."
		steps[5].State = model.StepWaiting
	}
	return steps
}

func dockerPages(s sample, at func(string) Chrome) map[string]templ.Component {
	apps := s.composed()
	app := func(n int) AppProps {
		jobs := s.jobs[3:]
		return AppProps{Chrome: at(AppPath(apps[n].App.ID)), App: apps[n], Policies: s.policies, Destinations: s.destinations, Snapshots: s.snapshots[1:5], Jobs: jobs}
	}
	chosen := app(0)
	scope := &chosen.App.Configurations[0].Configuration
	scope.BackupVolumes, scope.BackupCompose, scope.BackupEnv = true, true, true
	scope.Capture = &model.Capture{
		Strategies: map[string]model.Strategy{"immich-server": model.StrategyStop}, Binds: map[string]bool{"/srv/immich/thumbs": false},
		Hooks: map[string]model.Hooks{"immich-server": {Pre: "php occ maintenance:mode --on", Timeout: 60}},
	}
	list := AppsProps{Chrome: at(AppsPath), Apps: append(apps[:6:6], s.apps...), Pending: apps[6:], Total: 15, Devices: []model.Device{s.engine(model.EngineReady)}, Destinations: s.destinations, Found: s.counts(), Progress: s.progress}
	trouble := list
	trouble.Devices, trouble.Pending = []model.Device{s.engine(model.EngineForbidden)}, nil
	out := map[string]templ.Component{
		"docker-app": show(s, AppPage, chosen), "docker-app-lone": show(s, AppPage, app(1)), "docker-app-gone": show(s, AppPage, app(2)), "docker-app-left": show(s, AppPage, app(3)),
		"docker-app-off": show(s, AppPage, app(4)), "docker-app-hostile": show(s, AppPage, app(5)), "docker-app-pending": show(s, AppPage, app(6)),
		"docker-apps": show(s, AppsPage, list), "docker-apps-trouble": show(s, AppsPage, trouble),
		"docker-home": show(s, HomePage, HomeProps{Chrome: at(HomePath), Apps: apps, Destinations: s.destinations[:1], Devices: []model.Device{s.engine(model.EngineForbidden)}, Found: s.counts(), Recent: s.jobs[4:], Days: s.days()}),
	}
	for name, page := range dockerSnapshotPages(s, at) {
		out[name] = page
	}
	return out
}

func dockerSnapshotPages(s sample, at func(string) Chrome) map[string]templ.Component {
	app := s.composed()[0].App
	item := s.snapshots[1]
	item.AppName, item.Safety = "immich", true
	snapshot := SnapshotProps{Chrome: at(SnapshotPath(item.ID)), Snapshot: item, App: app, Files: SnapshotFilesProps{Clock: s.chrome.Clock, SnapshotID: item.ID, Later: true}, Contents: ContentsProps{SnapshotID: item.ID, Contents: s.contents()}}
	later := snapshot
	later.Contents = ContentsProps{SnapshotID: item.ID, Later: true}
	restore := func(mode string, bend func(*RestoreProps)) templ.Component {
		p := RestoreProps{Chrome: at(RestorePath(item.ID)), Snapshot: item, App: app, Device: s.device, Contents: s.contents(), Replaced: []string{"immich_pgdata", "/srv/immich/library", "database/immich"}, Form: RestoreForm{Mode: mode, Where: "folder", Target: "/tmp/restore", Project: "immich-restored", Folder: "/opt/immich-restored", Safety: "on", Start: "on"}}
		bend(&p)
		return show(s, RestorePage, p)
	}
	plan := &model.RestorePlan{Target: "/opt", FreeBytes: 84 << 30, NeedBytes: 44 << 30, App: &model.AppPlan{
		Project: "immich-restored", Created: []string{"network immich-restored_default", "volume immich-restored_pgdata", "container immich-restored-database-1"},
		Ports:   []model.PortPlan{{Service: "immich-server", From: 2283, To: 2284}, {Service: "redis", From: 6379, To: 6379, Taken: "the container immich_redis"}},
		Images:  []model.ImagePlan{{Image: "ghcr.io/immich-app/postgres:14", Present: true}, {Image: "docker.io/valkey/valkey:8", Pull: "docker.io/valkey/valkey@sha256:00"}, {Image: "local/thing:1"}},
		Missing: []string{"/mnt/media/photos is not in this snapshot: It is a whole folder of the host's system. Choose whether it belongs to this app."}, Obstacles: []string{"The image of thing is not here and has no name in any registry. Load or build it again, then restore."},
	}}
	whole := &model.RestorePlan{Target: "/srv", FreeBytes: 84 << 30, NeedBytes: 44 << 30, App: &model.AppPlan{Project: "immich", Replaced: []string{"/srv/immich/library", "immich_model-cache", "database/immich", "container immich_server"}, Recreated: 1, Stopped: []string{"immich_server", "immich_postgres"}}}
	job := func(failed bool) JobProps {
		j := s.jobs[4]
		j.AppName, j.Steps = "immich", s.steps(failed)
		j.State, j.FinishedAt, j.Result = model.JobRunning, nil, nil
		if failed {
			safety := id(402)
			j.State, j.FinishedAt, j.Cause = model.JobFailed, &s.chrome.Now, model.CauseImport
			j.Message, j.Mend = "No database server is recognised in immich_postgres. Everything was put back as it was before.", "Look at the service's image: it is another one by now."
			j.Result = &model.Result{SafetyID: &safety, Project: "immich"}
		}
		return JobProps{Chrome: at(JobPath(j.ID)), Job: j, Log: []string{"09:41:00 import immich"}}
	}
	return map[string]templ.Component{
		"docker-snapshot": show(s, SnapshotPage, snapshot), "docker-snapshot-later": show(s, SnapshotPage, later),
		"docker-restore-whole": restore("in_place", func(p *RestoreProps) { p.Damaged, p.Plan = true, whole }),
		"docker-restore-parts": restore("parts", func(p *RestoreProps) { p.Form.Volumes = []string{FileValue("immich_model-cache")} }),
		"docker-restore-new": restore("new_project", func(p *RestoreProps) {
			p.Plan, p.Errors = plan, model.Invalids{{Field: "project", Reason: "There is a volume named immich-restored_pgdata already. Choose another name for the project."}}
		}),
		"docker-restore-files": restore("files", func(*RestoreProps) {}),
		"docker-restore-place": restore("files", func(p *RestoreProps) {
			p.Form.Where, p.Form.Stop = "in_place", "on"
			p.Plan = &model.RestorePlan{Target: "/", FreeBytes: 84 << 30, Overwrites: 3, Stopped: []string{"immich_server", "immich_postgres"}}
		}),
		"docker-restore-saved": restore("", func(p *RestoreProps) {
			p.Contents, p.SavedFiles, p.Form.Where, p.Form.Safety = nil, true, "in_place", ""
		}),
		"docker-restore-blind": restore("", func(p *RestoreProps) { p.Contents = nil }),
		"docker-job":           show(s, JobPage, job(false)), "docker-job-failed": show(s, JobPage, job(true)),
	}
}
