package e2e

import (
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"keepstead/testbed"
)

const (
	benchFiles    = 50_000
	benchPairs    = 5
	unchangedRuns = 5 // of which the median counts
)

// BenchmarkBackup measures Keepstead's backup against plain restic's of the same files: a first one and an unchanged
// second one, in pairs that take turns, so that a noisy machine disturbs both alike.
func BenchmarkBackup(b *testing.B) {
	app := newFolder(b, "app")
	for i := range benchFiles {
		writeFile(b, filepath.Join(app, fmt.Sprintf("%03d", i%500), fmt.Sprintf("file %d", i)), strings.Repeat(fmt.Sprintf("line %d\n", i), 1+i%400))
	}
	k := serve(b)
	for b.Loop() {
		var ours, plain [2][]time.Duration
		for pair := range benchPairs {
			runs := []func() [2]time.Duration{
				func() [2]time.Duration { return k.benchOurs(pair, app) },
				func() [2]time.Duration { return benchPlain(b, app) },
			}
			got := [2][2]time.Duration{}
			for turn := range 2 {
				who := (turn + pair) % 2
				got[who] = runs[who]()
			}
			for i := range 2 {
				ours[i], plain[i] = append(ours[i], got[0][i]), append(plain[i], got[1][i])
			}
			b.Logf("pair %d: first %s / %s, unchanged %s / %s", pair, got[0][0], got[1][0], got[0][1], got[1][1])
		}
		for i, name := range []string{"first", "unchanged"} {
			b.ReportMetric(ratio(ours[i], plain[i]), name+"-ratio")
			b.ReportMetric(median(ours[i]).Seconds(), name+"-s")
			b.ReportMetric(float64(slices.Max(plain[i]))/float64(slices.Min(plain[i])), name+"-noise")
		}
	}
}

