package restic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"

	"keepstead/model"
)

// Node is one entry of a snapshot's tree. Bytes of a name that are not UTF-8 are U+FFFD.
type Node = model.Node

// nodeMessage is restic's node, of ls and find.
type nodeMessage struct {
	Type    string    `json:"message_type"` // not there in find
	Kind    string    `json:"type"`
	Name    string    `json:"name"`
	Path    string    `json:"path"`
	Size    int64     `json:"size"`
	Mode    uint32    `json:"mode"`
	ModTime time.Time `json:"mtime"`
	Target  string    `json:"linktarget"`
}

func (m nodeMessage) node() Node {
	if m.Name == "" {
		m.Name = path.Base(m.Path)
	}
	return Node{
		Path: m.Path, Name: m.Name, Type: m.Kind, Size: m.Size, Mode: unixMode(fs.FileMode(m.Mode)), ModTime: m.ModTime,
		Target: m.Target,
	}
}

// unixMode returns the twelve permission bits of a Unix mode.
func unixMode(m fs.FileMode) uint32 {
	bits := uint32(m.Perm())
	for flag, bit := range map[fs.FileMode]uint32{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000} {
		if m&flag != 0 {
			bits |= bit
		}
	}
	return bits
}

// Ls calls each for the entries of a folder of a snapshot, the folder itself left out, and for all below it when
// recursive. A folder that is not there is model.ErrNotFound. An error of each ends the listing and is returned.
func (r Repo) Ls(ctx context.Context, snapshot, dir string, recursive bool, each func(Node) error) error {
	if err := checkIDs(snapshot); err != nil {
		return err
	}
	dir = path.Clean("/" + dir)
	args := []string{"ls", "--json", "--no-lock"}
	if recursive {
		args = append(args, "--recursive")
	}
	found, stop := dir == "/", error(nil)
	err := r.run(ctx, call{args: append(args, "--", snapshot, dir), stream: true, stdout: func(line []byte) error {
		m, ok := readNode(line)
		if !ok || m.Type != "node" {
			return nil
		}
		if m.Path == dir {
			found = true
			return nil
		}
		if !recursive && path.Dir(m.Path) != dir || recursive && !model.Within(m.Path, dir) {
			return nil
		}
		found = true
		stop = each(m.node())
		return stop
	}})
	switch {
	case stop != nil:
		return stop
	case err == nil && !found:
		return fmt.Errorf("list %q of snapshot %s: %w", dir, snapshot, model.ErrNotFound)
	}
	return err
}

// FindOptions say what to look for.
type FindOptions struct {
	Patterns   []string // of names or whole paths, with wildcards
	Snapshots  []string // ids; empty means all that Tags and Host select
	Tags       []string
	Host       string
	IgnoreCase bool
}

// Match is an entry that Find found.
type Match struct {
	Snapshot string
	Node     Node
}

// Find calls each for every entry that matches, newest snapshot first. It walks whole trees: slow.
func (r Repo) Find(ctx context.Context, o FindOptions, each func(Match) error) error {
	if err := checkIDs(o.Snapshots...); err != nil {
		return err
	}
	if len(o.Patterns) == 0 {
		return errors.New("restic find: nothing to look for")
	}
	args := []string{"find", "--json", "--no-lock"}
	for _, id := range o.Snapshots {
		args = append(args, "--snapshot="+id)
	}
	if len(o.Tags) > 0 {
		args = append(args, "--tag="+join(o.Tags))
	}
	if o.Host != "" {
		args = append(args, "--host="+o.Host)
	}
	if o.IgnoreCase {
		args = append(args, "--ignore-case")
	}
	return r.array(ctx, append(append(args, "--"), o.Patterns...), func(d *json.Decoder) error {
		var found struct {
			Snapshot string        `json:"snapshot"`
			Matches  []nodeMessage `json:"matches"`
		}
		if err := d.Decode(&found); err != nil {
			return err
		}
		for _, m := range found.Matches {
			if err := each(Match{Snapshot: found.Snapshot, Node: m.node()}); err != nil {
				return err
			}
		}
		return nil
	})
}

// dumpGrace is how long a dump that nobody reads any more may take to end: it holds no lock that it would give back.
const dumpGrace = 2 * time.Second

// Dump writes one file of a snapshot to w, or a folder as archive, which is tar or zip; in it the folder stands at the
// top, without those above it. The content is whole only when the error is nil. A path that is not there is
// model.ErrNotFound. The name may hold any byte.
func (r Repo) Dump(ctx context.Context, snapshot, name, archive string, w io.Writer) error {
	if err := checkIDs(snapshot); err != nil {
		return err
	}
	name = path.Clean("/" + name)
	args := []string{"dump", "--json", "--no-lock"}
	if archive != "" {
		args = append(args, "--archive="+archive)
		if name != "/" {
			snapshot, name = snapshot+":"+path.Dir(name), "/"+path.Base(name)
		}
	}
	if r.Grace == 0 {
		r.Grace = dumpGrace
	}
	return noFolder(r.run(ctx, call{args: append(args, "--", snapshot, name), stream: true, raw: w}))
}

// Change is a difference between two snapshots: Modifier holds + for added, - for removed, M for content, U for
// metadata, T for type, ? for a content that changed without its date.
type Change struct {
	Path     string `json:"path"`
	Modifier string `json:"modifier"`
}

// DiffCounts are one side of a comparison.
type DiffCounts struct {
	Files  int   `json:"files"`
	Dirs   int   `json:"dirs"`
	Others int   `json:"others"`
	Bytes  int64 `json:"bytes"`
}

// DiffSummary counts the differences between two snapshots.
type DiffSummary struct {
	ChangedFiles int        `json:"changed_files"`
	Added        DiffCounts `json:"added"`
	Removed      DiffCounts `json:"removed"`
}

// Diff calls each for every difference from snapshot a to snapshot b.
func (r Repo) Diff(ctx context.Context, a, b string, each func(Change) error) (DiffSummary, error) {
	if err := checkIDs(a, b); err != nil {
		return DiffSummary{}, err
	}
	var sum DiffSummary
	var stop error
	args := []string{"diff", "--json", "--no-lock", "--metadata", "--", a, b}
	err := r.run(ctx, call{args: args, stream: true, stdout: func(line []byte) error {
		switch kind(line) {
		case "change":
			var c Change
			if err := json.Unmarshal(line, &c); err != nil {
				return fmt.Errorf("read a change of restic diff: %w", err)
			}
			c.Modifier = strings.TrimSpace(c.Modifier)
			stop = each(c)
			return stop
		case "statistics":
			if err := json.Unmarshal(line, &sum); err != nil {
				return fmt.Errorf("read the counts of restic diff: %w", err)
			}
		}
		return nil
	}})
	if stop != nil {
		return sum, stop
	}
	return sum, err
}
