package storage

import (
	"errors"
	"net/http"
	"slices"

	"github.com/minio/minio-go/v7"

	"keepstead/model"
)

// Bucket is a destination's bucket for whoever moves a repository's files through it. It connects by the rules of this
// room: no metadata addresses, no redirects, the destination's own authority.
type Bucket struct {
	Client minio.Core
	Name   string
	place  *s3Place
}

// OpenBucket returns the bucket of an S3 destination.
func OpenBucket(d model.Destination, c Credentials) (*Bucket, error) {
	if d.Type != model.DestinationS3 {
		return nil, errors.New("open a bucket: the destination is of another type")
	}
	place, err := newS3(d, c)
	if err != nil {
		return nil, err
	}
	return &Bucket{Client: place.client, Name: d.S3Bucket, place: place}, nil
}

// Key returns the full name of a repository's file in the bucket.
func (b *Bucket) Key(name string) string { return b.place.key(name) }

// Explain puts a failure of the bucket into words; what is missing is model.ErrNotFound.
func (b *Bucket) Explain(err error) *Error { return b.place.explain(err) }

// Answer is what kind of answer a failure of a bucket is.
type Answer int

// The answers that differ in what follows from them.
const (
	AnswerTrouble Answer = iota // none, or one that may be another the next time
	AnswerMissing               // no such object, or no such bucket
	AnswerTaken                 // the object is there already
	AnswerRange                 // the range lies beyond the object's end
	AnswerFull
	AnswerDenied
	AnswerUnknown // the server does not know what was asked of it
	AnswerFinal   // another refusal, which will be the same the next time
)

// AnswerOf reads a failure.
func AnswerOf(err error) Answer {
	res := minio.ToErrorResponse(err)
	in := func(codes ...string) bool { return slices.Contains(codes, res.Code) }
	switch {
	case !errors.As(err, new(s3Refusal)):
		return AnswerTrouble
	case missing(err) || in("NoSuchBucket"):
		return AnswerMissing
	case in("PreconditionFailed", "ConditionalRequestConflict"):
		return AnswerTaken
	case in("InvalidRange") || res.StatusCode == http.StatusRequestedRangeNotSatisfiable:
		return AnswerRange
	case in(fullCodes...) || res.StatusCode == http.StatusInsufficientStorage:
		return AnswerFull
	case in(deniedCodes...) || in(keyCodes...) || in(secretCodes...):
		return AnswerDenied
	case in("NotImplemented") || res.StatusCode == http.StatusNotImplemented:
		return AnswerUnknown
	case res.StatusCode/100 == 4 && res.StatusCode != http.StatusRequestTimeout && res.StatusCode != http.StatusTooManyRequests && !in("RequestTimeout", "BadDigest", "IncompleteBody"):
		return AnswerFinal
	}
	return AnswerTrouble
}
