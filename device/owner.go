package device

import (
	"io/fs"
	"syscall"

	"github.com/pkg/sftp"
)

// Owner returns the user and group of a file that Files looked at; false where the file system has none.
func Owner(info fs.FileInfo) (uid, gid int, ok bool) {
	switch st := info.Sys().(type) {
	case *syscall.Stat_t:
		return int(st.Uid), int(st.Gid), true
	case *sftp.FileStat:
		return int(st.UID), int(st.GID), true
	}
	return 0, 0, false
}
