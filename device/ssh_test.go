package device_test

import (
	"os"
	"testing"

	"keepstead/device"
	"keepstead/testbed"
)

// TestSSH holds the contract on a machine that is reached over SSH, as a sudoer with an ordinary shell.
func TestSSH(t *testing.T) {
	t.Parallel()
	dirs := sharedDir(t)
	m := testbed.NewMachine(t, testbed.MachineOptions{Bind: map[string]string{dirs: dirs}})
	filesOnly := sshBed(m, "root", dirs)
	filesOnly.open = func(t *testing.T) device.Host {
		return sshTo(t, m, "root", func(c *device.SSHConfig) { c.FilesOnly = true })
	}
	for name, test := range map[string]func(*testing.T, bed){"write file": writeFile, "resolve": resolve, "space and writable": spaceAndWritable} {
		t.Run("files only: "+name, func(t *testing.T) {
			t.Parallel()
			test(t, filesOnly)
		})
	}
	t.Run("nothing but files", func(t *testing.T) {
		t.Parallel()
		files, err := sshTo(t, m, "sftponly", func(c *device.SSHConfig) { c.FilesOnly = true }).Files()
		if err != nil {
			t.Fatal(err)
		}
		if err := files.WriteFile("/data/file", []byte("text"), 0o600); err != nil {
			t.Error(err)
		}
		if data, err := os.ReadFile(m.Path("/srv/sftp/data/file")); err != nil || string(data) != "text" {
			t.Errorf("it holds %q, %v", data, err)
		}
	})
	for name, test := range contract() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, sshBed(m, "sudoer", dirs))
		})
	}
}

// TestSSHBash holds that the shell there may be another than Debian's: bash goes its own ways with signals and pipes.
func TestSSHBash(t *testing.T) {
	t.Parallel()
	dirs := sharedDir(t)
	m := testbed.NewMachine(t, testbed.MachineOptions{Bind: map[string]string{dirs: dirs, "/bin/sh": "/bin/bash"}})
	for name, test := range map[string]func(*testing.T, bed){
		"cancel is one interrupt": cancelIsOneInterrupt, "cancel kills the group": cancelKillsTheGroupAfterGrace,
		"nothing is left behind": nothingIsLeftBehind, "gate": gate, "a failing reader": aFailingReaderEndsTheChild,
	} {
		t.Run(name, func(t *testing.T) { test(t, sshBed(m, "sudoer", dirs)) })
	}
}
