package device_test

import (
	"path/filepath"
	"testing"

	"keepstead/device"
)

// fileSystems are told apart on every machine, also where what is asked about is not there yet.
func fileSystems(t *testing.T, b bed) {
	files, err := b.open(t).Files()
	if err != nil {
		t.Fatal(err)
	}
	dir := b.dir(t)
	at := device.FileSystem(files, dir)
	if at == "" || device.FileSystem(files, filepath.Join(dir, "not", "there")) != at {
		t.Errorf("a folder is on the file system %q, what is not there in it on another", at)
	}
	if proc := device.FileSystem(files, "/proc/self"); proc == "" || proc == at || proc != device.FileSystem(files, "/proc") {
		t.Errorf("/proc is on the file system %q, a folder on %q", proc, at)
	}
}
