package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"keepstead/docker"
	"keepstead/model"
)

// Bounds of taking back: one act, and the wait for a started container's health before those that depend on it start.
const (
	undoLimit   = 5 * time.Minute
	undoHealth  = 90 * time.Second
	undoAtStart = 2 * time.Minute
)

// journal writes an act down before it is done, so that it is taken back on every way out and after a crash. owner is
// the job, or the capture that several jobs share.
func (m *Manager) journal(ctx context.Context, owner uuid.UUID, u model.Undo) (model.Undo, error) {
	u.ID, u.JobID, u.CreatedAt = model.NewID(), owner, m.now()
	u, err := m.Store.CreateUndo(context.WithoutCancel(ctx), u)
	if err != nil {
		return u, fmt.Errorf("write down what must be taken back: %w", err)
	}
	return u, nil
}

// undo takes back all acts of one owner, the newest first. What cannot be taken back now keeps its row and is tried
// again every minute; the error says what it was.
func (m *Manager) undo(ctx context.Context, owner uuid.UUID) error {
	rows, err := m.Store.Undos(ctx, owner)
	if err != nil {
		return err
	}
	return m.takeBack(ctx, rows)
}

func (m *Manager) takeBack(ctx context.Context, rows []model.Undo) error {
	var problems []error
	stuck := map[uuid.UUID]bool{} // owners of content that is not back yet: nothing may start upon it
	still := map[uuid.UUID]bool{}
	for i, u := range rows {
		if stuck[u.JobID] {
			continue
		}
		limit, cancel := context.WithTimeout(ctx, limitOf(u.Action))
		var err error
		if u.Action == model.UndoPutBack && !still[u.JobID] {
			err = m.holdStill(limit, u.JobID, rows)
			still[u.JobID] = err == nil
		}
		if err == nil {
			err = m.takeBackOne(limit, u)
		}
		if err == nil && u.Action == model.UndoStart && i < len(rows)-1 {
			m.awaitHealth(limit, u)
		}
		cancel()
		lasting := false
		if err == nil {
			err = m.Store.DeleteUndo(context.WithoutCancel(ctx), u.ID)
			lasting = err != nil // it would be done again, upon what the next rows put back
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%s %s: %w", strings.ReplaceAll(string(u.Action), "_", " "), u.Name, err))
			stuck[u.JobID] = lasting || u.Action == model.UndoStop || u.Action == model.UndoPutBack || u.Action == model.UndoImport ||
				u.Action == model.UndoRemoveContainer
		}
	}
	return errors.Join(problems...)
}

// holdStill stops what a job had stopped before and something else may have started since, such as a restarted engine:
// content is not put back under a running container. Their rows start them afterwards.
func (m *Manager) holdStill(ctx context.Context, owner uuid.UUID, rows []model.Undo) error {
	for _, u := range rows {
		if u.JobID != owner || u.Action != model.UndoStart {
			continue
		}
		engine, err := m.engine(ctx, u.DeviceID)
		if err != nil {
			return err
		}
		if err := engine.Stop(ctx, u.Target); err != nil && !errors.Is(err, model.ErrNotFound) {
			return err
		}
	}
	return nil
}

func limitOf(action model.UndoAction) time.Duration {
	if action == model.UndoImport {
		return importLimit
	}
	return undoLimit
}

// takeBackOne is safe to repeat. What is gone needs no taking back.
func (m *Manager) takeBackOne(ctx context.Context, u model.Undo) error {
	files, err := m.files(ctx, u.DeviceID)
	if err != nil {
		return err
	}
	switch u.Action {
	case model.UndoPutBack:
		return putBack(files, u.Target, u.Aside)
	case model.UndoDropAside:
		return dropAside(files, u.Aside)
	case model.UndoRemoveFolder:
		return removeMade(files, u)
	}
	engine, err := m.engine(ctx, u.DeviceID)
	if err != nil {
		return err
	}
	switch u.Action {
	case model.UndoStart:
		err = engine.Start(ctx, u.Target)
	case model.UndoStop:
		err = engine.Stop(ctx, u.Target)
	case model.UndoUnpause:
		err = unpause(ctx, engine, u.Target)
	case model.UndoImport:
		err = m.importBack(ctx, u, engine, files)
	case model.UndoRename:
		err = engine.Rename(ctx, u.Target, u.Name)
	case model.UndoRemoveContainer:
		err = engine.RemoveContainer(ctx, u.Target)
	case model.UndoRemoveVolume:
		err = engine.RemoveVolume(ctx, u.Target)
	case model.UndoRemoveNetwork:
		err = engine.RemoveNetwork(ctx, u.Target)
	case model.UndoHook:
		err = m.postHook(ctx, engine, u)
	default:
		return fmt.Errorf("an act of an unknown kind %q", u.Action)
	}
	if errors.Is(err, model.ErrNotFound) {
		return nil
	}
	return err
}

