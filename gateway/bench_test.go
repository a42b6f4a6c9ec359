package gateway

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
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
	mixed(b, source, benchSize)
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
				forget(b)
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
				b.ReportMetric(peakMiB(b), "peak-MiB")
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

// mixed fills a folder: half in large files, half in small ones, of which half compress.
func mixed(b *testing.B, dir string, size int) {
	b.Helper()
	dice := rand.NewChaCha8([32]byte{7})
	put := func(name string, n int) {
		content := make([]byte, n)
		_, _ = dice.Read(content)
		for i := range content[:n/2] {
			content[i] = "abcdefgh \n"[content[i]%10]
		}
		check(b, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	const large, small = 32 << 20, 128 << 10
	for i := range size / 2 / large {
		put(fmt.Sprintf("large %d", i), large)
	}
	for i := range size / 2 / small {
		put(fmt.Sprintf("small %d", i), small)
	}
}

// forget gives memory back and begins to measure its peak.
func forget(b *testing.B) {
	b.Helper()
	debug.FreeOSMemory()
	check(b, os.WriteFile("/proc/self/clear_refs", []byte("5"), 0))
}

// peakMiB is the most memory that this process, with the gateway in it, has held since forget.
func peakMiB(b *testing.B) float64 {
	b.Helper()
	raw, err := os.ReadFile("/proc/self/status")
	check(b, err)
	_, rest, _ := strings.Cut(string(raw), "VmHWM:")
	var kib float64
	_, err = fmt.Sscan(rest, &kib)
	check(b, err)
	return kib / 1024
}
