package testbed

import (
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// FreePort returns an address of this machine that nothing listened on a moment ago.
func FreePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// QuietPort returns a free port above those that the system gives to connections, so that it stays free.
func QuietPort(t testing.TB) int {
	t.Helper()
	for range 100 {
		n := 61000 + rand.IntN(4000)
		if l, err := net.Listen("tcp", ":"+strconv.Itoa(n)); err == nil {
			_ = l.Close()
			return n
		}
	}
	t.Fatal("no port from 61000 to 65000 is free")
	return 0
}
