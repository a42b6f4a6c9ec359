package handlers

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"keepstead/views"
)

const (
	maxLogLine = 4096       // bytes of a line that a page shows
	maxLogTail = 256 * 1024 // bytes of a log that a page reads, however long it is
)

// logTail is the end of a job's log.
type logTail struct {
	lines []string
	cut   bool  // there are lines before these
	end   int64 // where the next line begins, in bytes
}

// logAfter returns the newest whole lines of a job's log behind the byte from, at most views.MaxLogLines, without
// reading what is before them. A line whose end is not written yet counts as absent.
func (h *Handlers) logAfter(id uuid.UUID, from int64) (logTail, error) {
	log, err := h.Jobs.Log(id)
	if err != nil {
		return logTail{}, err
	}
	defer func() { _ = log.Close() }()
	tail, err := tailOf(log, from)
	if err != nil {
		return tail, fmt.Errorf("read the job's log: %w", err)
	}
	return tail, nil
}

func tailOf(log io.ReadSeeker, from int64) (logTail, error) {
	size, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return logTail{}, err
	}
	begin := max(from, size-maxLogTail)
	t := logTail{end: from, cut: begin > from}
	if size <= begin { // nothing new, or a log that was begun anew
		t.end = min(from, size)
		return t, nil
	}
	if _, err := log.Seek(begin, io.SeekStart); err != nil {
		return t, err
	}
	text, err := io.ReadAll(io.LimitReader(log, size-begin))
	if err != nil {
		return t, err
	}
	whole := bytes.LastIndexByte(text, '\n') + 1
	if whole == 0 {
		return t, nil
	}
	t.end = begin + int64(whole)
	lines := bytes.Split(text[:whole-1], []byte("\n"))
	if t.cut && len(lines) > 1 { // it begins in the middle of a line
		lines = lines[1:]
	}
	if n := len(lines) - views.MaxLogLines; n > 0 {
		lines, t.cut = lines[n:], true
	}
	for _, line := range lines {
		t.lines = append(t.lines, string(line[:min(len(line), maxLogLine)]))
	}
	return t, nil
}

// replay is how old a page may be for its stream to go on where its log ended. A stream that opens later mends a lost
// one; its page reads itself again, so only new lines are missing there.
const replay = 10 * time.Second

// firstByte returns how much of the log the page has already.
func (f *feed) firstByte() int64 {
	if f.id == uuid.Nil || f.query.log.At == 0 {
		return 0
	}
	if f.Clock().Sub(time.Unix(f.query.log.At, 0)) < replay {
		return f.query.log.From
	}
	tail, err := f.logAfter(f.id, 0)
	if err != nil {
		return f.query.log.From
	}
	return tail.end
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
