package testbed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Engine is a Docker engine of a test's own: images of testbed/images, nothing else, and no network to the outside. It
// runs in a process and a mount namespace of its own, so the kernel ends its containers and mounts with the test, however
// that ends. Volumes alone the test sees as it would those of the machine's own engine.
type Engine struct {
	Socket  string // path of the engine's unix socket
	Root    string // its data folder; volumes are below it
	Plugins string // a folder where a test may listen on NAME.sock to be the volume driver NAME

	slot *slot
	init *engineInit
}

// NewEngine starts an engine, which ends with the test.
func NewEngine(t testing.TB) *Engine {
	t.Helper()
	store := engineStore(t)
	t.TempDir() // so that the folders the test mounts into containers are removed after the engine's end
	s := takeSlot(t)
	e := &Engine{Socket: filepath.Join(s.run, "sock"), Root: s.data, Plugins: filepath.Join(s.run, "plugins"), slot: s}
	t.Cleanup(func() { e.close(t) })
	check(t, os.MkdirAll(e.Plugins, 0o700))
	check(t, seed(store, e.Root))
	check(t, s.share())
	check(t, s.openFirewall())
	var err error
	e.init, err = startInit(t, e)
	check(t, err)
	e.Start(t)
	return e
}

// engineStore returns the image store to start upon, and ends the test where a part is missing.
func engineStore(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"dockerd", "docker", "docker-compose", "ip", "iptables"} {
		if program(name) == "" {
			Missing(t, "A Docker engine cannot be started for want of %s; apt-get install docker.io docker-compose debootstrap iproute2, then sudo make testimages.", name)
		}
	}
	if os.Getuid() != 0 {
		Missing(t, "A Docker engine of the test's own needs root; run the tests as root, after make testimages.")
	}
	out, err := exec.Command(filepath.Join(Root(t), "tools", "testimages", "make.sh"), "--print").Output()
	if err != nil {
		t.Fatalf("ask for the folder of the test images: %v", err)
	}
	store := strings.TrimSpace(string(out))
	if _, err := os.Stat(filepath.Join(store, "complete")); err != nil {
		Missing(t, "The Docker images of the tests are missing; make testimages.")
	}
	now := time.Now()
	check(t, os.Chtimes(store, now, now)) // in use: not to be swept as old
	return store
}

// program finds a program where Debian's packages have it, which wins over another of the same name in PATH.
func program(name string) string {
	for _, dir := range []string{"/usr/bin", "/usr/sbin", "/sbin"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && !info.IsDir() {
			return filepath.Join(dir, name)
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return ""
	}
	return path
}

// seed gives an engine the images. Layers are links to the store's folders, since an engine only reads them; the records
// about them are copies, since it writes there.
func seed(store, root string) error {
	layers := filepath.Join(root, "overlay2")
	if err := os.MkdirAll(layers, 0o710); err != nil {
		return err
	}
	for from, to := range map[string]string{"image": root, "overlay2/l": layers} {
		if out, err := exec.Command("cp", "-a", filepath.Join(store, from), to).CombinedOutput(); err != nil {
			return fmt.Errorf("copy %s: %w: %s", from, err, out)
		}
	}
	entries, err := os.ReadDir(filepath.Join(store, "overlay2"))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.Name() == "l" {
			continue
		}
		if err := os.Symlink(filepath.Join(store, "overlay2", entry.Name()), filepath.Join(layers, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

// Env is the environment in which docker and docker-compose find this engine.
func (e *Engine) Env() []string {
	return []string{
		"DOCKER_HOST=unix://" + e.Socket, "DOCKER_BUILDKIT=0", "DOCKER_CONFIG=" + e.slot.run, "HOME=" + e.slot.run,
		"PATH=/usr/bin:/usr/sbin:/bin:/sbin:" + os.Getenv("PATH"), "LANG=C.UTF-8", "PYTHONWARNINGS=ignore",
	}
}

// Run runs docker with the arguments and returns what it printed, without the last line end.
func (e *Engine) Run(ctx context.Context, args ...string) (string, error) {
	return e.run(exec.CommandContext(ctx, program("docker"), args...))
}

// enough is time for any command, in a test's clean-up too, when its own context has ended.
func enough(t testing.TB) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(t.Context()), 5*time.Minute)
}

// Docker is Run for what must succeed.
func (e *Engine) Docker(t testing.TB, args ...string) string {
	t.Helper()
	ctx, cancel := enough(t)
	defer cancel()
	out, err := e.Run(ctx, args...)
	if err != nil {
		t.Fatalf("docker %s: %v", strings.Join(args, " "), err)
	}
	return out
}

// Pipe runs docker with text at its standard input, as for `exec -i`.
func (e *Engine) Pipe(t testing.TB, text string, args ...string) string {
	t.Helper()
	ctx, cancel := enough(t)
	defer cancel()
	cmd := exec.CommandContext(ctx, program("docker"), args...)
	cmd.Stdin = strings.NewReader(text)
	out, err := e.run(cmd)
	if err != nil {
		t.Fatalf("docker %s: %v", strings.Join(args, " "), err)
	}
	return out
}

// Compose runs docker-compose in the project's folder.
func (e *Engine) Compose(t testing.TB, dir string, args ...string) string {
	t.Helper()
	ctx, cancel := enough(t)
	defer cancel()
	out, err := e.compose(ctx, dir, args...)
	if err != nil {
		t.Fatalf("docker-compose %s: %v", strings.Join(args, " "), err)
	}
	return out
}

func (e *Engine) compose(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program("docker-compose"), args...)
	cmd.Dir = dir
	return e.run(cmd)
}

func (e *Engine) run(cmd *exec.Cmd) (string, error) {
	cmd.Env = e.Env()
	cmd.WaitDelay = 5 * time.Second
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%w: %s", err, strings.TrimSpace(errs.String()+"\n"+out.String()))
	}
	return strings.TrimSuffix(out.String(), "\n"), nil
}

