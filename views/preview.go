package views

import (
	"fmt"
	"path"
	"strings"

	"keepstead/model"
	"keepstead/views/ui"
)

func fileName(p string) string { return path.Base(p) }

func previewKind(p model.Preview) string {
	switch p.Kind {
	case model.PreviewText:
		return "Text"
	case model.PreviewImage:
		return "Image"
	case model.PreviewBinary:
	}
	return "Binary"
}

func previewDetail(p model.Preview) string {
	if p.Kind == model.PreviewText {
		return p.Encoding
	}
	return p.Media
}

// previewNote says what is not shown, and why.
func previewNote(p model.Preview) string {
	switch {
	case p.TooLarge:
		return "An image of more than " + ui.Bytes(model.MaxPreviewImage) + " is not shown. These are its first " + ui.Bytes(p.Shown) + "; download it to see it."
	case p.Truncated:
		return "These are the first " + ui.Bytes(p.Shown) + " of " + ui.Bytes(p.Node.Size) + "; download the file to have all of it."
	}
	return ""
}

type hexRow struct{ Offset, Hex, Text string }

// hexWidth is the number of bytes in a row.
const hexWidth = 16

// hexRows writes bytes as a hex dump does.
func hexRows(data []byte) []hexRow {
	var rows []hexRow
	for at := 0; at < len(data); at += hexWidth {
		line := data[at:min(at+hexWidth, len(data))]
		text := strings.Map(func(r rune) rune {
			if r < ' ' || r > '~' {
				return '·'
			}
			return r
		}, latin(line))
		rows = append(rows, hexRow{Offset: fmt.Sprintf("%08x", at), Hex: fmt.Sprintf("% x", line), Text: text})
	}
	return rows
}

// latin makes each byte a character.
func latin(data []byte) string {
	runes := make([]rune, len(data))
	for i, b := range data {
		runes[i] = rune(b)
	}
	return string(runes)
}
