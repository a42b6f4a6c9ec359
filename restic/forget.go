package restic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"keepstead/model"
)

// forgetBatch bounds the ids of one run; a run's arguments have a limit.
const forgetBatch = 1000

// Forget removes snapshots by their full ids. One that is gone already is no error; ErrIncomplete says that the
// storage refused to remove some.
func (r Repo) Forget(ctx context.Context, ids []string) error {
	if err := checkIDs(ids...); err != nil {
		return err
	}
	for len(ids) > 0 {
		n := min(len(ids), forgetBatch)
		if err := r.run(ctx, call{args: append([]string{"forget", "--json", "--"}, ids[:n]...)}); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

// ForgetGroup is what a policy does with one group of snapshots.
type ForgetGroup struct {
	Keep   []Snapshot `json:"keep"`
	Remove []Snapshot `json:"remove"`
	// Reasons are in the order of Keep.
	Reasons []ForgetReason `json:"reasons"`
}

// ForgetReason says by which rules a snapshot is kept, such as “daily snapshot”.
type ForgetReason struct {
	Snapshot Snapshot `json:"snapshot"`
	Matches  []string `json:"matches"`
}

// ForgetPolicy applies a retention to all snapshots with the tag, as one group. A retention that keeps everything does
// nothing. With dryRun nothing is removed and no lock is taken.
func (r Repo) ForgetPolicy(ctx context.Context, tag string, keep model.Retention, dryRun bool) ([]ForgetGroup, error) {
	if keep.KeepsAll() {
		return nil, nil
	}
	if tag == "" || strings.Contains(tag, ",") {
		return nil, errors.New("restic forget: a policy needs one tag")
	}
	args := []string{"forget", "--json", "--tag=" + tag, "--group-by="}
	for _, rule := range []struct {
		name  string
		count int
	}{
		{"last", keep.KeepLast},
		{"hourly", keep.KeepHourly},
		{"daily", keep.KeepDaily},
		{"weekly", keep.KeepWeekly},
		{"monthly", keep.KeepMonthly},
		{"yearly", keep.KeepYearly},
	} {
		if rule.count < 0 {
			return nil, fmt.Errorf("restic forget: keep-%s cannot be %d", rule.name, rule.count)
		}
		if rule.count > 0 {
			args = append(args, "--keep-"+rule.name+"="+strconv.Itoa(rule.count))
		}
	}
	if dryRun {
		args = append(args, "--dry-run", "--no-lock")
	}
	var groups []ForgetGroup
	err := r.decode(ctx, call{args: args, stream: dryRun}, func(d *json.Decoder) error {
		var g ForgetGroup
		if err := d.Decode(&g); err != nil {
			return err
		}
		groups = append(groups, g)
		return nil
	})
	return groups, err
}
