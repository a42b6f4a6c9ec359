package restic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"time"

	"keepstead/model"
)

// RestoreOptions say what to restore and where to.
type RestoreOptions struct {
	Snapshot string
	// Subfolder is a folder of the snapshot whose content is laid right into Target; empty is the top. Its own owner,
	// mode and extended attributes are not restored: Entry has them.
	Subfolder string
	// Target is the folder under which the files are laid with their paths below Subfolder; its links must be resolved.
	Target string
	// Includes are files and folders of the snapshot as they are named below Subfolder, every character meaning itself;
	// empty means all.
	Includes []string
	Verify   bool // read back and compare what was written
	DryRun   bool // say what would happen, touch nothing
	Sparse   bool // write zeroes as holes
	// Item is told each entry: action is restored, updated, unchanged or deleted, path its path in the snapshot.
	Item func(action, path string, size int64)
}

// RestoreSummary is what a restore did. Its counts are true only when there was no error; folders count as files.
type RestoreSummary struct {
	TotalFiles    int   `json:"total_files"`
	FilesRestored int   `json:"files_restored"`
	FilesSkipped  int   `json:"files_skipped"` // there already, with the same content
	FilesDeleted  int   `json:"files_deleted"`
	TotalBytes    int64 `json:"total_bytes"`
	BytesRestored int64 `json:"bytes_restored"`
	BytesSkipped  int64 `json:"bytes_skipped"`
	// Failed names at most model.MaxFailedFiles of the FailedCount items that could not be restored.
	Failed      []FileError `json:"-"`
	FailedCount int         `json:"-"`
}

// restoreItem is restic's "verbose_status" of a restore.
type restoreItem struct {
	Action string `json:"action"`
	Item   string `json:"item"`
	Size   int64  `json:"size"`
}

// Restore brings files back. An item that could not be restored makes an error, whatever the counts say. A restore that
// matched nothing is no error here: its counts are zero.
func (r Repo) Restore(ctx context.Context, o RestoreOptions, progress func(model.Progress)) (RestoreSummary, error) {
	if o.Snapshot == "" || !path.IsAbs(o.Target) {
		return RestoreSummary{}, fmt.Errorf("restore %q to %q: name a snapshot and an absolute folder", o.Snapshot, o.Target)
	}
	args := []string{"restore", "--json", "--target=" + o.Target}
	for _, option := range []struct {
		on   bool
		args []string
	}{
		{o.Verify && !o.DryRun, []string{"--verify"}},
		{o.DryRun, []string{"--dry-run", "--no-lock"}},
		{o.Sparse, []string{"--sparse"}},
		{o.Item != nil, []string{"-vv"}},
	} {
		if option.on {
			args = append(args, option.args...)
		}
	}
	var literals []string
	for _, include := range o.Includes {
		literals = append(literals, literal(include))
	}
	patterns, secrets := patternArguments("include", literals)
	from := o.Snapshot
	if o.Subfolder != "" {
		from += ":" + path.Clean("/"+o.Subfolder)
	}
	args = append(append(args, patterns...), "--", from)

	run := &restore{options: o, progress: progress}
	err := r.run(ctx, call{args: args, secrets: secrets, stream: o.DryRun, stdout: run.line, message: run.message})
	if o.Subfolder != "" {
		err = noFolder(err)
	}
	s := run.summary
	s.Failed, s.FailedCount = run.failed.list, run.failed.count
	switch {
	case err == nil && !run.summed:
		err = errors.New("restic restore: it ended well but gave no summary")
	case err == nil && s.FailedCount > 0:
		err = fmt.Errorf("restic restore: %d files failed, first %s: %s", s.FailedCount, s.Failed[0].Item, s.Failed[0].Message)
	}
	return s, err
}

// restore follows one run.
type restore struct {
	options  RestoreOptions
	progress func(model.Progress)
	meter    meter
	summary  RestoreSummary
	summed   bool
	failed   failures
}

func (run *restore) line(line []byte) error {
	switch kind(line) {
	case "status":
		var s RestoreSummary
		if run.progress != nil && json.Unmarshal(line, &s) == nil {
			run.report(s)
		}
	case "verbose_status":
		var item restoreItem
		if run.options.Item != nil && json.Unmarshal(line, &item) == nil {
			run.options.Item(item.Action, item.Item, item.Size)
		}
	case "summary":
		run.summed = true
		if err := json.Unmarshal(line, &run.summary); err != nil {
			return fmt.Errorf("read the summary of restic restore: %w", err)
		}
		if run.progress != nil {
			run.report(run.summary) // restic says nothing more, not even while it verifies
		}
	}
	return nil
}

func (run *restore) report(s RestoreSummary) {
	now := time.Now()
	p := model.Progress{
		Phase: "restoring", FilesDone: s.FilesRestored + s.FilesSkipped, TotalFiles: s.TotalFiles + s.FilesSkipped,
		BytesDone: s.BytesRestored + s.BytesSkipped, TotalBytes: s.TotalBytes + s.BytesSkipped,
		Errors: run.failed.count, At: now.UTC(),
	}
	if run.summed && run.options.Verify && !run.options.DryRun {
		p.Phase = "verifying"
	}
	if p.TotalBytes > 0 {
		p.Percent = float64(p.BytesDone) / float64(p.TotalBytes)
	}
	p.Rate, p.Remaining = run.meter.measure(s.BytesRestored, p.TotalBytes-p.BytesDone, now)
	run.progress(p)
}

func (run *restore) message(line []byte) {
	var m fileMessage
	if kind(line) == "error" && json.Unmarshal(line, &m) == nil {
		run.failed.add(m.Item, m.Error.Message)
	}
}
