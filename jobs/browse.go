package jobs

import (
	"context"
	"fmt"
	"path"
	"time"

	"github.com/google/uuid"

	"keepstead/device"
	"keepstead/model"
	"keepstead/restic"
)

// quickLimit bounds a question that a person waits for.
const quickLimit = 60 * time.Second

// quickly asks a destination's repository something outside the queue: reads that hold no lock. A storage that cannot
// be reached is said at once, as model.ErrBusy; restic itself would try for many minutes.
func (m *Manager) quickly(ctx context.Context, destination uuid.UUID, ask func(context.Context, opened) error) error {
	ctx, cancel := context.WithTimeout(ctx, quickLimit)
	defer cancel()
	o, err := m.openQuick(ctx, destination)
	if err != nil {
		return err
	}
	defer m.endQuick(o)
	return ask(ctx, o)
}

// openQuick opens a destination for reads outside the queue, once its storage has answered; the caller ends them with
// endQuick.
func (m *Manager) openQuick(ctx context.Context, destination uuid.UUID) (opened, error) {
	d, err := m.Store.Destination(ctx, destination)
	if err != nil {
		return opened{}, err
	}
	o, err := m.openHere(ctx, d)
	if err != nil {
		return opened{}, err
	}
	return m.answering(ctx, o)
}

// answering asks the storage for a word, and gives the destination up where none comes.
func (m *Manager) answering(ctx context.Context, o opened) (opened, error) {
	probe, stop := context.WithTimeout(ctx, askTimeout)
	defer stop()
	if _, err := o.place.Config(probe); err != nil {
		m.endQuick(o)
		return opened{}, fmt.Errorf("%w: the repository of %q at %s cannot be read now", model.ErrBusy, o.destination.Name, o.destination.Place())
	}
	return o, nil
}

// Browse lists one folder of a snapshot, folders first. An empty dir lists the snapshot's top.
func (m *Manager) Browse(ctx context.Context, snapshot uuid.UUID, dir string) ([]model.Node, error) {
	page, err := m.BrowsePage(ctx, snapshot, model.FolderQuery{Dir: dir})
	return page.Nodes, err
}

// planExamples bounds the names shown of files that a restore would overwrite.
const planExamples = 20

// PlanRestore says what a restore would do: a dry run of the real thing.
func (m *Manager) PlanRestore(ctx context.Context, want model.Restore) (model.RestorePlan, error) {
	var plan model.RestorePlan
	s, err := m.restorable(ctx, &want)
	if err != nil {
		return plan, err
	}
	if want.App != nil {
		return m.planApp(ctx, s, want)
	}
	if plan.Target, err = m.target(ctx, want, s); err != nil {
		return plan, err
	}
	files, err := m.files(ctx, want.DeviceID)
	if err != nil {
		return plan, err
	}
	if plan.FreeBytes, err = files.Space(plan.Target); err != nil {
		plan.FreeBytes = -1
	}
	err = m.quicklyOn(ctx, want.DeviceID, s.DestinationID, func(ctx context.Context, o opened) error {
		includes, err := m.chosen(ctx, o, s, want)
		if err != nil {
			return err
		}
		if plan.Stopped, err = m.wouldStop(ctx, s, want, includes); err != nil {
			return err
		}
		sum, err := o.repo.Restore(ctx, restic.RestoreOptions{
			Snapshot: s.ResticSnapshotID, Target: plan.Target, Includes: includes, DryRun: true,
			Item: func(action, item string, size int64) {
				if !there(files, plan.Target, action, item, size) {
					count(&plan, action, item)
				}
			},
		}, nil)
		plan.NeedBytes = sum.TotalBytes
		return err
	})
	return plan, err
}

// there says that an entry is a folder which exists: restic calls every folder restored, also one that it finds.
func there(files device.Files, target, action, item string, size int64) bool {
	if action != "restored" || size > 0 {
		return false
	}
	info, err := files.Lstat(path.Join(target, item))
	return err == nil && info.IsDir()
}

func count(plan *model.RestorePlan, action, item string) {
	switch action {
	case "restored":
		plan.NewFiles++
	case "updated":
		plan.Overwrites++
		if len(plan.Examples) < planExamples {
			plan.Examples = append(plan.Examples, item)
		}
	case "unchanged":
		plan.Unchanged++
	}
}
