// Package storage reaches the place behind a destination without restic: it tests the place step by step, reads the
// raw `config` file that pins a repository, adds up what is stored, and removes a lock or the remains of a failed
// creation. Everything else in a repository is restic's alone.
package storage

import (
	"context"
	"fmt"
	"net/url"
	"path"

	"keepstead/device"
	"keepstead/model"
)

// Credentials are the plain keys of an S3 destination, opened at the last line before use. They print as nothing.
type Credentials struct{ AccessKey, SecretKey string }

// String hides the keys.
func (Credentials) String() string { return "[hidden]" }

// GoString hides the keys from %#v.
func (Credentials) GoString() string { return "[hidden]" }

// Format hides the keys from every verb.
func (Credentials) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[hidden]")) }

// Place is one destination's storage.
type Place interface {
	// Probe tests the place step by step, each within ten seconds, and tells step (which may be nil) about each as it
	// ends. It writes, reads and deletes one object outside restic's names, leaves nothing behind and creates no bucket.
	Probe(ctx context.Context, step func(model.ProbeStep)) model.Probe
	// Config returns the repository's raw `config` file, or an error that is model.ErrNotFound when it is not there.
	Config(ctx context.Context) ([]byte, error)
	// Size returns the bytes stored under the repository's own names.
	Size(ctx context.Context) (int64, error)
	// RemoveLock removes one lock by its id, 64 hexadecimal digits. A lock that is gone already is no error.
	RemoveLock(ctx context.Context, id string) error
	// Clear removes the skeleton that a failed `restic init` left: only where there are neither packs, indexes nor
	// snapshots, else it answers model.ErrConflict and touches nothing.
	Clear(ctx context.Context) error
}

// Open returns the place of d. host is the device that a folder is on, or the SFTP server, which is not reached before
// something is asked of the place; an S3 place does not use it.
func Open(d model.Destination, c Credentials, host device.Host) (Place, error) {
	switch d.Type {
	case model.DestinationS3:
		return newS3(d, c)
	case model.DestinationLocal:
		return newFolder(d.LocalPath, host)
	case model.DestinationSFTP:
		return newSFTP(d, host)
	}
	return nil, fmt.Errorf("open storage: type %q is not known", d.Type)
}

// ResticURL returns the repository's location in restic's words, without any credential.
func ResticURL(d model.Destination) string {
	if d.Type != model.DestinationS3 {
		return d.LocalPath
	}
	u, err := url.Parse(model.EndpointURL(d.S3Endpoint))
	if err != nil {
		return "s3:" + d.Place() // Validate refuses such an endpoint; restic says so where a row was made otherwise
	}
	u.Path = "/" + path.Join(d.S3Bucket, d.S3Prefix)
	return "s3:" + u.String()
}

// ResticOptions returns the values for restic's -o that the destination needs.
func ResticOptions(d model.Destination) []string {
	if d.Type != model.DestinationS3 {
		return nil
	}
	lookup := "auto" // the bucket in the host name where the provider is known to want it, such as AWS; else in the path
	if d.S3PathStyle {
		lookup = "path"
	}
	options := []string{"s3.bucket-lookup=" + lookup}
	if d.S3Region != "" {
		options = append(options, "s3.region="+d.S3Region)
	}
	return options
}

// Settled says that what was written into one of restic's folders at a place is on its disk by now: S3 answers no sooner, and
// a folder is synced. An SFTP server that cannot be told to leaves it to the machine it runs on, and may lose in a power cut
// what it took a minute ago.
func Settled(ctx context.Context, p Place, folder string) (bool, error) {
	at, err := folderOf(ctx, p, "ask what the server can do")
	if err != nil || at == nil {
		return err == nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, at.limit)
	defer cancel()
	settled, err := within(ctx, func() (bool, error) { return at.files.Syncs(at.path(folder)) })
	if err != nil {
		return false, at.wrap("make what is stored durable", err)
	}
	return settled, nil
}

// folderOf is the folder that a place is, nil for another kind of storage.
func folderOf(ctx context.Context, p Place, doing string) (*folderPlace, error) {
	switch at := p.(type) {
	case *folderPlace:
		return at, nil
	case *sftpPlace:
		return at.reached(ctx, doing)
	}
	return nil, nil
}

// Free returns the bytes that are left at a place; known is false where its storage does not tell, as S3 never does.
func Free(ctx context.Context, p Place) (free int64, known bool) {
	at, err := folderOf(ctx, p, "ask for the free space")
	if err != nil || at == nil {
		return 0, false
	}
	ctx, cancel := context.WithTimeout(ctx, at.limit)
	defer cancel()
	free, err = within(ctx, func() (int64, error) { return at.files.Space(at.root) })
	return free, err == nil
}
