package device

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/pkg/sftp"
)

// sftpLink is an open SFTP session.
type sftpLink struct {
	*sftp.Client
	release func()
	over    chan struct{} // closed when it has ended
}

// Files returns the files of the machine, over SFTP.
func (s *SSH) Files() (Files, error) {
	if s.config.FilesOnly || s.base.Err() != nil {
		if _, err := s.sftp(); err != nil {
			return nil, err
		}
	}
	return sshFiles{s}, nil
}

// filesWait is how long opening an SFTP session may take, connecting included.
const filesWait = dialWait + handshakeWait + talkWait

// sftp returns the SFTP session that all files share, opened anew where there is none.
func (s *SSH) sftp() (*sftpLink, error) {
	s.opening.Lock()
	defer s.opening.Unlock()
	if s.files != nil {
		select {
		case <-s.files.over:
			s.files = nil
		default:
			return s.files, nil
		}
	}
	ctx, cancel := context.WithTimeout(s.base, filesWait)
	defer cancel()
	opened, err := s.openSFTP(ctx)
	if err != nil {
		return nil, err
	}
	s.files = opened
	return opened, nil
}

func (s *SSH) openSFTP(ctx context.Context) (*sftpLink, error) {
	if s.config.FilesOnly {
		return s.openSubsystem(ctx)
	}
	opened, err := s.openServer(ctx)
	var known *SSHError
	if errors.As(err, &known) && known.State == StateNoSFTP && !s.config.Sudo {
		return s.openSubsystem(ctx) // sshd may have one inside
	}
	return opened, err
}

// requestsPerFile is how many requests are on their way at once: SFTP asks for a file in pieces of 32 KiB.
const requestsPerFile = 64

func sftpOptions() []sftp.ClientOption {
	return []sftp.ClientOption{sftp.UseConcurrentReads(true), sftp.UseConcurrentWrites(true), sftp.MaxConcurrentRequestsPerFile(requestsPerFile)}
}

// serveFiles becomes sftp-server, wherever a distribution has it. What it makes is at first for its user alone: SFTP as
// it is spoken here sets a file's mode only after the file is there.
const serveFiles = `
umask 077
for f in /usr/lib/openssh/sftp-server /usr/libexec/openssh/sftp-server /usr/libexec/sftp-server /usr/lib/ssh/sftp-server \
	/usr/lib64/ssh/sftp-server /usr/lib64/misc/sftp-server /usr/local/libexec/sftp-server /run/current-system/sw/libexec/sftp-server; do
	if [ -x "$f" ]; then
		printf '\n%s ok\n' NONCE
		exec "$f"
	fi
done
printf '\n%s no\n' NONCE
`

func (s *SSH) openServer(ctx context.Context) (*sftpLink, error) {
	nonce := newNonce()
	t, err := s.shell(ctx, group(strings.ReplaceAll(serveFiles, "NONCE", nonce)), s.config.Sudo)
	if err != nil {
		return nil, err
	}
	answer, err := s.heading(ctx, t, nonce, s.config.Sudo)
	if err == nil && answer != "ok" {
		err = s.noSFTP(nil)
	}
	if err != nil {
		t.close()
		return nil, err
	}
	go func() { _, _ = io.Copy(io.Discard, t.errs) }()
	return s.speak(ctx, t.out, t.in, t.close)
}

func (s *SSH) openSubsystem(ctx context.Context) (*sftpLink, error) {
	session, l, err := s.session(ctx)
	if err != nil {
		return nil, err
	}
	t := &talk{session: session, link: l, release: func() { s.leave(l, nil) }}
	in, err := session.StdinPipe()
	var out io.Reader
	if err == nil {
		out, err = session.StdoutPipe()
	}
	if err == nil {
		_, err = waitOn(ctx, l, func() (struct{}, error) { return struct{}{}, session.RequestSubsystem("sftp") }, func(struct{}) {})
	}
	if err != nil {
		t.close()
		if s.isDead(l) {
			return nil, s.unreachable(err)
		}
		return nil, s.noSFTP(err)
	}
	return s.speak(ctx, out, in, t.close)
}

func (s *SSH) noSFTP(err error) error {
	return &SSHError{
		State: StateNoSFTP, err: err, Message: fmt.Sprintf("%s does not serve files over SFTP", s.config.Address),
		Mend: "Install openssh-sftp-server there, and keep the line \"Subsystem sftp\" in its sshd_config.",
	}
}

// speak begins the protocol. A server that answers something else, such as a greeting, is none.
func (s *SSH) speak(ctx context.Context, out io.Reader, in io.WriteCloser, release func()) (*sftpLink, error) {
	late := time.AfterFunc(talkWait, release)
	defer late.Stop()
	client, err := wait(ctx, func() (*sftp.Client, error) { return sftp.NewClientPipe(out, in, sftpOptions()...) }, func(c *sftp.Client) { _ = c.Close() })
	if err != nil {
		release()
		if ctx.Err() != nil {
			return nil, err
		}
		return nil, s.noSFTP(err)
	}
	l := &sftpLink{Client: client, release: release, over: make(chan struct{})}
	go func() {
		_ = client.Wait()
		close(l.over)
		release()
	}()
	return l, nil
}

// forget makes the next use of files open a session anew.
func (s *SSH) forget(l *sftpLink) {
	s.opening.Lock()
	defer s.opening.Unlock()
	if s.files == l {
		s.files = nil
	}
}
