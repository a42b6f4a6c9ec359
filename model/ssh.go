package model

import (
	"crypto/sha256"
	"encoding/base64"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

var (
	hostName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?\.?$`)
	// loginName takes what systems call users, those of a domain (LAB\anna, anna@lab.example) too.
	loginName   = regexp.MustCompile(`^[A-Za-z0-9_.][A-Za-z0-9_.@\\+-]*\$?$`)
	fingerprint = regexp.MustCompile(`^SHA256:[A-Za-z0-9+/]{43}$`)
)

// checkHost refuses what is neither a host name nor an address. Names go to no command line, and still may not look
// like an option.
func checkHost(problems *Invalids, field, host string) {
	const wanted = "Give a host name such as nas.lan, or an address such as 192.168.1.20"
	_, notIP := netip.ParseAddr(host)
	switch {
	case host == "":
		problems.Add(field, "%s.", wanted)
	case notIP == nil:
	case strings.Contains(host, "@"):
		problems.Add(field, "%s; the user has a field of its own.", wanted)
	case strings.Count(host, ":") == 1:
		problems.Add(field, "%s; the port has a field of its own.", wanted)
	case len(host) > 253 || !hostName.MatchString(host) || strings.Contains(host, ".."):
		problems.Add(field, "%q is no host. %s.", clip(host), wanted)
	}
}

func checkPort(problems *Invalids, field string, port int) {
	if port < 0 || port > 65535 {
		problems.Add(field, "Use a port from 1 to 65535; 22 is usual.")
	}
}

func checkLogin(problems *Invalids, field, user string) {
	switch {
	case user == "":
		problems.Add(field, "Give the user to sign in as.")
	case len(user) > 128 || !loginName.MatchString(user):
		problems.Add(field, "%q is no user name; use letters, digits, dots, hyphens and underscores.", clip(user))
	}
}

// checkPrivateKey looks only at the form; whether the key can be read is seen when it is used.
func checkPrivateKey(problems *Invalids, field, key string) {
	if key == "" {
		return
	}
	if len(key) > 32<<10 || !strings.HasPrefix(strings.TrimSpace(key), "-----BEGIN ") || !strings.Contains(key, "PRIVATE KEY-----") {
		problems.Add(field, "Paste the whole private key, from -----BEGIN to the last line of -----END.")
	}
}

func checkFingerprint(problems *Invalids, field, text string) {
	if text != "" && !fingerprint.MatchString(text) {
		problems.Add(field, "Give the fingerprint as ssh-keygen -l writes it: SHA256: and 43 characters.")
	}
}

// Fingerprint returns the SHA-256 fingerprint of a public key in the form of authorized_keys, as ssh-keygen -l writes it;
// empty for what is no key.
func Fingerprint(key string) string {
	fields := strings.Fields(key)
	if len(fields) < 2 {
		return ""
	}
	raw, err := base64.StdEncoding.DecodeString(fields[1])
	if err != nil || len(raw) == 0 {
		return ""
	}
	sum := sha256.Sum256(raw)
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

// KeyType returns the kind of a public key in the form of authorized_keys in a person's words, such as ED25519.
func KeyType(key string) string {
	name, _, _ := strings.Cut(strings.TrimSpace(key), " ")
	switch {
	case name == "ssh-ed25519":
		return "ED25519"
	case name == "ssh-rsa":
		return "RSA"
	case strings.HasPrefix(name, "ecdsa-"):
		return "ECDSA"
	}
	return name
}

// HostKeyUnconfirmed says that a machine showed a host key that nobody confirmed, or another one than was confirmed or
// pinned. It is an ErrConflict, and nothing was signed in to.
type HostKeyUnconfirmed struct {
	Offered string // the host key that the machine showed, as a line of authorized_keys
	Pinned  string // the one that was pinned before; empty for a machine that is new
	// Given says that somebody confirmed another fingerprint than the one of Offered.
	Given bool
}

// Error says what is to be compared.
func (e HostKeyUnconfirmed) Error() string {
	switch mine := Fingerprint(e.Offered); {
	case e.Pinned != "" && Fingerprint(e.Pinned) != mine:
		return "The machine shows another host key than before: " + mine + " instead of " + Fingerprint(e.Pinned) +
			". If it was not installed anew, somebody may be between you and it. Compare the fingerprint on the machine itself before you confirm it."
	case e.Given:
		return "The machine shows another host key than the one that was confirmed: its fingerprint is " + mine +
			". Compare it on the machine itself before you confirm it."
	default:
		return "Confirm the fingerprint of the machine's host key: " + mine + ". On the machine itself, ssh-keygen -l shows it."
	}
}

// Is makes errors.Is(err, ErrConflict) true.
func (e HostKeyUnconfirmed) Is(target error) bool { return target == ErrConflict }

func sshPort(port int) int {
	if port == 0 {
		return 22
	}
	return port
}

// hostPort joins host and port, without the port where it is the usual one.
func hostPort(host string, port int) string {
	if sshPort(port) != 22 {
		return net.JoinHostPort(host, strconv.Itoa(port))
	}
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}
