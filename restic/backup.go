package restic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"keepstead/device"
	"keepstead/model"
)

// BackupOptions say what to back up. Paths are absolute and taken literally; Excludes are patterns.
type BackupOptions struct {
	Host          string
	Tags          []string
	Paths         []string
	Excludes      []string
	ExcludeCaches bool // leave out folders marked with a CACHEDIR.TAG
	OneFileSystem bool
	// Time is the snapshot's time; zero means now.
	Time time.Time
}

// Summary is what a backup did. Failed names at most model.MaxFailedFiles of the FailedCount items that were left out.
type Summary struct {
	SnapshotID      string
	FilesNew        int
	FilesChanged    int
	FilesUnmodified int
	DirsNew         int
	DirsChanged     int
	DirsUnmodified  int
	TotalFiles      int
	TotalBytes      int64
	DataAdded       int64 // before compression
	DataAddedPacked int64 // as stored
	Started, Ended  time.Time
	Duration        time.Duration
	Failed          []FileError
	FailedCount     int
}

// backupStatus is restic's "status" of a backup.
type backupStatus struct {
	PercentDone      float64  `json:"percent_done"`
	TotalFiles       int      `json:"total_files"`
	SecondsRemaining int64    `json:"seconds_remaining"` // 0 until all that there is to read is known
	FilesDone        int      `json:"files_done"`
	TotalBytes       int64    `json:"total_bytes"`
	BytesDone        int64    `json:"bytes_done"`
	ErrorCount       int      `json:"error_count"`
	CurrentFiles     []string `json:"current_files"`
}

// backupSummary is restic's "summary" of a backup.
type backupSummary struct {
	FilesNew            int       `json:"files_new"`
	FilesChanged        int       `json:"files_changed"`
	FilesUnmodified     int       `json:"files_unmodified"`
	DirsNew             int       `json:"dirs_new"`
	DirsChanged         int       `json:"dirs_changed"`
	DirsUnmodified      int       `json:"dirs_unmodified"`
	DataAdded           int64     `json:"data_added"`
	DataAddedPacked     int64     `json:"data_added_packed"`
	TotalFilesProcessed int       `json:"total_files_processed"`
	TotalBytesProcessed int64     `json:"total_bytes_processed"`
	TotalDuration       float64   `json:"total_duration"`
	BackupStart         time.Time `json:"backup_start"`
	BackupEnd           time.Time `json:"backup_end"`
	SnapshotID          string    `json:"snapshot_id"`
}

// Backup saves the paths as one snapshot. When files could not be read it returns the summary of the snapshot that was
// saved all the same, and an error that is ErrIncomplete. The parent is the newest snapshot of the same host with the
// same tags, whatever its paths were.
func (r Repo) Backup(ctx context.Context, o BackupOptions, progress func(model.Progress)) (Summary, error) {
	args, secrets, err := o.arguments()
	if err != nil {
		return Summary{}, err
	}
	b := &backup{progress: progress}
	err = r.run(ctx, call{args: args, secrets: secrets, stdout: b.line, message: b.message, plain: b.plain})
	s := b.summary
	s.Failed, s.FailedCount = b.failed.list, b.failed.count
	if err == nil && s.SnapshotID == "" {
		return s, errors.New("restic backup: it ended well but named no snapshot")
	}
	return s, err
}

func (o BackupOptions) arguments() ([]string, []device.Secret, error) {
	if len(o.Paths) == 0 {
		return nil, nil, errors.New("back up: no path given")
	}
	if o.Host == "" {
		return nil, nil, errors.New("back up: no host name given")
	}
	args := []string{"backup", "--json", "--host=" + o.Host, "--group-by=host,tags", "--files-from-raw={fd:paths}"}
	for _, tag := range o.Tags {
		if tag == "" || strings.ContainsAny(tag, ",\x00") {
			return nil, nil, fmt.Errorf("back up: %q cannot be a tag", tag)
		}
		args = append(args, "--tag="+tag)
	}
	if o.ExcludeCaches {
		args = append(args, "--exclude-caches")
	}
	if o.OneFileSystem {
		args = append(args, "--one-file-system")
	}
	if !o.Time.IsZero() {
		args = append(args, "--time="+o.Time.Local().Format(time.DateTime))
	}
	var list strings.Builder
	for _, p := range o.Paths {
		if !path.IsAbs(p) || strings.ContainsRune(p, 0) {
			return nil, nil, fmt.Errorf("back up: %q is not an absolute path", p)
		}
		list.WriteString(p + "\x00")
	}
	secrets := []device.Secret{{Name: "paths", Content: []byte(list.String())}}
	patterns, files := patternArguments("exclude", o.Excludes)
	return append(args, patterns...), append(secrets, files...), nil
}

// backup follows one run.
type backup struct {
	progress func(model.Progress)
	meter    meter
	summary  Summary
	failed   failures
}

func (b *backup) line(line []byte) error {
	switch kind(line) {
	case "status":
		var s backupStatus
		if json.Unmarshal(line, &s) == nil { // one that cannot be read is no reason to end a backup
			b.report(s)
		}
	case "summary":
		var s backupSummary
		if err := json.Unmarshal(line, &s); err != nil {
			return fmt.Errorf("read the summary of restic backup: %w", err)
		}
		b.summary = s.summary()
		b.report(backupStatus{ // a quick backup ends before its first status
			PercentDone: 1, TotalFiles: s.TotalFilesProcessed, FilesDone: s.TotalFilesProcessed,
			TotalBytes: s.TotalBytesProcessed, BytesDone: s.TotalBytesProcessed, ErrorCount: b.failed.count,
		})
	}
	return nil
}

func (b *backup) report(s backupStatus) {
	if b.progress == nil {
		return
	}
	now := time.Now()
	rate, remaining := b.meter.measure(s.BytesDone, s.TotalBytes-s.BytesDone, now)
	if s.SecondsRemaining == 0 {
		remaining = 0 // restic still looks for what there is to read
	}
	b.progress(model.Progress{
		Phase: "saving", Percent: s.PercentDone, FilesDone: s.FilesDone, TotalFiles: s.TotalFiles,
		BytesDone: s.BytesDone, TotalBytes: s.TotalBytes, Rate: rate, Remaining: remaining, Errors: s.ErrorCount,
		CurrentFiles: s.CurrentFiles, At: now.UTC(),
	})
}

func (s backupSummary) summary() Summary {
	return Summary{
		SnapshotID: s.SnapshotID, FilesNew: s.FilesNew, FilesChanged: s.FilesChanged, FilesUnmodified: s.FilesUnmodified,
		DirsNew: s.DirsNew, DirsChanged: s.DirsChanged, DirsUnmodified: s.DirsUnmodified,
		TotalFiles: s.TotalFilesProcessed, TotalBytes: s.TotalBytesProcessed,
		DataAdded: s.DataAdded, DataAddedPacked: s.DataAddedPacked, Started: s.BackupStart, Ended: s.BackupEnd,
		Duration: time.Duration(s.TotalDuration * float64(time.Second)),
	}
}

func (b *backup) message(line []byte) {
	var m fileMessage
	// The scanner runs ahead and meets the same files as the archiver, whose errors are the ones that count.
	if kind(line) == "error" && json.Unmarshal(line, &m) == nil && m.During != "scan" {
		b.failed.add(m.Item, m.Error.Message)
	}
}

func (b *backup) plain(line string) {
	for _, reason := range []string{"does not exist", "cannot be accessed"} {
		if item, found := strings.CutSuffix(line, " "+reason+", skipping"); found {
			b.failed.add(item, reason)
		}
	}
}
