//go:build tools

// Package mongo pins what stands in for MongoDB in tests: FerretDB, which speaks its protocol and keeps SQLite files, and
// MongoDB's own tools.
package mongo

import (
	_ "github.com/FerretDB/FerretDB/cmd/ferretdb"
	_ "github.com/mongodb/mongo-tools/mongodump/main"
	_ "github.com/mongodb/mongo-tools/mongoexport/main"
	_ "github.com/mongodb/mongo-tools/mongoimport/main"
	_ "github.com/mongodb/mongo-tools/mongorestore/main"
)
