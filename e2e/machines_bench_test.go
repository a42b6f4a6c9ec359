package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"keepstead/testbed"
)

const (
	machineBytes  = 2 << 30 // of the files of one machine
	machineRounds = 3
	manyMachines  = 10
	manyBytes     = 256 << 20 // of the files of one of many machines
)

// BenchmarkMachine measures backups of another machine over SSH, through the gateway, against restic straight to the same
// storage: a first one and an unchanged second one, in pairs that take turns. Peak memory is Keepstead's own.
func BenchmarkMachine(b *testing.B) {
	source := newFolder(b, "data")
	testbed.MixedFiles(b, source, machineBytes, 7)
	const there = "/srv/data"
	m := testbed.NewMachine(b, testbed.MachineOptions{Bind: map[string]string{there: source}})
	k := serve(b)
	device := k.addDevice("web", "root", m)
	number := 0
	for name, storages := range map[string]func() (destination, []string){
		"folder": func() (destination, []string) {
			return k.addFolder(fmt.Sprintf("Disk %d", number), newFolder(b, "repository")), []string{"RESTIC_REPOSITORY=" + newFolder(b, "repository")}
		},
		"s3": func() (destination, []string) {
			ours, plain := testbed.S3(b), testbed.S3(b)
			return k.addS3(fmt.Sprintf("Cloud %d", number), ours), []string{
				"RESTIC_REPOSITORY=s3:" + plain.Endpoint + "/" + plain.Name + "/plain",
				"AWS_ACCESS_KEY_ID=" + plain.AccessKey, "AWS_SECRET_ACCESS_KEY=" + plain.SecretKey, "AWS_DEFAULT_REGION=" + plain.Region,
			}
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				var ours, plain [2][]time.Duration
				testbed.ForgetPeak(b, k.cmd.Process.Pid)
				for round := range machineRounds {
					number++
					d, env := storages()
					_, configuration := k.addAppOn(device, fmt.Sprintf("App %d", number), k.addPolicy(fmt.Sprintf("P %d", number), []string{d.ID}, nil), there)
					var got [2][2]time.Duration
					for turn := range 2 {
						who := (turn + round) % 2
						if who == 0 {
							got[who] = k.timedBackups(configuration)
						} else {
							got[who] = plainBackups(b, source, env...)
						}
					}
					for i := range 2 {
						ours[i], plain[i] = append(ours[i], got[0][i]), append(plain[i], got[1][i])
					}
					b.Logf("round %d: first %s over SSH, %s without; unchanged %s, %s", round, got[0][0], got[1][0], got[0][1], got[1][1])
				}
				b.ReportMetric(testbed.PeakMiB(b, k.cmd.Process.Pid), "peak-MiB")
				for i, run := range []string{"first", "unchanged"} {
					b.ReportMetric(ratio(ours[i], plain[i]), run+"-ratio")
					b.ReportMetric(median(ours[i]).Seconds(), run+"-s")
				}
			}
		})
	}
}

// BenchmarkManyMachines backs ten machines up at once into one repository: how much longer the slowest takes than the
// fastest, and Keepstead's peak of memory.
func BenchmarkManyMachines(b *testing.B) {
	k := serve(b, fmt.Sprintf("KEEPSTEAD_PARALLEL=%d", 2*manyMachines)) // of which one destination may have three quarters
	devices, sources := make([]string, manyMachines), make([]string, manyMachines)
	for i := range manyMachines {
		sources[i] = newFolder(b, "data")
		testbed.MixedFiles(b, sources[i], manyBytes, byte(i))
		devices[i] = k.addDevice(fmt.Sprintf("machine %d", i), "root", testbed.NewMachine(b, testbed.MachineOptions{Bind: map[string]string{"/srv/data": sources[i]}}))
	}
	round := 0
	for b.Loop() {
		round++
		d := k.addFolder(fmt.Sprintf("Disk %d", round), newFolder(b, "repository"))
		policy := k.addPolicy(fmt.Sprintf("P %d", round), []string{d.ID}, nil)
		testbed.ForgetPeak(b, k.cmd.Process.Pid)
		var jobs []string
		for _, device := range devices {
			_, configuration := k.addAppOn(device, fmt.Sprintf("App %d", round), policy, "/srv/data")
			jobs = append(jobs, k.request(configuration))
		}
		var took []time.Duration
		for _, id := range jobs {
			j := k.outcome(id)
			took = append(took, j.FinishedAt.Sub(*j.StartedAt))
		}
		b.Logf("one machine after another: %v", took)
		b.ReportMetric(float64(slices.Max(took))/float64(slices.Min(took)), "slowest-to-fastest")
		b.ReportMetric(slices.Max(took).Seconds(), "slowest-s")
		b.ReportMetric(testbed.PeakMiB(b, k.cmd.Process.Pid), "peak-MiB")
	}
}
