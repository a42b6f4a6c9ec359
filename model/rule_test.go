package model

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestJudgeRule(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	ago := func(days int) *time.Time { t := now.AddDate(0, 0, -days); return &t }
	atlas, nas := Device{ID: uuid.New(), Name: "atlas", Kind: DeviceLocal}, Device{ID: uuid.New(), Name: "nas", Kind: DeviceSSH}
	disk := Destination{ID: uuid.New(), Name: "disk", Type: DestinationLocal, LocalDeviceID: atlas.ID, Enabled: true, TotalSnapshots: 1, LastCheckAt: ago(3), Site: "Flat"}
	far := Destination{ID: uuid.New(), Name: "b2", Type: DestinationS3, S3Endpoint: "s3.us-west-002.backblazeb2.com", Enabled: true, TotalSnapshots: 1, LastCheckAt: ago(15), TamperResult: TamperHeld}
	minio := Destination{ID: uuid.New(), Name: "minio", Type: DestinationS3, S3Endpoint: "http://192.168.1.9:9000", S3Region: "us-east-1", Enabled: true, TamperResult: TamperBroken}
	share := Destination{ID: uuid.New(), Name: "share", Type: DestinationLocal, LocalDeviceID: nas.ID, Enabled: true, Site: "flat"}
	app := func(name string, held ...Destination) AppOverview {
		c := ConfigurationOverview{Status: Protected}
		for _, d := range held {
			c.Coverage = append(c.Coverage, Coverage{DestinationID: d.ID, LastGoodAt: ago(0)})
		}
		return AppOverview{App: App{Name: name, Kind: AppFolders}, Device: atlas, Configurations: []ConfigurationOverview{c}, Status: Protected}
	}
	judge := func(destinations []Destination, apps ...AppOverview) Rule {
		return JudgeRule(apps, destinations, []Device{atlas, nas}, now)
	}
	all := []Destination{disk, far, minio, share}
	for _, c := range []struct {
		name                          string
		of                            AppOverview
		copies, kinds, offsite, locks bool
	}{
		{"nothing", app("a"), false, false, false, false},
		{"beside the data", app("a", disk), false, false, false, false},
		{"at a company", app("a", far), false, true, true, true},
		{"on another device of the flat", app("a", share), false, true, false, false},
		{"at a server whose place is not known", app("a", disk, minio), true, true, false, false},
		{"beside the data and at a company", app("a", disk, far), true, true, true, true},
	} {
		r := judge(all, c.of)
		got := []bool{r.Copies.Met(), r.Kinds.Met(), r.Offsite.Met(), r.Locked.Met()}
		if !slices.Equal(got, []bool{c.copies, c.kinds, c.offsite, c.locks}) {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	r := judge(all, app("a", disk, far), app("b", disk))
	if r.Copies.Have != 1 || r.Copies.Of != 2 || !slices.Equal(r.Offsite.Lacking, []string{"b"}) || r.Met() != 0 {
		t.Errorf("two apps: %+v", r)
	}
	names := func(in []Destination) (out []string) {
		for _, d := range in {
			out = append(out, d.Name)
		}
		return out
	}
	if got := names(r.Offsite.Doubt); !slices.Equal(got, []string{"minio"}) {
		t.Errorf("not known where they stand: %v", got)
	}
	if got := names(r.Locked.Doubt); !slices.Equal(got, []string{"disk", "share"}) {
		t.Errorf("never tried: %v", got)
	}
	if got := names(r.Checked.Doubt); !slices.Equal(got, []string{"b2"}) || r.Checked.Of != 2 || r.Checked.Have != 1 {
		t.Errorf("checks: %+v", r.Checked)
	}
	paused, gone := app("paused"), app("gone")
	paused.Status, gone.App.Gone = Paused, true
	far.LastCheckAt = ago(14)
	if r := judge([]Destination{disk, far}, app("a", disk, far), paused, gone); r.Met() != 5 {
		t.Errorf("apps that are off count: %+v", r)
	}
	far.Enabled = false
	if r := judge([]Destination{disk, far}, app("a", disk, far)); r.Copies.Met() || r.Offsite.Met() || len(r.Offsite.By) != 0 {
		t.Errorf("a disabled destination counts: %+v", r)
	}
	if r := judge(nil); r.Met() != 0 {
		t.Errorf("nothing at all keeps the rule: %+v", r)
	}
	two := app("a", disk, far)
	two.Configurations = append(two.Configurations, app("a", disk).Configurations...)
	if judge(all, two).Copies.Met() {
		t.Error("an app counts by its best configuration")
	}
}
