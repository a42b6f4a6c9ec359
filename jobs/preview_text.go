package jobs

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// asText reads the beginning of a file as text and says in which encoding; false for what is no text. Where it is cut,
// half a character at its end is left out.
func asText(head []byte, cut bool) (text, name string, ok bool) {
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		head = head[3:]
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		text, ok = decoded(unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM), head[:len(head)&^1])
		return text, "UTF-16", ok
	}
	whole := head
	if cut {
		whole = withoutHalf(head)
	}
	if utf8.Valid(whole) {
		text, ok = printed(string(whole))
		return text, "UTF-8", ok
	}
	if foreign(head)*3 > len(head) { // compressed or encrypted data has so many bytes that no text has
		return "", "", false
	}
	text, ok = decoded(charmap.Windows1252, head)
	return text, "Windows-1252 (it is not UTF-8, so this is a guess)", ok
}

func decoded(e encoding.Encoding, data []byte) (string, bool) {
	text, err := e.NewDecoder().Bytes(data)
	if err != nil {
		return "", false
	}
	return printed(string(text))
}

// printed refuses what has NUL bytes or many control characters, as no text has, and shows single ones by their
// pictures: a browser leaves them out.
func printed(text string) (string, bool) {
	controls, all := 0, 0
	shown := strings.Map(func(r rune) rune {
		all++
		switch {
		case r == '\n', r == '\t', r == '\r', r == '\f':
			return r
		case r < 0x20:
			controls++
			return 0x2400 + r
		case r == 0x7f:
			controls++
			return 0x2421
		}
		return r
	}, text)
	if strings.ContainsRune(text, 0) || controls*10 > all {
		return "", false
	}
	return shown, true
}

// withoutHalf cuts off a character at the end of which a part is missing.
func withoutHalf(data []byte) []byte {
	for back := 1; back < utf8.UTFMax && back <= len(data); back++ {
		if at := len(data) - back; utf8.RuneStart(data[at]) {
			if !utf8.FullRune(data[at:]) {
				return data[:at]
			}
			break
		}
	}
	return data
}

// foreign counts the bytes outside of ASCII.
func foreign(data []byte) int {
	n := 0
	for _, b := range data {
		if b >= utf8.RuneSelf {
			n++
		}
	}
	return n
}
