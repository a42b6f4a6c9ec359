package storage

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/minio/minio-go/v7"

	"keepstead/model"
)

// s3Refusal is an answer of the server, in contrast to none.
type s3Refusal = minio.ErrorResponse

// missing says that the object is not there, while its bucket is.
func missing(err error) bool {
	code := minio.ToErrorResponse(err).Code
	return code == "NoSuchKey" || code == "NotFound" || code == "NoSuchVersion"
}

// Codes by what they are about. Servers differ; these are the ones of AWS, MinIO, Ceph, Garage, Backblaze, Cloudflare
// and VersityGW.
var (
	keyCodes    = []string{"InvalidAccessKeyId", "InvalidSecurity", "AuthFailure", "Unauthorized", "InvalidToken", "ExpiredToken", "UserSuspended", "NoSuchUser", "XAdminUserNotFound"}
	secretCodes = []string{"SignatureDoesNotMatch", "InvalidSignature"}
	clockCodes  = []string{"RequestTimeTooSkewed", "RequestExpired"}
	regionCodes = []string{"AuthorizationHeaderMalformed", "PermanentRedirect", "TemporaryRedirect", "InvalidRegion", "IllegalLocationConstraintException"}
	deniedCodes = []string{"AccessDenied", "AllAccessDisabled", "Forbidden", "MethodNotAllowed", "AccountProblem"}
	fullCodes   = []string{"XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded", "InsufficientStorage", "EntityTooLarge"}
)

// aboutBucket says that the server accepted the keys and refused for a reason that lies with the bucket.
func aboutBucket(err error) bool {
	res := minio.ToErrorResponse(err)
	if brokenKey(res) {
		return false
	}
	return res.Code == "NoSuchBucket" || res.Code == "InvalidBucketName" || slices.Contains(regionCodes, res.Code) || slices.Contains(deniedCodes, res.Code)
}

// brokenKey knows the servers that answer a wrong key with a code made for something else: Garage says AccessDenied,
// Cloudflare InvalidArgument.
func brokenKey(res minio.ErrorResponse) bool {
	text := strings.ToLower(res.Message)
	return (res.Code == "AccessDenied" || res.Code == "InvalidArgument" || res.Code == "Forbidden") &&
		(strings.Contains(text, "no such key") || strings.Contains(text, "access key") || strings.Contains(text, "invalid signature"))
}

// explain puts a failure into words. Nothing of the server's own text is repeated, only its code.
func (p *s3Place) explain(err error) *Error { return p.explainIn("s3:ListBucket", "list")(err) }

// explainIn is explain for a step that needs one permission.
func (p *s3Place) explainIn(permission, verb string) func(error) *Error {
	return func(err error) *Error {
		if e, ok := err.(*Error); ok { //nolint:errorlint // only our own, unwrapped, is already in words
			return e
		}
		if err == errStays { //nolint:errorlint // our own sentinel, never wrapped
			return &Error{Reason: "The test object is still there after it was deleted.", Mend: "The storage keeps deleted objects; turn off its retention for this bucket.", err: err}
		}
		if e := explainNetwork(p.host, err); e != nil {
			return e
		}
		e := p.explainCode(minio.ToErrorResponse(err), permission, verb)
		e.err = err
		if code := minio.ToErrorResponse(err).Code; missing(err) || code == "NoSuchBucket" {
			e.err = model.ErrNotFound
		}
		return e
	}
}

func (p *s3Place) explainCode(res minio.ErrorResponse, permission, verb string) *Error {
	in := func(codes []string) bool { return slices.Contains(codes, res.Code) }
	switch {
	case in(secretCodes) || brokenKey(res) && strings.Contains(strings.ToLower(res.Message), "signature"):
		return &Error{Field: "secret_key", Reason: "The secret key does not fit the access key.", Mend: "Copy the secret key again, without spaces around it."}
	case in(keyCodes) || brokenKey(res) || res.StatusCode == http.StatusUnauthorized:
		return &Error{Reason: "The server does not know this access key.", Mend: "Copy the access key id again, and check that it belongs to this endpoint."}
	case in(clockCodes):
		return &Error{Reason: "This machine's clock and the server's differ too much.", Mend: "Set the clock of this machine (turn on NTP), then test again."}
	case in(regionCodes):
		mend := "Give the bucket's region, and the endpoint of that region."
		if res.Region != "" {
			mend = "The server says the region is " + quote(res.Region) + "; give that region, and the endpoint that goes with it."
		}
		return &Error{Field: "region", Reason: "The bucket is in another region.", Mend: mend}
	case res.Code == "NoSuchBucket":
		return &Error{
			Reason: "There is no bucket " + quote(p.d.S3Bucket) + " at this endpoint.",
			Mend:   "Check the bucket's spelling, or make the bucket at your provider. The endpoint must be the S3 address, not the web console's.",
		}
	case res.Code == "InvalidBucketName":
		return &Error{Reason: "The server accepts no bucket of the name " + quote(p.d.S3Bucket) + ".", Mend: "Check the bucket's spelling: lower-case letters, digits, dots and hyphens."}
	case missing(minio.ErrorResponse{Code: res.Code}):
		return &Error{Reason: "The object is not there.", Mend: "Check the bucket and the prefix."}
	case in(deniedCodes):
		return &Error{Reason: "The key may not " + verb + " in the bucket " + quote(p.d.S3Bucket) + ".", Mend: "Allow the key " + permission + " on this bucket, or use another key."}
	case in(fullCodes) || res.StatusCode == http.StatusInsufficientStorage:
		return &Error{Reason: "The storage is full.", Mend: "Free some space or raise the quota at your provider."}
	case res.StatusCode >= http.StatusInternalServerError:
		return &Error{Reason: fmt.Sprintf("The server has trouble of its own (HTTP %d).", res.StatusCode), Mend: "Look into the storage server's log, or try again later."}
	case res.StatusCode != 0:
		return &Error{Reason: fmt.Sprintf("The server refused (HTTP %d%s).", res.StatusCode, codeWord(res.Code)), Mend: "Check that the endpoint is an S3 server's address, not its web console's."}
	}
	return &Error{Reason: "The answer is not an S3 server's.", Mend: "Check that the endpoint is the S3 address, not the web console's."}
}

var codeText = regexp.MustCompile(`^[A-Za-z0-9.]{1,60}$`)

// codeWord returns the server's error code for display, where it looks like one.
func codeWord(code string) string {
	if codeText.MatchString(code) {
		return ", " + code
	}
	return ""
}
