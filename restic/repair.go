package restic

import "context"

// RepairIndex has the index name every pack that is there: also those that a run which was cut off had uploaded. It
// takes an exclusive lock, and reads of the packs only what the index does not know.
func (r Repo) RepairIndex(ctx context.Context) error {
	return r.run(ctx, call{args: []string{"repair", "index"}})
}
