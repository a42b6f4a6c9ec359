package jobs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"keepstead/device"
	"keepstead/model"
)

// source is one folder or file of an app as it is now.
type source struct {
	path     string
	resolved string // with symbolic links followed
	empty    bool   // a folder without entries
	err      error  // why it cannot be read
}

// inspect looks at a source: whether it is there, can be read, and holds anything.
func inspect(files device.Files, p string) source {
	s := source{path: p, resolved: p}
	info, err := files.Stat(p)
	if err != nil {
		s.err = err
		return s
	}
	if s.resolved, s.err = files.Resolve(p); s.err != nil {
		return s
	}
	if !info.IsDir() {
		if !info.Mode().IsRegular() {
			s.err = errors.New("it is neither a folder nor a regular file")
		}
		return s
	}
	entries, err := files.ReadDir(p)
	s.err, s.empty = err, err == nil && len(entries) == 0
	return s
}

// sourceReport is what a look at all sources found.
type sourceReport struct {
	usable  []string
	missing []string // gone or unreadable, each with its reason
	empty   []string
}

// lookAt inspects every source of a backup (safety core 6: restic itself calls an unmounted folder a success).
func (r *run) lookAt(paths []string) (sourceReport, error) {
	var report sourceReport
	files, err := r.on.host.Files()
	if err != nil {
		return report, err
	}
	for _, p := range paths {
		s := inspect(files, p)
		switch {
		case s.err != nil:
			report.missing = append(report.missing, fmt.Sprintf("%s (%s)", p, reason(s.err)))
		case s.empty:
			report.empty = append(report.empty, p)
			report.usable = append(report.usable, p)
		default:
			report.usable = append(report.usable, p)
		}
	}
	return report, nil
}

func reason(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "not there"
	case errors.Is(err, fs.ErrPermission):
		return "not readable"
	}
	return err.Error()
}

// refuse says why a backup must not even begin: nothing is there, or nothing is in what is there.
func (s sourceReport) refuse() error {
	switch {
	case len(s.usable) == 0:
		return fail(model.CauseSourceMissing, "Mount the disk or correct the app's folders, then back up again.",
			"Nothing to back up: %s.", strings.Join(s.missing, ", "))
	case len(s.empty) == len(s.usable):
		return fail(model.CauseSourceEmpty, "Mount the disk or put the data back, then back up again.",
			"The source is empty: %s.", strings.Join(s.empty, ", "))
	}
	return nil
}

// Bounds of the alarm for a source that shrank: below half of the last good snapshot, where that was big enough for
// the comparison to mean something.
const (
	shrinkShare = 0.5
	shrinkFiles = 10
	shrinkBytes = 1 << 20
)

// shrunk compares a new snapshot with the last good one and returns a sentence when far less is there. Settings that
// changed since then change what is there for a good reason.
func shrunk(c model.Configuration, last, now model.Snapshot) string {
	if c.UpdatedAt.After(last.StartedAt) {
		return ""
	}
	switch {
	case last.TotalFiles >= shrinkFiles && float64(now.TotalFiles) < shrinkShare*float64(last.TotalFiles):
		return fmt.Sprintf("The source shrank from %d to %d files since the last good snapshot.", last.TotalFiles, now.TotalFiles)
	case last.TotalSize >= shrinkBytes && float64(now.TotalSize) < shrinkShare*float64(last.TotalSize):
		return fmt.Sprintf("The source shrank from %s to %s since the last good snapshot.", size(last.TotalSize), size(now.TotalSize))
	}
	return ""
}

// alike says whether two snapshots were captured in the same way: a database that is dumped is far smaller than its raw
// files. What cannot be compared counts as alike.
func (r *run) alike(ctx context.Context, last, now model.Snapshot) bool {
	if now.Contents == nil {
		return true
	}
	before, err := r.Store.Snapshot(ctx, last.ID)
	if err != nil || before.Contents == nil {
		return true
	}
	return slices.Equal(ways(*before.Contents), ways(*now.Contents))
}

