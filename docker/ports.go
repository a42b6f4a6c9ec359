package docker

import (
	"bufio"
	"context"
	bits "encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"

	"github.com/moby/moby/client"

	"keepstead/device"
)

// door is where a program of the machine can be reached: two of the same protocol and number may stand side by side on
// different addresses.
type door struct {
	protocol string
	number   int
}

// holder is who has a door on an address; the zero address is every one.
type holder struct {
	address netip.Addr
	by      string
}

// Overlaps says that two published ports cannot be had at the same time.
func (p Port) Overlaps(other Port) bool {
	return p.door() == other.door() && overlap(p.address(), other.address())
}

func (p Port) door() door { return door{p.Protocol, p.Host} }

// address is the one that is published on; the zero address where it is every one, or a name.
func (p Port) address() netip.Addr {
	a, err := netip.ParseAddr(p.HostIP)
	if err != nil {
		return netip.Addr{}
	}
	return a
}

// overlap says that two addresses have one in common. IPv6's own "every one" takes those of IPv4 along.
func overlap(a, b netip.Addr) bool {
	a, b = a.Unmap(), b.Unmap()
	switch {
	case !a.IsValid() || !b.IsValid() || a == b, a.Is6() && a.IsUnspecified(), b.Is6() && b.IsUnspecified():
		return true
	case a.IsUnspecified() || b.IsUnspecified():
		return a.Is4() == b.Is4()
	}
	return false
}

// PortsTaken says which of the host's ports, with their addresses and protocols, cannot be published now, and by whom
// they are taken. A container that is stopped takes none.
func (e *Engine) PortsTaken(ctx context.Context, ports []Port) (map[Port]string, error) {
	limited, cancel := context.WithTimeout(ctx, reading)
	defer cancel()
	list, err := e.api.ContainerList(limited, client.ContainerListOptions{})
	if err != nil {
		return nil, e.explain(ctx, "list containers", err)
	}
	used := map[door][]holder{}
	for _, c := range list.Items {
		for _, p := range c.Ports {
			if p.PublicPort != 0 {
				at := door{p.Type, int(p.PublicPort)}
				used[at] = append(used[at], holder{p.IP, "the container " + nameOf(c.Names)})
			}
		}
	}
	files, err := e.host.Files()
	if err != nil {
		return nil, fmt.Errorf("reach the files of the device: %w", err)
	}
	listening(files, used)
	taken := map[Port]string{}
	for _, p := range ports {
		for _, h := range used[p.door()] {
			if taken[p] == "" && overlap(h.address, p.address()) {
				taken[p] = h.by
			}
		}
	}
	return taken, nil
}

// The states of a socket in /proc/net that hold a port: a TCP socket that listens, a UDP socket that is bound.
const (
	tcpListens = "0A"
	udpBound   = "07"
)

// listening adds the ports on which programs of the machine listen. In a container these are the container's own: then
// only the engine knows more, and says so when a container is started.
func listening(files device.Files, into map[door][]holder) {
	for _, table := range []struct{ name, protocol, state string }{
		{"tcp", "tcp", tcpListens}, {"tcp6", "tcp", tcpListens}, {"udp", "udp", udpBound}, {"udp6", "udp", udpBound},
	} {
		f, err := files.Open("/proc/net/" + table.name)
		if err != nil {
			continue // a kernel without IPv6
		}
		readPorts(f, table.protocol, table.state, into)
		_ = f.Close() // only read
	}
}

// readPorts adds the ports of a table of /proc/net whose sockets are in the state.
func readPorts(table io.Reader, protocol, state string, into map[door][]holder) {
	lines := bufio.NewScanner(table)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 4 || fields[3] != state {
			continue
		}
		address, port, _ := strings.Cut(fields[1], ":")
		if n, err := strconv.ParseUint(port, 16, 16); err == nil {
			at := door{protocol, int(n)}
			into[at] = append(into[at], holder{socketAddress(address), "another program"})
		}
	}
}

// socketAddress reads an address of /proc/net: words of 32 bits, each as the machine's processor has it in memory. One
// that cannot be read counts as every one.
func socketAddress(text string) netip.Addr {
	var raw []byte
	for ; len(text) >= 8; text = text[8:] {
		word, err := strconv.ParseUint(text[:8], 16, 32)
		if err != nil {
			return netip.Addr{}
		}
		raw = bits.NativeEndian.AppendUint32(raw, uint32(word))
	}
	address, _ := netip.AddrFromSlice(raw)
	return address
}
