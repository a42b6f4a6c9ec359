package database

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc64"
	"io"
)

// rdb passes a snapshot of Redis on to its file and makes sure that it is whole: it begins and ends as one does, and its
// own checksum is right.
type rdb struct {
	file  *file
	table *crc64.Table
	crc   uint64
	head  []byte
	held  []byte // the last bytes, which may be the mark of the transfer instead of the snapshot
	pipe  *io.PipeWriter
	keys  chan int
}

// rdbPolynomial is Jones' polynomial as Redis uses it, reversed.
const rdbPolynomial = 0x95AC9329AC4BC9B5

const (
	rdbEnd  = 0xFF // the last opcode, before the checksum
	rdbSum  = 8    // bytes of the checksum
	rdbMark = 40   // bytes of the mark that newer servers send after a snapshot of unknown size
)

func newRDB(f *file) *rdb {
	r, w := io.Pipe()
	x := &rdb{file: f, table: crc64.MakeTable(rdbPolynomial), pipe: w, keys: make(chan int, 1)}
	go func() {
		n, err := countRDB(r)
		if err != nil {
			n = 0
		}
		_, _ = io.Copy(io.Discard, r)
		x.keys <- n
	}()
	return x
}

// Write takes a piece of the snapshot.
func (r *rdb) Write(p []byte) (int, error) {
	if missing := 16 - len(r.head); missing > 0 {
		r.head = append(r.head, p[:min(missing, len(p))]...)
	}
	r.held = append(r.held, p...)
	if extra := len(r.held) - 2*rdbMark; extra > 0 {
		if err := r.pass(r.held[:extra]); err != nil {
			return 0, err
		}
		r.held = append(r.held[:0], r.held[extra:]...)
	}
	return len(p), nil
}

// pass sends on what surely belongs to the snapshot.
func (r *rdb) pass(p []byte) error {
	// Redis starts from zero and inverts nothing; Go inverts at both ends.
	r.crc = ^crc64.Update(^r.crc, r.table, p)
	if _, err := r.pipe.Write(p); err != nil {
		return err
	}
	_, err := r.file.Write(p)
	return err
}

// finish writes the rest, without the mark of the transfer, and returns the number of keys without a time to live; 0
// where the snapshot holds things that are not known here.
func (r *rdb) finish() (int, error) {
	if !bytes.HasPrefix(r.head, []byte("REDIS0")) && !bytes.HasPrefix(r.head, []byte("VALKEY")) {
		return 0, fmt.Errorf("it does not begin as a snapshot of Redis: %w", ErrCut)
	}
	for _, end := range []int{len(r.held), len(r.held) - rdbMark} {
		if !r.endsAt(end) {
			continue
		}
		if err := r.pass(r.held[:end]); err != nil {
			return 0, err
		}
		_ = r.pipe.Close()
		return <-r.keys, nil
	}
	return 0, ErrCut
}

// endsAt says that the snapshot's end is there. A server can be told to compute no checksum; it is zero then.
func (r *rdb) endsAt(end int) bool {
	if end < rdbSum+1 || r.held[end-rdbSum-1] != rdbEnd {
		return false
	}
	stored := binary.LittleEndian.Uint64(r.held[end-rdbSum : end])
	return stored == 0 || stored == ^crc64.Update(^r.crc, r.table, r.held[:end-rdbSum])
}

// abandon ends the count of a snapshot that is of no use.
func (r *rdb) abandon() { _ = r.pipe.CloseWithError(errors.New("the snapshot is of no use")) }
