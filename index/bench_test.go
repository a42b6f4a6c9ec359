package index

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
)

// million is a synthetic snapshot of a million files in fifty thousand folders, four deep. Its names, sizes and times are
// of the kinds that a home holds: photos, documents, sources, mails. A day changes, adds and removes a thousand files
// wherever they are.
type million struct {
	folders, each int
	changed       map[int]int // file to the day of its last change
}

func newMillion(files int) *million {
	return &million{folders: files / 20, each: 20, changed: map[int]int{}}
}

func (m *million) day(n int) {
	rng := rand.New(rand.NewPCG(uint64(n), 7))
	for range m.folders * m.each / 1000 {
		m.changed[rng.IntN(m.folders*m.each)] = n
	}
}

// mix spreads a number over all bits.
func mix(n uint64) uint64 {
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}

func (m *million) file(folder, i int) string {
	h := mix(uint64(folder*m.each + i))
	words := [...]string{"report", "invoice", "letter", "backup", "notes", "draft", "photo", "index", "main", "helper", "style", "contract"}
	word := words[h%uint64(len(words))]
	switch folder % 4 {
	case 0:
		return fmt.Sprintf("IMG_%d_%04d.jpg", 20150000+folder%3000, i*7+int(h%7))
	case 1:
		return fmt.Sprintf("%s-%d.pdf", word, 100*i+int(h>>8%100))
	case 2:
		return fmt.Sprintf("%s_%02d.go", word, i)
	}
	return fmt.Sprintf("%02d%x.eml", i, h>>36)
}

// walk lists the snapshot as it is now, in the order of restic.
func (m *million) walk(_ context.Context, each func(model.Node) error) error {
	start := time.Date(2019, 3, 1, 9, 0, 0, 0, time.UTC)
	at := func(n int) time.Time {
		h := mix(uint64(n) + 99)
		return start.Add(time.Duration(n)*time.Minute + time.Duration(h%uint64(24*time.Hour)))
	}
	dir := func(p string, n int) error {
		return each(model.Node{Path: p, Name: path.Base(p), Type: "dir", Mode: 0o755, ModTime: at(n)})
	}
	if err := dir("/srv", 0); err != nil {
		return err
	}
	names := make([]string, 0, m.each)
	for f := range m.folders {
		top := fmt.Sprintf("/srv/area%03d", f/1000)
		middle := fmt.Sprintf("%s/project%02d", top, f/50%20)
		leaf := fmt.Sprintf("%s/part%02d", middle, f%50)
		if f%1000 == 0 {
			if err := dir(top, f); err != nil {
				return err
			}
		}
		if f%50 == 0 {
			if err := dir(middle, f); err != nil {
				return err
			}
		}
		if err := dir(leaf, f); err != nil {
			return err
		}
		names = names[:0]
		for i := range m.each {
			names = append(names, m.file(f, i)+"\x00"+strconv.Itoa(i))
		}
		slices.Sort(names)
		for _, both := range names {
			name := both[:len(both)-2]
			i, _ := strconv.Atoi(both[len(name)+1:])
			if both[len(both)-3] == 0 {
				name = both[:len(both)-3]
				i, _ = strconv.Atoi(both[len(both)-2:])
			}
			n := f*m.each + i
			h := mix(uint64(n))
			node := model.Node{Path: leaf + "/" + name, Name: name, Type: "file", Mode: 0o644, Size: int64(h % (1 << (6 + h>>8%18))), ModTime: at(n)}
			if day := m.changed[n]; day > 0 {
				node.ModTime, node.Size = node.ModTime.AddDate(5, 0, day), node.Size+int64(day)
			}
			if err := each(node); err != nil {
				return err
			}
		}
	}
	return nil
}

