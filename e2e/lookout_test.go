package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"keepstead/testbed"
)

// lookout looks on a machine for secrets and for what is left there.
type lookout struct {
	finder
	lab    *homelab
	before []string // files that were there before Keepstead was
}

func newLookout(l *homelab, secrets map[string]string) *lookout {
	o := &lookout{finder: finder{t: l.t, secrets: secrets}, lab: l}
	o.before = o.files()
	return o
}

// secret adds one more to look for.
func (o *lookout) secret(what, text string) { o.secrets[what] = text }

// files lists what lies in the writable places of the app's machine, without the engine's and the project's own.
func (o *lookout) files() []string {
	o.t.Helper()
	return strings.Split(o.lab.web.Run(o.t, "find "+strings.Join(testbed.WritablePlaces(), " ")+" \\( "+strings.Join(o.engines("-path "), " -o ")+" \\) -prune -o -print"), "\n")
}

// engines are the engine's folder and the project's, each with words before it.
func (o *lookout) engines(before string) []string {
	root, _, _ := strings.Cut(o.lab.volume, "/volumes/")
	return []string{before + root, before + o.lab.project.Dir}
}

// lookAtFiles looks into every file that a job could have written on a machine, the shells' histories among them.
func (o *lookout) lookAtFiles(on *testbed.Machine) {
	o.t.Helper()
	for _, place := range testbed.WritablePlaces() {
		err := filepath.WalkDir(on.Path(place), func(name string, entry os.DirEntry, err error) error {
			if err == nil && entry.IsDir() && slices.Contains(o.engines(on.Path("")), name) {
				return filepath.SkipDir
			}
			if err != nil || !entry.Type().IsRegular() {
				return nil // what went meanwhile holds nothing
			}
			if raw, err := os.ReadFile(name); err == nil {
				o.look(strings.TrimPrefix(name, on.Path(""))+" on "+on.Name(), raw)
			}
			return nil
		})
		if err != nil {
			o.t.Error(err)
		}
	}
}

// seen is what was seen of a machine's processes, by where.
type seen struct {
	restic map[string]bool              // ids of processes that were restic at any time
	public map[string]string            // arguments and environments
	held   map[string]map[string]string // contents of open files without a name, by process
}

// watch reads the arguments, environments and open nameless files of all processes of the app's machine, again and again,
// and its files once while restic runs, until the returned function is called, which judges.
func (o *lookout) watch() func() {
	o.t.Helper()
	s := seen{restic: map[string]bool{}, public: map[string]string{}, held: map[string]map[string]string{}}
	end := make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		for files := false; ; {
			select {
			case <-end:
				return
			case <-time.After(10 * time.Millisecond):
			}
			s.look(o.lab.web.Path("/proc"))
			if len(s.restic) > 0 && !files {
				files = true
				o.lookAtFiles(o.lab.web)
			}
		}
	})
	return func() {
		o.t.Helper()
		close(end)
		wait.Wait()
		o.judge(s)
	}
}

// look reads each process of a /proc.
func (s *seen) look(proc string) {
	entries, _ := os.ReadDir(proc)
	for _, entry := range entries {
		if _, err := strconv.Atoi(entry.Name()); err != nil {
			continue
		}
		dir := filepath.Join(proc, entry.Name())
		comm, _ := os.ReadFile(filepath.Join(dir, "comm"))
		name := strings.TrimSpace(string(comm))
		if strings.HasPrefix(name, "restic") { // the rest of its name is of the sum of its file
			s.restic[entry.Name()] = true
		}
		for _, file := range []string{"environ", "cmdline"} {
			if raw, err := os.ReadFile(filepath.Join(dir, file)); err == nil && len(raw) > 0 {
				s.public[fmt.Sprintf("the %s of %s (%s)", file, name, entry.Name())] = string(raw)
			}
		}
		open, _ := os.ReadDir(filepath.Join(dir, "fd"))
		for _, fd := range open {
			at := filepath.Join(dir, "fd", fd.Name())
			target, _ := os.Readlink(at)
			if info, err := os.Stat(at); err != nil || !info.Mode().IsRegular() || !strings.HasSuffix(target, " (deleted)") || info.Size() > 1<<16 {
				continue
			}
			if raw, err := os.ReadFile(at); err == nil && len(raw) > 0 {
				if s.held[entry.Name()] == nil {
					s.held[entry.Name()] = map[string]string{}
				}
				s.held[entry.Name()][fmt.Sprintf("descriptor %s of %s (%s)", fd.Name(), name, entry.Name())] = string(raw)
			}
		}
	}
}

// judge allows the password of a repository in a nameless file of restic's own process, and no secret elsewhere. That it
// is found there shows that it would be found.
func (o *lookout) judge(s seen) {
	o.t.Helper()
	for where, text := range s.public {
		o.look(where, []byte(text))
	}
	known := 0
	for pid, held := range s.held {
		for where, text := range held {
			for what, secret := range o.secrets {
				switch mine := s.restic[pid] && strings.HasPrefix(what, "password of the repository"); {
				case !strings.Contains(text, secret):
				case mine:
					known++
				default:
					o.t.Errorf("the %s is in %s", what, where)
				}
			}
		}
	}
	if len(s.restic) < 3 || known < 3 {
		o.t.Errorf("restic was seen %d times, with the password of its repository %d times; want both for each destination", len(s.restic), known)
	}
}

// stays is what may stay on a machine: the key that it accepts, restic, and restic's cache; empty folders beside them.
var stays = regexp.MustCompile(`^(/home/sudoer/\.ssh(/authorized_keys)?|/root/\.cache/keepstead(/restic-[0-9a-f]{64}|/cache(/.*)?|/runs|/staging)?)$`)

// nothingLeft looks at what has come to the app's machine since before Keepstead, and at what runs there.
func (o *lookout) nothingLeft() {
	o.t.Helper()
	o.lookAtFiles(o.lab.web)
	kept := 0
	for _, name := range o.files() {
		switch {
		case slices.Contains(o.before, name):
		case stays.MatchString(name):
			kept++
		default:
			o.t.Errorf("left on the machine: %s", name)
		}
	}
	if kept < 5 {
		o.t.Errorf("only %d files of Keepstead were found, where restic and its cache should be", kept)
	}
	if left := o.lab.web.Run(o.t, "ps -eo args | grep '[k]eepstead/restic' || true"); left != "" {
		o.t.Errorf("still runs on the machine: %s", left)
	}
}
