package model

import "fmt"

// DestinationSecrets are the plain credentials of one request: on their way from a form to the sealed columns, never
// stored or shown. An empty field leaves the stored credential as it is when a destination is changed.
type DestinationSecrets struct {
	AccessKey    string
	SecretKey    string
	SFTPPassword string
	SFTPKey      string // a private key
	// Fingerprint is that of the SFTP server's host key, as a person confirmed it.
	Fingerprint string
	// RepoPassword is given only to adopt an existing repository; a new one gets a generated password.
	RepoPassword string
}

// String hides the credentials.
func (DestinationSecrets) String() string { return sealedText }

// GoString hides the credentials from %#v.
func (DestinationSecrets) GoString() string { return sealedText }

// Format hides the credentials from every verb.
func (DestinationSecrets) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(sealedText)) }

// MarshalJSON hides the credentials: they come in, and never go out.
func (DestinationSecrets) MarshalJSON() ([]byte, error) { return []byte(`"` + sealedText + `"`), nil }

// Validate checks that a new destination of type t has the credentials it needs.
func (s DestinationSecrets) Validate(t DestinationType) error {
	var problems Invalids
	if t == DestinationS3 {
		if s.AccessKey == "" {
			problems.Add("access_key", "Give the access key id.")
		}
		if s.SecretKey == "" {
			problems.Add("secret_key", "Give the secret access key.")
		}
	}
	switch {
	case t != DestinationSFTP:
	case s.SFTPPassword == "" && s.SFTPKey == "":
		problems.Add("password", "Give the password or a private key of the user.")
	case s.SFTPPassword != "" && s.SFTPKey != "":
		problems.Add("password", "Give a password or a private key, not both.")
	}
	checkPrivateKey(&problems, "private_key", s.SFTPKey)
	checkFingerprint(&problems, "host_key_fingerprint", s.Fingerprint)
	for field, v := range map[string]string{
		"access_key": s.AccessKey, "secret_key": s.SecretKey, "password": s.SFTPPassword, "repo_password": s.RepoPassword,
	} {
		if len(v) > 1024 || !printable(v) {
			problems.Add(field, "Use at most 1024 printable characters on one line.")
		}
	}
	return problems.Err()
}
