package store

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"keepstead/model"
)

// AuditLog lists the chosen entries, newest first, one page at a time.
func (s *Store) AuditLog(ctx context.Context, f model.AuditFilter) ([]model.AuditEntry, error) {
	return all[model.AuditEntry](ctx, s.r, "list the audit log", func(q *bun.SelectQuery) *bun.SelectQuery {
		if f.Who != "" {
			q = q.Where(`actor LIKE ? ESCAPE '\'`, containing(f.Who))
		}
		if f.Subject != "" {
			q = q.Where(`subject_name LIKE ? ESCAPE '\'`, containing(f.Subject))
		}
		if len(f.Acts) > 0 {
			q = q.Where("act IN (?)", bun.List(f.Acts))
		}
		if f.Outcome != "" {
			q = q.Where("outcome = ?", f.Outcome)
		}
		if f.Cursor != uuid.Nil {
			q = q.Where("id < ?", f.Cursor)
		}
		return q.Order("id DESC").Limit(int64(f.Size()))
	})
}

// containing is the pattern of a text somewhere in a column.
func containing(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(cleanText(text)) + "%"
}

// CreateAuditEntry adds an entry. Nothing that is shown elsewhere changes with it.
func (s *Store) CreateAuditEntry(ctx context.Context, e model.AuditEntry) error {
	newID(&e.ID, model.NewID)
	if e.At.IsZero() {
		e.At = now()
	}
	return s.writeAside(ctx, "write the audit log", func(ctx context.Context, tx bun.Tx) error { return insert(ctx, tx, &e) })
}

// TrimAuditLog takes away what is older than before, and the oldest beyond the number to keep.
func (s *Store) TrimAuditLog(ctx context.Context, before time.Time, keep int) error {
	return s.writeAside(ctx, "trim the audit log", func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.NewRaw("DELETE FROM audit_entries WHERE at < ?", before.UTC()).Exec(ctx); err != nil {
			return err
		}
		_, err := tx.NewRaw("DELETE FROM audit_entries WHERE id <= (SELECT id FROM audit_entries ORDER BY id DESC LIMIT 1 OFFSET ?)", keep).Exec(ctx)
		return err
	})
}

// subjectNames is how the name of each kind of subject is found. What has none of its own has that of what it belongs to.
var subjectNames = map[model.SubjectKind]string{
	model.SubjectApp:           "SELECT name FROM apps WHERE id = ?",
	model.SubjectDestination:   "SELECT name FROM destinations WHERE id = ?",
	model.SubjectDevice:        "SELECT name FROM devices WHERE id = ?",
	model.SubjectPolicy:        "SELECT name FROM policies WHERE id = ?",
	model.SubjectUser:          "SELECT name FROM users WHERE id = ?",
	model.SubjectToken:         "SELECT name FROM tokens WHERE id = ?",
	model.SubjectChannel:       "SELECT name FROM channels WHERE id = ?",
	model.SubjectConfiguration: "SELECT a.name FROM configurations AS c JOIN apps AS a ON a.id = c.app_id WHERE c.id = ?",
	model.SubjectSnapshot:      "SELECT a.name FROM snapshots AS s JOIN apps AS a ON a.id = s.app_id WHERE s.id = ?",
	model.SubjectJob: `SELECT coalesce(a.name, d.name) FROM jobs AS j LEFT JOIN apps AS a ON a.id = j.app_id
		LEFT JOIN destinations AS d ON d.id = j.destination_id WHERE j.id = ? AND coalesce(a.name, d.name) IS NOT NULL`,
}

// SubjectName is what the audit log calls something; model.ErrNotFound where it is not there or has no name.
func (s *Store) SubjectName(ctx context.Context, kind model.SubjectKind, id uuid.UUID) (name string, err error) {
	query, ok := subjectNames[kind]
	if !ok {
		return "", model.ErrNotFound
	}
	return name, fail("name what an act is about", s.r.NewRaw(query, id).Scan(ctx, &name))
}

// Present says which of the ids still name something that a page shows, and by which id: a configuration is on the page of
// its app.
func (s *Store) Present(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]uuid.UUID, error) {
	out := map[uuid.UUID]uuid.UUID{}
	if len(ids) == 0 {
		return out, nil
	}
	var found []struct{ ID, Page uuid.UUID }
	err := s.r.NewRaw(`SELECT id, id AS page FROM apps WHERE id IN (?0) AND forgotten_at IS NULL
		UNION ALL SELECT id, id FROM destinations WHERE id IN (?0) AND removed_at IS NULL
		UNION ALL SELECT id, app_id FROM configurations WHERE id IN (?0)
		UNION ALL SELECT id, id FROM devices WHERE id IN (?0) UNION ALL SELECT id, id FROM policies WHERE id IN (?0)
		UNION ALL SELECT id, id FROM snapshots WHERE id IN (?0) UNION ALL SELECT id, id FROM jobs WHERE id IN (?0)
		UNION ALL SELECT id, id FROM users WHERE id IN (?0) UNION ALL SELECT id, id FROM tokens WHERE id IN (?0)
		UNION ALL SELECT id, id FROM channels WHERE id IN (?0)`,
		bun.List(ids)).Scan(ctx, &found)
	for _, f := range found {
		out[f.ID] = f.Page
	}
	return out, fail("look for what is still there", err)
}
