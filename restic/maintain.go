package restic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"keepstead/model"
)

// counterLine is how restic's text counts: [0:01] 53.00%  8 / 15 packs processed.
var counterLine = regexp.MustCompile(`^\[[\d:]+\]\s+([\d.]+)%\s+(\d+) / (\d+) (.+)$`)

// Prune frees the space of forgotten data. restic gives no counts in JSON, only its errors: its text goes to the log
// and, where it counts, to progress.
func (r Repo) Prune(ctx context.Context, progress func(model.Progress)) error {
	phase := "reading"
	return r.run(ctx, call{args: []string{"prune", "--json"}, stdout: func(raw []byte) error {
		line := clean(raw)
		m := counterLine.FindStringSubmatch(line)
		if m == nil {
			r.logLine(line)
			if head, _, short := strings.Cut(line, "..."); short && head != "" {
				phase = head
			}
			return nil
		}
		if m[2] == m[3] {
			r.logLine(line) // only the end of a count is worth keeping
		}
		if progress != nil {
			percent, _ := strconv.ParseFloat(m[1], 64) // the expression allows digits alone
			done, _ := strconv.Atoi(m[2])
			total, _ := strconv.Atoi(m[3])
			progress(model.Progress{
				Phase: phase + ": " + m[4], Percent: percent / 100, FilesDone: done, TotalFiles: total, At: time.Now().UTC(),
			})
		}
		return nil
	}})
}

// CheckOptions say how deep to look. ReadDataSubset is restic's: 5%, 1/10, 500M, or 100% for everything; empty reads no
// data.
type CheckOptions struct {
	ReadDataSubset string
}

// CheckSummary is what a check found. It counts only when the error is nil or ErrDamaged.
type CheckSummary struct {
	NumErrors          int      `json:"num_errors"`
	BrokenPacks        []string `json:"broken_packs"`
	SuggestRepairIndex bool     `json:"suggest_repair_index"`
	SuggestPrune       bool     `json:"suggest_prune"`
	// Errors are restic's sentences, at most model.MaxFailedFiles.
	Errors []string `json:"-"`
}

var subset = regexp.MustCompile(`^(\d+(\.\d+)?%|\d+/\d+|\d+[KMGT]?)$`)

// Check proves the repository consistent. Without reading data it does not see changed bytes inside the packs.
func (r Repo) Check(ctx context.Context, o CheckOptions) (CheckSummary, error) {
	args := []string{"check", "--json"}
	if o.ReadDataSubset != "" {
		if !subset.MatchString(o.ReadDataSubset) {
			return CheckSummary{}, fmt.Errorf("restic check: %q is no part of the data", o.ReadDataSubset)
		}
		args = append(args, "--read-data-subset="+o.ReadDataSubset)
	}
	var s CheckSummary
	var found []string
	err := r.run(ctx, call{args: args, stdout: func(line []byte) error {
		if kind(line) != "summary" {
			r.logLine(clean(line))
			return nil
		}
		return json.Unmarshal(line, &s)
	}, message: func(line []byte) {
		var m struct {
			Message string `json:"message"`
		}
		if json.Unmarshal(line, &m) == nil && len(found) < model.MaxFailedFiles {
			if text := strings.TrimSpace(m.Message); text != "" {
				found = append(found, r.redact(text))
			}
		}
	}})
	s.Errors = found
	if err == nil && s.NumErrors > 0 {
		err = fmt.Errorf("restic check: %d errors: %w", s.NumErrors, ErrDamaged)
	}
	return s, err
}

// Unlock removes stale locks. Careful: restic sends SIGHUP to the process whose number stands in a lock of its own
// host name, whoever that is now.
func (r Repo) Unlock(ctx context.Context) error {
	return r.run(ctx, call{args: []string{"unlock", "--json"}, stream: true})
}

// Lock is a lock in the repository.
type Lock struct {
	ID        string    `json:"-"`
	Hostname  string    `json:"hostname"`
	Username  string    `json:"username"`
	PID       int       `json:"pid"`
	Time      time.Time `json:"time"`
	Exclusive bool      `json:"exclusive"`
}

// Locks lists the repository's locks without taking one. A lock that goes away meanwhile is left out.
func (r Repo) Locks(ctx context.Context) ([]Lock, error) {
	var ids []string
	err := r.run(ctx, call{args: []string{"list", "locks", "--json", "--no-lock"}, stream: true, stdout: func(line []byte) error {
		if id := strings.TrimSpace(string(line)); len(id) == 64 && hexID.MatchString(id) {
			ids = append(ids, id)
		}
		return nil
	}})
	if err != nil {
		return nil, err
	}
	var locks []Lock
	for _, id := range ids {
		lock := Lock{ID: id}
		err := r.object(ctx, &lock, "cat", "lock", "--json", "--no-lock", "--", id)
		var failed *Error
		switch {
		case errors.As(err, &failed) && failed.lockGone():
			continue
		case err != nil:
			return nil, fmt.Errorf("read lock %s: %w", id, err)
		}
		locks = append(locks, lock)
	}
	return locks, nil
}

// lockGone says that reading one file failed because it is not there any more.
func (e *Error) lockGone() bool {
	return e.Code == 1 && (strings.Contains(e.Message, "no such file") || strings.Contains(e.Message, "does not exist") ||
		errors.Is(e, model.ErrNotFound))
}
