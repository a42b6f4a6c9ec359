package docker

import (
	"net/netip"
	"reflect"
	"testing"

	"github.com/moby/moby/api/types/network"

	"keepstead/model"
)

func TestAddressesOfANetworkAreKept(t *testing.T) {
	t.Parallel()
	pool := network.IPAMConfig{Subnet: netip.MustParsePrefix("10.1.0.0/16"), Gateway: netip.MustParseAddr("10.1.0.1")}
	ranged := pool
	ranged.IPRange = netip.MustParsePrefix("10.1.5.0/24")
	ranged.AuxAddress = map[string]netip.Addr{"router": netip.MustParseAddr("10.1.5.9")}
	for name, in := range map[string]network.IPAM{
		"a pool":            {Driver: "default", Config: []network.IPAMConfig{pool}},
		"a part of a pool":  {Driver: "default", Config: []network.IPAMConfig{ranged}},
		"of a plugin":       {Driver: "infoblox", Options: map[string]string{"view": "lan"}, Config: []network.IPAMConfig{pool}},
		"of a plugin alone": {Driver: "dhcp", Options: map[string]string{"if": "eth0"}},
	} {
		var kept model.ContentNetwork
		keepIPAM(&kept, in)
		if got, err := ipamOf(kept); err != nil || !reflect.DeepEqual(*got, in) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
	if got, err := ipamOf(model.ContentNetwork{}); got != nil || err != nil {
		t.Errorf("of a network without addresses: %+v, %v", got, err)
	}
	for _, broken := range []model.ContentNetwork{
		{Subnets: []string{"x"}},
		{Subnets: []string{"10.1.0.0/16,x"}},
		{Subnets: []string{"10.1.0.0/16"}, Ranges: map[string]string{"10.1.0.0/16": "x"}},
		{Subnets: []string{"10.1.0.0/16"}, Aux: map[string]map[string]string{"10.1.0.0/16": {"a": "x"}}},
	} {
		if _, err := ipamOf(broken); err == nil {
			t.Errorf("%+v is taken", broken)
		}
	}
}
