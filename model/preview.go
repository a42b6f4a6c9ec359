package model

// PreviewKind says how the beginning of a file is shown.
type PreviewKind string

// The kinds, decided by the content and never by the name.
const (
	PreviewText   PreviewKind = "text"
	PreviewImage  PreviewKind = "image"
	PreviewBinary PreviewKind = "binary"
)

// Bounds of a preview, in bytes.
const (
	MaxPreviewText  = 256 << 10
	MaxPreviewImage = 8 << 20
	MaxPreviewHex   = 2 << 10
)

// Preview is the beginning of a file of a snapshot.
type Preview struct {
	Node Node
	Kind PreviewKind
	// Media is the type of the content, such as image/png, as far as its first bytes tell.
	Media string
	// Text is the text and Encoding what it was read as, for PreviewText.
	Text     string
	Encoding string
	// Head are the first bytes, for PreviewBinary.
	Head []byte
	// Shown is how many bytes of the file are shown; Truncated says that there are more.
	Shown     int64
	Truncated bool
	// TooLarge says that it is an image which is not shown for its size.
	TooLarge bool
}

// Picture is a whole image of a snapshot, of a type that browsers show and that holds no script.
type Picture struct {
	Media string
	Data  []byte
}
