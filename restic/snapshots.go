package restic

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"time"
)

// Snapshot is a snapshot as the repository holds it.
type Snapshot struct {
	ID       string           `json:"id"`
	Time     time.Time        `json:"time"`
	Parent   string           `json:"parent"`
	Tree     string           `json:"tree"`
	Paths    []string         `json:"paths"`
	Hostname string           `json:"hostname"`
	Username string           `json:"username"`
	Tags     []string         `json:"tags"`
	Original string           `json:"original"` // its first id, where it was rewritten since
	Version  string           `json:"program_version"`
	Summary  *SnapshotSummary `json:"summary"` // nil for snapshots of restic before 0.17
}

// SnapshotSummary is what restic keeps of the backup inside the snapshot.
type SnapshotSummary struct {
	Started         time.Time `json:"backup_start"`
	Ended           time.Time `json:"backup_end"`
	FilesNew        int       `json:"files_new"`
	FilesChanged    int       `json:"files_changed"`
	FilesUnmodified int       `json:"files_unmodified"`
	DataAdded       int64     `json:"data_added"`
	DataAddedPacked int64     `json:"data_added_packed"`
	TotalFiles      int       `json:"total_files_processed"`
	TotalBytes      int64     `json:"total_bytes_processed"`
}

// SnapshotFilter selects snapshots. Zero fields do not filter.
type SnapshotFilter struct {
	Tags []string // a snapshot must have all of them
	Host string
	IDs  []string // an unknown id is passed over
}

// Snapshots lists the repository's snapshots, oldest first.
func (r Repo) Snapshots(ctx context.Context, f SnapshotFilter) ([]Snapshot, error) {
	args := []string{"snapshots", "--json", "--no-lock"}
	if len(f.Tags) > 0 {
		args = append(args, "--tag="+join(f.Tags))
	}
	if f.Host != "" {
		args = append(args, "--host="+f.Host)
	}
	var all []Snapshot
	err := r.array(ctx, append(append(args, "--"), f.IDs...), func(d *json.Decoder) error {
		var s Snapshot
		if err := d.Decode(&s); err != nil {
			return err
		}
		all = append(all, s)
		return nil
	})
	return all, err
}

func join(tags []string) string {
	out := ""
	for i, tag := range tags {
		if i > 0 {
			out += ","
		}
		out += tag
	}
	return out
}

var hexID = regexp.MustCompile(`^[0-9a-f]{8,64}$`)

// checkIDs refuses what is not an id: restic understands words such as latest, and id:folder.
func checkIDs(ids ...string) error {
	for _, id := range ids {
		if !hexID.MatchString(id) {
			return fmt.Errorf("restic: %q is not an id", id)
		}
	}
	return nil
}

// StatsMode is a way of counting.
type StatsMode string

// The ways of counting.
const (
	StatsRestoreSize StatsMode = "restore-size"      // what a restore of each snapshot would write
	StatsRawData     StatsMode = "raw-data"          // what the repository stores
	StatsByContents  StatsMode = "files-by-contents" // each content once
)

// Stats are a repository's counts; some modes leave some at zero.
type Stats struct {
	TotalSize        int64   `json:"total_size"`
	TotalFiles       int     `json:"total_file_count"`
	UncompressedSize int64   `json:"total_uncompressed_size"`
	CompressionRatio float64 `json:"compression_ratio"`
	Blobs            int     `json:"total_blob_count"`
	Snapshots        int     `json:"snapshots_count"`
}

// Stats counts the named snapshots, or all of them. It reads every tree: seconds for thousands of snapshots.
func (r Repo) Stats(ctx context.Context, mode StatsMode, ids ...string) (Stats, error) {
	if err := checkIDs(ids...); err != nil {
		return Stats{}, err
	}
	var s Stats
	args := append([]string{"stats", "--json", "--no-lock", "--mode=" + string(mode), "--"}, ids...)
	return s, r.object(ctx, &s, args...)
}
