package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"keepstead/testbed"
)

const (
	benchApps   = 200
	benchRounds = 3
)

// BenchmarkDiscovery measures how long a look at 200 containers takes, and how long after `docker create` an app is known.
func BenchmarkDiscovery(b *testing.B) {
	e := testbed.NewEngine(b)
	for i := range benchApps {
		e.Docker(b, "create", "--name", fmt.Sprintf("app-%03d", i), "-e", "SECRET=value", "-v", fmt.Sprintf("data-%03d:/data", i), "webapp:1")
	}
	k, _ := serveDocker(b, e, never)
	known := func(n int) {
		b.Helper()
		for deadline := time.Now().Add(time.Minute); len(k.apps()) < n; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				b.Fatalf("%d of %d apps are known", len(k.apps()), n)
			}
		}
	}
	known(benchApps)
	for b.Loop() {
		var looks, events []time.Duration
		for round := range benchRounds {
			begun := time.Now()
			k.call("POST", "/backup/discover", nil, nil)
			looks = append(looks, time.Since(begun))

			e.Docker(b, "create", "--name", fmt.Sprintf("new-%d", round), "webapp:1")
			begun = time.Now()
			known(benchApps + round + 1)
			events = append(events, time.Since(begun))
		}
		b.ReportMetric(median(looks).Seconds(), "discover-200-s")
		b.ReportMetric(median(events).Seconds(), "event-to-api-s")
	}
}

var dumped = regexp.MustCompile(`Dumped \d+ files?, ([^,]+), in ([0-9a-zµ.]+)\.`)

// BenchmarkDump measures a staged dump of a database of a gigabyte against `docker exec pg_dump` into a file, as a person
// would run it, in pairs that take turns.
func BenchmarkDump(b *testing.B) {
	e := testbed.NewEngine(b)
	p := testbed.NewProject(b, testbed.Postgres)
	k, _ := serveDocker(b, e, never)
	e.Up(b, p.Dir)
	e.Pipe(b, `CREATE TABLE big AS SELECT n AS id, repeat(md5(n::text), 8) AS text FROM generate_series(1, 4000000) n; CHECKPOINT;`,
		"exec", "-i", p.Container("db"), "psql", "-q", "-U", "shop")
	var app dockerApp
	for deadline := time.Now().Add(30 * time.Second); app.ID == ""; time.Sleep(50 * time.Millisecond) {
		for _, a := range k.apps() {
			if a.Project == p.Name && protected(a) {
				app = a
			}
		}
		if time.Now().After(deadline) {
			b.Fatal("the project is not found")
		}
	}
	ours := func() time.Duration {
		k.quiet()
		var s started
		k.call("POST", "/backup/configurations/"+app.Configurations[0].ID+"/backup", nil, &s)
		k.quiet()
		_, log := k.try("GET", "/jobs/"+s.JobID+"/log", nil)
		m := dumped.FindStringSubmatch(string(log))
		if m == nil || k.job(s.JobID).State != "success" {
			b.Fatalf("the backup made no dump:\n%s", log)
		}
		took, err := time.ParseDuration(m[2])
		if err != nil {
			b.Fatal(err)
		}
		b.Logf("staged %s in %s", m[1], took)
		return took
	}
	alone := func() time.Duration {
		file, err := os.Create(filepath.Join(b.TempDir(), "alone.sql"))
		if err != nil {
			b.Fatal(err)
		}
		cmd := exec.Command("docker", "exec", p.Container("db"), "pg_dump", "-U", "shop", "shop")
		cmd.Env, cmd.Stdout = e.Env(), file
		begun := time.Now()
		if err := errors.Join(cmd.Run(), file.Sync(), file.Close()); err != nil {
			b.Fatal(err)
		}
		took := time.Since(begun)
		b.Logf("pg_dump alone took %s", took)
		return took
	}
	for b.Loop() {
		var staged, plain []time.Duration
		for round := range benchRounds {
			if round%2 == 0 {
				staged, plain = append(staged, ours()), append(plain, alone())
			} else {
				plain, staged = append(plain, alone()), append(staged, ours())
			}
		}
		b.ReportMetric(ratio(staged, plain), "dump-ratio")
		b.ReportMetric(median(staged).Seconds(), "dump-s")
	}
}
