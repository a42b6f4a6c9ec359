package jobs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"keepstead/model"
	"keepstead/testbed"
)

// TestTamper attacks a destination that devices reach through Keepstead, which holds, and a bucket whose key they are
// given, which does not: the job fails, and the destination says so until it holds again.
func TestTamper(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.start()
	folder := h.destination()
	_, c := h.app(12)
	h.expect(h.backup(c), model.JobSuccess, "")
	before := filesIn(t, folder.LocalPath)

	job, err := h.Maintain(t.Context(), folder.ID, model.JobTamper)
	h.must(err)
	job = h.wait(job.ID)
	h.expect(job, model.JobSuccess, "")
	for _, attempt := range []string{"delete a pack", "overwrite a pack", "delete a snapshot", "delete a key", "delete the repository's config", "delete the repository", "read another destination"} {
		if text := h.jobText(job.ID); !strings.Contains(text, "Refused: "+attempt) {
			t.Errorf("%q was not tried: %s", attempt, text)
		}
	}
	if after := filesIn(t, folder.LocalPath); after != before {
		t.Errorf("the repository holds\n%s\nafter the attack, and held\n%s", after, before)
	}
	folder, err = h.Store.Destination(t.Context(), folder.ID)
	h.must(err)
	if folder.TamperResult != model.TamperHeld || folder.TamperedAt == nil {
		t.Errorf("the destination says %q, %v", folder.TamperResult, folder.TamperedAt)
	}

	b := testbed.S3(t)
	bucket, err := h.AddDestination(t.Context(),
		model.Destination{Name: "Bucket", Type: model.DestinationS3, S3Endpoint: b.Endpoint, S3Bucket: b.Name, S3Region: b.Region, Direct: true},
		model.DestinationSecrets{AccessKey: b.AccessKey, SecretKey: b.SecretKey})
	h.must(err)
	for _, step := range []struct {
		direct bool
		state  model.JobState
		cause  model.Cause
		result model.TamperResult
	}{{true, model.JobFailed, model.CauseTampered, model.TamperBroken}, {false, model.JobSuccess, "", model.TamperHeld}} {
		bucket.Direct = step.direct
		_, err = h.ChangeDestination(t.Context(), bucket, model.DestinationSecrets{})
		h.must(err)
		job, err := h.Maintain(t.Context(), bucket.ID, model.JobTamper)
		h.must(err)
		h.expect(h.wait(job.ID), step.state, step.cause)
		now, err := h.Store.Destination(t.Context(), bucket.ID)
		h.must(err)
		if now.TamperResult != step.result || now.TamperDetail == "" {
			t.Errorf("direct %t: the destination says %q: %s", step.direct, now.TamperResult, now.TamperDetail)
		}
	}
}

// filesIn lists the files below a folder, one a line.
func filesIn(t *testing.T, dir string) string {
	t.Helper()
	var out strings.Builder
	err := filepath.WalkDir(dir, func(name string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			out.WriteString(strings.TrimPrefix(name, dir) + "\n")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}
