package model

import (
	"time"

	"github.com/google/uuid"
)

// StorageSample is what a destination stored on a day.
type StorageSample struct {
	DestinationID uuid.UUID
	Day           string // 2006-01-02, in UTC
	Stored        int64  // bytes, as last known on that day
}

// StorageDay is the day of t that a sample belongs to.
func StorageDay(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// StoragePoint is what was stored at the end of a day.
type StoragePoint struct {
	Day    time.Time // midnight at its start, in UTC
	Stored int64     // bytes, of all destinations that the samples were of
}

// StorageOver adds the samples of one or several destinations up, a point a day, over at most the given number of days
// up to today. A day without a sample keeps the size of the day before: what is stored changes only where it is
// measured. The first point is the first day that has a sample. Samples are in the order of their days by destination;
// those older than the days asked for say where the line begins.
func StorageOver(samples []StorageSample, today time.Time, days int) []StoragePoint {
	byDay := map[string][]StorageSample{}
	first := ""
	for _, s := range samples {
		byDay[s.Day] = append(byDay[s.Day], s)
		if first == "" || s.Day < first {
			first = s.Day
		}
	}
	if first == "" {
		return nil
	}
	last := StorageDay(today)
	start, err := time.Parse(time.DateOnly, first)
	if err != nil {
		return nil
	}
	y, m, d := today.UTC().Date()
	from := time.Date(y, m, d-days+1, 0, 0, 0, 0, time.UTC)
	known := map[uuid.UUID]int64{}
	var total int64
	var out []StoragePoint
	for day := start; StorageDay(day) <= last; day = day.AddDate(0, 0, 1) {
		for _, s := range byDay[StorageDay(day)] {
			total += s.Stored - known[s.DestinationID]
			known[s.DestinationID] = s.Stored
		}
		if !day.Before(from) {
			out = append(out, StoragePoint{Day: day, Stored: total})
		}
	}
	return out
}

// Growth is by how many bytes the last point lies over the one that many days before it, or over the first one where
// the line is shorter; days says how far that is. It is zero days for fewer than two points.
func Growth(points []StoragePoint, days int) (bytes int64, over int) {
	if len(points) < 2 {
		return 0, 0
	}
	last := len(points) - 1
	from := max(0, last-days)
	return points[last].Stored - points[from].Stored, last - from
}

// ProtectedNow is the size of the newest good snapshot of every configuration, each counted once however many
// destinations hold it: what would come back if everything were lost now.
func ProtectedNow(apps []AppOverview) int64 {
	var total int64
	for _, a := range apps {
		for _, c := range a.Configurations {
			var newest Coverage
			for _, v := range c.Coverage {
				if v.LastGoodAt != nil && (newest.LastGoodAt == nil || v.LastGoodAt.After(*newest.LastGoodAt)) {
					newest = v
				}
			}
			total += newest.LastGoodSize
		}
	}
	return total
}

// Storage are the sizes of one destination or of several together, in bytes.
type Storage struct {
	Stored      int64
	Restorable  int64
	Added       int64 // that restic wrote for the snapshots, before compression
	AddedPacked int64 // and after
}

// StorageOf adds the sizes of destinations up.
func StorageOf(destinations ...Destination) Storage {
	var s Storage
	for _, d := range destinations {
		s.Stored += d.TotalSize
		s.Restorable += d.RestorableSize
		s.Added += d.AddedSize
		s.AddedPacked += d.AddedPackedSize
	}
	return s
}

// Saved is what deduplication and compression spare against copying every snapshot whole, in bytes and as a share of
// that; zero where there is nothing to restore, or a repository that is larger than what it holds.
func (s Storage) Saved() (bytes int64, share float64) {
	if s.Restorable <= s.Stored || s.Stored == 0 {
		return 0, 0
	}
	saved := s.Restorable - s.Stored
	return saved, float64(saved) / float64(s.Restorable)
}

// Compression is how many bytes of data one byte written stands for; 0 where that is not known.
func (s Storage) Compression() float64 {
	if s.Added <= 0 || s.AddedPacked <= 0 {
		return 0
	}
	return float64(s.Added) / float64(s.AddedPacked)
}
