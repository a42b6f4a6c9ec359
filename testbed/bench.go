package testbed

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// MixedFiles fills a folder with bytes of content, the same for the same seed: half in large files, half in small ones,
// of which half compresses.
func MixedFiles(t testing.TB, dir string, bytes int, seed byte) {
	t.Helper()
	check(t, os.MkdirAll(dir, 0o755))
	dice := rand.NewChaCha8([32]byte{seed})
	put := func(name string, n int) {
		content := make([]byte, n)
		_, _ = dice.Read(content)
		for i := range content[:n/2] {
			content[i] = "abcdefgh \n"[content[i]%10]
		}
		check(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	const large, small, perFolder = 32 << 20, 128 << 10, 100
	for i := range bytes / 2 / large {
		put(fmt.Sprintf("large %d", i), large)
	}
	for i := range bytes / 2 / small {
		folder := fmt.Sprintf("folder %d", i/perFolder)
		if i%perFolder == 0 {
			check(t, os.MkdirAll(filepath.Join(dir, folder), 0o755))
		}
		put(filepath.Join(folder, fmt.Sprintf("small %d", i)), small)
	}
}

// ForgetPeak has the kernel measure a process's peak of memory from now on.
func ForgetPeak(t testing.TB, pid int) {
	t.Helper()
	check(t, os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0))
}

// PeakMiB is the most memory that a process has held since ForgetPeak.
func PeakMiB(t testing.TB, pid int) float64 { return memoryMiB(t, pid, "VmHWM:") }

// ResidentMiB is the memory that a process holds now.
func ResidentMiB(t testing.TB, pid int) float64 { return memoryMiB(t, pid, "VmRSS:") }

func memoryMiB(t testing.TB, pid int, line string) float64 {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	check(t, err)
	_, rest, _ := strings.Cut(string(raw), line)
	var kib float64
	_, err = fmt.Sscan(rest, &kib)
	check(t, err)
	return kib / 1024
}
