package restic

import (
	"path"
	"strings"

	"keepstead/device"
)

// literal returns a pattern that matches exactly the path p of a snapshot. restic shows bytes that are not UTF-8 as
// U+FFFD and takes no such byte back; inside brackets, U+FFFD matches any of them, so those files are found too.
func literal(p string) string {
	return Literal(path.Clean("/" + p))
}

// Literal returns a pattern in which every character means itself.
func Literal(p string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, "\uFFFD", "[\uFFFD]").Replace(p)
}

// maxPatternArgs bounds the bytes of patterns given as arguments; Linux takes about 2 MB in all.
const maxPatternArgs = 256 << 10

// patternArguments returns the arguments for patterns of --include or --exclude. Many of them go into a memory file,
// but for those that a file cannot hold: restic trims its lines, drops comments and ends a pattern at a line break.
func patternArguments(option string, patterns []string) (args []string, files []device.Secret) {
	size := 0
	for _, p := range patterns {
		size += len(p)
	}
	var list strings.Builder
	for _, p := range patterns {
		if size > maxPatternArgs && fitsLine(p) {
			list.WriteString(strings.ReplaceAll(p, "$", "$$") + "\n")
			continue
		}
		args = append(args, "--"+option+"="+p)
	}
	if list.Len() > 0 {
		args = append(args, "--"+option+"-file={fd:"+option+"s}")
		files = append(files, device.Secret{Name: option + "s", Content: []byte(list.String())})
	}
	return args, files
}

func fitsLine(pattern string) bool {
	return !strings.ContainsAny(pattern, "\r\n") && strings.TrimSpace(pattern) == pattern && !strings.HasPrefix(pattern, "#")
}
