package restic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"keepstead/device"
)

// Key is one of the repository's keys: each opens it with a password of its own.
type Key struct {
	ID       string    `json:"id"`
	Current  bool      `json:"current"` // the one that was used to read this
	Username string    `json:"userName"`
	Hostname string    `json:"hostName"`
	Created  time.Time `json:"-"` // to the second
}

// Keys lists the repository's keys.
func (r Repo) Keys(ctx context.Context) ([]Key, error) {
	r.Env = append(slices.Clip(r.Env), "TZ=UTC") // the time is written without its zone
	var keys []Key
	err := r.array(ctx, []string{"key", "list", "--json", "--no-lock"}, func(d *json.Decoder) error {
		var k struct {
			Key
			Created string `json:"created"`
		}
		if err := d.Decode(&k); err != nil {
			return err
		}
		at, err := time.Parse(time.DateTime, k.Created)
		if err != nil {
			return fmt.Errorf("when the key %.8s was made: %w", k.ID, err)
		}
		k.Key.Created = at
		keys = append(keys, k.Key)
		return nil
	})
	return keys, err
}

var savedKey = regexp.MustCompile(`saved new key with ID ([0-9a-f]{64})\b`)

// AddKey adds a key that opens the repository with password, and returns its id. user and host only say whose it is.
func (r Repo) AddKey(ctx context.Context, password, user, host string) (id string, err error) {
	r.Hidden = append(slices.Clip(r.Hidden), password)
	err = r.run(ctx, call{
		args:    []string{"key", "add", "--json", "--new-password-file={fd:newpassword}", "--user=" + user, "--host=" + host},
		secrets: []device.Secret{{Name: "newpassword", Content: []byte(password + "\n")}},
		stdout: func(line []byte) error {
			if m := savedKey.FindSubmatch(line); m != nil {
				id = string(m[1])
			}
			r.logLine(clean(line))
			return nil
		},
	})
	if err == nil && id == "" {
		err = errors.New("restic key add: no id of the key in its output")
	}
	return id, err
}

// RemoveKey removes a key by its whole id. It needs the repository alone; the key that opens it now is refused.
func (r Repo) RemoveKey(ctx context.Context, id string) error {
	if len(id) != 64 || !hexID.MatchString(id) {
		return fmt.Errorf("restic key remove: %q is no id of a key", id)
	}
	return r.run(ctx, call{args: []string{"key", "remove", "--json", "--", id}})
}
