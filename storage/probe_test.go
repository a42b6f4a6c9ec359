package storage

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/uuid"

	"keepstead/device"
	"keepstead/model"
	"keepstead/testbed"
)

func s3Destination(b *testbed.Bucket, prefix string) (model.Destination, Credentials) {
	return model.Destination{
		ID: model.NewID(), Name: "bucket", Type: model.DestinationS3,
		S3Endpoint: b.Endpoint, S3Bucket: b.Name, S3Region: b.Region, S3Prefix: prefix, S3PathStyle: true, S3CACert: b.CACert,
	}, Credentials{AccessKey: b.AccessKey, SecretKey: b.SecretKey}
}

func folderDestination(path string) model.Destination {
	return model.Destination{ID: model.NewID(), Name: "folder", Type: model.DestinationLocal, LocalDeviceID: uuid.New(), LocalPath: path}
}

func local(t *testing.T) device.Host {
	t.Helper()
	host := device.NewLocal(slog.New(slog.DiscardHandler))
	t.Cleanup(func() { _ = host.Close() })
	return host
}

func open(t *testing.T, d model.Destination, c Credentials) Place {
	t.Helper()
	place, err := Open(d, c, local(t))
	if err != nil {
		t.Fatal(err)
	}
	return place
}

// outline writes a probe as one line: every step with its state's first letter.
func outline(p model.Probe) string {
	var out []string
	for _, s := range p.Steps {
		out = append(out, s.Name+":"+map[model.ProbeState]string{model.ProbeOK: "ok", model.ProbeFailed: "FAILED", model.ProbeSkipped: "-"}[s.State])
	}
	return strings.Join(out, " ")
}

// wantFailed checks that one step failed with a reason and a mend, that those before it passed and that none ran after it.
func wantFailed(t *testing.T, p model.Probe, step, reason string) {
	t.Helper()
	failed := p.Failed()
	if failed == nil {
		t.Fatalf("nothing failed: %s", outline(p))
	}
	if failed.Name != step || !strings.Contains(failed.Detail, reason) {
		t.Errorf("failed at %q: %q, want %q with %q", failed.Name, failed.Detail, step, reason)
	}
	if failed.Mend == "" {
		t.Errorf("no mend for %q", failed.Detail)
	}
	after := false
	for _, s := range p.Steps {
		if after && s.State != model.ProbeSkipped {
			t.Errorf("%s ran after the failure: %s", s.Name, outline(p))
		}
		after = after || s.Name == step
	}
	if step != "repository" && p.Repository != model.RepositoryUnknown {
		t.Errorf("repository is %q after a failure, want unknown", p.Repository)
	}
}

func TestProbeReportsEachStepAsItEnds(t *testing.T) {
	t.Parallel()
	place := open(t, folderDestination(t.TempDir()), Credentials{})
	var told []model.ProbeStep
	result := place.Probe(t.Context(), func(s model.ProbeStep) { told = append(told, s) })
	if fmt.Sprint(told) != fmt.Sprint(result.Steps) || len(told) == 0 {
		t.Errorf("told %v, result %v", told, result.Steps)
	}
}

func TestProbeStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	result := open(t, folderDestination(t.TempDir()), Credentials{}).Probe(ctx, nil)
	wantFailed(t, result, "folder", "stopped")
}

func TestCredentialsNeverPrint(t *testing.T) {
	t.Parallel()
	c := Credentials{AccessKey: "AKIDEXAMPLE", SecretKey: "wJalrXUtnFEMI"}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, value := range []any{c, &c, struct{ C Credentials }{c}} {
			if out := fmt.Sprintf(format, value); strings.Contains(out, "AKID") || strings.Contains(out, "wJalr") {
				t.Errorf("%s prints %s", format, out)
			}
		}
	}
}

func TestResticWords(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		d       model.Destination
		url     string
		options string
	}{
		{"folder", folderDestination("/mnt/b"), "/mnt/b", "[]"},
		{"host alone", model.Destination{Type: model.DestinationS3, S3Endpoint: "s3.example.com", S3Bucket: "b"}, "s3:https://s3.example.com/b", "[s3.bucket-lookup=auto]"},
		{
			"prefix, region, path style",
			model.Destination{Type: model.DestinationS3, S3Endpoint: "http://nas.lan:9000/", S3Bucket: "b", S3Prefix: "a/c", S3Region: "eu-1", S3PathStyle: true},
			"s3:http://nas.lan:9000/b/a/c", "[s3.bucket-lookup=path s3.region=eu-1]",
		},
		{"odd prefix", model.Destination{Type: model.DestinationS3, S3Endpoint: "s3.example.com", S3Bucket: "b", S3Prefix: "100% #1?"}, "s3:https://s3.example.com/b/100%25%20%231%3F", "[s3.bucket-lookup=auto]"},
		{"address", model.Destination{Type: model.DestinationS3, S3Endpoint: "http://10.0.0.2:9000", S3Bucket: "b"}, "s3:http://10.0.0.2:9000/b", "[s3.bucket-lookup=auto]"},
		{"address of version 6", model.Destination{Type: model.DestinationS3, S3Endpoint: "http://[fd00::2]:9000", S3Bucket: "b"}, "s3:http://[fd00::2]:9000/b", "[s3.bucket-lookup=auto]"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := ResticURL(test.d); got != test.url {
				t.Errorf("URL %q, want %q", got, test.url)
			}
			if got := fmt.Sprint(ResticOptions(test.d)); got != test.options {
				t.Errorf("options %s, want %s", got, test.options)
			}
		})
	}
}
