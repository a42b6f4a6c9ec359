package jobs

import (
	"context"
	"fmt"

	"keepstead/model"
	"keepstead/restic"
	"keepstead/storage"
	"keepstead/store"
)

// readData is the share of a repository's data that a check reads back: a structure check alone misses flipped bytes.
const readData = "5%"

// prune frees the space of forgotten data.
func (r *run) prune(ctx context.Context) finish {
	o, err := r.openRun(ctx)
	if err != nil {
		return r.failed(ctx, err)
	}
	was, err := measured(ctx, o)
	if err != nil {
		return r.failed(ctx, err)
	}
	r.phase("pruning", "Freeing the space of forgotten data.")
	if err := r.command(o).Prune(ctx, r.report); err != nil {
		return r.failed(ctx, err)
	}
	is, err := measured(ctx, o)
	if err != nil {
		return r.failed(ctx, err)
	}
	before, after := *was.TotalSize, *is.TotalSize
	r.log.printf("Stored before: %s; after: %s.", size(before), size(after))
	now := r.now()
	is.LastPruneAt = &now
	return finish{Outcome: store.Outcome{
		State: model.JobSuccess, Result: &model.Result{Freed: max(0, before-after)}, Destination: is,
	}}
}

// measured adds up what a repository stores, and asks how much space is left there.
func measured(ctx context.Context, o opened) (store.DestinationStats, error) {
	stored, err := o.place.Size(ctx)
	if err != nil {
		return store.DestinationStats{}, fmt.Errorf("measure the repository: %w", err)
	}
	return store.DestinationStats{TotalSize: &stored, FreeSize: free(ctx, o)}, nil
}

// free asks how many bytes are left at a destination; nil where its storage does not tell.
func free(ctx context.Context, o opened) *int64 {
	n, known := storage.Free(ctx, o.place)
	if !known {
		return nil
	}
	return &n
}

// check proves a repository's structure, and reads a share of its data back.
func (r *run) check(ctx context.Context) finish {
	o, err := r.openRun(ctx)
	if err != nil {
		return r.failed(ctx, err)
	}
	r.phase("checking", "Checking the structure and "+readData+" of the data.")
	summary, err := r.command(o).Check(ctx, restic.CheckOptions{ReadDataSubset: readData})
	if err != nil {
		return r.failed(ctx, err)
	}
	if summary.NumErrors > 0 {
		return r.failed(ctx, fail(model.CauseDamaged, "Restore what matters from another destination, then repair this repository.",
			"The check found %d %s.", summary.NumErrors, plural(summary.NumErrors, "error", "errors")))
	}
	now := r.now()
	return finish{Outcome: store.Outcome{
		State: model.JobSuccess, Result: &model.Result{ReadData: readData},
		Destination: store.DestinationStats{LastCheckAt: &now},
	}}
}
