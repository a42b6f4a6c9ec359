package restic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"keepstead/model"
)

// errEnough ends a command whose answer is complete.
var errEnough = errors.New("enough was read")

// Node returns one entry of a snapshot as Ls shows it, and its path in the very bytes of its name, which Dump takes.
// One that is not there is model.ErrNotFound.
func (r Repo) Node(ctx context.Context, snapshot, name string) (Node, string, error) {
	if err := checkIDs(snapshot); err != nil {
		return Node{}, "", err
	}
	name = path.Clean("/" + name)
	if name == "/" {
		return Node{Path: "/", Name: "/", Type: "dir"}, "/", nil
	}
	raw, err := r.rawPath(ctx, snapshot, name)
	if err != nil {
		return Node{}, "", err
	}
	shown := shownName(raw)
	var found *Node
	err = r.run(ctx, call{args: []string{"ls", "--json", "--no-lock", "--", snapshot, raw}, stream: true, stdout: func(line []byte) error {
		var m nodeMessage
		if json.Unmarshal(line, &m) != nil || m.Type != "node" || m.Path != shown {
			return nil
		}
		n := m.node()
		found = &n
		return errEnough // a folder comes before what is in it, which may be very much
	}})
	switch {
	case found != nil:
		return *found, raw, nil
	case err == nil:
		return Node{}, "", fmt.Errorf("find %q in snapshot %s: %w", name, snapshot, model.ErrNotFound)
	}
	return Node{}, "", err
}

// replacement is what JSON shows of each byte that is not UTF-8.
const replacement = "\uFFFD"

// shownName is a name as restic's JSON has it.
func shownName(raw string) string { return string([]rune(raw)) }

// rawPath turns a path as JSON shows it into the bytes that restic knows it by. Names that are not UTF-8 cannot be fed
// back as they are shown, but the trees have them whole, in quotes. Where several entries look the same nobody can say
// which is meant, so none is taken.
func (r Repo) rawPath(ctx context.Context, snapshot, name string) (string, error) {
	if !strings.Contains(name, replacement) {
		return name, nil
	}
	dir := "/"
	for _, step := range strings.Split(strings.Trim(name, "/"), "/") {
		if strings.Contains(step, replacement) {
			var err error
			if step, err = r.rawName(ctx, snapshot, dir, step); err != nil {
				return "", err
			}
		}
		dir = path.Join(dir, step)
	}
	return dir, nil
}

func (r Repo) rawName(ctx context.Context, snapshot, dir, shown string) (string, error) {
	var tree struct {
		Nodes []struct {
			Name quoted `json:"name"`
		} `json:"nodes"`
	}
	if err := r.object(ctx, &tree, "cat", "--json", "--no-lock", "tree", snapshot+":"+dir); err != nil {
		return "", noFolder(err)
	}
	var alike []string
	for _, n := range tree.Nodes {
		if string(n.Name) == shown {
			return shown, nil
		}
		if shownName(string(n.Name)) == shown {
			alike = append(alike, string(n.Name))
		}
	}
	switch len(alike) {
	case 1:
		return alike[0], nil
	case 0:
		return "", fmt.Errorf("find %q in %q of snapshot %s: %w", shown, dir, snapshot, model.ErrNotFound)
	}
	return "", model.Conflict{Reason: fmt.Sprintf("%d names in this folder look the same, because they are not valid text. Take the whole folder instead.", len(alike))}
}

// quoted is a name inside a tree: as a string of Go, so that it may hold any byte.
type quoted string

// UnmarshalJSON reads the string and takes the quoting off.
func (q *quoted) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	name, err := strconv.Unquote(`"` + text + `"`)
	if err != nil {
		return fmt.Errorf("read the name %q of a tree: %w", text, err)
	}
	*q = quoted(name)
	return nil
}
