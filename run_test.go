package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"keepstead/model"
	"keepstead/store"
)

// builtRestic returns the path of the restic that the build made.
func builtRestic(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("bin/restic")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("bin/restic is not there")
	}
	t.Skip("bin/restic is not there; make it with `make bin/restic`")
	return ""
}

// start serves on a free port and returns the first line with an address, and a function that stops it.
func start(t *testing.T, dir string, args ...string) (string, func() error) {
	t.Helper()
	restic := builtRestic(t) // not in the goroutine, which could not end the test
	out, in := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, append([]string{"serve", "--data", dir, "--listen", "127.0.0.1:0", "--restic", restic}, args...), in)
		_ = in.Close()
	}()
	var line string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if line = lines.Text(); strings.Contains(line, "http://") {
			break
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	stop := func() error {
		cancel()
		select {
		case err := <-done:
			done <- err
			return err
		case <-time.After(15 * time.Second):
			t.Fatal("it did not stop within fifteen seconds")
			return nil
		}
	}
	t.Cleanup(func() { _ = stop() })
	if line == "" {
		t.Fatalf("no address was printed: %v", stop())
	}
	return strings.TrimSpace(line), stop
}

func command(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := run(t.Context(), args, &out)
	return strings.TrimSpace(out.String()), err
}

func status(t *testing.T, url, bearer string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+bearer)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

func TestServe(t *testing.T) {
	dir := t.TempDir()
	line, stop := start(t, dir)
	match := regexp.MustCompile(`^(http://127\.0\.0\.1:\d+)/setup\?code=[0-9A-Za-z]{22}$`).FindStringSubmatch(line)
	if match == nil {
		t.Fatalf("the set-up address is %q", line)
	}
	url := match[1]
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, strings.TrimPrefix(line, url): 200, "/api/v1/apps": 401} {
		if got := status(t, url+path, ""); got != want {
			t.Errorf("GET %s: %d, want %d", path, got, want)
		}
	}
	token, err := command(t, "token", "create", "ci", "--data", dir)
	if err != nil || !regexp.MustCompile(`^ks_[0-9A-Za-z]{43}$`).MatchString(token) {
		t.Fatalf("token create beside the server: %q, %v", token, err)
	}
	if got := status(t, url+"/api/v1/apps", token); got != 200 {
		t.Errorf("the API with the token: %d", got)
	}
	if _, err := command(t, "serve", "--data", dir, "--listen", "127.0.0.1:0", "--restic", builtRestic(t)); err == nil || !strings.Contains(err.Error(), "already runs on") {
		t.Errorf("a second one on the same data: %v", err)
	}
	if err := stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}

func TestServeWithAdmin(t *testing.T) {
	t.Setenv("KEEPSTEAD_ADMIN_PASSWORD", "long enough")
	dir := t.TempDir()
	line, stop := start(t, dir)
	if strings.Contains(line, "/setup") {
		t.Errorf("set-up is offered: %q", line)
	}
	t.Setenv("KEEPSTEAD_NEW_PASSWORD", "another long one")
	if out, err := command(t, "user", "reset-password", "admin", "--data", dir); err != nil || out != "" {
		t.Errorf("reset-password: %q, %v", out, err)
	}
	resetsTwoFactor(t, dir)
	if log := auditOf(t, dir)[1:]; len(log) != 2 || log[0].Act != model.ActResetPassword || log[0].ActorKind != model.ActorCommand || log[0].SubjectName != "admin" || log[0].Actor == "" || log[1].Act != model.ActCreate {
		t.Errorf("the audit log: %+v", log)
	}
	if _, err := command(t, "user", "reset-two-factor", "admin", "--data", dir); err == nil || !strings.Contains(err.Error(), "Two-factor is off for this user.") {
		t.Errorf("reset-two-factor where it is off: %v", err)
	}
	if _, err := command(t, "user", "reset-password", "eve", "--data", dir); err == nil || err.Error() != `there is no user named "eve"` {
		t.Errorf("the password of nobody: %v", err)
	}
	typo := filepath.Join(dir, "typo")
	for _, args := range [][]string{{"user", "reset-password", "admin"}, {"user", "reset-two-factor", "admin"}, {"destination", "password", "nas"}} {
		if _, err := command(t, append(args, "--data", typo)...); err == nil || !strings.Contains(err.Error(), "no Keepstead in "+typo) {
			t.Errorf("%v in a folder that is not there: %v", args, err)
		}
	}
	if _, err := os.Stat(typo); err == nil {
		t.Error("a mistyped --data was made")
	}
	if err := stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}

func TestServeRefuses(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	other := t.TempDir()
	_, stop := start(t, other)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(other, "master.key"), []byte(strings.Repeat("0", 64)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, want string
		args       []string
		env        map[string]string
	}{
		{name: "a busy port", want: "another program listens on", args: []string{"--listen", taken.Addr().String(), "--restic", builtRestic(t)}},
		{name: "no restic", want: "name it with --restic", args: []string{"--listen", "127.0.0.1:0", "--restic", "/nowhere/restic"}},
		{name: "not restic", want: "is not restic", args: []string{"--listen", "127.0.0.1:0", "--restic", "/bin/true"}},
		{name: "another master key", want: "master", args: []string{"--listen", "127.0.0.1:0", "--restic", builtRestic(t), "--data", other}},
		{
			name: "a short admin password", want: "10 to 256", args: []string{"--listen", "127.0.0.1:0", "--restic", builtRestic(t)},
			env: map[string]string{"KEEPSTEAD_ADMIN_PASSWORD": "short"},
		},
		{name: "a wrong address", want: "--listen", args: []string{"--listen", "nonsense"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for k, v := range tt.env {
				t.Setenv(k, v)
			}
			args := append([]string{"serve", "--data", t.TempDir()}, tt.args...)
			out, err := command(t, args...)
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q, want one sentence with %q", err, tt.want)
			}
			if strings.Contains(out, "http://") {
				t.Errorf("an address was printed: %q", out)
			}
		})
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	if out, err := command(t, "version"); err != nil || out == "" {
		t.Errorf("version: %q, %v", out, err)
	}
}

// resetsTwoFactor gives the user admin a second factor and has the command take it away.
func resetsTwoFactor(t *testing.T, dir string) {
	t.Helper()
	st, err := store.Open(t.Context(), dir, store.Options{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	admin, err := st.UserByName(t.Context(), "admin")
	if err == nil {
		err = st.CreateTwoFactor(t.Context(), model.TwoFactor{UserID: admin.ID, Secret: model.Sealed("sealed")}, [][]byte{{1}, {2}}, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	if out, err := command(t, "user", "reset-two-factor", "admin", "--data", dir); err != nil || !strings.Contains(out, "off for admin") {
		t.Errorf("reset-two-factor: %q, %v", out, err)
	}
	if on, err := st.TwoFactorUsers(t.Context()); len(on) != 0 || err != nil {
		t.Errorf("two-factor is still on: %v, %v", on, err)
	}
	if log := auditOf(t, dir); log[0].Act != model.ActResetTwoFactor || log[0].SubjectName != "admin" {
		t.Errorf("the audit log: %+v", log[0])
	}
}

// auditOf reads the audit log beside a server that runs.
func auditOf(t *testing.T, dir string) []model.AuditEntry {
	t.Helper()
	st, err := store.Open(t.Context(), dir, store.Options{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	log, err := st.AuditLog(t.Context(), model.AuditFilter{})
	if err != nil {
		t.Fatal(err)
	}
	return log
}
