package web

import (
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"

	"keepstead/model"
	"keepstead/testbed"
)

// TestRecoveryKit takes the kit with the password alone, and restores with nothing but it and restic.
func TestRecoveryKit(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	if page := s.do(ask{path: "/settings/recovery-kit", cookie: cookie}); page.status != http.StatusOK || !strings.Contains(page.body, "no destination has a repository") {
		t.Fatalf("without a destination: %d", page.status)
	}
	dir, password := testbed.Repository(t)
	manager := s.opts.Pages.Jobs
	manager.Restic = testbed.Restic(t)
	hostile := model.Destination{Name: "NAS\u202e $(reboot)", Type: model.DestinationLocal, LocalPath: dir}
	added, err := manager.AddDestination(t.Context(), hostile, model.DestinationSecrets{RepoPassword: password})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/", "/settings", "/settings/recovery-kit"} {
		r := s.do(ask{path: path, cookie: cookie})
		if !strings.Contains(r.body, "/settings/recovery-kit") || strings.Contains(r.body, password) || !strings.Contains(r.body, "no kit") && path != "/" {
			t.Errorf("%s does not offer the kit, or tells the password", path)
		}
	}

	wrong := s.post("/settings/recovery-kit", cookie, url.Values{"current_password": {"not the password"}})
	if wrong.status != http.StatusUnprocessableEntity || !strings.Contains(wrong.body, "This is not your password.") || strings.Contains(wrong.body, password) {
		t.Errorf("with a wrong password: %d", wrong.status)
	}
	kit := s.post("/settings/recovery-kit", cookie, url.Values{"current_password": {testPassword}})
	if kit.status != http.StatusOK || kit.header.Get("Cache-Control") != "no-store" || !strings.HasPrefix(kit.header.Get("Content-Disposition"), `attachment; filename="keepstead-recovery-kit-`) {
		t.Fatalf("the kit: %d %v", kit.status, kit.header)
	}
	if !strings.Contains(kit.body, "\nNAS $(reboot)\n") {
		t.Error("the kit does not name the destination")
	}
	var script []string
	for line := range strings.Lines(kit.body) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "export ") || strings.HasPrefix(line, "restic ") {
			script = append(script, line)
		}
	}
	script[len(script)-1] = strings.Replace(script[len(script)-1], "restic", testbed.Restic(t)+" --no-cache --no-lock --json", 1)
	cmd := exec.CommandContext(t.Context(), "sh", "-ec", strings.Join(script, "\n"))
	cmd.Env = []string{"PATH=/usr/bin:/bin"}
	if out, err := cmd.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != "[]" && !strings.HasPrefix(string(out), "[{") {
		t.Errorf("the kit's lines: %v\n%s", err, out)
	}

	if page := s.do(ask{path: "/", cookie: cookie}); strings.Contains(page.body, "Keep the recovery kit") {
		t.Error("Home still asks for it")
	}
	if page := s.do(ask{path: "/settings/recovery-kit", cookie: cookie}); !strings.Contains(page.body, "In a kit") {
		t.Error("the page does not tell that it was taken")
	}
	added.Name = "NAS"
	for _, tt := range []struct {
		secrets model.DestinationSecrets
		says    string
	}{{model.DestinationSecrets{}, "In a kit"}, {model.DestinationSecrets{RepoPassword: password}, "Kit out of date"}} {
		if _, err := manager.ChangeDestination(t.Context(), added, tt.secrets); err != nil {
			t.Fatal(err)
		}
		if page := s.do(ask{path: "/settings/recovery-kit", cookie: cookie}); !strings.Contains(page.body, tt.says) {
			t.Errorf("after a change the page does not say %q", tt.says)
		}
	}
	if strings.Contains(s.log.String(), password) || !strings.Contains(s.log.String(), "the recovery kit was taken") {
		t.Error("the log has the password, or does not tell who took the kit")
	}
}
