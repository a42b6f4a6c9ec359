package views

import (
	"strconv"
	"strings"
	"time"

	"keepstead/model"
)

// AppForm is the form of an app as it was typed. Paths has one path a line.
type AppForm struct {
	Name     string `form:"name"`
	Paths    string `form:"paths"`
	DeviceID string `form:"device_id"`
}

// NewAppForm fills the form from an app.
func NewAppForm(a model.App) AppForm {
	return AppForm{Name: a.Name, Paths: Lines(a.Paths), DeviceID: a.DeviceID.String()}
}

// KeepForm is the numbers of a retention as they were typed; empty means 0.
type KeepForm struct {
	Last    string `form:"keep_last"`
	Hourly  string `form:"keep_hourly"`
	Daily   string `form:"keep_daily"`
	Weekly  string `form:"keep_weekly"`
	Monthly string `form:"keep_monthly"`
	Yearly  string `form:"keep_yearly"`
}

// NewKeepForm fills the numbers from a retention.
func NewKeepForm(r model.Retention) KeepForm {
	return KeepForm{
		Last: number(r.KeepLast), Hourly: number(r.KeepHourly), Daily: number(r.KeepDaily),
		Weekly: number(r.KeepWeekly), Monthly: number(r.KeepMonthly), Yearly: number(r.KeepYearly),
	}
}

// ConfigurationForm is the form of a configuration as it was typed.
type ConfigurationForm struct {
	PolicyID     string `form:"policy_id"`
	IncludePaths string `form:"include_paths"` // one a line
	ExcludePaths string `form:"exclude_paths"` // one a line
	Retention    string `form:"retention"`     // policy or own
	// Scope says that the form has the boxes of what belongs to an app made of containers.
	Scope   string `form:"scope"`
	Volumes string `form:"backup_volumes"` // on when checked
	Compose string `form:"backup_compose"`
	Env     string `form:"backup_env"`
	KeepForm
}

// NewConfigurationForm fills the form from a configuration; the numbers are those in force.
func NewConfigurationForm(c model.Configuration, p model.Policy) ConfigurationForm {
	f := ConfigurationForm{
		PolicyID: c.PolicyID.String(), IncludePaths: Lines(c.IncludePaths), ExcludePaths: Lines(c.ExcludePaths),
		Retention: "policy", KeepForm: NewKeepForm(c.Keep(p)),
		Volumes: checked(c.BackupVolumes), Compose: checked(c.BackupCompose), Env: checked(c.BackupEnv),
	}
	if c.Retention != nil {
		f.Retention = "own"
	}
	return f
}

// PolicyForm is the form of a policy as it was typed.
type PolicyForm struct {
	Name           string   `form:"name"`
	Description    string   `form:"description"`
	Enabled        string   `form:"enabled"` // on when checked
	Default        string   `form:"default"` // on when checked
	Schedule       string   `form:"schedule"`
	TimeZone       string   `form:"time_zone"`
	Jitter         string   `form:"jitter_minutes"`
	DestinationIDs []string `form:"destination_ids"`
	Preset         string   `form:"preset"`     // a common schedule that was pressed without scripts
	LookAhead      string   `form:"look_ahead"` // days that the simulator shows
	Version        string   `form:"version"`    // of the policy that was opened; see PolicyVersion
	KeepForm
}

// PolicyVersion names the state of a policy, so that a save tells whether somebody was faster.
func PolicyVersion(p model.Policy) string {
	if p.UpdatedAt.IsZero() {
		return ""
	}
	return p.UpdatedAt.UTC().Format(time.RFC3339Nano)
}

// NewPolicyForm fills the form from a policy.
func NewPolicyForm(p model.Policy) PolicyForm {
	f := PolicyForm{
		Name: p.Name, Description: p.Description, Schedule: p.Schedule, TimeZone: p.TimeZone, Jitter: number(p.JitterMinutes), KeepForm: NewKeepForm(p.Retention),
		Version: PolicyVersion(p),
	}
	if p.Enabled {
		f.Enabled = "on"
	}
	if p.IsDefault {
		f.Default = "on"
	}
	for _, id := range p.DestinationIDs {
		f.DestinationIDs = append(f.DestinationIDs, id.String())
	}
	return f
}

// RestoreForm is the form of a restore as it was typed. Files, volumes and databases are written by FileValue.
type RestoreForm struct {
	Files  []string `form:"file"`
	Where  string   `form:"where"` // folder or in_place
	Target string   `form:"target_path"`
	// DeviceID is where files go that are laid into a folder, ProjectDeviceID where a new project is made; empty is the
	// device of the app.
	DeviceID        string `form:"target_device_id"`
	ProjectDeviceID string `form:"project_device_id"`
	// Mode is how an app made of containers comes back: a model.AppMode, or files. Empty for another app.
	Mode      string   `form:"mode"`
	Volumes   []string `form:"volume"`
	Databases []string `form:"database"`
	Project   string   `form:"project"`
	Folder    string   `form:"folder"`
	PortsFrom []string `form:"port_from"` // as published, beside PortsTo
	PortsTo   []string `form:"port_to"`   // empty takes a free one
	Isolated  string   `form:"isolated"`  // on when checked, like the next three
	Safety    string   `form:"safety"`
	Stop      string   `form:"stop"` // of files in place: containers that use them
	Start     string   `form:"start"`
}

// ModeFiles brings back files of an app's snapshot, and leaves its containers as they are made.
const ModeFiles = "files"

// Parts says that the form brings back an app made of containers, not files.
func (f RestoreForm) Parts() bool { return f.Mode != "" && f.Mode != ModeFiles }

// CaptureForm is how each service of an app is captured, as it was typed. The lists run side by side; Services are
// written by FileValue.
type CaptureForm struct {
	Services   []string `form:"service"`
	Strategies []string `form:"strategy"` // empty leaves the choice to Keepstead
	Pre        []string `form:"pre"`
	Post       []string `form:"post"`
	Timeouts   []string `form:"timeout"` // seconds
	OnFailure  []string `form:"on_failure"`
	RawToo     string   `form:"raw_too"` // on when checked
}

// ServiceForm is the part of a CaptureForm that belongs to one service.
type ServiceForm struct{ Strategy, Pre, Post, Timeout, OnFailure string }

// Of returns the part of the service; ok is false where the form does not have it.
func (f CaptureForm) Of(service string) (part ServiceForm, ok bool) {
	at := func(list []string, i int) string {
		if i < len(list) {
			return list[i]
		}
		return ""
	}
	for i, value := range f.Services {
		if name, err := FilePath(value); err == nil && name == service {
			return ServiceForm{at(f.Strategies, i), at(f.Pre, i), at(f.Post, i), at(f.Timeouts, i), at(f.OnFailure, i)}, true
		}
	}
	return ServiceForm{}, false
}

// Lines joins entries one a line, for a text area.
func Lines(entries []string) string { return strings.Join(entries, "\n") }

// Entries splits a text area into its trimmed, non-empty lines.
func Entries(text string) []string {
	var out []string
	for _, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

func checked(on bool) string {
	if on {
		return "on"
	}
	return ""
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
