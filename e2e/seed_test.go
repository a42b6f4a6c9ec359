package e2e

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	_ "github.com/mattn/go-sqlite3" // the store's driver, for rows by the hundred thousand
)

// benchRows are the jobs, and the snapshots, of a Keepstead that has worked for years.
const benchRows = 100_000

// rewrite changes the database of a stopped Keepstead in one transaction.
func rewrite(b *testing.B, data string, change func(*sql.Tx)) {
	b.Helper()
	db, err := sql.Open("sqlite3", filepath.Join(data, "keepstead.db")+"?_foreign_keys=off&_txlock=immediate")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	tx, err := db.Begin()
	if err != nil {
		b.Fatal(err)
	}
	change(tx)
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
	if _, err := db.Exec("ANALYZE"); err != nil {
		b.Fatal(err)
	}
}

// multiply copies the finished backups and their snapshots until there are benchRows of each, an hour apart.
func multiply(b *testing.B, data string) {
	b.Helper()
	rewrite(b, data, func(tx *sql.Tx) { years(b, tx, time.Hour, func(int, map[string]any, map[string]any) {}) })
}

// years copies the finished backups and their snapshots until there are benchRows of each, a step apart, after bend
// has been over the two.
func years(b *testing.B, tx *sql.Tx, step time.Duration, bend func(i int, snapshot, job map[string]any)) {
	b.Helper()
	snapshots, jobs := templates(b, tx, "snapshots", "1"), templates(b, tx, "jobs", "kind = 'backup' AND state = 'success'")
	for i := len(jobs.rows); i < benchRows; i++ {
		at := time.Now().UTC().Add(-time.Duration(benchRows-i) * step)
		s, j := snapshots.row(i), jobs.row(i)
		id := uuid.Must(uuid.NewV7())
		for n := range 6 { // a UUIDv7 begins with its milliseconds
			id[n] = byte(at.UnixMilli() >> (8 * (5 - n)))
		}
		s["id"], j["id"], j["snapshot_id"] = id.String(), id.String(), id.String()
		s["restic_snapshot_id"] = fmt.Sprintf("%064x", rand.Uint64())
		for column, value := range map[string]time.Time{"started_at": at, "completed_at": at.Add(time.Minute), "created_at": at} {
			s[column] = like(s[column], value)
		}
		for column, value := range map[string]time.Time{"started_at": at, "finished_at": at.Add(time.Minute), "created_at": at} {
			j[column] = like(j[column], value)
		}
		bend(i, s, j)
		snapshots.insert(b, tx, s)
		jobs.insert(b, tx, j)
	}
}

// like writes a time as the template's row does.
func like(template any, at time.Time) any {
	text, ok := template.(string)
	if !ok {
		return at
	}
	for _, form := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999-07:00"} {
		if _, err := time.Parse(form, text); err == nil {
			return at.Format(form)
		}
	}
	return at.Format(time.RFC3339Nano)
}

// table is what rows of one table are copied from.
type table struct {
	name    string
	columns []string
	rows    [][]any
	into    *sql.Stmt
}

func templates(b *testing.B, tx *sql.Tx, name, where string) *table {
	b.Helper()
	// The casts keep the driver from turning text into times, which would be written back in another form.
	t := &table{name: name}
	found, err := tx.Query("SELECT name FROM pragma_table_info('" + name + "')")
	if err != nil {
		b.Fatal(err)
	}
	for found.Next() {
		var column string
		if err := found.Scan(&column); err != nil {
			b.Fatal(err)
		}
		t.columns = append(t.columns, column)
	}
	rows, err := tx.Query("SELECT +" + strings.Join(t.columns, ", +") + " FROM " + name + " WHERE " + where)
	if err != nil {
		b.Fatal(err)
	}
	for rows.Next() {
		values, into := make([]any, len(t.columns)), make([]any, len(t.columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			b.Fatal(err)
		}
		t.rows = append(t.rows, values)
	}
	if err := rows.Err(); err != nil || len(t.rows) == 0 {
		b.Fatalf("no rows of %s to copy: %v", name, err)
	}
	t.into, err = tx.Prepare("INSERT INTO " + name + " (" + strings.Join(t.columns, ", ") + ") VALUES (?" + strings.Repeat(", ?", len(t.columns)-1) + ")")
	if err != nil {
		b.Fatal(err)
	}
	return t
}

func (t *table) row(i int) map[string]any {
	out := map[string]any{}
	for n, column := range t.columns {
		out[column] = t.rows[i%len(t.rows)][n]
	}
	return out
}

func (t *table) insert(b *testing.B, tx *sql.Tx, row map[string]any) {
	b.Helper()
	values := make([]any, len(t.columns))
	for n, column := range t.columns {
		values[n] = row[column]
	}
	if _, err := t.into.Exec(values...); err != nil {
		b.Fatalf("copy a row of %s: %v", t.name, err)
	}
}
