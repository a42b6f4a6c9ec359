package jobs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
)

// maxLog bounds one job's log in bytes; past it only the end is written.
const maxLog = 16 << 20

// jobLog is the readable record of one job: a text file of lines "15:04:05 …", in UTC.
type jobLog struct {
	mu      sync.Mutex
	file    *os.File
	size    int
	pending string // the start of a line whose end has not come
	tell    func()
	told    time.Time
}

func (m *Manager) logPath(id uuid.UUID) string {
	return filepath.Join(m.Dir, "logs", id.String()+".log")
}

// openLog opens the job's log. A log that cannot be opened is a warning, not a reason to skip a backup.
func (m *Manager) openLog(id uuid.UUID) *jobLog {
	f, err := os.OpenFile(m.logPath(id), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		m.logger.Warn("open a job's log", "job", id, "error", err)
	}
	return &jobLog{file: f, tell: func() { m.publish(model.EventLog, id) }}
}

// printf writes one line.
func (l *jobLog) printf(format string, args ...any) {
	_, _ = l.Write([]byte(fmt.Sprintf(format, args...) + "\n"))
}

// Write takes the output of a program, in pieces of any size, and writes whole lines.
func (l *jobLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := strings.Split(l.pending+strings.ReplaceAll(string(p), "\r", ""), "\n")
	l.pending = lines[len(lines)-1]
	stamp := time.Now().UTC().Format(time.TimeOnly)
	for _, line := range lines[:len(lines)-1] {
		l.line(stamp + " " + line + "\n")
	}
	if now := time.Now(); now.Sub(l.told) > 250*time.Millisecond {
		l.told = now
		l.tell()
	}
	return len(p), nil
}

func (l *jobLog) line(text string) {
	if l.file == nil || l.size > maxLog {
		return
	}
	l.size += len(text)
	if l.size > maxLog {
		text = "The log is cut here: it grew past its limit.\n"
	}
	_, _ = l.file.WriteString(text)
}

func (l *jobLog) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pending != "" {
		l.line(l.pending + "\n")
	}
	if l.file != nil {
		_ = l.file.Close()
	}
	l.tell()
}

// Log opens the whole log of a job so far; it is empty for a job that has not begun.
func (m *Manager) Log(id uuid.UUID) (io.ReadSeekCloser, error) {
	f, err := os.Open(m.logPath(id))
	if errors.Is(err, fs.ErrNotExist) {
		return noLog{strings.NewReader("")}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open the job's log: %w", err)
	}
	return f, nil
}

// noLog is the log of a job that has not begun.
type noLog struct{ *strings.Reader }

// Close does nothing.
func (noLog) Close() error { return nil }
