package device_test

import (
	"testing"

	"keepstead/testbed"
)

// TestSSH holds the contract on a machine that is reached over SSH, as a sudoer with an ordinary shell.
func TestSSH(t *testing.T) {
	t.Parallel()
	dirs := sharedDir(t)
	m := testbed.NewMachine(t, testbed.MachineOptions{Bind: map[string]string{dirs: dirs}})
	for name, test := range contract() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, sshBed(m, "sudoer", dirs))
		})
	}
}
