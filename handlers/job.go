package handlers

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/views"
)

// Job shows one job with the end of its log.
func (h *Handlers) Job(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	frame, err := h.live(c, "job", id)
	if err != nil {
		return err
	}
	props, err := h.jobProps(c.UserContext(), frame, id)
	if err != nil {
		return err
	}
	lines, total, err := h.logLines(id, 0)
	if err != nil {
		return err
	}
	props.Log, props.Clipped = lines, total > len(lines)
	// The stream goes on where this page ends.
	props.Live = views.LivePath("job", id) + "?" + url.Values{
		"log": {strconv.Itoa(total)}, "at": {strconv.FormatInt(frame.Now.Unix(), 10)},
	}.Encode()
	return render(c, views.JobPage(props))
}

func (h *Handlers) jobProps(ctx context.Context, frame views.Chrome, id uuid.UUID) (views.JobProps, error) {
	p := views.JobProps{Chrome: frame}
	job, err := h.Store.Job(ctx, id)
	if err != nil {
		return p, err
	}
	n := h.names(ctx)
	if p.Job, err = h.jobItem(n, job); err != nil {
		return p, err
	}
	if p.Device, err = h.workplace(ctx, job); err != nil || job.SnapshotID == uuid.Nil {
		return p, err
	}
	s, err := h.Store.Snapshot(ctx, job.SnapshotID)
	if errors.Is(err, model.ErrNotFound) {
		return p, nil
	}
	if err != nil {
		return p, err
	}
	item, err := h.snapshotItem(n, s)
	p.Snapshot = &item
	return p, err
}

// workplace is the device that a job backs up or restores to, nil for none and for one that is no longer known.
func (h *Handlers) workplace(ctx context.Context, job model.Job) (*model.Device, error) {
	if job.DeviceID == uuid.Nil {
		return nil, nil //nolint:nilnil // upkeep of a repository is for no device
	}
	d, err := h.Store.Device(ctx, job.DeviceID)
	if errors.Is(err, model.ErrNotFound) {
		return nil, nil //nolint:nilnil // it was removed since
	}
	return &d, err
}

// logLines returns the lines of a job's log after the first skip of them, at most the newest views.MaxLogLines, and
// how many lines the log has in all.
func (h *Handlers) logLines(id uuid.UUID, skip int) (lines []string, total int, err error) {
	log, err := h.Jobs.Log(id)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = log.Close() }()
	in := bufio.NewReaderSize(log, 64<<10)
	for {
		line, err := readLine(in)
		if errors.Is(err, io.EOF) {
			return lines[max(0, len(lines)-views.MaxLogLines):], total, nil
		}
		if err != nil {
			return nil, 0, fmt.Errorf("read the job's log: %w", err)
		}
		if total++; total <= skip {
			continue
		}
		if lines = append(lines, line); len(lines) > 2*views.MaxLogLines {
			lines = append([]string(nil), lines[len(lines)-views.MaxLogLines:]...)
		}
	}
}

const maxLogLine = 4096 // bytes of a line that a page shows

// readLine returns the next whole line without its end. A line whose end is not written yet counts as absent.
func readLine(in *bufio.Reader) (string, error) {
	var line []byte
	for {
		piece, err := in.ReadSlice('\n')
		if room := maxLogLine - len(line); room > 0 {
			line = append(line, piece[:min(room, len(piece))]...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			if n := len(line); err == nil && n > 0 && line[n-1] == '\n' {
				line = line[:n-1]
			}
			return string(line), err
		}
	}
}

// JobLog sends the whole log as text.
func (h *Handlers) JobLog(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if _, err := h.Store.Job(c.UserContext(), id); err != nil {
		return err
	}
	log, err := h.Jobs.Log(id)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, fiber.MIMETextPlainCharsetUTF8)
	c.Context().SetBodyStream(log, -1) // fasthttp closes it
	return nil
}

// CancelJob stops a job that waits or runs.
func (h *Handlers) CancelJob(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := h.Jobs.Cancel(c.UserContext(), id); err != nil {
		return err
	}
	return goTo(c, next(c, views.JobPath(id)))
}

// RetryJob runs a job's work again and shows the new job.
func (h *Handlers) RetryJob(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	job, err := h.Jobs.Retry(c.UserContext(), id)
	if err != nil {
		return err
	}
	return goTo(c, views.JobPath(job.ID))
}
