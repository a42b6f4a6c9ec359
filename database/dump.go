package database

import (
	"context"
	"errors"
	"fmt"

	"keepstead/device"
	"keepstead/docker"
	"keepstead/model"
)

// Dump has a running server write a consistent copy of all its databases into dir, an absolute folder for this server
// alone on the machine of files. Each file is checked for its end, synced and summed. When anything is wrong, all files
// of the dump are removed and the error is an *Error. progress gets the bytes written so far and must not wait.
func Dump(
	ctx context.Context, e *docker.Engine, files device.Files, c docker.Container, s Server, dir string, progress func(bytes int64),
) ([]model.Dump, error) {
	if progress == nil {
		progress = func(int64) {}
	}
	ses := newSession(e, c, s)
	t := &target{files: files, dir: dir, progress: progress}
	dumps, err := ses.dump(ctx, t)
	for retry := 0; retry < 2 && errors.Is(err, ErrChanged) && ctx.Err() == nil; retry++ {
		if gone := t.remove(); gone != nil {
			break
		}
		t.made, t.total = nil, 0
		dumps, err = ses.dump(ctx, t)
	}
	if err != nil {
		return nil, errors.Join(ses.explain(ctx, "dump", "", err), t.remove())
	}
	return dumps, nil
}

func (s *session) dump(ctx context.Context, t *target) ([]model.Dump, error) {
	if !s.server.Dumpable {
		return nil, &Error{Service: s.service(), Message: s.server.Reason, Mend: "Let it run, or choose “stop” for this service."}
	}
	switch s.server.Kind {
	case model.Postgres:
		return s.dumpPostgres(ctx, t)
	case model.MySQL, model.MariaDB:
		return s.dumpMySQL(ctx, t)
	case model.MongoDB:
		return s.dumpMongo(ctx, t)
	case model.Redis, model.Valkey:
		return s.dumpRedis(ctx, t)
	}
	return nil, fmt.Errorf("no dump is known for %s", s.server.Kind)
}

// describe begins the record of a dump.
func (s *session) describe(database string) model.Dump {
	return model.Dump{Service: s.service(), Kind: s.server.Kind, Version: s.server.Version, Database: database}
}
