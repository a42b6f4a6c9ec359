package docker

import (
	"bytes"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"keepstead/model"
)

// composeDoc is a compose file in the words that docker-compose 1.29 and docker compose 2 both understand: those of the
// Compose specification, where it has two ways the older one. It names no project, which the older one refuses.
type composeDoc struct {
	Services map[string]*composeUnit `yaml:"services"`
	Networks map[string]*composeNet  `yaml:"networks,omitempty"`
	Volumes  map[string]*composeVol  `yaml:"volumes,omitempty"`
}

type composeNet struct {
	Name       string            `yaml:"name"`
	External   bool              `yaml:"external,omitempty"`
	Driver     string            `yaml:"driver,omitempty"`
	DriverOpts map[string]string `yaml:"driver_opts,omitempty"`
	Internal   bool              `yaml:"internal,omitempty"`
	Attachable bool              `yaml:"attachable,omitempty"`
	EnableIPv6 bool              `yaml:"enable_ipv6,omitempty"`
	IPAM       *composeIPAM      `yaml:"ipam,omitempty"`
	Labels     map[string]string `yaml:"labels,omitempty"`
}

type composeIPAM struct {
	Driver  string            `yaml:"driver,omitempty"`
	Options map[string]string `yaml:"options,omitempty"`
	Config  []composePool     `yaml:"config,omitempty"`
}

type composePool struct {
	Subnet  string `yaml:"subnet"`
	Gateway string `yaml:"gateway,omitempty"`

	Range string            `yaml:"ip_range,omitempty"`
	Aux   map[string]string `yaml:"aux_addresses,omitempty"`
}

type composeVol struct {
	Name       string            `yaml:"name"`
	Driver     string            `yaml:"driver,omitempty"`
	DriverOpts map[string]string `yaml:"driver_opts,omitempty"`
	Labels     map[string]string `yaml:"labels,omitempty"`
}

// Generate writes a compose file from which docker compose, version 1.29 or 2, makes the same containers, volumes and
// networks again. It has the values of environment variables only with withEnv, and is a secret then.
func Generate(p model.Contents, specs []model.ContainerSpec, withEnv bool) ([]byte, error) {
	g := &generator{
		contents: p, withEnv: withEnv, units: map[string]string{}, fixed: map[string]bool{},
		doc: composeDoc{Services: map[string]*composeUnit{}, Networks: map[string]*composeNet{}, Volumes: map[string]*composeVol{}},
	}
	g.nameUnits(specs)
	for _, s := range specs {
		if err := g.add(s); err != nil {
			return nil, err
		}
	}
	g.join(specs)
	for _, n := range g.doc.Networks {
		g.describeNetwork(n)
	}
	for _, v := range g.doc.Volumes {
		g.describeVolume(v)
	}
	return g.write()
}

// generator collects a compose file.
type generator struct {
	contents model.Contents
	withEnv  bool
	doc      composeDoc
	units    map[string]string // names of containers to names of services
	fixed    map[string]bool   // networks in which a container has a fixed address
}

// nameUnits gives each container a service of its own: the first of a service has its name, others a number behind it.
func (g *generator) nameUnits(specs []model.ContainerSpec) {
	taken := map[string]bool{}
	for _, s := range specs {
		base := unitName(s.Service)
		name := base
		for n := 2; taken[name]; n++ {
			name = base + "-" + strconv.Itoa(n)
		}
		taken[name] = true
		g.units[s.Name] = name
	}
}

// notInUnits are the characters that names of services cannot have.
var notInUnits = regexp.MustCompile(`[^a-zA-Z0-9._-]`)

// unitName is a name that both generations of compose take.
func unitName(name string) string {
	name = notInUnits.ReplaceAllString(name, "-")
	if name == "" {
		return "app"
	}
	return name
}

// join makes one service with a scale of those that differ in nothing.
func (g *generator) join(specs []model.ContainerSpec) {
	groups := map[string][]string{}
	for _, s := range specs {
		groups[s.Service] = append(groups[s.Service], g.units[s.Name])
	}
	for _, names := range groups {
		first := g.doc.Services[names[0]]
		same := !slices.ContainsFunc(names, func(n string) bool {
			return !reflect.DeepEqual(first, g.doc.Services[n]) || g.doc.Services[n].ContainerName != ""
		})
		if len(names) < 2 || !same {
			continue
		}
		first.Scale = len(names)
		for _, n := range names[1:] {
			delete(g.doc.Services, n)
		}
	}
}

