//go:build tools

// Package s3server pins the real S3 server that tests run against.
package s3server

import _ "github.com/versity/versitygw/cmd/versitygw"
