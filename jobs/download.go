package jobs

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"

	"keepstead/model"
)

// Bounds of downloads. Each costs a restic and its memory, so that a dozen of them would starve the backups.
const (
	maxDownloads  = 4
	downloadLimit = 24 * time.Hour
	// downloadStall ends a download whose reader or whose storage lets nothing pass for so long.
	downloadStall = 3 * time.Minute
	downloadPiece = 64 << 10
)

// FindDownload looks up what a download would send and refuses what cannot be sent. A folder without an archive is
// sent as tar.
func (m *Manager) FindDownload(ctx context.Context, snapshot uuid.UUID, name string, archive model.Archive) (model.Download, error) {
	d := model.Download{SnapshotID: snapshot, Archive: archive}
	s, err := m.readable(ctx, snapshot)
	if err != nil {
		return d, err
	}
	err = m.quickly(ctx, s.DestinationID, func(ctx context.Context, o opened) (err error) {
		d.Node, d.Path, err = o.repo.Node(ctx, s.ResticSnapshotID, name)
		return err
	})
	if err != nil {
		return d, err
	}
	if d.Node.Type == "dir" && d.Archive == model.ArchiveNone {
		d.Archive = model.ArchiveTar
	}
	return d, d.Validate()
}

// readable returns a snapshot that restic holds something of.
func (m *Manager) readable(ctx context.Context, id uuid.UUID) (model.Snapshot, error) {
	s, err := m.Store.Snapshot(ctx, id)
	if err == nil && !s.Restorable() {
		err = model.Conflict{Reason: "This backup saved nothing that could be read; choose another snapshot."}
	}
	return s, err
}

// Download opens what FindDownload found. Its Read ends with io.EOF only when all of it came, and with another error
// when restic failed, the storage fell silent or ctx ended: then what was read is worthless. Close ends restic and
// waits for its end. What fails before the first byte is Download's own error.
func (m *Manager) Download(ctx context.Context, d model.Download) (io.ReadCloser, error) {
	s, err := m.readable(ctx, d.SnapshotID)
	if err != nil {
		return nil, err
	}
	select {
	case m.downloads <- struct{}{}:
	default:
		return nil, model.Busy{Reason: fmt.Sprintf("%d downloads run at this moment, and no more may at once. Wait until one has ended, then try again.", maxDownloads)}
	}
	o, err := m.openQuick(ctx, s.DestinationID)
	if err != nil {
		<-m.downloads
		return nil, err
	}
	dump := m.dump(ctx, o, s, d)
	if _, err := dump.Peek(1); err != nil && !errors.Is(err, io.EOF) {
		_ = dump.Close()
		m.logger.Error("begin a download", "snapshot", s.ID, "error", err)
		return nil, unreadable(err)
	}
	return dump, nil
}

// unreadable says why nothing came out of the repository, to somebody who waits for it.
func unreadable(err error) model.Busy {
	cause, message, mend := explain(err)
	switch {
	case errors.Is(err, errStalled):
		message, mend = "The destination gave nothing for three minutes.", "Test it on its page, then try again."
	case cause == model.CauseRestic || cause == model.CauseInternal:
		message, mend = "This could not be read from the repository.", "Check the destination on its page; the log of Keepstead has what restic said."
	}
	return model.Busy{Reason: message + " " + mend}
}

// dump is a restic dump at work, read from its other end.
type dump struct {
	*bufio.Reader
	from   *io.PipeReader
	cancel context.CancelCauseFunc
	ended  chan struct{}
}

// dump starts restic; it holds a place among the downloads until it has ended.
func (m *Manager) dump(ctx context.Context, o opened, s model.Snapshot, d model.Download) *dump {
	limited, stop := context.WithTimeout(ctx, downloadLimit)
	work, cancel := context.WithCancelCause(limited)
	halted := context.AfterFunc(m.base, func() { cancel(errStopping) })
	from, to := io.Pipe()
	through := &paced{to: to, stall: m.Clock.AfterFunc(downloadStall, func() {
		cancel(errStalled)
		_ = to.CloseWithError(errStalled) // restic may be waiting for the reader
	})}
	out := &dump{Reader: bufio.NewReaderSize(from, downloadPiece), from: from, cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(out.ended)
		defer func() { <-m.downloads }()
		defer m.endQuick(o)
		defer stop()
		defer halted()
		err := o.repo.Dump(work, s.ResticSnapshotID, d.Path, string(d.Archive), through)
		through.stall.Stop()
		if size := d.Size(); err == nil && size >= 0 && through.sent != size {
			err = fmt.Errorf("restic gave %d of %d bytes: %w", through.sent, size, io.ErrUnexpectedEOF)
		}
		if why := context.Cause(work); err != nil && why != nil {
			err = why
		}
		_ = to.CloseWithError(err) // nil is the end of the file
	}()
	return out
}

// Close ends restic where it still runs, and waits for that.
func (d *dump) Close() error {
	d.cancel(context.Canceled)
	_ = d.from.Close() // always nil; a write that waits for its reader fails now, and ends restic
	<-d.ended
	return nil
}

// paced passes on what restic writes, and puts off the watchdog each time something got through.
type paced struct {
	to    io.Writer
	stall clockwork.Timer
	sent  int64
}

// Write waits for the reader.
func (w *paced) Write(p []byte) (int, error) {
	n, err := w.to.Write(p)
	w.sent += int64(n)
	w.stall.Reset(downloadStall)
	return n, err
}
