package docker

import (
	"maps"
	"path"
	"regexp"
	"strings"
)

// labels renames the project in the labels of compose. Those of reverse proxies go: they would send visitors of the first
// app to the copy. All others are somebody else's and stay.
func (r Remap) labels(labels map[string]string) map[string]string {
	out := withoutRoutes(labels)
	if labels[composeProject] == "" {
		return out
	}
	out[composeProject] = r.To
	if r.Folder != "" && labels[composeDir] != "" {
		out[composeDir], out[composeConfigs] = r.Folder, path.Join(r.Folder, ComposeName)
	}
	// What compose would compare with is another file now.
	return without(out, composeHash, composeEnvFile)
}

// traefikOn decides whether Traefik has a route to a container. Where it says nothing, Traefik may have one all the same.
const traefikOn = "traefik.enable"

// withoutRoutes leaves out the labels by which Traefik and caddy-docker-proxy find what they serve.
func withoutRoutes(labels map[string]string) map[string]string {
	out := maps.Clone(labels)
	routed := false
	maps.DeleteFunc(out, func(key, _ string) bool {
		key = strings.ToLower(key)
		traefik := strings.HasPrefix(key, "traefik.")
		routed = routed || traefik
		return traefik || caddyLabel.MatchString(key)
	})
	if routed {
		out[traefikOn] = "false"
	}
	return out
}

// caddyLabel matches caddy, caddy.reverse_proxy and caddy_1.tls, and not a word that only begins so.
var caddyLabel = regexp.MustCompile(`^caddy(_[0-9]+)?(\.|$)`)
