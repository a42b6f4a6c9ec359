package model

// Tally counts files, whatever is no folder, and the bytes of those that have some.
type Tally struct {
	Files int
	Bytes int64
}

// Add counts one more.
func (t *Tally) Add(n Node) {
	t.Files++
	t.Bytes += n.Size
}

// ScopePreview is what the includes and excludes of a configuration come to, as they were typed, by the files of one
// snapshot.
type ScopePreview struct {
	// Snapshot is the newest one whose files are indexed; nil where there is none, and then nothing is counted.
	Snapshot *Snapshot
	Excludes []ExcludeMatch // of the patterns that can be read, in their order
	Includes []IncludeFate  // of the paths that can be read, in their order
	Left     Tally          // what the next backup leaves out of Total
	Total    Tally          // what was looked at
	Cut      bool           // the time was over before all was looked at
	// Problems are the refusals of what was typed.
	Problems Invalids
}

// ExcludeMatch is what one pattern matches, whatever the others do.
type ExcludeMatch struct {
	Pattern string
	Tally
	Example string // the first path that it matches; a folder's ends with a slash
	InForce bool   // it matches nothing, and the snapshot was already made without what it matches
}

// IncludeFate is what becomes of one path to include.
type IncludeFate struct {
	Path      string
	By        string // the folder that is captured anyway and holds it; empty where none does
	LeftOutBy string // the pattern that matches it; empty where none does
	Held      Tally  // what the snapshot holds of it
}
