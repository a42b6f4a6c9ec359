package device

import (
	"context"
	"fmt"
	"time"
)

// syncWait is how long a disk may take to write the names of a folder down.
const syncWait = time.Minute

// SyncDir has the machine's sync write the folder down. SFTP knows no such request for folders, so a storage that is
// reached by SFTP alone is left to its own file system, which writes names down within seconds.
func (f sshFiles) SyncDir(name string) error {
	if f.s.config.FilesOnly {
		return nil
	}
	ctx, cancel := context.WithTimeout(f.s.base, syncWait)
	defer cancel()
	if _, err := f.s.ask(ctx, "sync "+quote(name)+" 2>/dev/null || sync", f.s.config.Sudo); err != nil {
		return fmt.Errorf("sync %s: %w", name, err)
	}
	return nil
}
