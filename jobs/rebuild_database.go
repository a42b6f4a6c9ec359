package jobs

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"keepstead/database"
	"keepstead/docker"
	"keepstead/model"
)

// importServer starts a database server alone, or takes the one that runs, brings its dumps in and checks them.
func (b *rebuild) importServer(ctx context.Context, s serverPart) (string, error) {
	begun := time.Now()
	ctr, err := b.serverContainer(ctx, s)
	if err != nil {
		return "", err
	}
	server, ok := database.Recognise(ctr)
	if !ok {
		return "", fail(model.CauseImport, "Look at the service's image: it is another one by now.", "No database server is recognised in %s.", ctr.Name)
	}
	b.phase("importing", fmt.Sprintf("Waiting for %s to be ready.", ctr.Name))
	if err := database.WaitReady(ctx, b.engine, ctr, server); err != nil {
		return "", importFailure(err)
	}
	if server, err = database.Confirm(ctx, b.engine, ctr, server); err != nil {
		return "", importFailure(err)
	}
	if s.online {
		if err := b.noteImport(ctx, ctr, s); err != nil {
			return "", err
		}
	}
	b.phase("importing", fmt.Sprintf("Importing %d %s into %s.", len(s.dumps), plural(len(s.dumps), "dump", "dumps"), ctr.Name))
	err = database.Import(ctx, b.engine, ctr, server, s.dumps, func(d model.Dump) (io.ReadCloser, error) {
		return openDump(ctx, b.command(b.o), b.snapshot.ResticSnapshotID, d), nil
	}, func(n int64) {
		b.report(model.Progress{Phase: "importing", BytesDone: n, TotalBytes: bytesOf(s.dumps), CurrentFiles: []string{s.service}})
	})
	if err != nil {
		return "", importFailure(err)
	}
	b.phase("checking", fmt.Sprintf("Checking what %s holds.", ctr.Name))
	if err := database.Check(ctx, b.engine, ctr, server, s.dumps); err != nil {
		return "", importFailure(err)
	}
	b.dumps += databasesIn(s.dumps)
	b.bytes += bytesOf(s.dumps)
	return fmt.Sprintf("%d %s with %d objects, %s, in %s.", len(s.dumps), plural(len(s.dumps), "dump", "dumps"), objectsOf(s.dumps),
		size(bytesOf(s.dumps)), took(time.Since(begun))), nil
}

func bytesOf(dumps []model.Dump) (n int64) {
	for _, d := range dumps {
		n += d.Bytes
	}
	return n
}

func objectsOf(dumps []model.Dump) (n int) {
	for _, d := range dumps {
		n += d.Objects
	}
	return n
}

// serverContainer returns the container of a service's server, running.
func (b *rebuild) serverContainer(ctx context.Context, s serverPart) (docker.Container, error) {
	project, err := b.containersNow(ctx)
	if err != nil {
		return docker.Container{}, err
	}
	i := slices.IndexFunc(project.Containers, func(c docker.Container) bool { return c.Service == s.service && (c.Running || !s.online) })
	if i < 0 {
		return docker.Container{}, fail(model.CauseImport, "Start the service, then restore again.", "The service %q has no container that runs.", s.service)
	}
	if s.online {
		return project.Containers[i], nil
	}
	c := project.Containers[i]
	if err := b.startOne(ctx, c, project.Containers); err != nil {
		return c, err
	}
	b.upAlone = append(b.upAlone, c)
	// What the engine says of it has changed with the start.
	if project, err = b.containersNow(ctx); err != nil {
		return c, err
	}
	for _, now := range project.Containers {
		if now.ID == c.ID {
			return now, nil
		}
	}
	return c, fail(model.CauseImport, "Look at the container's log.", "%s is gone after its start.", c.Name)
}
