package gateway

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
)

// stat answers with a file's size.
func (h *handler) stat(w http.ResponseWriter, r *http.Request, t target) error {
	size, err := h.storage.Stat(r.Context(), t.name())
	if err != nil {
		return fmt.Errorf("look at %s: %w", t.name(), err)
	}
	describe(w, size)
	return nil
}

func describe(w http.ResponseWriter, size int64) {
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	w.Header().Set("Accept-Ranges", "bytes")
}

// load answers with a file, or with one part of it.
func (h *handler) load(s *stream, w http.ResponseWriter, r *http.Request, t target) error {
	part, err := parseRange(r.Header)
	if err != nil {
		return err
	}
	body, size, err := h.storage.Load(r.Context(), t.name(), part.offset, part.length)
	if err != nil {
		return fmt.Errorf("read %s: %w", t.name(), err)
	}
	defer func() { _ = body.Close() }()
	length := size - part.offset
	if part.length > 0 {
		length = min(length, part.length)
	}
	if part.given && length <= 0 {
		return ErrRange
	}
	describe(w, length)
	if part.given {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", part.offset, part.offset+length-1, size))
		s.status = http.StatusPartialContent
	}
	if _, err := io.CopyN(s, body, length); err != nil {
		return fmt.Errorf("read %s: %w", t.name(), err)
	}
	return nil
}

// part is a range of a file; a length of 0 reaches to its end.
type part struct {
	given          bool
	offset, length int64
}

var errRangeHeader = &refusal{http.StatusBadRequest, "Ask for one range, as bytes=from-to or bytes=from-."}

// parseRange reads the header in the two forms that restic uses.
func parseRange(header http.Header) (part, error) {
	values := header["Range"]
	if len(values) == 0 {
		return part{}, nil
	}
	text, ok := strings.CutPrefix(values[0], "bytes=")
	from, to, dash := strings.Cut(text, "-")
	first, err := number(from)
	if len(values) > 1 || !ok || !dash || err != nil {
		return part{}, errRangeHeader
	}
	if to == "" {
		return part{given: true, offset: first}, nil
	}
	last, err := number(to)
	if err != nil || last < first {
		return part{}, errRangeHeader
	}
	return part{given: true, offset: first, length: last - first + 1}, nil
}

// number reads a number that has nothing but digits and leaves room to add to it.
func number(s string) (int64, error) {
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil || s[0] == '+' || n >= math.MaxInt64/2 {
		return 0, errRangeHeader
	}
	return int64(n), nil
}

// The two forms of a list: names alone, and names with sizes.
const (
	listV1 = "application/vnd.x.restic.rest.v1"
	listV2 = "application/vnd.x.restic.rest.v2"
)

// list answers with the files of a kind, as they are found: nothing holds the whole list. One that breaks off lacks its
// last bracket, and is no list to restic.
func (h *handler) list(s *stream, w http.ResponseWriter, r *http.Request, t target) error {
	if r.Method != http.MethodGet {
		return errMethod
	}
	form, line := listV1, func(id string, _ int64) string { return `"` + id + `"` }
	if r.Header.Get("Accept") == listV2 {
		form, line = listV2, func(id string, size int64) string { return fmt.Sprintf(`{"name":"%s","size":%d}`, id, size) }
	}
	w.Header().Set("Content-Type", form)
	to, before := bufio.NewWriterSize(s, 32<<10), "["
	err := h.storage.List(r.Context(), t.kind, func(id string, size int64) error {
		if !isID(id) {
			return nil // not restic's, and not this client's business
		}
		_, err := to.WriteString(before + line(id, size))
		before = ",\n"
		return err
	})
	if err != nil {
		return fmt.Errorf("list %s: %w", t.kind, err)
	}
	if before == "[" {
		_, _ = to.WriteString(before) // Flush tells
	}
	_, _ = to.WriteString("]\n")
	return to.Flush()
}