// BenchmarkIndex prints what a million files in a hundred snapshots take: bytes for each distinct file, and how long
// opening a folder, searching a name and listing the versions of a file last.
func BenchmarkIndex(b *testing.B) {
	files, days := 1_000_000, 100
	if small := os.Getenv("KEEPSTEAD_BENCH_INDEX"); small != "" { // files and days, for a quick look
		_, _ = fmt.Sscanf(small, "%d,%d", &files, &days)
	}
	x, err := Open(b.Context(), b.TempDir(), Options{}, discard())
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = x.Close() }()
	m, app, distinct := newMillion(files), uuid.New(), files
	var snapshots []uuid.UUID
	var first, rest, bare time.Duration
	for day := range days {
		if day > 0 {
			m.day(day)
			for _, d := range m.changed {
				if d == day {
					distinct++
				}
			}
		}
		s := Snapshot{ID: uuid.New(), App: app, Started: time.Date(2024, 1, 1+day, 3, 0, 0, 0, time.UTC)}
		began := time.Now()
		if err := x.Add(b.Context(), s, m.walk); err != nil {
			b.Fatal(err)
		}
		if took := time.Since(began); day == 0 {
			first = took
			began = time.Now()
			_ = m.walk(b.Context(), func(model.Node) error { return nil })
			bare = time.Since(began)
		} else {
			rest += took
		}
		snapshots = append(snapshots, s.ID)
	}
	size, err := x.Size(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	report := func(name string, value float64) { b.ReportMetric(value, name) }
	report("bytes/file", float64(size)/float64(distinct))
	report("µs/file-first", float64((first-bare).Microseconds())/float64(files))
	report("µs/file-alike", float64((rest/time.Duration(max(1, days-1))-bare).Microseconds())/float64(files))
	rng := rand.New(rand.NewPCG(1, 1))
	leaf := func() (int, string) {
		f := rng.IntN(m.folders)
		return f, fmt.Sprintf("/srv/area%03d/project%02d/part%02d", f/1000, f/50%20, f%50)
	}
	report("ms-folder-p95", p95(b, 200, func() error {
		_, dir := leaf()
		page, err := x.Folder(b.Context(), snapshots[rng.IntN(days)], model.FolderQuery{Dir: dir, Limit: 500})
		if err == nil && len(page.Nodes) != m.each {
			err = fmt.Errorf("%d entries", len(page.Nodes))
		}
		return err
	}))
	report("ms-search-p95", p95(b, 60, func() error {
		f, _ := leaf()
		q := model.FileQuery{Text: m.file(f, rng.IntN(m.each)), AppID: app}
		if rng.IntN(4) == 0 {
			q.Text = q.Text[:4] // of which there are many
		}
		hits, err := x.Search(b.Context(), q)
		if err == nil && len(hits.Hits) == 0 {
			err = fmt.Errorf("%q is not found", q.Text)
		}
		return err
	}))
	report("ms-search-none-p95", p95(b, 20, func() error {
		_, err := x.Search(b.Context(), model.FileQuery{Text: "nothing has this", AppID: app})
		return err
	}))
	report("ms-versions-p95", p95(b, 100, func() error {
		f, dir := leaf()
		found, err := x.Versions(b.Context(), app, dir+"/"+m.file(f, rng.IntN(m.each)))
		if err == nil && len(found) == 0 {
			err = fmt.Errorf("no version in %s", dir)
		}
		return err
	}))
	report("ms-compare-neighbours-p95", p95(b, 20, func() error {
		at := rng.IntN(max(1, days-1))
		_, err := x.Compare(b.Context(), model.ComparisonQuery{Before: snapshots[at], After: snapshots[min(at+1, days-1)]})
		return err
	}))
}

// p95 runs a question some times and returns the milliseconds that 95 of 100 stay below.
func p95(b *testing.B, times int, ask func() error) float64 {
	b.Helper()
	var took []time.Duration
	for range times {
		began := time.Now()
		if err := ask(); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	return float64(took[times*95/100].Microseconds()) / 1000
}
