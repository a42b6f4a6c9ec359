package testbed

import (
	"os/exec"
	"runtime"
	"syscall"
)

// Start starts a process that the kernel kills when the test process ends, however it ends. The kernel watches
// the thread that started it, so that thread is kept until the process has exited, which closes the channel.
func Start(cmd *exec.Cmd) (exited chan struct{}, err error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	exited = make(chan struct{})
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
		}
		close(exited)
	}()
	return exited, <-started
}
