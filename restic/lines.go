package restic

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// maxLine is the longest line that is taken; restic writes whole lists of snapshots on one.
const maxLine = 16 << 20

// lines splits what is written to it and hands over each line without its end. What is longer than maxLine is cut off
// there, and the rest of that line dropped: no output, however odd, ends a backup.
type lines struct {
	each func(line []byte) error
	held []byte
	over bool // the line in hand is too long
}

// Write takes a piece of output.
func (l *lines) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		piece, rest, whole := bytes.Cut(p, []byte{'\n'})
		p = rest
		if len(l.held) == 0 && whole && !l.over {
			if err := l.each(piece); err != nil { // the usual case, without a copy
				return 0, err
			}
			continue
		}
		if room := maxLine - len(l.held); len(piece) > room {
			piece, l.over = piece[:room], true
		}
		l.held = append(l.held, piece...)
		if whole {
			if err := l.close(); err != nil {
				return 0, err
			}
		}
	}
	return n, nil
}

// close hands over a last line that has no end.
func (l *lines) close() error {
	if len(l.held) == 0 {
		return nil
	}
	err := l.each(l.held)
	l.held, l.over = l.held[:0], false
	return err
}

// clean removes what restic writes for terminals: carriage returns and the erasing of a line.
func clean(line []byte) string {
	return strings.TrimRight(strings.NewReplacer("\x1b[2K", "", "\r", "").Replace(string(line)), " \t")
}

// buffer collects output up to maxLine.
type buffer struct{ bytes.Buffer }

// Write takes a piece of output and refuses what is beyond any sense.
func (b *buffer) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxLine {
		return 0, fmt.Errorf("output of restic is longer than %d bytes", maxLine)
	}
	return b.Buffer.Write(p)
}

// unmarshal reads one line of JSON; a line of another kind is no error and changes nothing.
func unmarshal(line []byte, to any) error {
	if kind(line) != "" {
		return json.Unmarshal(line, to)
	}
	return nil
}

// kind returns the message type of a line of JSON, "object" where it has none, and nothing for a line that is not a
// JSON object.
func kind(line []byte) string {
	if len(line) == 0 || line[0] != '{' {
		return ""
	}
	var m struct {
		Type *string `json:"message_type"`
	}
	switch err := json.Unmarshal(line, &m); {
	case err != nil:
		return ""
	case m.Type == nil:
		return "object"
	}
	return *m.Type
}
