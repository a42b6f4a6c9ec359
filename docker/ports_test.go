package docker

import (
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestReadPorts(t *testing.T) {
	t.Parallel()
	const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 1
   1: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12346 1
   2: 0100007F:9999 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 12347 1
   3: broken
`
	got := map[int]bool{}
	readPorts(strings.NewReader(tcp), tcpListens, got)
	if ports := slices.Sorted(maps.Keys(got)); !slices.Equal(ports, []int{22, 8080}) {
		t.Errorf("got %v", ports)
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
	bed.Docker(t, "run", "-d", "--name", "web", "--network", "net", "-p", "127.0.0.1::8080", "webapp:1")
	_, port, _ := strings.Cut(bed.Docker(t, "port", "web", "8080/tcp"), ":")
	web, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	got, err := e.PortsTaken(t.Context(), []int{tcp, udp, web, 1})
	if err != nil {
		t.Fatal(err)
	}
	if want := map[int]string{tcp: "another program", udp: "another program", web: "the container web"}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	bed.Docker(t, "stop", "web")
	if got, err := e.PortsTaken(t.Context(), []int{web}); err != nil || len(got) > 0 {
		t.Errorf("of a stopped container: %v %v", got, err)
	}
}
