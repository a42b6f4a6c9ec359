package database

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// errUnknownRDB says that a snapshot holds a type that is not known here.
var errUnknownRDB = errors.New("unknown type")

// countRDB walks through a snapshot of Redis and counts the keys that have no time to live.
func countRDB(in io.Reader) (int, error) {
	r := &rdbReader{in: bufio.NewReaderSize(in, 256<<10)}
	r.skip(9)
	lasting, expires := 0, false
	for r.err == nil {
		op := r.byte()
		switch op {
		case 0xFF:
			return lasting, r.err
		case 0xFE, 0xF8: // the next database; idle time
			r.length()
		case 0xFD:
			expires = true
			r.skip(4)
		case 0xFC:
			expires = true
			r.skip(8)
		case 0xFB:
			r.lengths(2)
		case 0xFA:
			r.strings(2)
		case 0xF9:
			r.skip(1)
		case 0xF7:
			r.module()
		case 0xF5:
			r.strings(1)
		case 0xF4:
			r.lengths(3)
		default:
			r.strings(1)
			r.value(op)
			if !expires {
				lasting++
			}
			expires = false
		}
	}
	return 0, r.err
}

// rdbReader reads over the parts of a snapshot. After an error it reads nothing.
type rdbReader struct {
	in  *bufio.Reader
	err error
}

func (r *rdbReader) byte() byte {
	if r.err != nil {
		return 0
	}
	b, err := r.in.ReadByte()
	r.err = err
	return b
}

func (r *rdbReader) skip(n uint64) {
	if r.err != nil {
		return
	}
	if n > math.MaxInt64 {
		r.err = errUnknownRDB
		return
	}
	_, r.err = io.CopyN(io.Discard, r.in, int64(n))
}

func (r *rdbReader) number(bytes int) uint64 {
	var raw [8]byte
	if r.err == nil {
		_, r.err = io.ReadFull(r.in, raw[8-bytes:])
	}
	return binary.BigEndian.Uint64(raw[:])
}

// size reads a length, or the kind of a special encoding.
func (r *rdbReader) size() (n uint64, special bool) {
	b := r.byte()
	switch b >> 6 {
	case 0:
		return uint64(b & 0x3F), false
	case 1:
		return uint64(b&0x3F)<<8 | uint64(r.byte()), false
	case 2:
		if b == 0x81 {
			return r.number(8), false
		}
		return r.number(4), false
	}
	return uint64(b & 0x3F), true
}

func (r *rdbReader) length() uint64 {
	n, special := r.size()
	if special && r.err == nil {
		r.err = errUnknownRDB
	}
	return n
}

func (r *rdbReader) lengths(n int) {
	for range n {
		r.length()
	}
}

func (r *rdbReader) strings(n uint64) {
	for range n {
		if r.err != nil {
			return
		}
		size, special := r.size()
		switch {
		case !special:
			r.skip(size)
		case size <= 2: // an integer of 1, 2 or 4 bytes
			r.skip(1 << size)
		case size == 3: // compressed: the length here, the length there
			packed := r.length()
			r.length()
			r.skip(packed)
		default:
			r.err = errUnknownRDB
		}
	}
}

// value reads over a value. Each type is one string, or a number of parts.
func (r *rdbReader) value(kind byte) {
	switch kind {
	case 0, 9, 10, 11, 12, 13, 16, 17, 20:
		r.strings(1)
	case 1, 2, 14:
		r.strings(r.length())
	case 4:
		r.strings(2 * r.length())
	case 3:
		r.each(func() { r.strings(1); r.oldFloat() })
	case 5:
		r.each(func() { r.strings(1); r.skip(8) })
	case 7:
		r.module()
	case 18:
		r.each(func() { r.length(); r.strings(1) })
	case 15, 19, 21:
		r.stream(kind)
	case 24: // a hash whose fields have times to live
		r.skip(8)
		r.each(func() { r.length(); r.strings(2) })
	case 25:
		r.skip(8)
		r.strings(1)
	default:
		r.err = errors.Join(r.err, fmt.Errorf("%w %d", errUnknownRDB, kind))
	}
}

func (r *rdbReader) each(part func()) {
	for n := r.length(); n > 0 && r.err == nil; n-- {
		part()
	}
}

func (r *rdbReader) oldFloat() {
	if n := r.byte(); n < 253 {
		r.skip(uint64(n))
	}
}

// module reads over a module's data, which says of each part what it is.
func (r *rdbReader) module() {
	r.length()
	for r.err == nil {
		switch r.length() {
		case 0:
			return
		case 1, 2:
			r.length()
		case 3:
			r.skip(4)
		case 4:
			r.skip(8)
		case 5:
			r.strings(1)
		default:
			r.err = errors.Join(r.err, errUnknownRDB)
		}
	}
}

// stream reads over a stream with its consumer groups.
func (r *rdbReader) stream(kind byte) {
	r.each(func() { r.strings(2) })
	r.lengths(3) // entries, last id
	if kind >= 19 {
		r.lengths(5) // first id, largest deleted id, entries ever added
	}
	r.each(func() {
		r.strings(1)
		r.lengths(2)
		if kind >= 19 {
			r.length()
		}
		r.each(func() { r.skip(24); r.length() }) // id, delivery time, count
		r.each(func() {
			r.strings(1)
			r.skip(8)
			if kind >= 21 {
				r.skip(8)
			}
			r.each(func() { r.skip(16) })
		})
	})
}
