package handlers

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"keepstead/jobs"
	"keepstead/model"
	"keepstead/views"
	"keepstead/views/ui"
)

// snapshotsQuery is a filter with the place in its list.
type snapshotsQuery struct {
	views.SnapshotQuery
	Cursor string `query:"cursor"`
}

// Snapshots lists the snapshots that the filter chooses.
func (h *Handlers) Snapshots(c *fiber.Ctx) error {
	return list(h, c, "snapshots", h.snapshotsProps, views.SnapshotsPage)
}

func (h *Handlers) snapshotsProps(ctx context.Context, frame views.Chrome, q snapshotsQuery) (views.SnapshotsProps, error) {
	q.SnapshotQuery = views.KnownSnapshots(q.SnapshotQuery)
	p := views.SnapshotsProps{Chrome: frame, Filter: q.SnapshotQuery}
	f, err := q.filter(frame.Zone)
	if err != nil {
		return p, err
	}
	if p.Apps, err = h.Jobs.Apps(ctx); err != nil {
		return p, err
	}
	if p.Destinations, err = h.Store.Destinations(ctx); err != nil {
		return p, err
	}
	if p.Devices, err = h.Store.Devices(ctx); err != nil {
		return p, err
	}
	f.Limit++ // one more than is shown tells whether there is a next page
	rows, err := h.snapshots(ctx, f)
	if err != nil {
		return p, err
	}
	p.Snapshots, p.Paging = paged(rows, func(s views.SnapshotItem) uuid.UUID { return s.ID }, place{views.SnapshotsPath, q.values, q.Cursor != ""})
	if len(p.Snapshots) == 0 {
		p.Any, err = h.anySnapshots(ctx)
	}
	return p, err
}

// anySnapshots says whether there is a snapshot at all, whatever a filter leaves out.
func (h *Handlers) anySnapshots(ctx context.Context) (bool, error) {
	found, err := h.Store.Snapshots(ctx, model.SnapshotFilter{Page: model.Page{Limit: 1}})
	return len(found) > 0, err
}

// filter reads the query; its days are those of zone. An id or a date that is none is refused: it would show everything.
func (q snapshotsQuery) filter(zone *time.Location) (model.SnapshotFilter, error) {
	var problems model.Invalids
	f := model.SnapshotFilter{
		AppID:         optionalID(&problems, "app_id", q.AppID),
		DeviceID:      optionalID(&problems, "device_id", q.DeviceID),
		DestinationID: optionalID(&problems, "destination_id", q.DestinationID),
		Status:        model.SnapshotStatus(q.Status),
		Page:          model.Page{Cursor: optionalID(&problems, "cursor", q.Cursor), Limit: listRows},
	}
	var err error
	if f.From, err = day(zone, "from", q.From, 0); err != nil {
		problems = append(problems, model.Refused(err)...)
	}
	if f.To, err = day(zone, "to", q.To, 1); err != nil {
		problems = append(problems, model.Refused(err)...)
	}
	return f, problems.Err()
}

// values writes the filter back as a query, at another place of the list.
func (q snapshotsQuery) values(cursor uuid.UUID) url.Values {
	return filled(map[string]string{
		"app_id": q.AppID, "device_id": q.DeviceID, "destination_id": q.DestinationID, "status": q.Status, "from": q.From, "to": q.To,
	}, cursor)
}

// Snapshot shows one snapshot; the folder that the address names, or a place where its top folder will be.
func (h *Handlers) Snapshot(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	frame, err := h.live(c, "snapshot", id)
	if err != nil {
		return err
	}
	props, err := h.snapshotProps(c.UserContext(), frame, id)
	if err != nil {
		return err
	}
	s := props.Snapshot.Snapshot
	if props.Files, err = h.firstFiles(c, frame.Clock, s); err != nil {
		return err
	}
	if s.Contents != nil || props.App.Containers() && !jobs.SavedFiles(s) {
		props.Contents = views.ContentsProps{Clock: frame.Clock, SnapshotID: id, Contents: s.Contents, Later: s.Contents == nil}
	}
	return render(c, views.SnapshotPage(props))
}

// firstFiles is the folder that the address names. Where it names none and restic would have to be asked, which takes its
// time, it is a place for the top folder, for which the page does not wait.
func (h *Handlers) firstFiles(c *fiber.Ctx, clock ui.Clock, s model.Snapshot) (views.SnapshotFilesProps, error) {
	indexed, err := h.Jobs.Indexed(c.UserContext(), s.ID)
	if err != nil {
		return views.SnapshotFilesProps{}, err
	}
	if c.Query("dir") == "" && !indexed {
		return laterFiles(clock, s), nil
	}
	return h.files(c.UserContext(), clock, s, c.Query("dir"), c.Query("after"))
}

// laterFiles is a place where the top folder of a snapshot will be.
func laterFiles(clock ui.Clock, s model.Snapshot) views.SnapshotFilesProps {
	return views.SnapshotFilesProps{Clock: clock, SnapshotID: s.ID, Dir: top(s.Paths), Later: true}
}

