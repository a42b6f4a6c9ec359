package device

import (
	"os"
	"runtime"
	"sync"
)

// starter starts processes from one thread that lives as long as it does. The kernel sends the parent-death signal
// when the THREAD that made a child ends, and Go ends threads as it likes.
type starter struct {
	requests chan request
	once     sync.Once
}

type request struct {
	path  string
	argv  []string
	attr  *os.ProcAttr
	reply chan<- started
}

type started struct {
	process *os.Process
	err     error
}

func newStarter() *starter {
	s := &starter{requests: make(chan request)}
	go s.loop()
	return s
}

func (s *starter) loop() {
	runtime.LockOSThread() // never unlocked: the thread ends with the loop
	for r := range s.requests {
		process, err := os.StartProcess(r.path, r.argv, r.attr)
		r.reply <- started{process, err}
	}
}

func (s *starter) start(path string, argv []string, attr *os.ProcAttr) (*os.Process, error) {
	reply := make(chan started, 1)
	s.requests <- request{path, argv, attr, reply}
	out := <-reply
	return out.process, out.err
}

// stop ends the thread. No process of its may be left.
func (s *starter) stop() { s.once.Do(func() { close(s.requests) }) }
