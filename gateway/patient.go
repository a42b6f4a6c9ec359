package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// patient asks a storage again when it fails, longer each time, and goes on where it stopped.
type patient struct {
	storage  Storage
	patience time.Duration
	log      *slog.Logger
}

const (
	defaultPatience = 2 * time.Minute
	firstPause      = 200 * time.Millisecond
	longestPause    = 15 * time.Second
)

// again calls do until it succeeds, fails for good, or patience is at its end.
func (p *patient) again(ctx context.Context, doing string, do func() error) error {
	patience := p.patience
	if patience == 0 {
		patience = defaultPatience
	}
	if patience < 0 {
		return do()
	}
	pauses := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(min(firstPause, patience/50)), backoff.WithMultiplier(2),
		backoff.WithMaxInterval(longestPause), backoff.WithMaxElapsedTime(patience),
	)
	var last error
	err := backoff.RetryNotify(func() error {
		last = do()
		if last != nil && lasting(last) {
			return backoff.Permanent(last)
		}
		return last
	}, backoff.WithContext(pauses, ctx), func(err error, pause time.Duration) {
		p.log.Warn("the storage failed; it is asked again", "doing", doing, "in", pause, "error", err)
	})
	if err != nil && last != nil {
		return last // rather than that the context ended while we waited
	}
	return err
}

// Save stores a file, again and again where the body can be read again. One that was stored although the storage said
// that it failed is found as taken, and compared by the caller.
func (p *patient) Save(ctx context.Context, name string, size int64, body io.Reader) error {
	seeker, ok := body.(io.Seeker)
	if !ok {
		return p.storage.Save(ctx, name, size, body)
	}
	return p.again(ctx, "store "+name, func() error {
		if _, err := seeker.Seek(0, io.SeekStart); err != nil {
			return fmt.Errorf("%w: %w", errForGood, err)
		}
		return p.storage.Save(ctx, name, size, body)
	})
}

// Stat returns a file's size.
func (p *patient) Stat(ctx context.Context, name string) (size int64, err error) {
	err = p.again(ctx, "look at "+name, func() (err error) {
		size, err = p.storage.Stat(ctx, name)
		return err
	})
	return size, err
}

// Remove removes a file. One that is gone at the second try was removed by the first.
func (p *patient) Remove(ctx context.Context, name string) error {
	tried := false
	return p.again(ctx, "remove "+name, func() error {
		err := p.storage.Remove(ctx, name)
		if tried && errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		tried = true
		return err
	})
}

// List calls each for every file once, in order; after a failure it goes on behind the last one.
func (p *patient) List(ctx context.Context, kind string, each func(id string, size int64) error) error {
	last := ""
	return p.again(ctx, "list "+kind, func() error {
		return p.storage.List(ctx, kind, func(id string, size int64) error {
			if id <= last {
				return nil
			}
			last = id
			if err := each(id, size); err != nil {
				return fmt.Errorf("%w: %w", errForGood, err)
			}
			return nil
		})
	})
}

// Load opens a file. What breaks off is opened again where it stopped.
func (p *patient) Load(ctx context.Context, name string, offset, length int64) (body io.ReadCloser, size int64, err error) {
	err = p.again(ctx, "read "+name, func() (err error) {
		body, size, err = p.storage.Load(ctx, name, offset, length)
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	left := size - offset
	if length > 0 {
		left = min(left, length)
	}
	return &resumed{p: p, ctx: ctx, name: name, size: size, offset: offset, left: left, body: body}, size, nil
}

// resumed is a file that is being read, over as many tries as it takes.
type resumed struct {
	p    *patient
	ctx  context.Context
	name string
	size int64 // of the whole file
	body io.ReadCloser

	offset, left int64
}

// Read gives the next bytes.
func (r *resumed) Read(p []byte) (n int, err error) {
	if r.left <= 0 {
		return 0, io.EOF
	}
	first := true
	err = r.p.again(r.ctx, "read "+r.name, func() error {
		if !first {
			if err := r.reopen(); err != nil {
				return err
			}
		}
		first = false
		n, err = r.body.Read(p[:min(int64(len(p)), r.left)])
		switch {
		case n > 0 || err == nil: // what is wrong shows at the next read
			return nil
		case errors.Is(err, io.EOF):
			return io.ErrUnexpectedEOF
		}
		return err
	})
	r.offset, r.left = r.offset+int64(n), r.left-int64(n)
	return n, err
}

// reopen opens the rest.
func (r *resumed) reopen() error {
	_ = r.body.Close()
	body, size, err := r.p.storage.Load(r.ctx, r.name, r.offset, r.left)
	if err != nil {
		r.body = io.NopCloser(failing{err})
		return err
	}
	r.body = body
	if size != r.size {
		return fmt.Errorf("%w: the file changed while it was read", errForGood)
	}
	return nil
}

// Close closes the file.
func (r *resumed) Close() error { return r.body.Close() }

// failing is a file that could not be opened again.
type failing struct{ err error }

// Read fails.
func (f failing) Read([]byte) (int, error) { return 0, f.err }
