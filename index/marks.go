package index

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"math/bits"
)

// The marks of a pack tell which three bytes in a row may be in its names, in lower case: a search reads the marks of
// all packs, which are some per cent of their names, and opens only the packs that may hold what it looks for.

// marksMax is the most bytes that the marks of a pack take, a power of two.
const marksMax = 4096

// marksOf makes the marks of names: a bit for each three bytes, in so few bytes that about a quarter of them is set.
func marksOf(names []byte) []byte {
	marks := make([]byte, marksMax)
	for name := range bytes.SplitSeq(lowered(nil, names), zero) {
		threes(name, func(h uint32) bool {
			marks[h/8%marksMax] |= 1 << (h % 8)
			return true
		})
	}
	set := 0
	for _, b := range marks {
		set += bits.OnesCount8(b)
	}
	for len(marks) > 8 && set < len(marks) { // half of them is enough: both halves in one
		half := marks[len(marks)/2:]
		marks = marks[:len(marks)/2]
		for i, b := range half {
			marks[i] |= b
		}
	}
	return marks
}

// threes calls each with a number for every three bytes in a row, as long as it says true.
func threes(text []byte, each func(uint32) bool) bool {
	for i := 2; i < len(text); i++ {
		h := (uint32(text[i-2]) | uint32(text[i-1])<<8 | uint32(text[i])<<16) * 0x9E3779B1
		if !each(h >> 8) {
			return false
		}
	}
	return true
}

// mayHold says whether a text may be in the names of a pack.
func mayHold(marks, text []byte) bool {
	if len(marks) == 0 {
		return true
	}
	return threes(text, func(h uint32) bool {
		return marks[h/8%uint32(len(marks))]&(1<<(h%8)) != 0
	})
}

// candidates finds the packs of a line that may hold a text.
func candidates(tx *sql.Tx, line int64, text []byte) ([]int64, error) {
	var out []int64
	err := each(func(scan func(...any) error) error {
		var id int64
		var marks sql.RawBytes
		err := scan(&id, &marks)
		if mayHold(marks, text) {
			out = append(out, id)
		}
		return err
	})(tx.Query("SELECT id, bits FROM marks WHERE id BETWEEN ? AND ?", key(line, 0), key(line+1, 0)-1))
	return out, err
}

// namesOf reads the names of some packs.
func namesOf(tx *sql.Tx, ids []int64) (*sql.Rows, error) {
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	return tx.Query("SELECT names FROM packs WHERE id IN (SELECT value FROM json_each(?))", string(list))
}
