package index

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// A pack holds the listings of several folders: names in one part, which a search reads alone, facts in the other. It is
// full at one of these.
const (
	packEntries = 2048
	packBytes   = 32 << 10 // of names
)

// key is the id of a pack or a listing: those of one line stand together.
func key(line, number int64) int64 { return line<<32 | number }

// place is where a listing's entries are: in a slot of a pack, or in slot 0 of as many packs as they fill.
type place struct {
	pack    int64 // its number in the line
	slot    int
	entries int
}

// packs is how many packs the place takes.
func (p place) packs() int64 { return int64(max(1, (p.entries+packEntries-1)/packEntries)) }

// sealed is a pack ready to be written.
type sealed struct {
	number       int64
	entries      int
	first        []byte
	marks        []byte
	names, facts []byte
}

// packer puts listings into packs and hands full ones on.
type packer struct {
	zip   *zstd.Encoder
	next  int64 // the number of the pack that is open
	heads []byte
	names []byte
	sizes []byte // of the facts of each slot
	facts []byte
	slots int
	count int
	full  func(sealed) error
}

func newPacker(next int64, full func(sealed) error) (*packer, error) {
	zip, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedBetterCompression),
		zstd.WithWindowSize(128<<10), zstd.WithLowerEncoderMem(true), zstd.WithEncoderCRC(false))
	return &packer{zip: zip, next: next, full: full}, err
}

// add takes a folder's entries. A listing that is larger than a pack has packs of its own.
func (p *packer) add(folder int64, entries []entry) (place, error) {
	if p.slots > 0 && (p.count+len(entries) > packEntries || len(p.names) > packBytes) {
		if err := p.flush(nil); err != nil {
			return place{}, err
		}
	}
	at := place{pack: p.next, slot: p.slots, entries: len(entries)}
	if len(entries) <= packEntries {
		p.put(folder, entries)
		return at, nil
	}
	for len(entries) > 0 {
		n := min(len(entries), packEntries)
		p.put(folder, entries[:n])
		if err := p.flush([]byte(entries[0].key())); err != nil {
			return at, err
		}
		entries = entries[n:]
	}
	return at, nil
}

func (p *packer) put(folder int64, entries []entry) {
	p.heads = binary.AppendUvarint(binary.AppendUvarint(p.heads, uint64(folder)), uint64(len(entries)))
	for _, e := range entries {
		p.names = append(append(p.names, e.name...), 0)
	}
	before := len(p.facts)
	p.facts = appendFacts(p.facts, entries)
	p.sizes = binary.AppendUvarint(p.sizes, uint64(len(p.facts)-before))
	p.slots++
	p.count += len(entries)
}

// flush closes the open pack, if there is anything in it.
func (p *packer) flush(first []byte) error {
	if p.slots == 0 {
		return nil
	}
	part := func(head, body []byte) []byte {
		raw := binary.AppendUvarint(nil, uint64(p.slots))
		raw = binary.AppendUvarint(raw, uint64(len(head)))
		raw = append(append(raw, head...), body...)
		return p.zip.EncodeAll(raw, nil)
	}
	out := sealed{number: p.next, entries: p.count, first: first, marks: marksOf(p.names), names: part(p.heads, p.names), facts: part(p.sizes, p.facts)}
	p.next++
	p.heads, p.names, p.sizes, p.facts = p.heads[:0], p.names[:0], p.sizes[:0], p.facts[:0]
	p.slots, p.count = 0, 0
	return p.full(out)
}

func (s sealed) insert(tx *sql.Tx, line int64) error {
	_, err := tx.Exec("INSERT INTO packs (id, entries, first, names, facts) VALUES (?, ?, ?, ?, ?)",
		key(line, s.number), s.entries, s.first, s.names, s.facts)
	if err == nil {
		_, err = tx.Exec("INSERT INTO marks (id, bits) VALUES (?, ?)", key(line, s.number), s.marks)
	}
	return err
}

// nameList is the part of a pack that holds names.
type nameList struct {
	folders []int64 // of each slot
	counts  []int   // entries of each slot
	names   []byte  // each with a zero byte behind it
	raw     []byte  // the memory that all of it is in
}

// opened reads how many slots a part of a pack has.
func opened(raw []byte) (r reader, slots int, err error) {
	r = reader{b: raw}
	n := r.uvarint()
	if r.bad || n > uint64(len(raw)) {
		return r, 0, errDamaged
	}
	return r, int(n), nil
}

// readNames opens the names of a pack; into is memory to use again.
func (x *Index) readNames(part, into []byte) (nameList, error) {
	raw, err := x.unzip.DecodeAll(part, into)
	if err != nil {
		return nameList{}, fmt.Errorf("%w: %w", errDamaged, err)
	}
	r, slots, err := opened(raw)
	if err != nil {
		return nameList{}, err
	}
	heads := reader{b: r.take(int(r.uvarint()))}
	l := nameList{folders: make([]int64, slots), counts: make([]int, slots), names: r.b, raw: raw}
	for i := range slots {
		l.folders[i], l.counts[i] = int64(heads.uvarint()), int(heads.uvarint())
	}
	heads.bad = heads.bad || r.bad
	return l, heads.err()
}

// slot returns the names of one slot.
func (l nameList) slot(n int) ([]byte, int, error) {
	if n < 0 || n >= len(l.counts) {
		return nil, 0, errDamaged
	}
	rest := l.names
	for i := range n + 1 {
		from := rest
		for range l.counts[i] {
			at := bytes.IndexByte(rest, 0)
			if at < 0 {
				return nil, 0, errDamaged
			}
			rest = rest[at+1:]
		}
		if i == n {
			return from[:len(from)-len(rest)], l.counts[i], nil
		}
	}
	return nil, 0, errDamaged
}

// slotFacts returns the facts of one slot, as appendFacts wrote them.
func slotFacts(raw []byte, slot int) ([]byte, error) {
	r, slots, err := opened(raw)
	if err != nil {
		return nil, err
	}
	sizes := reader{b: r.take(int(r.uvarint()))}
	if slot >= slots {
		return nil, errDamaged
	}
	for range slot {
		r.take(int(sizes.uvarint()))
	}
	out := r.take(int(sizes.uvarint()))
	r.bad = r.bad || sizes.bad
	return out, r.err()
}

// entries puts the names and facts of a slot together.
func entries(names []byte, count int, facts []byte) ([]entry, error) {
	all := string(names) // one string that all names are parts of
	out := make([]entry, count)
	for i := range out {
		at := bytes.IndexByte(names, 0)
		out[i].name, all, names = all[:at], all[at+1:], names[at+1:]
	}
	return out, readFacts(facts, out)
}
