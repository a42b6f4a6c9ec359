package e2e

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"keepstead/testbed"
)

// TestNoSecretIsFoundAnywhere runs a life of backups and looks for every credential: in the arguments of all
// processes, in the environment of Keepstead's children, in the output, the data folder, the pages and the API.
func TestNoSecretIsFoundAnywhere(t *testing.T) {
	t.Parallel()
	const passphrase, adopted, own = "e2e-Passphrase-7hXq92", "e2eAdoptedPassword81bQz0", "e2eOwnKeyPassword4kTr7"
	k := serve(t, "KEEPSTEAD_MASTER_PASSPHRASE="+passphrase, "KEEPSTEAD_LOG_LEVEL=debug")
	bucket, repository, app := testbed.S3(t), newFolder(t, "repository"), newFolder(t, "app")
	secrets := map[string]string{
		"admin password": adminPassword, "passphrase": passphrase, "password of the adopted repository": adopted, "password of a key by hand": own,
		"token": k.token, "access key": bucket.AccessKey, "secret key": bucket.SecretKey,
	}
	spy := watch(t, k.cmd.Process.Pid)
	restic(t, repository, adopted, "init")
	writeRandom(t, filepath.Join(app, "data"), 24<<20)
	cloud := k.addS3("Cloud", bucket)
	var disk destination
	k.call("POST", "/backup/destinations/local", body{"name": "Disk", "path": repository, "repo_password": adopted}, &disk)
	_, configuration := k.addApp("App", k.addPolicy("P", []string{cloud.ID, disk.ID}, body{"keep_last": 1}), app)
	k.backup(configuration, "success")
	made := k.backup(configuration, "success")
	k.restore(made[cloud.ID].ID)
	for _, work := range []string{"check", "prune", "sync"} {
		var j job
		k.call("POST", "/backup/destinations/"+cloud.ID+"/"+work, nil, &j)
		k.wait(j.ID)
	}
	secrets["password of the new repository"] = k.password("Cloud")
	for _, d := range []destination{cloud, disk} {
		var j job
		k.call("POST", "/backup/destinations/"+d.ID+"/keys", body{"name": "Anna", "password": own}, nil)
		k.call("POST", "/backup/destinations/"+d.ID+"/keys/rotate", nil, &j)
		if ended := k.wait(j.ID); ended.State != "success" {
			t.Errorf("the rotation of %s is %+v", d.ID, ended)
		}
	}
	k.call("POST", "/keys/rotate", nil, nil)
	k.backup(configuration, "success")
	// Refusals must not repeat what was sent.
	status, refused := k.try("POST", "/backup/destinations/s3", body{
		"name": "Bad", "endpoint": bucket.Endpoint, "bucket": bucket.Name, "region": "us-east-1",
		"access_key": bucket.AccessKey, "secret_key": bucket.SecretKey + "-e2e-wrong-Secret",
	})
	if status < 400 {
		t.Errorf("a wrong secret key was accepted")
	}
	secrets["password of the new repository after a rotation"] = k.password("Cloud")
	secrets["password of the adopted repository after a rotation"] = k.password("Disk")
	for what, secret := range channelSecrets {
		secrets[what] = secret
	}
	channels := k.addFailingChannels()
	for _, id := range channels {
		_, answer := k.try("POST", "/notifications/"+id+"/test", nil)
		if !bytes.Contains(answer, []byte(`"ok":false`)) {
			t.Errorf("a channel to nowhere says %s", answer)
		}
	}
	made = k.backup(configuration, "success") // and its end is told, in vain
	k.awaitTold(channels)
	browser := k.signIn()
	enrolled, recovery := k.enrol(browser)
	secrets["secret of the second factor"] = enrolled
	for i, code := range recovery {
		secrets[fmt.Sprintf("recovery code %d", i)], secrets[fmt.Sprintf("digits of recovery code %d", i)] = code, strings.ReplaceAll(code, "-", "")
	}
	k.quiet()
	found := finder{t: t, secrets: secrets}
	found.look("a refusal", refused)
	for where, text := range spy() {
		found.look(where, []byte(text))
	}
	found.lookAtAPI(k)
	found.lookAtPages(k, browser, cloud.ID, disk.ID, made[cloud.ID].ID, channels)
	found.look("the program's output", []byte(k.output.String()))
	found.lookAtFiles(k.data)
	k.stop()
	found.lookAtFiles(k.data)
	found.look("the program's output at its end", []byte(k.output.String()))
	if found.bytes < 100_000 {
		t.Errorf("only %d bytes were searched", found.bytes)
	}
}

type finder struct {
	t       *testing.T
	secrets map[string]string
	bytes   int
}

func (f *finder) look(where string, text []byte) {
	f.t.Helper()
	f.bytes += len(text)
	for what, secret := range f.secrets {
		for _, form := range []string{secret, url.QueryEscape(secret), strings.ReplaceAll(secret, "+", " ")} {
			if bytes.Contains(text, []byte(form)) {
				f.t.Errorf("the %s is in %s", what, where)
				break
			}
		}
	}
}