// ratio is the median of the pairs' ratios.
func ratio(a, b []time.Duration) float64 {
	var all []float64
	for i := range a {
		all = append(all, float64(a[i])/float64(b[i]))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

func median(all []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

// benchOurs times backups of an app into a folder of its own.
func (k *keepstead) benchOurs(pair int, app string) (out [2]time.Duration) {
	k.t.Helper()
	d := k.addFolder(fmt.Sprintf("Disk %d", pair), newFolder(k.t, "repository"))
	_, configuration := k.addApp(fmt.Sprintf("App %d", pair), k.addPolicy(fmt.Sprintf("P %d", pair), []string{d.ID}, nil), app)
	return k.timedBackups(configuration)
}

// timedBackups times a first backup and unchanged ones, from the request to the recorded outcome.
func (k *keepstead) timedBackups(configuration string) [2]time.Duration {
	k.t.Helper()
	defer k.quiet()
	return firstAndUnchanged(func() time.Duration {
		k.quiet()
		begun := time.Now()
		return k.outcome(k.request(configuration)).FinishedAt.Sub(begun)
	})
}

// firstAndUnchanged times a first backup, and takes the median of some that find nothing new: one of those is over too
// soon to be trusted.
func firstAndUnchanged(backup func() time.Duration) [2]time.Duration {
	first := backup()
	var unchanged []time.Duration
	for range unchangedRuns {
		unchanged = append(unchanged, backup())
	}
	return [2]time.Duration{first, median(unchanged)}
}

// request asks for a backup and returns its job.
func (k *keepstead) request(configuration string) string {
	k.t.Helper()
	var s started
	k.call("POST", "/backup/configurations/"+configuration+"/backup", nil, &s)
	return s.JobID
}

// outcome waits for a job to succeed.
func (k *keepstead) outcome(id string) (j job) {
	k.t.Helper()
	for ; !slices.Contains(final, j.State); j = k.job(id) {
		time.Sleep(100 * time.Millisecond) // seldom, since asking costs what is measured
	}
	if j.State != "success" {
		k.t.Fatalf("backup: %+v", j)
	}
	return j
}

// benchPlain times runs of restic as a person would start it, with a repository and a cache of its own.
func benchPlain(b *testing.B, app string) (out [2]time.Duration) {
	b.Helper()
	return plainBackups(b, app, "RESTIC_REPOSITORY="+newFolder(b, "repository"))
}

// plainBackups makes a repository with restic itself and times backups into it.
func plainBackups(b *testing.B, app string, env ...string) [2]time.Duration {
	b.Helper()
	cache := newFolder(b, "cache")
	run := func(args ...string) time.Duration {
		cmd := exec.Command(testbed.Binary(b, "restic"), args...)
		cmd.Env = append([]string{"RESTIC_PASSWORD=bench", "RESTIC_CACHE_DIR=" + cache, "HOME=" + cache}, env...)
		begun := time.Now()
		if text, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("restic %v: %v: %s", args, err, text)
		}
		return time.Since(begun)
	}
	run("init")
	return firstAndUnchanged(func() time.Duration { return run("backup", app) })
}

// BenchmarkLargeDatabase measures a Keepstead that has worked for years: its start, its pages, its memory.
func BenchmarkLargeDatabase(b *testing.B) {
	k := serve(b)
	d := k.addFolder("Disk", newFolder(b, "repository"))
	policy := k.addPolicy("P", []string{d.ID}, nil)
	var app string
	for i := range 10 {
		folder := newFolder(b, "app")
		writeFile(b, filepath.Join(folder, "file"), "content")
		var configuration string
		app, configuration = k.addApp(fmt.Sprintf("App %d", i), policy, folder)
		k.backup(configuration, "success")
	}
	k.quiet()
	k.stop()
	multiply(b, k.data)
	for b.Loop() {
		var starts []time.Duration
		for i := range 7 {
			if i > 0 {
				k.stop()
			}
			starts = append(starts, k.timedStart())
		}
		b.ReportMetric(float64(median(starts).Milliseconds()), "start-ms")
		time.Sleep(3 * time.Second)
		b.ReportMetric(k.residentMiB(), "idle-MiB")
		k.benchPages(b, app, d.ID)
		time.Sleep(5 * time.Second)
		b.ReportMetric(k.residentMiB(), "idle-after-pages-MiB")
	}
}

// timedStart starts the server and returns the time until it was ready.
func (k *keepstead) timedStart() time.Duration {
	k.t.Helper()
	begun := time.Now()
	k.launch()
	for time.Since(begun) < 30*time.Second {
		if res, err := http.Get(k.url + "/readyz"); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return time.Since(begun)
			}
		}
		time.Sleep(time.Millisecond)
	}
	k.t.Fatalf("no start within 30 s: %s", k.output.String())
	return 0
}

func (k *keepstead) residentMiB() float64 { return testbed.ResidentMiB(k.t, k.cmd.Process.Pid) }

// benchPages reports the 95th percentile of the slowest page.
func (k *keepstead) benchPages(b *testing.B, app, destination string) {
	b.Helper()
	browser := k.signIn()
	worst, which := time.Duration(0), ""
	some := k.snapshots(nil)[0].ID
	for _, path := range []string{"/", "/apps", "/apps/" + app, "/destinations", "/destinations/" + destination, "/policies", "/snapshots", "/snapshots?app_id=" + app, "/snapshots/" + some, "/activity"} {
		var times []time.Duration
		for range 60 {
			begun := time.Now()
			res, err := browser.Get(k.url + path)
			if err != nil {
				b.Fatal(err)
			}
			size, err := io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
			if err != nil || res.StatusCode != http.StatusOK || size == 0 {
				b.Fatalf("GET %s: %d, %v", path, res.StatusCode, err)
			}
			times = append(times, time.Since(begun))
		}
		slices.Sort(times)
		p95 := times[len(times)*95/100]
		b.Logf("%-60s median %s, p95 %s", path, times[len(times)/2], p95)
		if p95 > worst {
			worst, which = p95, path
		}
	}
	b.Logf("slowest page: %s", which)
	b.ReportMetric(float64(worst.Microseconds())/1000, "page-p95-ms")
}
