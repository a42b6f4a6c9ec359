package testbed

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// lossScale is what a link's loss is a part of.
const lossScale = 1_000_000

// link carries packets between this machine and another one: two network interfaces whose other ends the test holds,
// so that it can delay, lose or stop them on any kernel. They vanish with the test's process.
type link struct {
	near, far string // names of the interfaces, here and there
	here      *os.File
	there     *os.File

	cut   atomic.Bool
	delay atomic.Int64 // of each packet, in nanoseconds
	loss  atomic.Int64 // of lossScale packets
	ends  sync.WaitGroup
}

func newLink(number, mtu int, gateway, address string) (*link, error) {
	l := &link{near: fmt.Sprintf("keepm%d", number), far: fmt.Sprintf("keepf%d", number)}
	var err error
	if l.here, err = openTun(l.near); err != nil {
		return nil, err
	}
	if l.there, err = openTun(l.far); err != nil {
		return nil, errors.Join(err, l.here.Close())
	}
	for _, args := range [][]string{
		{"link", "set", l.near, "mtu", strconv.Itoa(mtu), "up"},
		{"address", "add", gateway, "peer", address, "dev", l.near},
	} {
		if err := runIP(args...); err != nil {
			return nil, errors.Join(err, l.here.Close(), l.there.Close())
		}
	}
	l.ends.Go(func() { l.carry(l.here, l.there) })
	l.ends.Go(func() { l.carry(l.there, l.here) })
	return l, nil
}

func openTun(name string) (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("open /dev/net/tun: %w", err)
	}
	request, err := unix.NewIfreq(name)
	if err == nil {
		request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make the interface %s: %w", name, err), unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), name), nil
}

// move gives the far interface to the namespace of a process.
func (l *link) move(pid int) error { return runIP("link", "set", l.far, "netns", strconv.Itoa(pid)) }

func runIP(args ...string) error {
	if out, err := exec.Command(program("ip"), args...).CombinedOutput(); err != nil {
		return fmt.Errorf("ip %v: %w: %s", args, err, out)
	}
	return nil
}

// carry takes packets from one interface to the other until one is closed.
func (l *link) carry(from, to *os.File) {
	late := make(chan packet, 4096)
	defer close(late)
	l.ends.Go(func() {
		for p := range late {
			time.Sleep(time.Until(p.due))
			l.put(to, p.data)
		}
	})
	buf := make([]byte, 1<<16)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if l.cut.Load() || rand.Int64N(lossScale) < l.loss.Load() {
			continue
		}
		delay := time.Duration(l.delay.Load())
		if delay == 0 && len(late) == 0 {
			l.put(to, buf[:n])
			continue
		}
		select {
		case late <- packet{append([]byte(nil), buf[:n]...), time.Now().Add(delay)}:
		default: // as a router does whose queue is full
		}
	}
}

type packet struct {
	data []byte
	due  time.Time
}

func (l *link) put(to *os.File, data []byte) {
	if !l.cut.Load() {
		_, _ = to.Write(data) // an interface that is down or gone takes nothing
	}
}

func (l *link) close() {
	_, _ = l.here.Close(), l.there.Close()
	l.ends.Wait()
}
