package views

import (
	"context"
	"strings"

	"keepstead/model"
	"keepstead/views/lang"
	"keepstead/views/ui"
)

// preset is what is known of a provider of S3 storage.
type preset struct {
	Value, Name            string
	Endpoint, EndpointHint string
	Region, RegionHint     string
	PathStyle              string // on, or empty
}

func presets() []preset {
	return []preset{
		{Value: "b2", Name: "Backblaze B2", EndpointHint: "s3.us-west-002.backblazeb2.com", RegionHint: "us-west-002"},
		{Value: "aws", Name: "AWS S3", Endpoint: "s3.amazonaws.com", RegionHint: "eu-central-1"},
		{Value: "wasabi", Name: "Wasabi", EndpointHint: "s3.eu-central-1.wasabisys.com", RegionHint: "eu-central-1"},
		{Value: "r2", Name: "Cloudflare R2", EndpointHint: "ACCOUNT.r2.cloudflarestorage.com", Region: "auto"},
		{Value: "hetzner", Name: "Hetzner", EndpointHint: "fsn1.your-objectstorage.com", RegionHint: "fsn1"},
		{Value: "minio", Name: "MinIO", EndpointHint: "http://192.168.1.10:9000", Region: "us-east-1", PathStyle: "on"},
		{Value: "other", Name: "Other", EndpointHint: "s3.example.com"},
	}
}

func destinationFieldNames() []string {
	return []string{
		"name", "type", "path", "device_id", "endpoint", "bucket", "region", "prefix", "ca_cert", "access_key", "secret_key", "repo_password",
		"host", "port", "user", "password", "private_key", "host_key_fingerprint", "provider", "site", "bytes_per_second",
		"price_per_tb_month", "price_currency", "window_days", "window_from", "window_to", "window_time_zone",
	}
}

func destinationHeading(ctx context.Context, p DestinationProps) ui.Heading {
	state := ui.OfDestination(p.Destination)
	return ui.Heading{Up: DestinationsPath, UpText: lang.T(ctx, "Destinations"), Title: p.Destination.Name, State: &state, Sub: p.Destination.Place(), Path: true}
}

func destinationFormHead(ctx context.Context, p DestinationFormProps) ui.Heading {
	if p.Destination != nil {
		return ui.Heading{Up: DestinationPath(p.Destination.ID), UpText: p.Destination.Name, Title: naming(ctx, "Edit "+gap, p.Destination.Name)}
	}
	return ui.Heading{
		Up: DestinationsPath, UpText: lang.T(ctx, "Destinations"), Title: lang.T(ctx, "Add destination"),
		Sub: lang.T(ctx, "Everything is encrypted before it leaves its machine."),
	}
}

func keptKey(edit bool) string {
	if edit {
		return "kept as it is"
	}
	return ""
}

// openAt counts the jobs that run at a destination.
func openAt(open []JobItem, d model.Destination) int {
	n := 0
	for _, j := range open {
		if j.DestinationID == d.ID && j.State == model.JobRunning {
			n++
		}
	}
	return n
}

// placeState is how a destination stands on its card: what is wrong comes before what runs.
func placeState(p DestinationsProps, d model.Destination) ui.State {
	if d.Enabled && d.LastError == "" && openAt(p.Open, d) > 0 {
		return ui.OfJob(model.JobRunning)
	}
	return ui.OfDestination(d)
}

// domainOf is what fails together with a destination: who runs it and where it stands, as far as that is known.
func domainOf(p DestinationsProps, d model.Destination) []string {
	name := ""
	for _, device := range p.Devices {
		if device.ID == d.LocalDeviceID {
			name = device.Name
		}
	}
	var out []string
	domain := d.FailureDomain(name)
	for _, part := range []string{domain.Provider, domain.Site} {
		if part != "" {
			out = append(out, part)
		}
	}
	return out
}

// tamperWords say what the last attempt to destroy what is stored came to.
func tamperWords(d model.Destination) string {
	switch d.TamperResult {
	case model.TamperHeld:
		return "Tamper test held"
	case model.TamperBroken:
		return "Tamper test failed: a device can destroy it"
	}
	return "Tamper test never run"
}

// placeOn is where a destination is, with the device where that is another one than this.
func placeOn(ctx context.Context, d model.Destination, devices []model.Device) string {
	for _, device := range devices {
		if d.Type == model.DestinationLocal && device.ID == d.LocalDeviceID {
			return d.Place() + lang.T(ctx, onDevice(device))
		}
	}
	return d.Place()
}

// usedBy names the policies that write to a destination.
func usedBy(policies []model.Policy, d model.Destination) string {
	var names []string
	for _, p := range policies {
		for _, id := range p.DestinationIDs {
			if id == d.ID {
				names = append(names, p.Name)
			}
		}
	}
	if len(names) == 0 {
		return "Used by no policy"
	}
	return "Used by " + strings.Join(names, ", ")
}

// stepWord names a step of a test.
func stepWord(name string) string {
	switch name {
	case "resolve":
		return "Find the host"
	case "connect":
		return "Connect"
	case "tls":
		return "Encrypt (TLS)"
	case "credentials", "login":
		return "Sign in"
	case "host_key":
		return "Host key"
	case "shell":
		return "Run a command"
	case "sudo":
		return "sudo"
	case "files":
		return "Files"
	case "forwarding":
		return "Forwarding"
	case "restic":
		return "restic"
	case "engine":
		return "Docker"
	case "space":
		return "Space left"
	case "bucket":
		return "Open the bucket"
	case "folder":
		return "Open the folder"
	case "write":
		return "Write"
	case "read":
		return "Read back"
	case "delete":
		return "Delete"
	case "repository":
		return "Repository"
	}
	return name
}

// skippedWord says why a step was not run: it has a detail where it does not apply, and none behind the one that failed.
func skippedWord(s model.ProbeStep) string {
	if s.Detail == "" {
		return "Not reached"
	}
	return "Not needed"
}

// repositoryWords says what a tested place holds.
func repositoryWords(p model.Probe) string {
	text := ""
	switch p.Repository {
	case model.RepositoryNone:
		text = "The place is empty: a new repository can be made."
	case model.RepositoryPresent:
		text = "There is a restic repository."
		if p.Ours {
			text = "Its repository is there, and can be written to and read from."
		}
	case model.RepositoryForeign:
		text = "There are other files in this place; choose an empty folder for the backups."
	}
	if p.FreeBytes >= 0 {
		text = strings.TrimSpace(text + " " + ui.Bytes(p.FreeBytes) + " are free.")
	}
	return text
}

// derived says under a field of the failure domain what stands where nothing is set.
func derived(text string) string {
	if text == "" {
		return "Left empty: not known."
	}
	return "Left empty: “" + text + "”."
}

// failureDomain is the failure domain that an unset field would have.
func failureDomain(p DestinationFormProps) model.FailureDomain {
	if p.Destination == nil {
		return model.FailureDomain{}
	}
	d := *p.Destination
	d.Provider, d.Site = "", ""
	name := ""
	for _, device := range p.Devices {
		if device.ID == d.LocalDeviceID {
			name = device.Name
		}
	}
	return d.FailureDomain(name)
}
