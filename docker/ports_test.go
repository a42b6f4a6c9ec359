package docker

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"keepstead/testbed"
)

func TestReadPorts(t *testing.T) {
	t.Parallel()
	const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 1
   1: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12346 1
   2: 0100007F:9999 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 12347 1
   3: broken
`
	got := map[door][]holder{}
	readPorts(strings.NewReader(tcp), "tcp", tcpListens, got)
	want := map[door][]holder{
		{"tcp", 8080}: {{netip.IPv4Unspecified(), "another program"}},
		{"tcp", 22}:   {{netip.MustParseAddr("127.0.0.1"), "another program"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	for text, want := range map[string]string{
		"00000000000000000000000000000000": "::", "00000000000000000000000001000000": "::1", "0000000000000000FFFF00000100007F": "::ffff:127.0.0.1",
		"3500007F": "127.0.0.53",
	} {
		if got := socketAddress(text); got != netip.MustParseAddr(want) {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
}

func TestPortsOverlap(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		a, b Port
		want bool
	}{
		{"the same", Port{Host: 53, Protocol: "udp"}, Port{Host: 53, Protocol: "udp", Container: 5353}, true},
		{"another number", Port{Host: 53, Protocol: "udp"}, Port{Host: 54, Protocol: "udp"}, false},
		{"another protocol", Port{Host: 53, Protocol: "udp"}, Port{Host: 53, Protocol: "tcp"}, false},
		{"another address", Port{HostIP: "192.168.1.2", Host: 53, Protocol: "udp"}, Port{HostIP: "127.0.0.53", Host: 53, Protocol: "udp"}, false},
		{"every address", Port{HostIP: "192.168.1.2", Host: 53, Protocol: "udp"}, Port{Host: 53, Protocol: "udp"}, true},
		{"every address of IPv4", Port{HostIP: "0.0.0.0", Host: 53, Protocol: "udp"}, Port{HostIP: "192.168.1.2", Host: 53, Protocol: "udp"}, true},
		{"every address of the other family", Port{HostIP: "0.0.0.0", Host: 53, Protocol: "udp"}, Port{HostIP: "fd00::1", Host: 53, Protocol: "udp"}, false},
		{"every address of both", Port{HostIP: "::", Host: 53, Protocol: "udp"}, Port{HostIP: "127.0.0.1", Host: 53, Protocol: "udp"}, true},
	} {
		if c.a.Overlaps(c.b) != c.want || c.b.Overlaps(c.a) != c.want {
			t.Errorf("%s: not %v", c.name, c.want)
		}
	}
}

func TestPortsTaken(t *testing.T) {
	t.Parallel()
	bed, e := connect(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	other, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	tcp, udp := listener.Addr().(*net.TCPAddr).Port, other.LocalAddr().(*net.UDPAddr).Port
	bed.Docker(t, "network", "create", "net")
	web := testbed.QuietPort(t)
	bed.Docker(t, "run", "-d", "--name", "web", "--network", "net", "-p", fmt.Sprintf("127.0.0.1:%d:8080", web), "webapp:1")
	at := func(n int, protocol string) Port { return Port{Host: n, Protocol: protocol} }
	elsewhere := Port{HostIP: "127.0.0.9", Host: tcp, Protocol: "tcp"}
	got, err := e.PortsTaken(t.Context(), []Port{at(tcp, "tcp"), at(udp, "udp"), at(web, "tcp"), at(1, "tcp"), elsewhere})
	if err != nil {
		t.Fatal(err)
	}
	if want := map[Port]string{at(tcp, "tcp"): "another program", at(udp, "udp"): "another program", at(web, "tcp"): "the container web"}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	bed.Docker(t, "stop", "web")
	if got, err := e.PortsTaken(t.Context(), []Port{at(web, "tcp")}); err != nil || len(got) > 0 {
		t.Errorf("of a stopped container: %v %v", got, err)
	}
}