// ways says how each service and mount was captured.
func ways(c model.Contents) []string {
	var out []string
	for _, s := range c.Services {
		out = append(out, "service "+s.Name+" "+string(s.Strategy))
	}
	for _, v := range c.Volumes {
		out = append(out, "mount "+v.Label()+" "+string(v.Role))
	}
	slices.Sort(out)
	return out
}

// emptied returns those of the empty folders in which the last good snapshot still had something: one unmounted disk
// among several may be too little to count as shrunk. A folder that was empty then, or that somebody has confirmed since,
// is no news.
func (r *run) emptied(ctx context.Context, o opened, c model.Configuration, last model.Snapshot, empty []string) []string {
	if c.UpdatedAt.After(last.StartedAt) {
		return nil
	}
	var out []string
	for _, dir := range empty {
		held := false
		err := r.command(o).Ls(ctx, last.ResticSnapshotID, dir, false, func(model.Node) error { held = true; return nil })
		if err != nil && !errors.Is(err, model.ErrNotFound) {
			r.log.printf("What %s held before cannot be read: %v", dir, err)
			held = true // until somebody has looked
		}
		if held {
			out = append(out, dir)
		}
	}
	return out
}

// material is what a backup reads: the folders as they are now, and for an app made of containers its capture.
type material struct {
	sourceReport
	excludes []string
	doubts   []string // what makes the snapshot less than whole, each in a sentence
	capture  *capture
	release  func()
}

// gather finds out what a backup covers: the app's folders and the configuration's further ones, the files that are
// staged for a system part, or a capture. The caller releases it.
func (r *run) gather(ctx context.Context, p plan) (*material, error) {
	src := &material{release: func() {}}
	paths, err := r.paths(ctx, p, src)
	if err == nil {
		src.sourceReport, err = r.lookAt(paths)
	}
	if err == nil {
		err = src.refuse()
	}
	if err == nil {
		src.excludes, err = r.excludes(ctx, p, src)
	}
	if err != nil {
		src.release()
		return nil, err
	}
	return src, nil
}

func (r *run) paths(ctx context.Context, p plan, src *material) ([]string, error) {
	switch p.app.Kind {
	case model.AppSystem:
		src.release = func() { r.unstage(p) }
		return r.stage(ctx, p)
	case model.AppCompose, model.AppContainer:
		c, err := r.join(ctx, p)
		if err != nil {
			return nil, err
		}
		src.adopt(c)
		src.release = func() { r.release(ctx, c) }
		return c.paths, nil
	}
	return append(slices.Clone(p.app.Paths), p.configuration.IncludePaths...), nil
}

// adopt makes a capture the material's own.
func (s *material) adopt(c *capture) {
	s.capture, s.doubts = c, slices.Clone(c.doubts)
	for _, m := range c.missing {
		s.doubts = append(s.doubts, "Saved without "+m+".")
	}
}

// excludes returns the configuration's patterns and what must never be in a backup: Keepstead's own working folder,
// and a destination that lies inside a source.
func (r *run) excludes(ctx context.Context, p plan, src *material) ([]string, error) {
	out := slices.Clone(p.configuration.ExcludePaths)
	if src.capture != nil {
		out = slices.Clone(src.capture.excludes)
	}
	own := []string{}
	if p.app.Kind != model.AppSystem {
		own = append(own, r.on.dir)
	}
	all, err := r.Store.Destinations(ctx)
	if err != nil {
		return nil, err
	}
	for _, d := range all {
		same, err := r.liesOn(ctx, d, r.on)
		if err != nil {
			return nil, err
		}
		if same {
			own = append(own, d.LocalPath)
		}
	}
	for _, dir := range own {
		if slices.ContainsFunc(src.usable, func(p string) bool { return model.Within(dir, p) }) {
			r.log.printf("Left out: %s (Keepstead's own).", dir)
			out = append(out, escapePattern(dir))
		}
	}
	if src.capture != nil { // the last match counts: no pattern takes away what was staged
		out = append(out, "!"+escapePattern(src.capture.dir))
	}
	return out, nil
}

// escapePattern makes restic take every character of a path as itself.
func escapePattern(p string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(p)
}
