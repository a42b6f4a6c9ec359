// Package testbed gives tests the real parts they run against: the S3 server, restic, odd files, and a comparison of
// file trees. Only tests import it.
package testbed

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Missing ends a test for want of a part. On a developer's machine the test is skipped with the sentence; where CI is
// true it fails, so that nothing is left out unseen.
func Missing(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// Root returns the project's folder.
func Root(t testing.TB) string {
	t.Helper()
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		t.Fatal("the test binary does not know where its sources are")
	}
	return filepath.Dir(filepath.Dir(file))
}

// Binary returns the path of a program that `make` builds into bin/, and ends the test where it is missing.
func Binary(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(Root(t), "bin", name)
	if info, err := os.Stat(path); err != nil || info.IsDir() {
		Missing(t, "bin/%s is missing; `make test` builds it.", name)
	}
	return path
}
