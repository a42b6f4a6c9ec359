package gateway

import (
	"context"
	"crypto/md5" //nolint:gosec // what S3 asks for; the SHA-256 goes along
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/minio/minio-go/v7"

	"keepstead/model"
	"keepstead/storage"
)

// bucket is a repository in a bucket, in restic's own layout.
type bucket struct {
	at *storage.Bucket
	// plain is set when the server turned out not to know uploads on the condition that a name is free.
	plain atomic.Bool
}

// S3 returns the storage that is a bucket, or a folder in one.
func S3(d model.Destination, accessKey, secretKey string) (Storage, error) {
	at, err := storage.OpenBucket(d, storage.Credentials{AccessKey: accessKey, SecretKey: secretKey})
	if err != nil {
		return nil, err
	}
	return &bucket{at: at}, nil
}

// rereads says that an upload is read for its checksums before it is sent.
func (b *bucket) rereads() {}

// wrap puts a failure into the words of Storage, with the plain sentence of what is wrong.
func (b *bucket) wrap(err error) error {
	kind := map[storage.Answer]error{
		storage.AnswerMissing: fs.ErrNotExist, storage.AnswerTaken: fs.ErrExist, storage.AnswerRange: ErrRange,
		storage.AnswerFull: errFull, storage.AnswerDenied: fs.ErrPermission, storage.AnswerFinal: errForGood,
	}[storage.AnswerOf(err)]
	switch {
	case err == nil:
		return nil
	case kind == nil:
		return b.at.Explain(err)
	}
	return fmt.Errorf("%w: %w", kind, b.at.Explain(err))
}

// Save uploads an object in one request, which S3 stores whole or not at all. Its checksums go along, so that the server
// refuses what changed on the way.
func (b *bucket) Save(ctx context.Context, name string, size int64, body io.Reader) error {
	seeker, ok := body.(io.ReadSeeker)
	if !ok {
		return errors.New("upload to S3: the upload cannot be read twice")
	}
	if _, err := b.Stat(ctx, name); err == nil {
		return fs.ErrExist // for servers that do not know the condition below
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	sums, sha := md5.New(), sha256.New() //nolint:gosec // see above
	if _, err := io.Copy(io.MultiWriter(sums, sha), seeker); err != nil {
		return err
	}
	for {
		plain := b.plain.Load()
		options := minio.PutObjectOptions{ContentType: "application/octet-stream"}
		if !plain {
			options.SetMatchETagExcept("*")
		}
		if _, err := seeker.Seek(0, io.SeekStart); err != nil {
			return err
		}
		_, err := b.at.Client.PutObject(ctx, b.at.Name, b.at.Key(name), seeker, size,
			base64.StdEncoding.EncodeToString(sums.Sum(nil)), hex.EncodeToString(sha.Sum(nil)), options)
		if err != nil && !plain && storage.AnswerOf(err) == storage.AnswerUnknown {
			b.plain.Store(true)
			continue
		}
		return b.wrap(err)
	}
}

// Load opens an object, or a part of it.
func (b *bucket) Load(ctx context.Context, name string, offset, length int64) (io.ReadCloser, int64, error) {
	var options minio.GetObjectOptions
	var err error
	switch {
	case length > 0:
		err = options.SetRange(offset, offset+length-1)
	case offset > 0:
		err = options.SetRange(offset, 0)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", errForGood, err)
	}
	body, info, header, err := b.at.Client.GetObject(ctx, b.at.Name, b.at.Key(name), options)
	if err != nil {
		return nil, 0, b.wrap(err)
	}
	if length <= 0 && offset == 0 {
		return body, info.Size, nil
	}
	begin, size, err := whole(header.Get("Content-Range"))
	if err != nil || begin != offset {
		return nil, 0, errors.Join(fmt.Errorf("the server gave another range than was asked for: %w", errForGood), err, body.Close())
	}
	return body, size, nil
}

// whole reads where a range begins and how large the whole object is.
func whole(contentRange string) (begin, size int64, err error) {
	text, _ := strings.CutPrefix(contentRange, "bytes ")
	span, of, _ := strings.Cut(text, "/")
	from, _, _ := strings.Cut(span, "-")
	if begin, err = strconv.ParseInt(from, 10, 64); err == nil {
		size, err = strconv.ParseInt(of, 10, 64)
	}
	return begin, size, err
}

// Stat returns an object's size.
func (b *bucket) Stat(ctx context.Context, name string) (int64, error) {
	info, err := b.at.Client.StatObject(ctx, b.at.Name, b.at.Key(name), minio.StatObjectOptions{})
	return info.Size, b.wrap(err)
}

// List lists the objects of a kind.
func (b *bucket) List(ctx context.Context, kind string, each func(id string, size int64) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	prefix := b.at.Key(kind) + "/"
	for o := range b.at.Client.ListObjectsIter(ctx, b.at.Name, minio.ListObjectsOptions{Prefix: prefix, Recursive: true}) {
		if o.Err != nil {
			return b.wrap(o.Err)
		}
		t := target{kind: kind, id: path.Base(o.Key)}
		if !isID(t.id) || o.Key != b.at.Key(t.name()) {
			continue
		}
		if err := each(t.id, o.Size); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Remove removes an object.
func (b *bucket) Remove(ctx context.Context, name string) error {
	return b.wrap(b.at.Client.RemoveObject(ctx, b.at.Name, b.at.Key(name), minio.RemoveObjectOptions{}))
}
