package device_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"keepstead/device"
	"keepstead/testbed"
)

// TestSSHRestic brings restic to machines and has it make a backup there.
func TestSSHRestic(t *testing.T) {
	t.Parallel()
	real, stand := testbed.Restic(t), filepath.Join(t.TempDir(), "restic") // the real one takes seconds to bring there
	if err := os.WriteFile(stand, []byte("#!/bin/sh\necho restic 0.19.1 of a script\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	dirs := sharedDir(t)
	m := testbed.NewMachine(t, testbed.MachineOptions{Bind: map[string]string{dirs: dirs}})
	for user, place := range map[string]string{
		"plain": "/home/plain/.cache/keepstead", "sudoer": "/root/.cache/keepstead",
		"noexec": "/var/tmp/keepstead-", "small": "/var/tmp/keepstead-",
	} {
		t.Run(user, func(t *testing.T) {
			s := sshTo(t, m, user)
			local := func(arch string) (string, error) {
				if arch != runtime.GOARCH {
					return "", errors.New("no restic for " + arch)
				}
				if user == "plain" {
					return real, nil
				}
				return stand, nil
			}
			provide := func() (string, string) {
				t.Helper()
				there, err := s.ProvideRestic(t.Context(), local)
				if err != nil || !strings.HasPrefix(there.Path, place) || !strings.HasPrefix(there.Version, "0.") || there.Dir != filepath.Dir(there.Path) {
					t.Fatalf("%+v, %v; want it in %s", there, err, place)
				}
				return there.Path, m.Run(t, "stat -c '%i %a' "+there.Path+" "+there.Dir)
			}
			remote, first := provide()
			if _, again := provide(); again != first || !strings.Contains(first, " 700\n") {
				t.Errorf("it was put there again: %s, before %s", again, first)
			}
			if user != "plain" { // of the same size and time as before
				m.Run(t, "cp -p "+remote+" /tmp/was && printf x | dd of="+remote+" conv=notrunc && touch -r /tmp/was "+remote)
				if _, mended := provide(); mended == first {
					t.Error("a changed program was used")
				}
			}
			if user == "plain" {
				backUpThere(t, s, m, remote, sshBed(m, user, dirs).dir(t))
			}
			if err := s.RemoveRestic(t.Context()); err != nil {
				t.Error(err)
			}
			if left := m.Run(t, "ls -d "+filepath.Dir(remote)+" 2>/dev/null || true"); left != "" {
				t.Errorf("%s is left", left)
			}
		})
	}
	s := sshTo(t, m, "plain")
	none := func(string) (string, error) { return "", os.ErrNotExist }
	if there, err := s.ProvideRestic(t.Context(), none); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a restic came from nowhere: %+v, %v", there, err)
	}
	m.Run(t, "mount -t tmpfs none /usr/local/bin && cp /bin/sh /usr/local/bin/restic")
	m.Run(t, `printf '#!/bin/sh\necho "restic 0.18.0 compiled with go"\n' >/usr/local/bin/restic`)
	if there, err := s.ProvideRestic(t.Context(), none); err != nil || there.Path != "/usr/local/bin/restic" || there.Version != "0.18.0" {
		t.Errorf("its own: %+v, %v", there, err)
	}
}

// backUpThere makes a backup with a password from a secret, which restic opens for each command anew.
func backUpThere(t *testing.T, s *device.SSH, m *testbed.Machine, bin, dir string) {
	t.Helper()
	repository, password := testbed.Repository(t)
	there := filepath.Join(dir, "repository")
	if err := os.CopyFS(there, os.DirFS(repository)); err != nil {
		t.Fatal(err)
	}
	m.Run(t, "chown -R plain: "+there)
	var out, errs bytes.Buffer
	c := device.Cmd{
		Path: bin, Args: []string{"backup", "--json", "--files-from-raw={fd:paths}"}, RunDir: t.TempDir(), Stdout: &out, Stderr: &errs,
		Env:     []string{"RESTIC_REPOSITORY=" + there, "RESTIC_PASSWORD_FILE={fd:password}", "RESTIC_CACHE_DIR=" + filepath.Join(filepath.Dir(bin), "cache")},
		Secrets: []device.Secret{{Name: "password", Content: []byte(password + "\n")}, {Name: "paths", Content: []byte("/etc/hostname\x00/etc/ssh\x00")}},
	}
	// One file of /etc/ssh is the host's key, which this user may not read.
	var exit *device.ExitError
	if err := s.Run(t.Context(), gated(c)); !errors.As(err, &exit) || exit.Code != 3 || !strings.Contains(out.String(), `"message_type":"summary"`) {
		t.Errorf("%v: %s %s", err, out.String(), errs.String())
	}
}
