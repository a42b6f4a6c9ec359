package docker

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/moby/moby/client"

	"keepstead/device"
)

// PortsTaken says which of the host's ports cannot be published now, and by whom they are taken. A container that is
// stopped takes none.
func (e *Engine) PortsTaken(ctx context.Context, ports []int) (map[int]string, error) {
	limited, cancel := context.WithTimeout(ctx, reading)
	defer cancel()
	list, err := e.api.ContainerList(limited, client.ContainerListOptions{})
	if err != nil {
		return nil, e.explain(ctx, "list containers", err)
	}
	used := map[int]string{}
	for _, c := range list.Items {
		for _, p := range c.Ports {
			if p.PublicPort != 0 {
				used[int(p.PublicPort)] = "the container " + nameOf(c.Names)
			}
		}
	}
	files, err := e.host.Files()
	if err != nil {
		return nil, fmt.Errorf("reach the files of the device: %w", err)
	}
	for n := range listening(files) {
		if used[n] == "" {
			used[n] = "another program"
		}
	}
	taken := map[int]string{}
	for _, n := range ports {
		if by := used[n]; by != "" {
			taken[n] = by
		}
	}
	return taken, nil
}

// The states of a socket in /proc/net that hold a port: a TCP socket that listens, a UDP socket that is bound.
const (
	tcpListens = "0A"
	udpBound   = "07"
)

// listening reads the ports on which programs of the machine listen. In a container these are the container's own: then
// only the engine knows more, and says so when a container is started.
func listening(files device.Files) map[int]bool {
	out := map[int]bool{}
	for name, state := range map[string]string{"tcp": tcpListens, "tcp6": tcpListens, "udp": udpBound, "udp6": udpBound} {
		f, err := files.Open("/proc/net/" + name)
		if err != nil {
			continue // a kernel without IPv6
		}
		readPorts(f, state, out)
		_ = f.Close() // only read
	}
	return out
}

// readPorts adds the ports of a table of /proc/net whose sockets are in the state.
func readPorts(table io.Reader, state string, into map[int]bool) {
	lines := bufio.NewScanner(table)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 4 || fields[3] != state {
			continue
		}
		at := strings.LastIndexByte(fields[1], ':')
		if n, err := strconv.ParseUint(fields[1][at+1:], 16, 16); at >= 0 && err == nil {
			into[int(n)] = true
		}
	}
}
