package gateway

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"keepstead/device"
	"keepstead/model"
	"keepstead/testbed"
)

func localFiles(t testing.TB) device.Files {
	t.Helper()
	host := device.NewLocal(slog.New(slog.DiscardHandler))
	t.Cleanup(func() { _ = host.Close() })
	files, err := host.Files()
	check(t, err)
	return files
}

// sftp returns the files of an SFTP server that is nothing else, as the user of its chroot.
func sftp(t *testing.T) device.Files {
	t.Helper()
	m := testbed.NewMachine(t, testbed.MachineOptions{})
	host := device.NewSSH(device.SSHConfig{
		Address: m.Address, User: "sftponly", Password: testbed.MachinePassword, HostKey: m.HostKey, FilesOnly: true,
	}, slog.New(slog.DiscardHandler))
	t.Cleanup(func() { _ = host.Close() })
	files, err := host.Files()
	check(t, err)
	return files
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// lend serves a storage at a unix socket until the test ends, and returns its URL for restic.
func lend(t testing.TB, s Storage, o Options) (*Server, string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "gw") // a socket's path is short
	check(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "socket"))
	check(t, err)
	server, err := Serve(t.Context(), l, s, o)
	check(t, err)
	t.Cleanup(server.Close)
	return server, URL(l.Addr(), o.Secret)
}

// restic runs the program against a repository.
func restic(t testing.TB, url string, args ...string) (output string, err error) {
	t.Helper()
	cmd := exec.Command(testbed.Restic(t), append([]string{"--no-cache"}, args...)...)
	cmd.Env = []string{"RESTIC_REPOSITORY=" + url, "RESTIC_PASSWORD=" + testbed.Password, "HOME=" + t.TempDir()}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func mustRestic(t testing.TB, url string, args ...string) string {
	t.Helper()
	out, err := restic(t, url, args...)
	if err != nil {
		t.Fatalf("restic %v: %v: %s", args, err, out)
	}
	return out
}

func bucketDestination(b *testbed.Bucket) model.Destination {
	return model.Destination{
		Type: model.DestinationS3, S3Endpoint: b.Endpoint, S3Bucket: b.Name, S3Region: b.Region, S3Prefix: "home lab/#1",
		S3PathStyle: true, S3CACert: b.CACert,
	}
}

func bucketStorage(t testing.TB, b *testbed.Bucket) Storage {
	t.Helper()
	s, err := S3(bucketDestination(b), b.AccessKey, b.SecretKey)
	check(t, err)
	return s
}

// random writes a file of n bytes that nothing compresses.
func random(t testing.TB, name string, n int) {
	t.Helper()
	content := make([]byte, n)
	_, _ = rand.Read(content)
	check(t, os.MkdirAll(filepath.Dir(name), 0o700))
	check(t, os.WriteFile(name, content, 0o600))
}

// What restic does with a repository of its own it does through the gateway, whatever lies behind it.
func TestResticThroughTheGateway(t *testing.T) {
	t.Parallel()
	for name, storage := range map[string]func(t *testing.T) Storage{
		"folder": func(t *testing.T) Storage {
			return Folder(localFiles(t), filepath.Join(t.TempDir(), "new", "repository"))
		},
		"sftp": func(t *testing.T) Storage {
			files := sftp(t)
			if err := errors.Join(files.SyncDir("/data"), files.SyncDir("/")); err != nil {
				t.Errorf("sync a folder: %v", err)
			}
			return Folder(files, "/data/new/repository")
		},
		"s3": func(t *testing.T) Storage { return bucketStorage(t, testbed.S3(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := storage(t)
			adding, url := lend(t, s, Options{AppendOnly: true, Spool: t.TempDir()})
			mustRestic(t, url, "init")
			if out, err := restic(t, url, "init"); err == nil {
				t.Errorf("a second init passed: %s", out)
			}
			source := t.TempDir()
			testbed.NewFiles(t, source)
			random(t, filepath.Join(source, "a", "large"), 3<<20)
			var parallel sync.WaitGroup
			for _, dir := range []string{source, filepath.Join(source, "a")} {
				parallel.Go(func() {
					if out, err := restic(t, url, "backup", dir); err != nil {
						t.Errorf("backup: %v: %s", err, out)
					}
				})
			}
			parallel.Wait()
			target := t.TempDir()
			mustRestic(t, url, "restore", "latest", "--path", source, "--target", target)
			testbed.Compare(t, source, filepath.Join(target, source))
			if out, err := restic(t, url, "forget", "--keep-last", "1", "--group-by", ""); err == nil || adding.Stats().RefusedDeletes == 0 {
				t.Errorf("append-only let something be forgotten: %s", out)
			}

			_, url = lend(t, s, Options{})
			mustRestic(t, url, "forget", "--keep-last", "1", "--group-by", "", "--prune", "--max-unused", "0")
			if out := mustRestic(t, url, "check", "--read-data"); !strings.Contains(out, "no errors were found") {
				t.Errorf("check: %s", out)
			}
			if adding.Stats().Failure != nil {
				t.Errorf("the storage failed: %v", adding.Stats().Failure)
			}
		})
	}
}
