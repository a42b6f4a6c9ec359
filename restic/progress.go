package restic

import (
	"math"
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

const (
	// settling is the time in which two thirds of an old rate are forgotten.
	settling = 5 * time.Second
	// slowest is the rate in bytes a second below which nothing goes by: a storage that stalls.
	slowest = 1
	// farthest is the longest time left that is worth telling.
	farthest = 30 * 24 * time.Hour
)

// measure takes how many bytes went by until now and how many are left, and returns their rate in bytes a second and the
// time that the rest takes at that rate: both come from the same seconds, so that they agree. Either is 0 where nobody knows.
func (m *meter) measure(bytes, left int64, now time.Time) (rate float64, remaining time.Duration) {
	switch passed := now.Sub(m.at); {
	case m.at.IsZero():
		m.at, m.bytes = now, bytes
	case passed >= 200*time.Millisecond:
		fresh := float64(bytes-m.bytes) / passed.Seconds()
		keep := math.Exp(-passed.Seconds() / settling.Seconds())
		if m.rate == 0 {
			keep = 0
		}
		m.rate = keep*m.rate + (1-keep)*fresh
		m.at, m.bytes = now, bytes
	}
	if m.rate < slowest {
		return 0, 0
	}
	if left <= 0 {
		return m.rate, 0
	}
	seconds := float64(left) / m.rate
	if seconds > farthest.Seconds() {
		return m.rate, 0
	}
	return m.rate, time.Duration(seconds * float64(time.Second)).Round(time.Second)
}
