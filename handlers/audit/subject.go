package audit

import (
	"strings"

	"github.com/google/uuid"

	"keepstead/model"
)

// kinds are the words in addresses after which the id of something stands.
var kinds = map[string]model.SubjectKind{
	"apps": model.SubjectApp, "configurations": model.SubjectConfiguration, "destinations": model.SubjectDestination,
	"destination": model.SubjectDestination, // of the set-up
	"devices":     model.SubjectDevice, "jobs": model.SubjectJob, "policies": model.SubjectPolicy, "snapshots": model.SubjectSnapshot,
	"notifications": model.SubjectChannel, "tokens": model.SubjectToken, "users": model.SubjectUser,
}

// subject reads from an address what it is about: what has an id there, or else the kind of what it makes.
func subject(path string) (kind model.SubjectKind, id uuid.UUID) {
	path, _, _ = strings.Cut(path, "?")
	parts := strings.Split(path, "/")
	for i, part := range parts {
		k, ok := kinds[part]
		if !ok {
			continue
		}
		if i+1 < len(parts) {
			if id, err := uuid.Parse(parts[i+1]); err == nil {
				return k, id
			}
		}
		kind = k
	}
	return kind, uuid.Nil
}