// Up starts the project in dir and waits until each of its containers runs and, where it can tell, is healthy.
func (e *Engine) Up(t testing.TB, dir string) {
	t.Helper()
	ctx, cancel := enough(t)
	defer cancel()
	if out, err := e.compose(ctx, dir, "up", "-d"); err != nil {
		logs, _ := e.compose(ctx, dir, "logs", "--no-color", "--tail", "30")
		t.Fatalf("docker-compose up: %v\n%s\n%s", err, out, logs)
	}
	e.AwaitHealthy(t, dir)
}

// AwaitHealthy waits until each container of the project in dir runs and, where it can tell, is healthy.
func (e *Engine) AwaitHealthy(t testing.TB, dir string) {
	t.Helper()
	ids := strings.Fields(e.Docker(t, "ps", "-aq", "--filter", "label=com.docker.compose.project.working_dir="+dir))
	if len(ids) == 0 {
		t.Fatalf("the project in %s has no containers", dir)
	}
	const format = "{{.Name}} {{.State.Status}} {{with .State.Health}}{{.Status}}{{else}}healthy{{end}}"
	var states string
	for deadline := time.Now().Add(90 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		states = e.Docker(t, append([]string{"inspect", "--format", format}, ids...)...)
		if strings.Count(states, " running healthy") == len(ids) {
			return
		}
	}
	t.Fatalf("not healthy after 90 s:\n%s\n%s", states, e.Compose(t, dir, "logs", "--tail", "20"))
}

// Start starts the engine that Stop or Kill ended, upon the same data.
func (e *Engine) Start(t testing.TB) {
	t.Helper()
	if err := e.init.start(e.Socket); err != nil {
		t.Fatalf("start the Docker engine: %v\n%s", err, e.Log())
	}
}

// Stop ends the engine in good order, which stops its containers.
func (e *Engine) Stop(t testing.TB) {
	t.Helper()
	e.end(t, "TERM")
}

// Kill ends the engine at once. Its containers run on until it is started again, as after a crash.
func (e *Engine) Kill(t testing.TB) {
	t.Helper()
	e.end(t, "KILL")
}

func (e *Engine) end(t testing.TB, signal string) {
	t.Helper()
	if err := e.init.end(signal); err != nil {
		t.Fatalf("end the Docker engine: %v\n%s", err, e.Log())
	}
}

// Log returns the last of what the engine logged.
func (e *Engine) Log() string {
	raw, err := os.ReadFile(e.slot.log())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err.Error()
	}
	return string(raw[max(0, len(raw)-4<<10):])
}

// close removes all of the engine. The data is of no use any more, so nothing is stopped in good order.
func (e *Engine) close(t testing.TB) {
	e.slot.thaw()
	if e.init != nil {
		e.init.close()
	}
	if err := e.slot.release(); err != nil {
		t.Errorf("remove the Docker engine: %v", err)
	}
}