func (f *finder) lookAtFiles(root string) {
	f.t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err == nil {
			f.look(path, content)
		}
		return err
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *finder) lookAtAPI(k *keepstead) {
	f.t.Helper()
	paths := []string{"/keys", "/backup/destinations", "/backup/policies", "/backup/configurations", "/backup/snapshots", "/jobs", "/devices", "/apps", "/status", "/notifications", "/audit"}
	for _, j := range k.jobs("limit=100") {
		paths = append(paths, "/jobs/"+j.ID, "/jobs/"+j.ID+"/log")
	}
	for _, path := range paths {
		status, answer := k.try("GET", path, nil)
		if status != http.StatusOK {
			f.t.Errorf("GET %s: %d", path, status)
		}
		f.look("the API's "+path, answer)
	}
}

func (f *finder) lookAtPages(k *keepstead, browser *http.Client, cloud, disk, snapshot string, channels []string) {
	f.t.Helper()
	paths := []string{
		"/", "/apps", "/destinations", "/destinations/new", "/destinations/" + cloud, "/destinations/" + cloud + "/edit",
		"/destinations/" + disk, "/destinations/" + disk + "/edit", "/destinations/" + cloud + "/keys", "/destinations/" + disk + "/keys", "/policies", "/snapshots", "/snapshots/" + snapshot, "/activity", "/devices", "/devices/new",
		"/settings", "/settings/keys", "/settings/audit", "/settings/two-factor", "/settings/recovery-kit", "/settings/notifications", "/settings/notifications/new",
	}
	for _, id := range channels {
		paths = append(paths, "/settings/notifications/"+id)
	}
	for _, j := range k.jobs("limit=20") {
		paths = append(paths, "/jobs/"+j.ID)
	}
	for _, path := range paths {
		res, err := browser.Get(k.url + path)
		if err != nil {
			f.t.Fatal(err)
		}
		text, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK || res.Request.URL.Path != path { // and not the sign-in
			f.t.Errorf("GET %s: %d, %v", path, res.StatusCode, err)
		}
		f.look("the page "+path, text)
	}
}

// signIn returns a client with a session.
func (k *keepstead) signIn() *http.Client {
	k.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		k.t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, Timeout: time.Minute}
	res, err := browser.PostForm(k.url+"/signin", url.Values{"name": {"admin"}, "password": {adminPassword}})
	if err != nil {
		k.t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK || res.Request.URL.Path == "/signin" {
		k.t.Fatalf("sign in: %d at %s", res.StatusCode, res.Request.URL)
	}
	return browser
}

// enrol turns two-factor on for the client's user, and returns the secret and the recovery codes.
func (k *keepstead) enrol(browser *http.Client) (secret string, codes []string) {
	k.t.Helper()
	post := func(path string, form url.Values) string {
		res, err := browser.PostForm(k.url+path, form)
		if err != nil {
			k.t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		text, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusOK {
			k.t.Fatalf("%s: %d, %v", path, res.StatusCode, err)
		}
		return string(text)
	}
	page := post("/settings/two-factor/start", url.Values{"current_password": {adminPassword}})
	secret = regexp.MustCompile(`[A-Z2-7]{32}`).FindString(page)
	page = post("/settings/two-factor", url.Values{"code": {codeOf(k.t, secret, 0)}})
	if codes = regexp.MustCompile(`\d{4}-\d{4}-\d{4}`).FindAllString(page, -1); len(codes) != 10 {
		k.t.Fatalf("%d recovery codes", len(codes))
	}
	return secret, codes
}

// watch reads the arguments of all processes and the environment of pid's descendants, again and again, until the
// returned function is called, which gives all that was seen.
func watch(t *testing.T, pid int) func() map[string]string {
	t.Helper()
	seen, end := map[string]string{}, make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			select {
			case <-end:
				return
			case <-time.After(5 * time.Millisecond):
			}
			own, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
			for _, p := range descendants(pid) {
				if raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.pid)); err != nil || bytes.Equal(raw, own) {
					continue // it has not become its program yet, and looks like its parent
				}
				for _, file := range []string{"environ", "cmdline"} {
					if raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p.pid, file)); err == nil && len(raw) > 0 {
						seen[fmt.Sprintf("%s of %s (%d)", file, p.name, p.pid)] = string(raw)
					}
				}
			}
			if raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); err == nil {
				seen["cmdline of keepstead"] = string(raw)
			}
		}
	})
	return func() map[string]string {
		close(end)
		wait.Wait()
		runs := 0
		for where := range seen {
			if strings.HasPrefix(where, "environ of restic") {
				runs++
			}
		}
		if runs < 5 {
			t.Errorf("the environment of only %d runs of restic was seen", runs)
		}
		return seen
	}
}
