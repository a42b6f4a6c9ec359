package restic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// array runs a reading command whose output is one JSON array, and calls each at every element: thousands of snapshots
// are one line of many megabytes.
func (r Repo) array(ctx context.Context, args []string, each func(*json.Decoder) error) error {
	return r.decode(ctx, call{args: args, stream: true}, each)
}

func (r Repo) decode(ctx context.Context, c call, each func(*json.Decoder) error) error {
	from, to := io.Pipe()
	c.raw = to
	ran := make(chan error, 1)
	go func() {
		err := r.run(ctx, c)
		ran <- err
		_ = to.CloseWithError(io.EOF)
	}()
	reading := elements(json.NewDecoder(from), each)
	if reading != nil && c.stream {
		_ = from.CloseWithError(reading) // ends the command at its next write
	}
	_, _ = io.Copy(io.Discard, from) // what changes the repository is not ended by an output that cannot be read
	err := <-ran
	switch {
	case err != nil && reading != nil && errors.Is(err, reading):
		return reading
	case err != nil:
		return err
	case reading != nil:
		return fmt.Errorf("read the output of restic %s: %w", c.args[0], reading)
	}
	return nil
}

// elements reads an array. No output at all is an empty array: restic writes nothing where it found nothing.
func elements(d *json.Decoder, each func(*json.Decoder) error) error {
	switch first, err := d.Token(); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return err
	case first == nil: // null
		return nil
	case first != json.Delim('['):
		return fmt.Errorf("found %v, not an array", first)
	}
	for d.More() {
		if err := each(d); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}
