package config

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

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

// MinPassphrase is the fewest characters of a master passphrase; package secret takes no shorter one either.
const MinPassphrase = 12

func (c *Config) secrets(env func(string) (string, bool)) error {
	get := func(name string) string {
		v, _ := env(name)
		return v
	}
	c.AdminPassword = Hidden(get("KEEPSTEAD_ADMIN_PASSWORD"))
	c.NewPassword = Hidden(get("KEEPSTEAD_NEW_PASSWORD"))
	var err, newErr error
	c.MasterPassphrase, err = passphrase(get, "KEEPSTEAD_MASTER_PASSPHRASE")
	c.NewMasterPassphrase, newErr = passphrase(get, "KEEPSTEAD_NEW_MASTER_PASSPHRASE")
	return errors.Join(err, newErr)
}

// passphrase returns the variable's text, or that of the file which the variable of the same name with _FILE names; empty
// where neither is given.
func passphrase(get func(string) string, name string) (Hidden, error) {
	text, path := get(name), get(name+"_FILE")
	switch {
	case path == "":
		return Hidden(text), nil
	case text != "":
		return "", fmt.Errorf("give %s or %s_FILE, not both", name, name)
	}
	text, err := readPassphrase(path)
	if err != nil {
		return "", fmt.Errorf("%s_FILE: %w", name, err)
	}
	return Hidden(text), nil
}

// readPassphrase reads the file's text without the line break at its end, which editors add.
func readPassphrase(path string) (text string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	raw, err := io.ReadAll(io.LimitReader(f, maxPassphraseFile+1))
	if err != nil {
		return "", err
	}
	text = strings.TrimRight(string(raw), "\r\n")
	if text == "" || len(raw) > maxPassphraseFile {
		return "", fmt.Errorf("%s holds no passphrase of 1 to %d bytes", path, maxPassphraseFile)
	}
	return text, nil
}

// AskPassword returns the new password for a user: from KEEPSTEAD_NEW_PASSWORD, else a line from in, typed unseen where
// that is a terminal. An empty line makes one up; made says so, and the caller prints it.
func (c Config) AskPassword(in *os.File, prompt io.Writer) (password string, made bool, err error) {
	if c.NewPassword != "" {
		return c.NewPassword.Reveal(), false, nil
	}
	password, err = askLine(in, prompt, "New password (leave empty to have one made): ")
	if err != nil || password != "" {
		return password, false, err
	}
	return rand.Text(), true, nil
}

// AskNewMaster returns the new master passphrase: from the environment, else a line from in. Where that is a terminal it is
// asked for twice, since nobody sees what is typed, and a slip would lock everybody out.
func (c Config) AskNewMaster(in *os.File, prompt io.Writer) (string, error) {
	if c.NewMasterPassphrase != "" {
		return c.NewMasterPassphrase.Reveal(), nil
	}
	text, err := askLine(in, prompt, "New master passphrase: ")
	switch {
	case err != nil:
		return "", err
	case text == "":
		return "", errors.New("give the new passphrase in KEEPSTEAD_NEW_MASTER_PASSPHRASE, KEEPSTEAD_NEW_MASTER_PASSPHRASE_FILE or on standard input")
	case utf8.RuneCountInString(text) < MinPassphrase:
		return "", fmt.Errorf("the master passphrase is too short; use at least %d characters", MinPassphrase)
	case !terminal(in):
		return text, nil
	}
	again, err := askLine(in, prompt, "The same passphrase again: ")
	if err == nil && again != text {
		err = errors.New("the two passphrases differ; nothing was changed")
	}
	if err != nil {
		return "", err
	}
	return text, nil
}

func terminal(in *os.File) bool {
	_, err := unix.IoctlGetTermios(int(in.Fd()), unix.TCGETS)
	return err == nil
}

// askLine reads one line, typed unseen after the question where in is a terminal.
func askLine(in *os.File, prompt io.Writer, question string) (string, error) {
	show := func() {}
	if term, err := unix.IoctlGetTermios(int(in.Fd()), unix.TCGETS); err == nil {
		quiet := *term
		quiet.Lflag &^= unix.ECHO
		if err := unix.IoctlSetTermios(int(in.Fd()), unix.TCSETS, &quiet); err != nil {
			return "", fmt.Errorf("read what is typed: %w", err)
		}
		show = func() {
			_ = unix.IoctlSetTermios(int(in.Fd()), unix.TCSETS, term)
			_, _ = fmt.Fprintln(prompt)
		}
		_, _ = fmt.Fprint(prompt, question)
	}
	line, err := bufio.NewReader(io.LimitReader(in, maxPassphraseFile)).ReadString('\n')
	show()
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read standard input: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}
