package docker

import (
	"net/netip"
	"strings"

	"github.com/moby/moby/api/types/network"

	"keepstead/model"
)

// engineIPAM is the engine's own driver for addresses.
const engineIPAM = "default"

// keepIPAM notes how a network hands out its addresses.
func keepIPAM(n *model.ContentNetwork, in network.IPAM) {
	if in.Driver != engineIPAM {
		n.IPAMDriver = in.Driver
	}
	if len(in.Options) > 0 {
		n.IPAMOptions = in.Options
	}
	for _, c := range in.Config {
		subnet := c.Subnet.String()
		if c.IPRange.IsValid() {
			n.Ranges = with(n.Ranges, subnet, c.IPRange.String())
		}
		if len(c.AuxAddress) > 0 {
			aux := map[string]string{}
			for name, address := range c.AuxAddress {
				aux[name] = address.String()
			}
			n.Aux = with(n.Aux, subnet, aux)
		}
		if c.Gateway.IsValid() {
			subnet += "," + c.Gateway.String()
		}
		n.Subnets = append(n.Subnets, subnet)
	}
}

func with[V any](m map[string]V, key string, value V) map[string]V {
	if m == nil {
		m = map[string]V{}
	}
	m[key] = value
	return m
}

// ipamOf is how the engine is asked for the addresses of a network; nil where it chooses.
func ipamOf(n model.ContentNetwork) (*network.IPAM, error) {
	if len(n.Subnets) == 0 && n.IPAMDriver == "" && len(n.IPAMOptions) == 0 {
		return nil, nil
	}
	out := &network.IPAM{Driver: n.IPAMDriver, Options: n.IPAMOptions}
	if out.Driver == "" {
		out.Driver = engineIPAM
	}
	for _, s := range n.Subnets {
		c, err := poolOf(n, s)
		if err != nil {
			return nil, err
		}
		out.Config = append(out.Config, c)
	}
	return out, nil
}

// poolOf reads one subnet of a network, with its gateway behind a comma.
func poolOf(n model.ContentNetwork, s string) (c network.IPAMConfig, err error) {
	subnet, gateway, _ := strings.Cut(s, ",")
	if c.Subnet, err = netip.ParsePrefix(subnet); err != nil {
		return c, err
	}
	if gateway != "" {
		if c.Gateway, err = netip.ParseAddr(gateway); err != nil {
			return c, err
		}
	}
	if within := n.Ranges[subnet]; within != "" {
		if c.IPRange, err = netip.ParsePrefix(within); err != nil {
			return c, err
		}
	}
	for name, text := range n.Aux[subnet] {
		address, err := netip.ParseAddr(text)
		if err != nil {
			return c, err
		}
		c.AuxAddress = with(c.AuxAddress, name, address)
	}
	return c, nil
}
