package jobs

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
)

// disabled says that the labels of an app switch its schedule off.
func disabled(found model.Found) bool { return found.Labels["enable"] == "false" }

// insisted says that the labels of an app ask for its protection, whatever is asked first elsewhere.
func insisted(found model.Found) bool { return found.Labels["enable"] == "true" }

// labelPolicy is the policy that the label keepstead.policy names, by name or id; false without a label that is known.
func labelPolicy(found model.Found, policies []model.Policy) (model.Policy, bool) {
	name := strings.TrimSpace(found.Labels["policy"])
	for _, p := range policies {
		if name != "" && (strings.EqualFold(p.Name, name) || p.ID.String() == strings.ToLower(name)) {
			return p, true
		}
	}
	return model.Policy{}, false
}

// judgeLabels adds a sentence to the app's problems for each keepstead.* label that has no effect.
func judgeLabels(found *model.Found, policies []model.Policy) {
	say := func(format string, args ...any) {
		found.Problems = append(found.Problems, fmt.Sprintf(format, args...))
	}
	if name := found.Labels["policy"]; name != "" {
		if _, ok := labelPolicy(*found, policies); !ok {
			say("The label keepstead.policy names “%s”, and there is no such policy; the app follows the default policy instead.", name)
		}
	}
	for _, s := range found.Services {
		if text := s.Labels["strategy"]; text != "" && !slices.Contains(model.Strategies(), model.Strategy(text)) {
			say("The label keepstead.strategy of “%s” is “%s”; write dump, hot, pause or stop.", s.Name, text)
		}
		if text := s.Labels["on-failure"]; text != "" && text != "fail" && text != "go_on" {
			say("The label keepstead.on-failure of “%s” is “%s”; write fail or go_on.", s.Name, text)
		}
		if text := s.Labels["timeout"]; text != "" {
			if n, err := strconv.Atoi(text); err != nil || n <= 0 {
				say("The label keepstead.timeout of “%s” is “%s”; write a number of seconds.", s.Name, text)
			}
		}
	}
	_, _, refused := labelScope(*found)
	found.Problems = append(found.Problems, refused...)
}

// scope returns the paths that a backup of the app takes beside its mounts, as the host names them, and the patterns it
// leaves out: what the configuration says, what the labels say, and the raw folders of dumped databases.
func scope(found model.Found, c model.Configuration) (includes, excludes []string) {
	includes, excludes, _ = labelScope(found)
	includes = append(slices.Clone(c.IncludePaths), includes...)
	excludes = append(slices.Clone(c.ExcludePaths), excludes...)
	for _, m := range found.Mounts {
		for _, raw := range m.Without {
			excludes = append(excludes, escapePattern(raw))
		}
	}
	return includes, excludes
}

// labelScope reads the labels include and exclude, and says in sentences which entries are not usable. A relative path
// to include is one beside the compose file. A path to exclude may be one of the host or one inside a container.
func labelScope(found model.Found) (includes, excludes, refused []string) {
	some := model.Configuration{AppID: uuid.Max, PolicyID: uuid.Max}
	for _, entry := range list(found.Labels["include"]) {
		if !path.IsAbs(entry) && found.WorkingDir != "" {
			entry = path.Join(found.WorkingDir, entry)
		}
		one := some
		one.IncludePaths = []string{entry}
		if bad := model.Refused(one.Validate()); len(bad) > 0 {
			refused = append(refused, "The label keepstead.include: "+bad[0].Reason)
			continue
		}
		includes = append(includes, path.Clean(entry))
	}
	for _, entry := range list(found.Labels["exclude"]) {
		one := some
		one.ExcludePaths = []string{entry}
		if bad := model.Refused(one.Validate()); len(bad) > 0 {
			refused = append(refused, "The label keepstead.exclude: "+bad[0].Reason)
			continue
		}
		excludes = append(excludes, asSeen(found, entry)...)
	}
	return includes, excludes, refused
}

// list splits a label at commas and line breaks.
func list(label string) []string {
	var out []string
	for _, entry := range strings.FieldsFunc(label, func(c rune) bool { return c == ',' || c == '\n' || c == '\r' }) {
		if entry = strings.TrimSpace(entry); entry != "" {
			out = append(out, entry)
		}
	}
	return out
}

// asSeen turns an absolute pattern that names a place inside a container, or on the host, into patterns of the same place
// as Keepstead sees it. Others stay as they are.
func asSeen(found model.Found, pattern string) []string {
	if !path.IsAbs(pattern) {
		return []string{pattern}
	}
	out := []string{pattern}
	move := func(from, to string) {
		if rest, ok := strings.CutPrefix(pattern, strings.TrimSuffix(from, "/")); ok && (rest == "" || rest[0] == '/') {
			if p := escapePattern(to) + rest; !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
	}
	for _, m := range found.Mounts {
		if m.Path == "" {
			continue
		}
		move(m.Source, m.Path)
		for _, u := range m.Users {
			if _, inside, ok := strings.Cut(u, ":"); ok {
				move(inside, m.Path)
			}
		}
	}
	return out
}

// longestHook bounds the time that a hook may be given.
const longestHook = 24 * time.Hour
