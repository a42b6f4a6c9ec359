package device

import (
	"io/fs"
	"syscall"
)

// Owner returns the user and group of a file that Files looked at; false where the file system has none.
func Owner(info fs.FileInfo) (uid, gid int, ok bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return int(st.Uid), int(st.Gid), true
}
