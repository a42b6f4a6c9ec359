package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/google/uuid"

	"keepstead/database"
	"keepstead/device"
	"keepstead/docker"
	"keepstead/model"
	"keepstead/restic"
)

// importLimit bounds the way back of databases that a restore replaced in a server that runs on.
const importLimit = 12 * time.Hour

// wayBack is where the state of databases is that a restore replaces in a server that runs on: in its safety snapshot.
type wayBack struct {
	Destination uuid.UUID    `json:"destination"`
	Snapshot    string       `json:"snapshot"` // restic's id
	Dumps       []model.Dump `json:"dumps"`
}

// noteImport writes down how to bring the present state of databases back.
func (b *rebuild) noteImport(ctx context.Context, c docker.Container, s serverPart) error {
	way, err := b.wayOf(s)
	if err != nil {
		return err
	}
	text, err := json.Marshal(way)
	if err != nil {
		return fmt.Errorf("write down the way back: %w", err)
	}
	return b.note(ctx, model.UndoImport, c.ID, c.Name, string(text))
}

// wayOf is the way back of a server's databases, or why there is none: a person may have chosen to save the server by
// stopping it, or as it is, without dumps. With dumps of others, one that is lacking was not there.
func (b *rebuild) wayOf(s serverPart) (wayBack, error) {
	way := wayBack{Destination: b.o.destination.ID, Snapshot: b.saved.ResticSnapshotID}
	saved := dumpsOf(*b.saved.Contents, s.service)
	for _, want := range s.dumps {
		i := slices.IndexFunc(saved, func(d model.Dump) bool { return d.Database == want.Database })
		if i >= 0 {
			way.Dumps = append(way.Dumps, saved[i])
		} else if len(saved) == 0 || b.saved.Status == model.SnapshotPartial {
			return way, fail(model.CauseTarget, "Restore all databases of the server, which is stopped for it, or choose dumps for it in the app's backups.",
				"The safety snapshot holds no dump of the database “%s” of %q, so it is not replaced while its server runs.", want.Database, s.service)
		}
	}
	return way, nil
}

// onlineNeedsSafety is why some databases of a server that runs on are not replaced without a safety snapshot.
const onlineNeedsSafety = "Single databases of a running server are replaced only when their present state is saved first: " +
	"restore with the safety snapshot, or restore all databases of the server, which is stopped for it."

// hasOnline says that databases are replaced in a server that runs on.
func (c choice) hasOnline() bool {
	return slices.ContainsFunc(c.imports, func(s serverPart) bool { return s.online })
}

// importBack brings the present state of databases back after a restore that failed.
func (m *Manager) importBack(ctx context.Context, u model.Undo, engine *docker.Engine, files device.Files) error {
	var way wayBack
	if err := json.Unmarshal([]byte(u.Aside), &way); err != nil {
		return fmt.Errorf("read the way back: %w", err)
	}
	c, err := containerByID(ctx, engine, files, u.Target)
	if err != nil || len(way.Dumps) == 0 {
		return err
	}
	d, err := m.Store.Destination(ctx, way.Destination)
	if err != nil {
		return err
	}
	o, err := m.openHere(ctx, d)
	if err != nil {
		return err
	}
	defer m.endQuick(o)
	server, ok := database.Recognise(c)
	if !ok {
		return fmt.Errorf("no database server is recognised in %s", c.Name)
	}
	if err := database.WaitReady(ctx, engine, c, server); err != nil {
		return err
	}
	return database.Import(ctx, engine, c, server, way.Dumps, func(d model.Dump) (io.ReadCloser, error) {
		return openDump(ctx, o.repo, way.Snapshot, d), nil
	}, nil)
}

// containerByID looks for a container among all apps.
func containerByID(ctx context.Context, engine *docker.Engine, files device.Files, id string) (docker.Container, error) {
	all, err := engine.Projects(ctx, files)
	if err != nil {
		return docker.Container{}, err
	}
	for _, p := range all {
		for _, c := range p.Containers {
			if c.ID == id {
				return c, nil
			}
		}
	}
	return docker.Container{}, fmt.Errorf("container %s: %w", id, model.ErrNotFound)
}

// importFailure keeps the sentence of the database.
func importFailure(err error) error {
	var told *database.Error
	if !errors.As(err, &told) {
		return err
	}
	return failure{cause: model.CauseImport, message: told.Message, mend: told.Mend, err: err}
}

// dumpStream is a dump on its way out of the repository.
type dumpStream struct {
	*io.PipeReader
	stop context.CancelFunc
	done chan struct{}
}

// openDump streams a dump out of a snapshot: nothing of it is laid on a disk. Its reader compares it with its checksum.
func openDump(ctx context.Context, repo restic.Repo, snapshot string, d model.Dump) io.ReadCloser {
	ctx, stop := context.WithCancel(ctx)
	from, to := io.Pipe()
	s := &dumpStream{PipeReader: from, stop: stop, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		err := repo.Dump(ctx, snapshot, d.File, "", to)
		if err != nil {
			err = fmt.Errorf("read the dump %s: %w", d.File, err)
		}
		_ = to.CloseWithError(err) // nil is the end
	}()
	return s
}

// Close ends the reading, wherever it is, and waits for it.
func (s *dumpStream) Close() error {
	s.stop()
	err := s.PipeReader.Close()
	<-s.done
	return err
}
