package views

import (
	"path"
	"strings"
	"unicode"

	"keepstead/model"
)

// KeysProps is the page of Keepstead's own keys. POST KeysRotatePath.
type KeysProps struct {
	Chrome
	Keys         model.OwnKeys
	DataDir      string
	Destinations []model.Destination
}

// byPassphrase says that a passphrase protects the data key; a key file does otherwise.
func byPassphrase(k model.OwnKeys) bool { return k.Master == "passphrase" }

// protects says what protects the data key.
func protects(k model.OwnKeys) string {
	if byPassphrase(k) {
		return "a passphrase"
	}
	return "a key file"
}

// keyFile is where the master key is, where a file holds it.
func keyFile(p KeysProps) string { return path.Join(p.DataDir, "master.key") }

// changeMaster is the command that protects the database with another master key, for a shell.
func changeMaster(p KeysProps, to string) string {
	dir := p.DataDir
	if strings.ContainsFunc(dir, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("/._-", r)
	}) {
		dir = "'" + strings.ReplaceAll(dir, "'", `'\''`) + "'"
	}
	return "keepstead key change-master " + to + " --data " + dir
}
