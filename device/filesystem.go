package device

import (
	pathpkg "path"
	"strconv"
	"strings"
	"syscall"

	"keepstead/model"
)

// FileSystem names the file system that a name lies on, or its nearest parent that exists: names on one have the same.
// It is empty where the machine does not tell.
func FileSystem(files Files, name string) string {
	for {
		info, err := files.Stat(name)
		if err == nil {
			if st, ok := info.Sys().(*syscall.Stat_t); ok {
				return strconv.FormatUint(uint64(st.Dev), 10)
			}
			return mountOf(files, name)
		}
		parent := pathpkg.Dir(name)
		if parent == name {
			return ""
		}
		name = parent
	}
}

// mountOf looks into the machine's table of mounts, since SFTP tells no numbers of devices. What is mounted is named by
// where it comes from, or, where that is a word such as tmpfs, by its place.
func mountOf(files Files, name string) string {
	table, err := files.ReadFile("/proc/self/mounts")
	if err != nil {
		return ""
	}
	found, longest := "", ""
	for line := range strings.Lines(string(table)) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		source, at := unescape(fields[0]), unescape(fields[1])
		if !model.Within(name, at) || len(at) < len(longest) {
			continue // a later mount hides an earlier one at its place
		}
		found, longest = source, at
		if !strings.Contains(source, "/") {
			found += " " + at
		}
	}
	return found
}
