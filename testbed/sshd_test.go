package testbed_test

import (
	"strings"
	"testing"

	"keepstead/testbed"
)

func TestMachine(t *testing.T) {
	t.Parallel()
	m := testbed.NewMachine(t, testbed.MachineOptions{Bind: map[string]string{"/mnt/shared": t.TempDir()}})
	if out := m.Run(t, "hostname; id -un; ls /home; mount | grep shared; touch /usr/x 2>&1 || true"); !strings.Contains(out, m.Name()+"\nroot\n") {
		t.Errorf("it says %s", out)
	} else {
		t.Log(out)
	}
}
