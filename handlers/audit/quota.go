package audit

import (
	"sync"
	"time"
)

// How much of what strangers try is written down, so that nobody who cannot sign in fills the log: so many entries an
// hour from one network, and from all networks together.
const (
	quotaSpan     = time.Hour
	quotaNetwork  = 20
	quotaTogether = 200
)

// quota counts entries of the present hour.
type quota struct {
	now func() time.Time

	mu       sync.Mutex
	since    time.Time
	together int
	networks map[string]int
}

func newQuota(now func() time.Time) *quota {
	return &quota{now: now, networks: map[string]int{}}
}

// take says whether one more entry from the network is written down, and whether it is the last of this hour.
func (q *quota) take(network string) (last, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if now := q.now(); now.Sub(q.since) >= quotaSpan {
		q.since, q.together = now, 0
		clear(q.networks)
	}
	if q.together >= quotaTogether || q.networks[network] >= quotaNetwork {
		return false, false
	}
	q.together++
	q.networks[network]++
	return q.together == quotaTogether || q.networks[network] == quotaNetwork, true
}
