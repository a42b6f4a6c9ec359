package testbed

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"strings"
)

// removeBridges removes the bridges that have an address of the slot's network.
func (s *slot) removeBridges() error {
	interfaces, err := net.Interfaces()
	if err != nil {
		return err
	}
	for _, i := range interfaces {
		addresses, _ := i.Addrs() // an interface that is gone by now has none
		for _, a := range addresses {
			prefix, bad := netip.ParsePrefix(a.String())
			if bad == nil && strings.HasPrefix(i.Name, "br-") && s.network.Contains(prefix.Addr()) {
				if out, e := exec.Command(program("ip"), "link", "delete", i.Name).CombinedOutput(); e != nil {
					err = errors.Join(err, fmt.Errorf("remove bridge %s: %w: %s", i.Name, e, out))
				}
			}
		}
	}
	return err
}

// openFirewall lets the slot's containers reach each other on a machine that forwards only what it knows, as one does
// where another Docker engine runs.
func (s *slot) openFirewall() error {
	rules, err := iptables("-S", "FORWARD")
	if err != nil || rules == "-P FORWARD ACCEPT" {
		return err
	}
	_, err = iptables(append([]string{"-I", "FORWARD"}, s.rule()...)...)
	return err
}

// closeFirewall takes back what openFirewall did.
func (s *slot) closeFirewall() error {
	rules, err := iptables("-S", "FORWARD")
	if err != nil {
		return err
	}
	own := strings.Join(s.rule(), " ")
	for _, rule := range strings.Split(rules, "\n") {
		if strings.Contains(rule, own) {
			_, e := iptables(append([]string{"-D", "FORWARD"}, s.rule()...)...)
			err = errors.Join(err, e)
		}
	}
	return err
}

func (s *slot) rule() []string {
	return []string{"-s", s.network.String(), "-d", s.network.String(), "-j", "ACCEPT"}
}

func iptables(args ...string) (string, error) {
	out, err := exec.Command(program("iptables"), append([]string{"-w"}, args...)...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("iptables %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out)), nil
}
