package storage

import (
	"errors"
	"io"
	"log"
	"strings"
	"testing"

	"keepstead/model"
	"keepstead/testbed"
)

func discardLog() *log.Logger { return log.New(io.Discard, "", 0) }

func TestS3Config(t *testing.T) {
	t.Parallel()
	b := testbed.S3(t)
	b.Put(t, "mine/config", "pinned")
	d, c := s3Destination(b, "mine")
	got, err := open(t, d, c).Config(t.Context())
	if err != nil || string(got) != "pinned" {
		t.Errorf("config %q, %v", got, err)
	}
	d.S3Prefix = "other"
	if _, err := open(t, d, c).Config(t.Context()); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("no config: %v, want ErrNotFound", err)
	}
	d.S3Bucket = "nowhere"
	if _, err := open(t, d, c).Config(t.Context()); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("no bucket: %v, want ErrNotFound", err)
	}
	d.S3Endpoint = "http://" + testbed.FreePort(t)
	_, err = open(t, d, c).Config(t.Context())
	var words *Error
	if errors.Is(err, model.ErrNotFound) || !errors.As(err, &words) || words.Mend == "" {
		t.Errorf("server down: %v, want words and not ErrNotFound", err)
	}
}

func TestS3SizeCountsOnlyTheRepository(t *testing.T) {
	t.Parallel()
	b := testbed.S3(t)
	for key, content := range map[string]string{"config": "12345", "keys/k": "123", "data/00/a": "1234567", "index/i": "1", "snapshots/s": "12", "locks/l": "1", "films/x": "123456789"} {
		b.Put(t, key, content)
	}
	d, c := s3Destination(b, "")
	if _, known := Free(t.Context(), open(t, d, c)); known {
		t.Error("a bucket says how much room is left")
	}
	if got, err := open(t, d, c).Size(t.Context()); got != 19 || err != nil {
		t.Errorf("size %d, %v, want 19", got, err)
	}
	d.S3Prefix = "empty"
	if got, err := open(t, d, c).Size(t.Context()); got != 0 || err != nil {
		t.Errorf("size of nothing %d, %v", got, err)
	}
}

func TestS3RemoveLock(t *testing.T) {
	t.Parallel()
	b := testbed.S3(t)
	id := strings.Repeat("0a", 32)
	b.Put(t, "locks/"+id, "x")
	b.Put(t, "config", "x")
	d, c := s3Destination(b, "")
	place := open(t, d, c)
	for _, bad := range []string{"", "../config", id[:63], id + "0", strings.ToUpper(id), id[:62] + "/."} {
		if err := place.RemoveLock(t.Context(), bad); err == nil {
			t.Errorf("removed lock %q", bad)
		}
	}
	for range 2 { // the second time it is gone already
		if err := place.RemoveLock(t.Context(), id); err != nil {
			t.Error(err)
		}
	}
	if keys := b.Keys(t); len(keys) != 1 || keys[0] != "config" {
		t.Errorf("left %q, want config alone", keys)
	}
}

func TestS3Clear(t *testing.T) {
	t.Parallel()
	for _, precious := range []string{"data/00/pack", "snapshots/s", "index/i"} {
		t.Run(precious, func(t *testing.T) {
			t.Parallel()
			b := testbed.S3(t)
			for _, key := range []string{"config", "keys/k", precious} {
				b.Put(t, key, "x")
			}
			d, c := s3Destination(b, "")
			if err := open(t, d, c).Clear(t.Context()); !errors.Is(err, model.ErrConflict) {
				t.Errorf("clear: %v, want a conflict", err)
			}
			if keys := b.Keys(t); len(keys) != 3 {
				t.Errorf("something was removed; left %q", keys)
			}
		})
	}
	b := testbed.S3(t)
	for _, key := range []string{"mine/config", "mine/keys/k", "mine/locks/l", "mine2/config", "keys/k"} {
		b.Put(t, key, "x")
	}
	d, c := s3Destination(b, "mine")
	if err := open(t, d, c).Clear(t.Context()); err != nil {
		t.Fatal(err)
	}
	if keys := strings.Join(b.Keys(t), " "); keys != "keys/k mine2/config" {
		t.Errorf("left %q", keys)
	}
}
