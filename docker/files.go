package docker

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/template"
	"go.yaml.in/yaml/v4"

	"keepstead/device"
)

const (
	maxComposeFile = 4 << 20 // bytes of one file that is read to be understood
	maxDepth       = 20      // of files that include files
	maxFiles       = 500     // of one project
)

// reader collects the files of a project, following what they name. It speaks of paths as the host does, and needs no
// file to be right: what makes no sense is passed over.
type reader struct {
	files device.Files
	see   func(host string) (string, bool)

	seen     map[string]bool // walked
	out      []ComposeFile
	stamps   []stamp
	problems []string
}

func (r *reader) problem(format string, args ...any) {
	if p := fmt.Sprintf(format, args...); !slices.Contains(r.problems, p) && len(r.problems) < 5 {
		r.problems = append(r.problems, p)
	}
}

// note adds a file to the project, and says where Keepstead sees it when it is there to be read. One that is not there is
// a problem unless it may be missing.
func (r *reader) note(name string, kind ComposeKind, optional bool) (string, bool) {
	if len(r.out) >= maxFiles {
		return "", false
	}
	here, ok := r.see(name)
	if !ok {
		r.add(ComposeFile{Source: name, Kind: kind})
		dir := path.Dir(name)
		r.problem("Keepstead's container does not see %s. Add the volume %s:%s to it.", name, dir, dir)
		return "", false
	}
	r.stamps = append(r.stamps, stampOf(r.files, here))
	info, err := r.files.Stat(here)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if !optional {
			r.problem("The file %s is not there any more.", name)
		}
		return "", false
	case err != nil:
		r.problem("The file %s cannot be read.", name)
		return "", false
	case !info.Mode().IsRegular():
		if !optional {
			r.problem("%s is not a file.", name)
		}
		return "", false
	}
	r.add(ComposeFile{Source: name, Path: here, Kind: kind})
	return here, info.Size() <= maxComposeFile
}

func (r *reader) add(f ComposeFile) {
	if !slices.ContainsFunc(r.out, func(o ComposeFile) bool { return o.Source == f.Source }) {
		r.out = append(r.out, f)
	}
}

// read adds a file to the project and returns its text.
func (r *reader) read(name string, kind ComposeKind) ([]byte, bool) {
	here, ok := r.note(name, kind, false)
	if !ok {
		if here != "" {
			r.problem("The file %s is too large to be a compose file.", name)
		}
		return nil, false
	}
	text, err := r.files.ReadFile(here)
	if err != nil {
		r.problem("The file %s cannot be read.", name)
		return nil, false
	}
	return text, true
}

// environment reads the variables that compose puts into a project's files: of the files it was told, else of .env in
// the project's folder. The values are secret.
func (r *reader) environment(told []string, dir string) map[string]string {
	names, optional := told, false
	if len(told) == 0 {
		names, optional = []string{path.Join(dir, ".env")}, true
	}
	env := map[string]string{}
	for _, name := range names {
		here, ok := r.note(name, FileEnv, optional)
		if !ok {
			continue
		}
		text, err := r.files.ReadFile(here)
		if err != nil {
			r.problem("The file %s cannot be read.", name)
			continue
		}
		values, err := dotenv.ParseWithLookup(bytes.NewReader(text), func(key string) (string, bool) { v, ok := env[key]; return v, ok })
		if err != nil {
			r.problem("The file %s has a line that makes no sense.", name) // the error itself would show the line
		}
		for k, v := range values {
			env[k] = v
		}
	}
	return env
}

// walk follows what a compose file names. Dir is what its relative paths are relative to.
func (r *reader) walk(text []byte, name, dir string, env map[string]string, depth int) {
	if r.seen[name] || depth > maxDepth {
		return
	}
	r.seen[name] = true
	var doc map[string]any
	if yaml.Unmarshal(text, &doc) != nil {
		return // it is told when the file is understood as a whole
	}
	s := scope{dir: dir, env: env}
	for _, entry := range list(doc["include"]) {
		r.include(entry, s, depth)
	}
	for _, service := range values(doc["services"]) {
		r.service(service, s, depth)
	}
	for _, section := range []string{"secrets", "configs"} {
		for _, entry := range values(doc[section]) {
			if file, ok := s.path(entry["file"]); ok {
				r.note(file, FileOther, false)
			}
		}
	}
}

// include follows an entry of `include`: a path, or paths with a folder and env files of their own.
func (r *reader) include(entry any, s scope, depth int) {
	m, ok := entry.(map[string]any)
	if !ok {
		m = map[string]any{"path": entry}
	}
	inner := s
	for i, p := range list(m["path"]) {
		file, ok := s.path(p)
		if !ok {
			continue
		}
		if i == 0 {
			inner.dir = path.Dir(file)
			if dir, ok := s.path(m["project_directory"]); ok {
				inner.dir = dir
			}
			var told []string
			for _, f := range list(m["env_file"]) {
				if f, ok := s.path(f); ok && f != "/dev/null" {
					told = append(told, f)
				}
			}
			inner.env = r.environment(told, inner.dir)
			for k, v := range s.env {
				inner.env[k] = v // what the outer project says goes first
			}
		}
		if text, ok := r.read(file, FileCompose); ok {
			r.walk(text, file, inner.dir, inner.env, depth+1)
		}
	}
}

// service follows what a service names.
func (r *reader) service(service map[string]any, s scope, depth int) {
	if base, ok := service["extends"].(map[string]any); ok {
		if file, ok := s.path(base["file"]); ok {
			if text, ok := r.read(file, FileCompose); ok {
				r.walk(text, file, path.Dir(file), s.env, depth+1)
			}
		}
	}
	for _, key := range []string{"env_file", "label_file"} {
		kind := FileEnv
		if key == "label_file" {
			kind = FileOther
		}
		for _, entry := range list(service[key]) {
			optional := false
			if m, ok := entry.(map[string]any); ok {
				entry, optional = m["path"], m["required"] == false
			}
			if file, ok := s.path(entry); ok {
				r.note(file, kind, optional)
			}
		}
	}
}

// scope is what the paths in a file mean.
type scope struct {
	dir string
	env map[string]string
}

// path makes an absolute path of a value, with its variables filled in.
func (s scope) path(value any) (string, bool) {
	text, ok := value.(string)
	if !ok {
		return "", false
	}
	lookup := func(key string) (string, bool) { v, ok := s.env[key]; return v, ok }
	text, err := template.SubstituteWithOptions(text, lookup, template.WithoutLogging)
	switch {
	case err != nil || text == "":
		return "", false
	case path.IsAbs(text):
		return path.Clean(text), true
	}
	return path.Join(s.dir, text), true
}

// list makes a list of a value that may be one thing or several.
func list(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

// values are the entries of a section that are mappings themselves, by their keys.
func values(section any) []map[string]any {
	m, _ := section.(map[string]any)
	var out []map[string]any
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if v, ok := m[key].(map[string]any); ok {
			out = append(out, v)
		}
	}
	return out
}
