package docker

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"

	"keepstead/model"
	"keepstead/testbed"
)

// loads reads a compose file as docker compose 2 does.
func loads(t *testing.T, text []byte) *types.Project {
	t.Helper()
	p, err := loader.LoadWithContext(context.Background(), types.ConfigDetails{
		WorkingDir: "/srv", Environment: types.Mapping{}, ConfigFiles: []types.ConfigFile{{Filename: "compose.yaml", Content: text}},
	}, func(o *loader.Options) { o.SetProjectName("shop", true) })
	if err != nil {
		t.Fatalf("docker compose 2 refuses it: %v\n%s", err, text)
	}
	return p
}

// config reads it as docker-compose 1.29 does.
func config(t *testing.T, dir string) {
	t.Helper()
	program, err := exec.LookPath("docker-compose")
	if err != nil {
		testbed.Missing(t, "docker-compose is missing; apt-get install docker-compose.")
	}
	out, err := exec.CommandContext(t.Context(), program, "-f", filepath.Join(dir, ComposeName), "config", "-q").CombinedOutput()
	if err != nil {
		t.Errorf("docker-compose 1.29 refuses it: %v\n%s", err, out)
	}
}

// shopContents goes with shop.
func shopContents() model.Contents {
	return model.Contents{
		AppName: "shop", Project: "shop",
		Services: []model.ContentService{{Name: "web", DependsOn: []string{"db", "gone"}}, {Name: "db"}},
		Volumes: []model.ContentVolume{
			{FoundMount: model.FoundMount{Kind: model.MountVolume, Name: "shop_data", Driver: "local"}, Labels: map[string]string{"com.docker.compose.project": "shop", "com.docker.compose.volume": "data", "keep": "$me"}},
			{FoundMount: model.FoundMount{Kind: model.MountVolume, Name: "pictures", Driver: "nfs"}, Options: map[string]string{"share": "nas:/pictures"}},
		},
		Networks: []model.ContentNetwork{
			{Name: "shop_default", Driver: "bridge", Subnets: []string{"172.20.0.0/16,172.20.0.1"}, Labels: map[string]string{"com.docker.compose.project": "shop", "com.docker.compose.network": "default"}},
			{Name: "proxy", Driver: "bridge", External: true},
		},
	}
}

func shopDatabase() model.ContainerSpec {
	return model.ContainerSpec{
		Name: "shop_db_1", Service: "db",
		Config: []byte(`{"Image":"postgres:15","Env":["POSTGRES_PASSWORD=a$b${c}","EMPTY=","MULTI=one\ntwo: # three","YES=yes","NO_VALUE"],
			"Entrypoint":["docker-entrypoint.sh"],"Cmd":["postgres","-c","x=$HOME"],"StopTimeout":90,"StopSignal":"SIGINT","Tty":true,"User":"999:999",
			"Healthcheck":{"Test":["CMD-SHELL","pg_isready -U $$POSTGRES_USER"],"Interval":1500000000,"Retries":3},
			"Labels":{"com.docker.compose.project":"shop","com.docker.compose.service":"db","com.docker.compose.container-number":"1"}}`),
		HostConfig: []byte(`{"NetworkMode":"shop_default","ShmSize":134217728,"Memory":1073741824,"NanoCpus":1500000000,"CapAdd":["CAP_SYS_NICE"],
			"Ulimits":[{"Name":"nofile","Soft":1024,"Hard":2048}],"Sysctls":{"net.core.somaxconn":"1024"},"Devices":[{"PathOnHost":"/dev/dri","PathInContainer":"/dev/dri","CgroupPermissions":"rwm"}],
			"DeviceRequests":[{"Driver":"nvidia","Count":-1,"Capabilities":[["gpu"]]}],"Tmpfs":{"/run/pg":"size=1m","/x":""},"Init":true,
			"LogConfig":{"Type":"json-file","Config":{"max-size":"10m"}},"RestartPolicy":{"Name":"on-failure","MaximumRetryCount":5},
			"ExtraHosts":["nas:10.0.0.2"],"Dns":["1.1.1.1"],"SecurityOpt":["no-new-privileges:true"],"OomScoreAdj":-500,"PidsLimit":300,"Runtime":"runc"}`),
		Networks: []byte(`{"shop_default":{"Aliases":["db","database"]}}`),
	}
}

