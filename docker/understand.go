package docker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/template"
	"github.com/compose-spec/compose-go/v2/types"
)

// composeText is a compose file that was read: its text, and its path as Keepstead sees it.
type composeText struct {
	path string
	text []byte
}

// understand reads compose files as compose does, and returns what each service depends on and which profiles it is in.
// This is the only place that leaves reading to compose's own library, which knows the local disk alone.
func understand(ctx context.Context, sources []composeText, dir string, env map[string]string, see func(string) (string, bool)) (depends, profiles map[string][]string, err error) {
	defer func() {
		if v := recover(); v != nil { // a file of somebody's must not bring Keepstead down
			err = errUnreadable
		}
	}()
	model, err := load(ctx, sources, dir, env, see, "")
	if err != nil {
		// What is not in the files was in the shell of the person who started the project. Some value may do.
		if model, err = load(ctx, sources, dir, env, see, "1"); err != nil {
			return nil, nil, err
		}
	}
	depends, profiles = map[string][]string{}, map[string][]string{}
	services, _ := model["services"].(map[string]any)
	for name, s := range services {
		service, ok := s.(map[string]any)
		if !ok {
			continue
		}
		on, _ := service["depends_on"].(map[string]any)
		depends[name] = slices.Sorted(maps.Keys(on))
		for _, p := range list(service["profiles"]) {
			if p, ok := p.(string); ok {
				profiles[name] = append(profiles[name], p)
			}
		}
	}
	return depends, profiles, nil
}

var errUnreadable = errors.New("the file cannot be understood")

// load reads the files; a variable that has no value is taken for instead.
func load(ctx context.Context, sources []composeText, dir string, env map[string]string, see func(string) (string, bool), instead string) (map[string]any, error) {
	details := types.ConfigDetails{WorkingDir: dir, Environment: maps.Clone(env)}
	for _, s := range sources {
		details.ConfigFiles = append(details.ConfigFiles, types.ConfigFile{Filename: s.path, Content: s.text})
	}
	return loader.LoadModelWithContext(ctx, details, func(o *loader.Options) {
		o.SetProjectName("project", true) // its real name plays no part here, and may be one that compose refuses
		o.SkipConsistencyCheck = true
		o.ResolvePaths = false
		o.SkipResolveEnvironment = true
		o.SkipResolveLabels = true
		o.Interpolate.Substitute = func(text string, lookup template.Mapping) (string, error) {
			return template.SubstituteWithOptions(text, filled(lookup, instead), template.WithoutLogging)
		}
		o.ResourceLoaders = []loader.ResourceLoader{hostLoader{see: see}}
	})
}

// filled answers for variables without a value.
func filled(lookup template.Mapping, instead string) template.Mapping {
	return func(key string) (string, bool) {
		if v, ok := lookup(key); ok && v != "" || instead == "" {
			return v, ok
		}
		return instead, true
	}
}

// hostLoader finds the files that a compose file names by their path on the host.
type hostLoader struct {
	see func(string) (string, bool)
}

// Accept takes paths that Keepstead sees under another name than the host.
func (l hostLoader) Accept(p string) bool {
	here, ok := l.see(p)
	return path.IsAbs(p) && ok && here != p
}

// Load returns the path of the file.
func (l hostLoader) Load(_ context.Context, p string) (string, error) {
	here, ok := l.see(p)
	if !ok {
		return "", fmt.Errorf("%s cannot be seen", p)
	}
	return here, nil
}

// Dir returns the folder of the file.
func (l hostLoader) Dir(p string) string {
	here, _ := l.see(p)
	return path.Dir(here)
}

var (
	atLine = regexp.MustCompile(`line (\d+)`)
	atKey  = regexp.MustCompile(`\b(?:services|networks|volumes|secrets|configs|include)\.[A-Za-z0-9_.-]{1,80}`)
)

// explainCompose says what is wrong with the files of a project. The library's own words may quote values, and so secrets:
// only the place is taken from them.
func explainCompose(err error, files []string) string {
	names := make([]string, 0, len(files))
	for _, f := range files {
		names = append(names, path.Base(f))
	}
	out := "The compose file " + strings.Join(names, ", ") + " cannot be understood"
	text := err.Error()
	if m := atKey.FindString(text); m != "" {
		return out + ": look at " + strings.TrimRight(m, ".") + "."
	}
	if m := atLine.FindStringSubmatch(text); m != nil {
		return out + ": look at line " + m[1] + "."
	}
	return out + "."
}
