package auth

import (
	"net/netip"
	"sync"
	"time"
)

// throttle slows down repeated failures. After `free` attempts a key waits one second, then two, four, and so on up
// to the longest wait. A success forgives the key; a while without an attempt does too.
type throttle struct {
	now      func() time.Time
	free     int
	longest  time.Duration
	forgives time.Duration // after so long without an attempt

	mu   sync.Mutex
	keys map[string]tries
}

type tries struct {
	count int
	last  time.Time
	until time.Time
}

const (
	forgiveAfter = 15 * time.Minute
	// forgiveCodes is that of codes: there are few enough of them that eight free guesses every quarter of an hour would find one.
	forgiveCodes = 24 * time.Hour
	maxThrottled = 10_000 // keys kept, so that a flood of addresses cannot fill the memory
)

func newThrottle(now func() time.Time, free int, longest, forgives time.Duration) *throttle {
	return &throttle{now: now, free: free, longest: longest, forgives: forgives, keys: map[string]tries{}}
}

// wait returns how long the key has to wait, zero when it may try now.
func (t *throttle) wait(key string) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.keys[key].until.Sub(t.now())
}

// count records an attempt. It is counted before its outcome is known, so that a hundred at once do not slip through.
func (t *throttle) count(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	k := t.keys[key]
	if now.Sub(k.last) > t.forgives {
		k = tries{}
	}
	k.count++
	k.last = now
	if over := k.count - t.free; over >= 0 {
		k.until = now.Add(min(t.longest, time.Second<<min(over, 20)))
	}
	t.keys[key] = k
	t.sweep(now)
}

func (t *throttle) forgive(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.keys, key)
}

func (t *throttle) sweep(now time.Time) {
	if len(t.keys) <= maxThrottled {
		return
	}
	for key, k := range t.keys {
		if now.Sub(k.last) > t.forgives || len(t.keys) > maxThrottled {
			delete(t.keys, key)
		}
	}
}

// Network is the address as the throttle counts it: an IPv6 user owns a whole /64.
func Network(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil || addr.Unmap().Is4() {
		return ip
	}
	prefix, err := addr.WithZone("").Prefix(64)
	if err != nil {
		return ip
	}
	return prefix.String()
}
