package restic

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"
)

// readNode reads a line of restic ls. A snapshot has millions of them, and encoding/json would take more time than
// restic: so the plain lines that restic writes are read here, and any other by encoding/json.
func readNode(line []byte) (m nodeMessage, ok bool) {
	if m, ok = plainNode(line); ok {
		return m, true
	}
	m = nodeMessage{}
	return m, json.Unmarshal(line, &m) == nil
}

// plainNode reads an object of texts and whole numbers; false for anything else.
func plainNode(line []byte) (m nodeMessage, ok bool) {
	rest, found := bytes.CutPrefix(line, []byte{'{'})
	for found {
		var key, value []byte
		if key, rest, ok = token(rest); !ok || len(key) < 2 || len(rest) == 0 || rest[0] != ':' {
			return m, false
		}
		if value, rest, ok = token(rest[1:]); !ok || !m.set(key[1:len(key)-1], value) || len(rest) == 0 {
			return m, false
		}
		if rest[0] == '}' {
			return m, len(bytes.TrimSpace(rest[1:])) == 0
		}
		rest, found = bytes.CutPrefix(rest, []byte{','})
	}
	return m, false
}

// token takes a text with its quotes, or a whole number, off the beginning.
func token(b []byte) (value, rest []byte, ok bool) {
	if len(b) > 0 && b[0] == '"' {
		for at := 1; ; at++ {
			next := bytes.IndexAny(b[at:], `"\`)
			if next < 0 {
				return nil, nil, false
			}
			if at += next; b[at] == '"' {
				return b[:at+1], b[at+1:], true
			}
			at++ // over what is escaped
			if at >= len(b) {
				return nil, nil, false
			}
		}
	}
	n := 0
	for n < len(b) && '0' <= b[n] && b[n] <= '9' {
		n++
	}
	return b[:n], b[n:], n > 0 && n < 19
}

// set takes one value over; false for one that is not of its kind.
func (m *nodeMessage) set(key, value []byte) (ok bool) {
	switch string(key) {
	case "message_type":
		m.Type, ok = text(value)
	case "type":
		m.Kind, ok = text(value)
	case "name":
		m.Name, ok = text(value)
	case "path":
		m.Path, ok = text(value)
	case "linktarget":
		m.Target, ok = text(value)
	case "size":
		m.Size, ok = whole(value)
	case "mode":
		var mode int64
		mode, ok = whole(value)
		m.Mode, ok = uint32(mode), ok && mode>>32 == 0
	case "mtime":
		m.ModTime, ok = moment(value)
	default:
		ok = true
	}
	return ok
}

// text reads a quoted text.
func text(value []byte) (string, bool) {
	if len(value) < 2 || value[0] != '"' {
		return "", false
	}
	inner := value[1 : len(value)-1]
	switch string(inner) { // the usual ones cost no memory
	case "node":
		return "node", true
	case "file":
		return "file", true
	case "dir":
		return "dir", true
	}
	for _, c := range inner {
		if c == '\\' || c < ' ' || c >= 0x80 { // escaped, or to be looked at as UTF-8
			var s string
			err := json.Unmarshal(value, &s)
			return s, err == nil
		}
	}
	return string(inner), true
}

func whole(value []byte) (int64, bool) {
	n, err := strconv.ParseInt(string(value), 10, 64)
	return n, err == nil
}

// moment reads a quoted time of RFC 3339.
func moment(value []byte) (time.Time, bool) {
	if len(value) < 2 || value[0] != '"' {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339, string(value[1:len(value)-1]))
	return t, err == nil
}
