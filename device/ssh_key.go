package device

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// GenerateKey returns a new ed25519 key: PEM, and the line for authorized_keys.
func GenerateKey(comment string) (private []byte, authorized string, err error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, "", fmt.Errorf("make a key: %w", err)
	}
	block, err := ssh.MarshalPrivateKey(key, comment)
	if err != nil {
		return nil, "", fmt.Errorf("write the key: %w", err)
	}
	private = pem.EncodeToMemory(block)
	authorized, err = AuthorizedKey(private)
	if comment = strings.Join(strings.Fields(comment), " "); err == nil && comment != "" {
		authorized += " " + comment
	}
	return private, authorized, err
}

// AuthorizedKey returns the line for authorized_keys of a private key, without a comment.
func AuthorizedKey(private []byte) (string, error) {
	signer, err := ssh.ParsePrivateKey(private)
	if err != nil {
		return "", fmt.Errorf("read the private key: %w", err)
	}
	return keyText(signer.PublicKey()), nil
}

func keyText(key ssh.PublicKey) string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}

var errScanned = errors.New("the host key was seen")

// ScanHostKey returns the key that a machine shows, as SSHConfig.HostKey wants it, and its fingerprint as ssh-keygen -l
// prints it. It does not log in; a jump host is logged in to, by its own pinned key.
func ScanHostKey(ctx context.Context, c SSHConfig) (hostKey, fingerprint string, err error) {
	s := NewSSH(c, slog.New(slog.DiscardHandler))
	defer func() { err = errors.Join(err, s.Close()) }()
	conn, err := s.dialMachine(ctx)
	if err != nil {
		return "", "", err
	}
	defer func() { err = errors.Join(err, ignoreClosed(conn.Close())) }()
	if err := conn.SetDeadline(time.Now().Add(min(handshakeWait, c.giveUp()))); err != nil {
		return "", "", err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	var shown ssh.PublicKey
	_, _, _, err = ssh.NewClientConn(conn, c.endpoint(), &ssh.ClientConfig{
		User: c.User, ClientVersion: clientVersion,
		HostKeyAlgorithms: []string{
			ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256,
		},
		HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
			shown = key
			return errScanned
		},
	})
	switch {
	case shown != nil:
		return keyText(shown), ssh.FingerprintSHA256(shown), nil
	case ctx.Err() != nil:
		return "", "", context.Cause(ctx)
	}
	return "", "", s.unreachable(err)
}

// addKey appends a line to authorized_keys once, and keeps what is there, a last line without an end included.
const addKey = `
umask 077
home=$(getent passwd "$(id -un)" 2>/dev/null | cut -d: -f6)
[ -n "$home" ] || home=$(awk -F: -v n="$(id -un)" '$1 == n { print $6 }' /etc/passwd)
[ -d "$home" ] || { echo "the user's home $home is not there" >&2; exit 1; }
set -e
mkdir -p "$home/.ssh"
chmod 0700 "$home/.ssh"
file=$home/.ssh/authorized_keys
[ -e "$file" ] || : >"$file"
chmod 0600 "$file"
if grep -qF -- %[1]s "$file"; then exit 0; fi
if [ -s "$file" ] && [ -n "$(tail -c 1 "$file")" ]; then echo >>"$file"; fi
printf '%%s\n' %[2]s >>"$file"
`

// InstallKey lets a key log in as the user: a line of authorized_keys, as GenerateKey and AuthorizedKey return it.
func (s *SSH) InstallKey(ctx context.Context, authorized string) error {
	key, comment, _, _, err := ssh.ParseAuthorizedKey([]byte(authorized))
	if err != nil {
		return fmt.Errorf("read the key to install: %w", err)
	}
	line := keyText(key)
	if _, err := s.ask(ctx, fmt.Sprintf(addKey, Quote(line), Quote(strings.TrimSpace(line+" "+comment))), false); err != nil {
		return fmt.Errorf("install the key on %s: %w", s.config.Address, err)
	}
	return nil
}
