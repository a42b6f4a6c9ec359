package docker

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"
)

const (
	// composeWait is how long the files of one project may take to read and understand.
	composeWait = 5 * time.Second
	// composeSlots is how many projects are read at once.
	composeSlots = 16
)

// memory keeps what files said. It is safe for concurrent use.
type memory struct {
	mu   sync.Mutex
	sets map[string]composed

	slots chan struct{}
	looks map[string]*composeLook // under way
}

// maxSets bounds the memory; it is far more than a device has projects.
const maxSets = 2000

func (m *memory) get(key string) (composed, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.sets[key]
	return c, ok
}

func (m *memory) put(key string, c composed) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sets == nil {
		m.sets = map[string]composed{}
	}
	if len(m.sets) >= maxSets {
		for old := range maps.Keys(m.sets) {
			delete(m.sets, old)
			break
		}
	}
	m.sets[key] = c
}

// composeLook is a look at the files of a project that is under way, or done.
type composeLook struct {
	ended, late chan struct{}
	out         composed
}

// look begins a look, or joins the one under way: a disk that does not answer keeps one for ever, not one for each
// discovery.
func (m *memory) look(key string, read func() composed) *composeLook {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l := m.looks[key]; l != nil {
		return l
	}
	if m.looks == nil {
		m.looks, m.slots = map[string]*composeLook{}, make(chan struct{}, composeSlots)
	}
	l := &composeLook{ended: make(chan struct{}), late: make(chan struct{})}
	m.looks[key] = l
	go func() {
		hold(m.slots, composeWait, func() { close(l.late) }, func() { l.out = read() })
		m.mu.Lock()
		delete(m.looks, key)
		m.mu.Unlock()
		close(l.ended)
	}()
	return l
}

// wait returns what was read. It gives up on a disk that does not answer.
func (l *composeLook) wait(ctx context.Context, set composeSet) composed {
	select {
	case <-l.ended:
		return l.out
	case <-ctx.Done():
	case <-l.late:
	}
	return composed{set: set, problem: fmt.Sprintf("The folder of the project, %s, does not answer.", set.dir)}
}

// hold does something in one of the slots. What takes longer than the limit, maybe for ever, is told to be late and goes
// on outside the slots.
func hold(slots chan struct{}, limit time.Duration, late, do func()) {
	slots <- struct{}{}
	release := sync.OnceFunc(func() { <-slots })
	timer := time.AfterFunc(limit, func() {
		late()
		release()
	})
	do()
	timer.Stop()
	release()
}