// SnapshotContents says what a snapshot of an app holds: to htmx that alone, else the page with it.
func (h *Handlers) SnapshotContents(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if _, err := h.Store.Snapshot(c.UserContext(), id); err != nil {
		return err
	}
	p, err := h.contentsProps(c, id)
	if err != nil {
		return err
	}
	if isFragment(c) {
		return render(c, views.SnapshotContents(p))
	}
	frame, err := h.live(c, "snapshot", id)
	if err != nil {
		return err
	}
	frame.Live = views.LivePath("snapshot", id)
	props, err := h.snapshotProps(c.UserContext(), frame, id)
	if err != nil {
		return err
	}
	props.Contents, props.Files = p, laterFiles(frame.Clock, props.Snapshot.Snapshot)
	return render(c, views.SnapshotPage(props))
}

// contentsProps is what a snapshot of an app holds, or a sentence why that is not known.
func (h *Handlers) contentsProps(c *fiber.Ctx, id uuid.UUID) (views.ContentsProps, error) {
	clock, err := h.clock(c)
	if err != nil {
		return views.ContentsProps{}, err
	}
	p := views.ContentsProps{Clock: clock, SnapshotID: id}
	switch p.Contents, err = h.contents(c.UserContext(), id); {
	case err != nil && !errors.Is(err, model.ErrNotFound) && sentence(err) != "":
		p.Error = sentence(err)
	case err != nil && !errors.Is(err, model.ErrNotFound):
		p.Error = "The destination cannot be read now. Test it on its page, then try again."
	case p.Contents == nil:
		p.Error = "This snapshot says nothing of containers; its files are below."
	}
	return p, nil
}

// contents is what a snapshot of an app holds. An error that nobody has a sentence for is logged here, since the pages
// go on without.
func (h *Handlers) contents(ctx context.Context, id uuid.UUID) (*model.Contents, error) {
	contents, err := h.Jobs.Contents(ctx, id)
	if err != nil && sentence(err) == "" && !errors.Is(err, model.ErrNotFound) {
		h.Log.Error("read what a snapshot holds", "snapshot", id, "error", err)
	}
	return contents, err
}

func (h *Handlers) snapshotProps(ctx context.Context, frame views.Chrome, id uuid.UUID) (views.SnapshotProps, error) {
	p := views.SnapshotProps{Chrome: frame}
	s, err := h.Store.Snapshot(ctx, id)
	if err != nil {
		return p, err
	}
	if p.Snapshot, err = h.snapshotItem(ctx, s); err != nil {
		return p, err
	}
	if p.App, err = h.appOf(ctx, s); err != nil {
		return p, err
	}
	if p.Device, err = h.sourceOf(ctx, s, p.App); err != nil {
		return p, err
	}
	p.JobID, err = h.jobOf(ctx, id)
	return p, err
}

// sourceOf is the device whose files a snapshot holds: the one with its host name, else that of its app where it has
// none. It is nil where neither is known.
func (h *Handlers) sourceOf(ctx context.Context, s model.Snapshot, app model.App) (*model.Device, error) {
	all, err := h.Store.Devices(ctx)
	if err != nil {
		return nil, err
	}
	for _, d := range all {
		if d.Hostname == s.Hostname && s.Hostname != "" || s.Hostname == "" && d.ID == app.DeviceID {
			return &d, nil
		}
	}
	return nil, nil //nolint:nilnil // it was removed since, or the snapshot comes from elsewhere
}

// SnapshotFiles shows one folder of a snapshot: to htmx the folder alone, else the page with it open.
func (h *Handlers) SnapshotFiles(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if !isFragment(c) {
		return goTo(c, views.SnapshotDirPath(id, c.Query("dir", "/")))
	}
	s, err := h.Store.Snapshot(c.UserContext(), id)
	if err != nil {
		return err
	}
	clock, err := h.clock(c)
	if err != nil {
		return err
	}
	props, err := h.files(c.UserContext(), clock, s, c.Query("dir"), c.Query("after"))
	if err != nil {
		return err
	}
	if c.Query("after") != "" && props.Error == "" {
		return render(c, views.SnapshotEntries(props))
	}
	return render(c, views.SnapshotFiles(props))
}

// ConfirmForgetSnapshot asks before a snapshot is deleted.
func (h *Handlers) ConfirmForgetSnapshot(c *fiber.Ctx) error {
	s, err := named(c, h.Store.Snapshot)
	if err != nil {
		return err
	}
	item, err := h.snapshotItem(c.UserContext(), s)
	if err != nil {
		return err
	}
	frame, err := h.chrome(c)
	if err != nil {
		return err
	}
	return render(c, views.ConfirmPage(views.ConfirmProps{
		Chrome: frame, Heading: "Delete this snapshot?", Button: "Delete snapshot",
		Action: views.SnapshotForgetPath(s.ID), Back: views.SnapshotPath(s.ID),
		BackName: item.AppName + ", " + frame.Minute(s.StartedAt),
		Lost: []string{"The state of " + item.AppName + " at " + frame.Minute(s.StartedAt) +
			" in " + item.DestinationName + " is deleted. Nothing can bring it back."},
		Stays: []string{"All other snapshots stay, and so do the files themselves."},
	}))
}

// ForgetSnapshot deletes one snapshot.
func (h *Handlers) ForgetSnapshot(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	job, err := h.Jobs.ForgetSnapshot(c.UserContext(), id, model.TriggerManual)
	if err != nil {
		return err
	}
	return goTo(c, views.JobPath(job.ID))
}
