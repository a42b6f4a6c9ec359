package jobs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"keepstead/device"
	"keepstead/gateway"
	"keepstead/model"
	"keepstead/storage"
	"keepstead/store"
)

// tamper tries to destroy what a destination holds with exactly what a device has in a job. Everything must be refused; an
// attempt that is not fails the job, and the destination's page says so until a later test holds.
func (r *run) tamper(ctx context.Context) finish {
	d, err := r.Store.Destination(ctx, r.job.DestinationID)
	if err != nil {
		return r.failed(ctx, fmt.Errorf("read the destination: %w", err))
	}
	r.phase("tampering", "Trying to destroy what is stored, with what a device has in a job.")
	var broken, detail string
	if d.Type == model.DestinationS3 && d.Direct {
		broken, detail, err = r.tamperBucket(ctx, d)
	} else {
		broken, detail, err = r.tamperGateway(ctx, d)
	}
	if err != nil {
		return r.failed(ctx, err)
	}
	result := &store.Tamper{At: r.now(), Result: model.TamperHeld, Detail: detail}
	out := store.Outcome{State: model.JobSuccess, Result: &model.Result{}}
	if broken != "" {
		result.Result, result.Detail = model.TamperBroken, broken
		out.State, out.Cause, out.Message, out.Mend = model.JobFailed, model.CauseTampered, broken, detail
	}
	out.Destination = store.DestinationStats{Tamper: result}
	return finish{Outcome: out}
}

// tamperBucket tries the credentials that devices are given where they reach the bucket directly. broken is a sentence
// about what they could do, empty for nothing.
func (r *run) tamperBucket(ctx context.Context, d model.Destination) (broken, detail string, err error) {
	o, err := r.open(ctx, d, purpose{on: r.on, log: r.log})
	if err != nil {
		return "", "", err
	}
	defer o.end()
	destroyed, err := storage.TryDestroy(ctx, o.place)
	switch {
	case err != nil:
		return "", "", err
	case destroyed:
		return "The bucket's key, which devices have during their jobs, can delete or replace what is stored.",
			"Turn “direct” off, so that devices go through Keepstead; or give the key no right to delete outside of locks/, and let the bucket keep versions, with Object Lock.", nil
	}
	return "", "The bucket's key could neither delete nor replace a test object.", nil
}

// tamperGateway lends the repository as to a device, and attacks it from the other end.
func (r *run) tamperGateway(ctx context.Context, d model.Destination) (broken, detail string, err error) {
	s, err := r.secrets(d)
	if err != nil {
		return "", "", err
	}
	host, end, err := r.placeHost(ctx, d, s)
	if err != nil {
		return "", "", err
	}
	o := opened{destination: d, end: end}
	defer func() { o.end() }()
	if err := r.lend(ctx, &o, s, host, purpose{on: r.on}); err != nil {
		return "", "", err
	}
	tried, own, err := gateway.Tamper(ctx, o.at, "")
	if own != "" {
		if left := r.dropOwn(ctx, d, s, host, own); left != nil && err == nil {
			err = left
		}
	}
	if err != nil {
		return "", "", fmt.Errorf("attack the repository: %w", err)
	}
	var names []string
	for _, a := range tried {
		if a.Done {
			return fmt.Sprintf("Somebody with a device's access could %s.", a.What), "Stop using this destination for other machines, and report this as a bug of Keepstead.", nil
		}
		r.log.printf("Refused: %s.", a.What)
		names = append(names, a.What)
	}
	kinds := unique(names) // some were tried on several files: the log tells of each
	return "", model.RefusedAttempts(kinds), nil
}

// dropOwn removes the file that the attack stored.
func (r *run) dropOwn(ctx context.Context, d model.Destination, s model.DestinationSecrets, host device.Host, name string) error {
	files, err := repositoryFiles(d, s, host)
	if err == nil {
		err = files.Remove(context.WithoutCancel(ctx), name)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the file of the attack: %w", err)
	}
	return nil
}

func unique(all []string) []string {
	var out []string
	for _, s := range all {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
