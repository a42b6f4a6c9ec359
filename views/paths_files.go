package views

import (
	"net/url"

	"github.com/google/uuid"

	"keepstead/model"
)

// AppFilesPath is the page that finds a file in all snapshots of an app (query q).
func AppFilesPath(id uuid.UUID) string { return AppPath(id) + "/files" }

// VersionsPath is the page with the states that a file had in the snapshots of an app.
func VersionsPath(app uuid.UUID, file string) string {
	return withQuery(AppFilesPath(app)+"/versions", url.Values{"path": {file}})
}

// SnapshotSearchPath is the page that finds a file in a snapshot (query q, and in: app for all snapshots of the app).
func SnapshotSearchPath(id uuid.UUID) string { return SnapshotPath(id) + "/search" }

// SnapshotIndexPath indexes the files of a snapshot (POST; field next).
func SnapshotIndexPath(id uuid.UUID) string { return SnapshotPath(id) + "/index" }

// ComparePath is the page that compares a snapshot with another (queries with, kind, q, cursor).
func ComparePath(id uuid.UUID) string { return SnapshotPath(id) + "/compare" }

// CompareWithPath is that page with the other snapshot chosen.
func CompareWithPath(id, with uuid.UUID) string {
	return withQuery(ComparePath(id), url.Values{"with": {with.String()}})
}

// RestoreFilePath is the form of a restore with one file chosen.
func RestoreFilePath(id uuid.UUID, file string) string {
	return withQuery(RestorePath(id), url.Values{"file": {FileValue(file)}})
}

// SnapshotMorePath is the fragment with the entries of a folder behind those that are shown.
func SnapshotMorePath(id uuid.UUID, dir, after string) string {
	return SnapshotFilesPath(id, dir) + "&after=" + url.QueryEscape(after)
}

// SnapshotDirMorePath is the page of a snapshot with a folder open behind an entry.
func SnapshotDirMorePath(id uuid.UUID, dir, after string) string {
	return withQuery(SnapshotPath(id), url.Values{"dir": {dir}, "after": {after}}) + "#files"
}

// with writes the filter of a comparison as its address, at another place of the list or for another kind.
func (q CompareQuery) with(id uuid.UUID, kind model.ChangeKind, cursor string) string {
	v := url.Values{"with": {q.With}}
	for key, value := range map[string]string{"kind": string(kind), "q": q.Text, "cursor": cursor} {
		if value != "" {
			v.Set(key, value)
		}
	}
	return withQuery(ComparePath(id), v)
}
