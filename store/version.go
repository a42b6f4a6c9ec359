package store

import (
	"maps"
	"slices"
	"sync"

	"github.com/mattn/go-sqlite3"
)

// versions counts by table the writes that changed one of its rows. SQLite itself says which those were, so that no
// write can forget to.
type versions struct {
	mu      sync.Mutex
	touched map[string]bool // by the transaction under way
	counts  map[string]uint64
}

func newVersions() *versions {
	return &versions{touched: map[string]bool{}, counts: map[string]uint64{}}
}

// watch has a connection tell of the rows that it changes, those that triggers and foreign keys change among them.
func (v *versions) watch(c *sqlite3.SQLiteConn) {
	c.RegisterUpdateHook(func(_ int, _, table string, _ int64) {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.touched[table] = true
	})
}

// take returns the tables that the transaction under way has changed. It is called while that still has the connection:
// once it is committed, the next one may have begun.
func (v *versions) take() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	defer clear(v.touched)
	return slices.Collect(maps.Keys(v.touched))
}

// count ends a write that changed tables. It comes after the commit: who reads between the two reads once more later, and
// never keeps what was there before.
func (v *versions) count(tables []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, table := range tables {
		v.counts[table]++
	}
}

func (v *versions) of(tables []string) (sum uint64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, table := range tables {
		sum += v.counts[table]
	}
	return sum
}

// VersionOf changes with every write of this process to a row of one of these tables. What was read after it was asked
// for holds as long as it is the same. SQLite does not tell of tables WITHOUT ROWID: for those ask for the tables whose
// triggers keep them.
func (s *Store) VersionOf(tables ...string) uint64 { return s.versions.of(tables) }
