package docker

import (
	"io/fs"
	"path"
	"sync"
	"time"

	"keepstead/device"
)

const (
	// maxBytes and maxEntries are the size from which a host folder is asked about instead of taken.
	maxBytes   = 50 << 30
	maxEntries = 200_000

	statWait  = 2 * time.Second        // until a path counts as one that does not answer
	countWait = 300 * time.Millisecond // until discovery goes on without a size
	countTime = 2 * time.Minute        // until counting gives up
	countAge  = 10 * time.Minute       // until a size is counted anew
	counters  = 4                      // folders that are counted at once
)

// sight is what a look at a path of the host showed.
type sight struct {
	answered bool // the file system said anything at all
	err      error
	path     string // as Keepstead sees it, with links followed
	mode     fs.FileMode
	bytes    int64 // of a file
	mounted  bool  // another file system begins here
	count    count
}

// count is how much lies below a path.
type count struct {
	done    bool // all of it was seen, or over or given up is true
	over    bool // more than is taken without asking
	gaveUp  bool // counting took too long
	bytes   int64
	entries int
}

// looks examines paths of the host: it never waits long for a file system that does not answer, never has more than one
// look at a path under way, and remembers sizes for a while. It is safe for concurrent use.
type looks struct {
	slots chan struct{}
	// fresh gets a token when a count ended that somebody did not wait for.
	fresh chan struct{}

	mu    sync.Mutex
	stats map[string]*looking
	sizes map[string]*counting
}

// looking is a stat under way; counting a count under way or done.
type looking struct {
	ended chan struct{}
	seen  sight
}

type counting struct {
	ended chan struct{}
	at    time.Time // of the end
	count count
	last  count // of the time before
}

func newLooks() *looks {
	return &looks{
		slots: make(chan struct{}, counters), fresh: make(chan struct{}, 1),
		stats: map[string]*looking{}, sizes: map[string]*counting{},
	}
}

// stat begins a look at a path, or joins one that is under way.
func (l *looks) stat(files device.Files, s self, here string) *looking {
	l.mu.Lock()
	defer l.mu.Unlock()
	if k := l.stats[here]; k != nil {
		return k
	}
	k := &looking{ended: make(chan struct{})}
	l.stats[here] = k
	go func() {
		k.seen = see(files, s, here)
		l.mu.Lock()
		delete(l.stats, here)
		l.mu.Unlock()
		close(k.ended)
	}()
	return k
}

func see(files device.Files, s self, here string) sight {
	out := sight{answered: true, path: here}
	if out.path, out.err = s.follow(files, here); out.err != nil {
		return out
	}
	info, err := files.Stat(out.path)
	if err != nil {
		out.err = err
		return out
	}
	out.mode, out.bytes = info.Mode(), info.Size()
	out.mounted = device.FileSystem(files, out.path) != device.FileSystem(files, path.Dir(out.path))
	return out
}

// size begins to count what lies below a path, unless it is known well enough.
func (l *looks) size(files device.Files, here string) *counting {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := l.sizes[here]
	if k != nil && (k.at.IsZero() || time.Since(k.at) < countAge) {
		return k
	}
	next := &counting{ended: make(chan struct{})}
	if k != nil {
		next.last = k.count
	}
	l.sizes[here] = next
	go l.count(files, here, next)
	return next
}

func (l *looks) count(files device.Files, here string, k *counting) {
	began := time.Now()
	var c count
	stuck := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		k.last = count{done: true, gaveUp: true}
	}
	hold(l.slots, countTime+countTime/2, stuck, func() { c = measure(files, here, time.Now().Add(countTime)) })
	l.mu.Lock()
	k.count, k.at = c, time.Now()
	late := time.Since(began) > countWait/2 && c != k.last
	l.mu.Unlock()
	close(k.ended)
	if late {
		select {
		case l.fresh <- struct{}{}:
		default:
		}
	}
}

// result is the newest count: this one, or the one before while this is under way.
func (l *looks) result(k *counting) count {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !k.at.IsZero() {
		return k.count
	}
	return k.last
}

// measure counts what lies below a path, until it is more than a backup takes without asking or the time is over.
func measure(files device.Files, top string, until time.Time) count {
	var c count
	stack := []string{top}
	for len(stack) > 0 {
		dir := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		entries, err := files.ReadDir(dir)
		if err != nil {
			continue // what cannot be read is the backup's to tell
		}
		for _, entry := range entries {
			c.entries++
			info, err := entry.Info()
			switch {
			case err != nil:
			case info.IsDir():
				stack = append(stack, path.Join(dir, entry.Name()))
			case info.Mode().IsRegular():
				c.bytes += info.Size()
			}
			if c.bytes > maxBytes || c.entries > maxEntries {
				c.done, c.over = true, true
				return c
			}
		}
		if time.Now().After(until) {
			c.done, c.gaveUp = true, true
			return c
		}
	}
	c.done = true
	return c
}
