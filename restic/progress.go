package restic

import (
	"strings"
	"time"

	"keepstead/model"
)

// FileError is a file or folder that restic could not read or write.
type FileError struct {
	Item    string
	Message string
}

// Reason is why, without the path that the message repeats.
func (e FileError) Reason() string {
	if _, why, found := strings.Cut(e.Message, e.Item+": "); found && e.Item != "" {
		return why
	}
	return e.Message
}

// failures collects file errors, of which the first ones are kept.
type failures struct {
	list  []FileError
	count int
}

func (f *failures) add(item, message string) {
	f.count++
	if len(f.list) < model.MaxFailedFiles {
		f.list = append(f.list, FileError{Item: item, Message: message})
	}
}

// fileMessage is restic's "error" on stderr.
type fileMessage struct {
	Error struct {
		Message string `json:"message"`
	} `json:"error"`
	During string `json:"during"`
	Item   string `json:"item"`
}

// meter works out how fast bytes go by, over the last seconds.
type meter struct {
	at    time.Time
	bytes int64
	rate  float64
}

// smoothing is how much of the last rate a new one keeps.
const smoothing = 0.7

func (m *meter) measure(bytes int64, now time.Time) float64 {
	if m.at.IsZero() {
		m.at, m.bytes = now, bytes
		return 0
	}
	passed := now.Sub(m.at).Seconds()
	if passed < 0.2 {
		return m.rate
	}
	fresh := float64(bytes-m.bytes) / passed
	if m.rate == 0 {
		m.rate = fresh
	} else {
		m.rate = smoothing*m.rate + (1-smoothing)*fresh
	}
	m.at, m.bytes = now, bytes
	return m.rate
}
