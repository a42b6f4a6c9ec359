package ui

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// Bytes writes a size in IEC units: 1.2 GiB. A negative size is not known.
func Bytes(n int64) string {
	if n < 0 {
		return "unknown"
	}
	return humanize.IBytes(uint64(n))
}

// ExactBytes writes a size to the byte, for a title.
func ExactBytes(n int64) string {
	if n < 0 {
		return "unknown"
	}
	return humanize.Comma(n) + " bytes"
}

// Count writes a number with thousands separators.
func Count(n int) string { return humanize.Comma(int64(n)) }

// Plural writes a count with its noun: “1 file”, “2,310 files”.
func Plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Count(n) + " " + many
}

// Duration writes a span in its two largest units: “2 m 10 s”, “3 h 5 m”, “820 ms”.
func Duration(d time.Duration) string {
	switch {
	case d < 0:
		return "0 s"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return strings.TrimSuffix(strconv.FormatFloat(d.Seconds(), 'f', 1, 64), ".0") + " s"
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return two(d, time.Minute, "m", time.Second, "s")
	case d < 48*time.Hour:
		return two(d, time.Hour, "h", time.Minute, "m")
	}
	return two(d, 24*time.Hour, "d", time.Hour, "h")
}

func two(d, big time.Duration, bigUnit string, small time.Duration, smallUnit string) string {
	rest := (d % big) / small
	if rest == 0 {
		return fmt.Sprintf("%d %s", d/big, bigUnit)
	}
	return fmt.Sprintf("%d %s %d %s", d/big, bigUnit, rest, smallUnit)
}

// Percent writes a share of 1: “43 %”. Below 1 it never says 100.
func Percent(share float64) string {
	n := int(share * 100)
	if share < 1 && n > 99 {
		n = 99
	}
	return strconv.Itoa(max(0, min(n, 100))) + " %"
}

// Plain takes the signs out of a name that turn the direction of what follows it in a sentence.
func Plain(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 {
			return -1
		}
		return r
	}, name)
}