// network returns the key of a network in the file, and puts it there.
func (g *generator) network(name string) string {
	key := name
	for _, n := range g.contents.Networks {
		if n.Name == name && n.Labels[composeNetwork] != "" && n.Labels[composeProject] == g.contents.Project {
			key = n.Labels[composeNetwork]
		}
	}
	if have := g.doc.Networks[key]; have != nil && have.Name != name {
		key = name
	}
	g.doc.Networks[key] = &composeNet{Name: name}
	return key
}

// volume returns the key of a volume in the file, and puts it there.
func (g *generator) volume(name string) string {
	key := name
	for _, v := range g.contents.Volumes {
		if v.Kind == model.MountVolume && v.Name == name && v.Labels[composeVolume] != "" && v.Labels[composeProject] == g.contents.Project {
			key = v.Labels[composeVolume]
		}
	}
	if have := g.doc.Volumes[key]; have != nil && have.Name != name {
		key = name
	}
	g.doc.Volumes[key] = &composeVol{Name: name}
	return key
}

func (g *generator) describeNetwork(out *composeNet) {
	i := slices.IndexFunc(g.contents.Networks, func(n model.ContentNetwork) bool { return n.Name == out.Name })
	if i < 0 {
		out.External = true // of somebody else
		return
	}
	n := g.contents.Networks[i]
	if out.External = n.External; n.External {
		return
	}
	if n.Driver != "bridge" {
		out.Driver = n.Driver
	}
	out.DriverOpts, out.Internal, out.Attachable, out.EnableIPv6 = n.Options, n.Internal, n.Attachable, n.EnableIPv6
	out.Labels = ownLabels(n.Labels)
	// Addresses that nobody relies on are better chosen anew: on another machine they may be taken.
	if chosen := n.IPAMDriver != "" || len(n.IPAMOptions)+len(n.Ranges)+len(n.Aux) > 0; chosen || g.fixed[n.Name] || n.EnableIPv6 {
		out.IPAM = describeIPAM(n)
	}
}

func describeIPAM(n model.ContentNetwork) *composeIPAM {
	if len(n.Subnets) == 0 && n.IPAMDriver == "" && len(n.IPAMOptions) == 0 {
		return nil
	}
	out := &composeIPAM{Driver: n.IPAMDriver, Options: n.IPAMOptions}
	for _, s := range n.Subnets {
		subnet, gateway, _ := strings.Cut(s, ",")
		out.Config = append(out.Config, composePool{Subnet: subnet, Gateway: gateway, Range: n.Ranges[subnet], Aux: n.Aux[subnet]})
	}
	return out
}

func (g *generator) describeVolume(out *composeVol) {
	for _, v := range g.contents.Volumes {
		if v.Kind != model.MountVolume || v.Name != out.Name {
			continue
		}
		if v.Driver != localDriver {
			out.Driver = v.Driver
		}
		out.DriverOpts, out.Labels = v.Options, ownLabels(v.Labels)
	}
}

// ownLabels leaves out those that compose writes by itself.
func ownLabels(labels map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range labels {
		if !strings.HasPrefix(k, composePrefix) && k != "com.docker.volume.anonymous" {
			out[k] = v
		}
	}
	return out
}

// write turns the file into text.
func (g *generator) write() ([]byte, error) {
	var doc yaml.Node
	if err := doc.Encode(g.doc); err != nil {
		return nil, fmt.Errorf("write a compose file: %w", err)
	}
	quote(&doc)
	var out bytes.Buffer
	fmt.Fprintf(&out, "# Made by Keepstead from the containers of %s.\n", oneLine(g.contents.AppName))
	if g.contents.Project != "" {
		fmt.Fprintf(&out, "# Start it with: docker compose -p %s up -d\n", oneLine(g.contents.Project))
	}
	if !g.withEnv {
		out.WriteString("# The environment of the containers is not backed up: add what they need.\n")
	}
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(&doc); err != nil {
		return nil, fmt.Errorf("write a compose file: %w", err)
	}
	return out.Bytes(), enc.Close()
}

func oneLine(s string) string {
	return strings.Join(strings.Fields(strings.Map(printable, s)), " ")
}

// plainText is what no reader of YAML, of version 1.1 or 1.2, takes for anything else than text.
var plainText = regexp.MustCompile(`^[A-Za-z/][A-Za-z0-9/._-]*$`)

// quote escapes dollars, which compose would replace, and quotes all text that could be read as something else. Keys are
// taken as they are by compose.
func quote(n *yaml.Node) {
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			continue
		}
		quote(child)
	}
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" {
		return
	}
	n.Value = strings.ReplaceAll(n.Value, "$", "$$")
	if !plainText.MatchString(n.Value) {
		n.Style = yaml.DoubleQuotedStyle
	}
}