func TestGenerate(t *testing.T) {
	t.Parallel()
	replica := func(n, volume string) model.ContainerSpec {
		return model.ContainerSpec{
			Name: "shop_job_" + n, Service: "job", Config: []byte(`{"Image":"job:1","Labels":{"com.docker.compose.container-number":"` + n + `"}}`),
			HostConfig: []byte(`{"NetworkMode":"none","Binds":["` + volume + `:/work"]}`),
		}
	}
	lone := model.ContainerSpec{
		Name: "my app", Service: "my app", Config: []byte(`{"Image":"sha256:1234"}`),
		HostConfig: []byte(`{"NetworkMode":"default","Links":["shop_db_1:pg","other:o"],"PortBindings":{"22/tcp":[{"HostPort":"22"}],"53/udp":[{"HostIp":"::1","HostPort":"53"}],"80/tcp":[{"HostIp":"127.0.0.1","HostPort":""}]}}`),
		Networks:   []byte(`{"bridge":{}}`),
	}
	for _, c := range []struct {
		name  string
		specs []model.ContainerSpec
		env   bool
	}{
		{"project", []model.ContainerSpec{shop(), shopDatabase()}, true},
		{"project-without-env", []model.ContainerSpec{shop(), shopDatabase()}, false},
		{"replicas", []model.ContainerSpec{replica("1", "shared"), replica("2", "shared")}, true},
		{"replicas-that-differ", []model.ContainerSpec{replica("1", "one"), replica("2", "two")}, true},
		{"lone", []model.ContainerSpec{lone, shopDatabase()}, true},
		{"nothing", nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := Generate(shopContents(), c.specs, c.env)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, c.name+".yaml", got)
			if leaks := strings.Contains(string(got), "a$$b"); leaks != (c.env && len(c.specs) > 0 && slices.ContainsFunc(c.specs, func(s model.ContainerSpec) bool { return s.Service == "db" })) {
				t.Errorf("the environment is in it: %t", leaks)
			}
			if c.specs == nil {
				return // both refuse a file without services
			}
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, ComposeName), got, 0o600); err != nil {
				t.Fatal(err)
			}
			config(t, dir)
			if p := loads(t, got); c.name == "project" {
				db := p.Services["db"]
				if pass := db.Environment["POSTGRES_PASSWORD"]; pass == nil || *pass != "a$b${c}" {
					t.Errorf("the password became %v", pass)
				}
				if db.Command[2] != "x=$HOME" || db.HealthCheck.Test[1] != "pg_isready -U $$POSTGRES_USER" || *db.Environment["MULTI"] != "one\ntwo: # three" {
					t.Errorf("got %q %q", db.Command, db.HealthCheck.Test)
				}
			}
		})
	}
}

// TestGeneratedFileMakesTheSame removes a project and starts it from the file that was made of it.
func TestGeneratedFileMakesTheSame(t *testing.T) {
	t.Parallel()
	bed, e := connect(t)
	dir := t.TempDir()
	p := testbed.NewProject(t, testbed.Everything)
	bed.Compose(t, p.Dir, "up", "-d")
	bed.Docker(t, "network", "create", "--label", composeProject+"="+p.Name, "--subnet", "10.66.0.0/24", p.Name+"_fixed")
	bed.Docker(t, "run", "-d", "--name", "extra", "--label", composeProject+"="+p.Name, "--label", composeService+"=extra", "--label", composeNumber+"=1",
		"--network", p.Name+"_fixed", "--ip", "10.66.0.66", "--ulimit", "nofile=1000:2000", "--memory", "300m", "--cpus", "0.5", "--shm-size", "32m",
		"--cap-add", "NET_ADMIN", "--security-opt", "no-new-privileges", "--sysctl", "net.ipv4.ip_forward=0", "--tmpfs", "/scratch:size=1m", "--init",
		"--restart", "on-failure:3", "--log-opt", "max-size=1m", "-p", "127.0.0.1::8080", "-p", "2222:22", "--user", "postgres", "--hostname", "box",
		"-e", "PASSWORD=a$b ${c} 'd' \"e\" #f", "--dns", "10.0.0.1", "--add-host", "nas:10.0.0.2", "--device", "/dev/null:/dev/nothing:rw", "--stop-timeout", "7",
		"--health-cmd", "test $$ -gt 0", "--health-interval", "3s", "--mount", "type=volume,src=long,dst=/long,readonly", "--entrypoint", "sleep", "postgres:15", "100000")
	bed.Docker(t, "run", "-d", "--name", "side", "--label", composeProject+"="+p.Name, "--label", composeService+"=side", "--network", "container:extra",
		"--volumes-from", "extra:ro", "--no-healthcheck", "webapp:1")
	files, err := e.host.Files()
	if err != nil {
		t.Fatal(err)
	}
	found, err := e.Project(t.Context(), files, Key{Project: p.Name})
	if err != nil {
		t.Fatal(err)
	}
	contents := model.Contents{AppName: p.Name, Project: p.Name, Volumes: found.Volumes, Networks: found.Networks}
	before := map[string]map[string]any{}
	var specs []model.ContainerSpec
	for _, c := range found.Containers {
		before[c.Name] = inspected(t, bed, c.Name)
		specs = append(specs, c.Spec)
		bed.Docker(t, "rm", "-f", c.Name)
	}
	text, err := Generate(contents, specs, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range found.Networks {
		bed.Docker(t, "network", "rm", n.Name)
	}
	if err := os.WriteFile(filepath.Join(dir, ComposeName), text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".env"), []byte("COMPOSE_PROJECT_NAME="+p.Name+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	loads(t, text)
	bed.Compose(t, dir, "up", "-d")
	// What compose writes by itself, in the order it likes, or with other words for the same.
	may := []string{
		".Config.Labels.com.docker.compose", ".HostConfig.Binds", ".HostConfig.LogConfig.Config", ".Ports.8080/tcp", ".Args", ".Config.Image",
		".NetworkSettings." + p.Name + "_fixed.Aliases", ".Config.AttachStd", ".HostConfig.PortBindings.8080/tcp", ".HostConfig.Mounts", ".HostConfig.CapAdd",
		".Config.Env", ".Config.Volumes", ".HostConfig.VolumesFrom", ".HostConfig.NetworkMode", ".HostConfig.ExtraHosts", ".HostConfig.Dns",
	}
	for name, was := range before {
		for _, d := range differences("", was, inspected(t, bed, name)) {
			if !slices.ContainsFunc(may, func(m string) bool { return strings.HasPrefix(d, m) }) {
				t.Errorf("%s%s", name, d)
			}
		}
	}
	if got := bed.Docker(t, "exec", "extra", "sh", "-c", `echo "$PASSWORD"`); got != `a$b ${c} 'd' "e" #f` {
		t.Errorf("the password became %s", got)
	}
	bed.AwaitHealthy(t, dir)
}
