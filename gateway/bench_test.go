package gateway

import (
	"os"
	"os/exec"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"keepstead/storage"
	"keepstead/testbed"
)

const (
	benchSize   = 1 << 30 // of one run's files
	benchRounds = 3
)

// BenchmarkGateway measures restic's backup through the gateway at a unix socket against restic straight to the same
// storage: a first one and an unchanged second one, in pairs that take turns.
func BenchmarkGateway(b *testing.B) {
	source := b.TempDir()
	testbed.MixedFiles(b, source, benchSize, 7)
	for name, places := range map[string]func() (Storage, resticEnv){
		"folder": func() (Storage, resticEnv) {
			dir, _ := testbed.Repository(b)
			return Folder(localFiles(b), dir), resticEnv{url: dir}
		},
		"s3": func() (Storage, resticEnv) {
			bucket := testbed.S3(b)
			return bucketStorage(b, bucket), resticEnv{
				url:     storage.ResticURL(bucketDestination(bucket)),
				options: []string{"-o", "s3.bucket-lookup=path", "-o", "s3.region=" + bucket.Region},
				env:     []string{"AWS_ACCESS_KEY_ID=" + bucket.AccessKey, "AWS_SECRET_ACCESS_KEY=" + bucket.SecretKey},
			}
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				var ratios [2][]float64
				debug.FreeOSMemory()
				testbed.ForgetPeak(b, os.Getpid())
				for round := range benchRounds {
					var took [2][2]time.Duration // by way, by run
					for turn := range 2 {
						way := (turn + round) % 2
						s, direct := places()
						to := direct
						if way == 0 {
							_, url := lend(b, s, Options{AppendOnly: true})
							to = resticEnv{url: url}
						}
						took[way] = to.backups(b, source, direct)
					}
					for run := range 2 {
						ratios[run] = append(ratios[run], float64(took[0][run])/float64(took[1][run]))
					}
					b.Logf("round %d: first %s through the gateway, %s without; unchanged %s, %s", round, took[0][0], took[1][0], took[0][1], took[1][1])
				}
				b.ReportMetric(testbed.PeakMiB(b, os.Getpid()), "peak-MiB") // of this process, with the gateway in it
				for run, name := range []string{"first", "unchanged"} {
					slices.Sort(ratios[run])
					b.ReportMetric(ratios[run][benchRounds/2], name+"-ratio")
				}
			}
		})
	}
}

// resticEnv is one way to a repository.
type resticEnv struct {
	url          string
	options, env []string
}

// backups makes the repository where it is not there yet, and times two backups.
func (e resticEnv) backups(b *testing.B, source string, direct resticEnv) (took [2]time.Duration) {
	b.Helper()
	cache := b.TempDir()
	if !strings.HasPrefix(direct.url, "/") {
		direct.run(b, cache, "init")
	}
	for run := range took {
		begun := time.Now()
		e.run(b, cache, "backup", source)
		took[run] = time.Since(begun)
	}
	return took
}

func (e resticEnv) run(b *testing.B, cache string, args ...string) {
	b.Helper()
	cmd := exec.Command(testbed.Restic(b), append(slices.Clone(e.options), args...)...)
	cmd.Env = append([]string{"RESTIC_REPOSITORY=" + e.url, "RESTIC_PASSWORD=" + testbed.Password, "RESTIC_CACHE_DIR=" + cache, "HOME=" + cache}, e.env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("restic %v: %v: %s", args, err, out)
	}
}
