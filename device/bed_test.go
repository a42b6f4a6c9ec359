package device_test

import (
	"log/slog"
	"os"
	"testing"

	"keepstead/device"
	"keepstead/testbed"
)

// bed is a machine to test on.
type bed struct {
	root string // where the test finds the machine's files
	open func(*testing.T) device.Host
	dirs string // a folder at one place here and there; empty for any
}

// dir makes a folder that has one path on the machine and here.
func (b bed) dir(t *testing.T) string {
	t.Helper()
	if b.dirs == "" {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp(b.dirs, "")
	if err == nil {
		err = os.Chmod(dir, 0o777)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func (b bed) alive(t *testing.T, p device.Process) bool {
	t.Helper()
	alive, err := device.AliveOn(t.Context(), b.open(t), p)
	if err != nil {
		t.Error(err)
	}
	return alive
}

func localBed() bed {
	return bed{open: func(t *testing.T) device.Host { return newLocal(t) }}
}

// contract is what holds on every machine.
func contract() map[string]func(*testing.T, bed) {
	return map[string]func(*testing.T, bed){
		"run ends":                           runEnds,
		"the child gets only its own":        runGivesTheChildOnlyItsOwn,
		"run refuses":                        runRefuses,
		"output is complete":                 outputIsComplete,
		"output is prompt":                   outputIsPrompt,
		"a slow reader":                      aSlowReaderDoesNotHoldTheChildBack,
		"a failing reader":                   aFailingReaderEndsTheChild,
		"secrets":                            secretsAreSeen,
		"a writer that panics":               panicOfAWriterEndsItsCommandAlone,
		"traffic":                            traffic,
		"cancel is one interrupt":            cancelIsOneInterrupt,
		"cancel of a command that ends well": cancelOfACommandThatEndsWell,
		"cancel kills the group":             cancelKillsTheGroupAfterGrace,
		"nothing is left behind":             nothingIsLeftBehind,
		"close kills":                        closeKills,
		"gate":                               gate,
		"write file":                         writeFile,
		"files do":                           filesDo,
		"file systems":                       fileSystems,
		"resolve":                            resolve,
		"space and writable":                 spaceAndWritable,
		"xattrs":                             xattrs,
	}
}

func TestLocal(t *testing.T) {
	t.Parallel()
	for name, test := range contract() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, localBed())
		})
	}
}

// sshBed is a machine reached as user; dirs is bound there.
func sshBed(m *testbed.Machine, user, dirs string) bed {
	return bed{
		root: m.Path(""), dirs: dirs,
		open: func(t *testing.T) device.Host { return sshTo(t, m, user) },
	}
}

// sharedDir is a folder that every user of a machine may use.
func sharedDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	return dir
}

func sshTo(t *testing.T, m *testbed.Machine, user string, bend ...func(*device.SSHConfig)) *device.SSH {
	t.Helper()
	c := device.SSHConfig{Address: m.Address, User: user, HostKey: m.HostKey, Key: m.Key, Sudo: user == "sudoer" || user == "odd"}
	for _, b := range bend {
		b(&c)
	}
	s := device.NewSSH(c, slog.New(slog.DiscardHandler))
	t.Cleanup(func() { _ = s.Close() })
	return s
}