// unpause lets a container go on that was paused; one that went down meanwhile, with its engine, ran before and is started.
func unpause(ctx context.Context, engine *docker.Engine, id string) error {
	state, err := engine.State(ctx, id)
	switch {
	case err != nil:
		return err
	case !state.Running:
		return engine.Start(ctx, id)
	}
	return engine.Unpause(ctx, id)
}

// awaitHealth gives a container that others depend on the time to become healthy. One that does not is its owner's to
// look at; the others start all the same, as they would after a restart of the machine.
func (m *Manager) awaitHealth(ctx context.Context, u model.Undo) {
	engine, err := m.engine(ctx, u.DeviceID)
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, undoHealth)
	defer cancel()
	if err := engine.WaitHealthy(ctx, []string{u.Target}, nil); err != nil {
		m.logger.Warn("a container that was started again is not healthy", "container", u.Name, "error", err)
	}
}

// postHook runs the command that answers to a pre command. One that ran is not tried again, however it ended; one whose
// container does not run waits for it.
func (m *Manager) postHook(ctx context.Context, engine *docker.Engine, u model.Undo) error {
	state, err := engine.State(ctx, u.Target)
	if err != nil {
		return err
	}
	if !state.Running || state.Paused {
		return model.Conflict{Reason: fmt.Sprintf("%s does not run yet.", u.Name)}
	}
	if err := engine.Exec(ctx, u.Target, docker.Exec{Cmd: []string{"/bin/sh", "-c", u.Aside}}); err != nil {
		m.logger.Warn("a command after a backup did not end well", "container", u.Name, "error", err)
	}
	return nil
}

// takeBackFirst takes back what a crash left behind before any new job begins; what cannot be taken back in time is tried
// again every minute.
func (m *Manager) takeBackFirst() {
	done := make(chan struct{})
	m.loops.Add(1)
	go func() {
		defer m.loops.Done()
		defer close(done)
		m.undoing.Lock() // waits for one that the schedule began
		defer m.undoing.Unlock()
		m.takeBackRest()
	}()
	select {
	case <-done:
	case <-time.After(undoAtStart):
	case <-m.base.Done():
	}
}

// takeBackSoon takes back what is left without holding up who asks.
func (m *Manager) takeBackSoon(context.Context) error {
	m.loops.Add(1)
	go func() {
		defer m.loops.Done()
		m.takeBackLeft()
	}()
	return nil
}

// takeBackLeft takes back what no running work owns: after a crash, or when it could not be taken back at once. There is
// one at a time: two would undo each other's work.
func (m *Manager) takeBackLeft() {
	if !m.undoing.TryLock() {
		return
	}
	defer m.undoing.Unlock()
	m.takeBackRest()
}

// takeBackRest does the work; the caller holds the lock.
func (m *Manager) takeBackRest() {
	if m.base.Err() != nil {
		return
	}
	if err := m.undoLeft(m.base); err != nil && m.base.Err() == nil {
		m.logger.Error("put apps back as they were", "error", err)
	}
}

func (m *Manager) undoLeft(ctx context.Context) error {
	rows, err := m.Store.Undos(ctx, uuid.Nil)
	if err != nil || len(rows) == 0 {
		return err
	}
	var owners []uuid.UUID
	m.mu.Lock()
	for _, u := range rows {
		if m.running[u.JobID] == nil && !m.owned[u.JobID] && !slices.Contains(owners, u.JobID) {
			owners = append(owners, u.JobID)
		}
	}
	m.mu.Unlock()
	var problems []error
	for _, owner := range owners { // each is read again: its job may have settled it meanwhile
		problems = append(problems, m.undo(ctx, owner))
	}
	return errors.Join(problems...)
}
