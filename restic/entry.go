package restic

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"keepstead/model"
)

// Entry is one entry of a snapshot with what a restore sets on it.
type Entry struct {
	Type     string // as model.Node has it
	Mode     fs.FileMode
	UID, GID int
	ModTime  time.Time
	Xattrs   map[string][]byte
}

// Entry returns one entry of a snapshot; one that is not there is model.ErrNotFound. A top has no entry of its own.
func (r Repo) Entry(ctx context.Context, snapshot, name string) (Entry, error) {
	if err := checkIDs(snapshot); err != nil {
		return Entry{}, err
	}
	var tree struct {
		Nodes []struct {
			Name    quoted    `json:"name"`
			Type    string    `json:"type"`
			Mode    uint32    `json:"mode"`
			UID     int       `json:"uid"`
			GID     int       `json:"gid"`
			ModTime time.Time `json:"mtime"`
			Xattrs  []struct {
				Name  string `json:"name"`
				Value []byte `json:"value"`
			} `json:"extended_attributes"`
		} `json:"nodes"`
	}
	name = path.Clean("/" + name)
	if err := r.object(ctx, &tree, "cat", "--json", "--no-lock", "tree", snapshot+":"+path.Dir(name)); err != nil {
		return Entry{}, noFolder(err)
	}
	for _, n := range tree.Nodes {
		if string(n.Name) != path.Base(name) {
			continue
		}
		e := Entry{Type: n.Type, Mode: fs.FileMode(n.Mode), UID: n.UID, GID: n.GID, ModTime: n.ModTime, Xattrs: map[string][]byte{}}
		for _, x := range n.Xattrs {
			e.Xattrs[x.Name] = append([]byte{}, x.Value...) // never nil, which would mean none
		}
		return e, nil
	}
	return Entry{}, fmt.Errorf("find %q in snapshot %s: %w", name, snapshot, model.ErrNotFound)
}

// noFolder makes restic's refusal of a snapshot:folder that is not there the error that every room understands.
func noFolder(err error) error {
	var told *Error
	if errors.As(err, &told) && strings.HasPrefix(told.Message, "path ") &&
		(strings.HasSuffix(told.Message, ": not found") || strings.HasSuffix(told.Message, ": not a directory")) {
		return fmt.Errorf("%w: %w", model.ErrNotFound, err)
	}
	return err
}
