package config

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Hidden is a secret of the environment; it prints as [hidden].
type Hidden string

// Format hides the secret from every verb.
func (Hidden) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[hidden]")) }

// MarshalText hides the secret from logs and JSON.
func (Hidden) MarshalText() ([]byte, error) { return []byte("[hidden]"), nil }

// Reveal returns the secret itself.
func (h Hidden) Reveal() string { return string(h) }

// maxPassphraseFile bounds the file of a passphrase, so that a wrong path is not read to its end.
const maxPassphraseFile = 4096

func (c *Config) secrets(env func(string) (string, bool)) error {
	get := func(name string) string {
		v, _ := env(name)
		return v
	}
	c.AdminPassword = Hidden(get("KEEPSTEAD_ADMIN_PASSWORD"))
	c.NewPassword = Hidden(get("KEEPSTEAD_NEW_PASSWORD"))
	c.MasterPassphrase = Hidden(get("KEEPSTEAD_MASTER_PASSPHRASE"))
	path := get("KEEPSTEAD_MASTER_PASSPHRASE_FILE")
	if path == "" {
		return nil
	}
	if c.MasterPassphrase != "" {
		return errors.New("give KEEPSTEAD_MASTER_PASSPHRASE or KEEPSTEAD_MASTER_PASSPHRASE_FILE, not both")
	}
	text, err := readPassphrase(path)
	c.MasterPassphrase = Hidden(text)
	return err
}

// readPassphrase reads the file's text without the line break at its end, which editors add.
func readPassphrase(path string) (text string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("KEEPSTEAD_MASTER_PASSPHRASE_FILE: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	raw, err := io.ReadAll(io.LimitReader(f, maxPassphraseFile+1))
	if err != nil {
		return "", fmt.Errorf("KEEPSTEAD_MASTER_PASSPHRASE_FILE: %w", err)
	}
	text = strings.TrimRight(string(raw), "\r\n")
	if text == "" || len(raw) > maxPassphraseFile {
		return "", fmt.Errorf("KEEPSTEAD_MASTER_PASSPHRASE_FILE: %s holds no passphrase of 1 to %d bytes", path, maxPassphraseFile)
	}
	return text, nil
}

// AskPassword returns the new password for a user: from KEEPSTEAD_NEW_PASSWORD, else a line from in, typed unseen where
// that is a terminal. An empty line makes one up; made says so, and the caller prints it.
func (c Config) AskPassword(in *os.File, prompt io.Writer) (password string, made bool, err error) {
	if c.NewPassword != "" {
		return c.NewPassword.Reveal(), false, nil
	}
	show := func() {}
	if term, err := unix.IoctlGetTermios(int(in.Fd()), unix.TCGETS); err == nil {
		quiet := *term
		quiet.Lflag &^= unix.ECHO
		if err := unix.IoctlSetTermios(int(in.Fd()), unix.TCSETS, &quiet); err != nil {
			return "", false, fmt.Errorf("read the new password: %w", err)
		}
		show = func() {
			_ = unix.IoctlSetTermios(int(in.Fd()), unix.TCSETS, term)
			_, _ = fmt.Fprintln(prompt)
		}
		_, _ = fmt.Fprint(prompt, "New password (leave empty to have one made): ")
	}
	line, err := bufio.NewReader(io.LimitReader(in, maxPassphraseFile)).ReadString('\n')
	show()
	if err != nil && !errors.Is(err, io.EOF) {
		return "", false, fmt.Errorf("read the new password: %w", err)
	}
	if password = strings.TrimRight(line, "\r\n"); password != "" {
		return password, false, nil
	}
	return rand.Text(), true, nil
}
