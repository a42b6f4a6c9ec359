package restic

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"keepstead/device"
)

// call is one run of restic.
type call struct {
	args    []string
	secrets []device.Secret
	// stream runs it over pipes: for commands that hold no lock.
	stream bool
	// stdout gets each line; raw gets the bytes instead. Neither: the text goes to the log.
	stdout func(line []byte) error
	raw    io.Writer
	// message gets each JSON message of stderr but the last word; plain gets each other line.
	message func(line []byte)
	plain   func(line string)
}

// runOnce runs restic and turns a bad end into an *Error. The exit code decides, whatever the output says.
func (r Repo) runOnce(ctx context.Context, c call) error {
	if r.Password == "" && c.args[0] != "version" {
		return errors.New("restic: no repository password")
	}
	diagnosis := &diagnosis{}
	var one sync.Mutex // the two outputs come from two goroutines; the functions of a call see one line at a time
	stderr := &lines{each: func(line []byte) error {
		one.Lock()
		defer one.Unlock()
		r.hear(c, diagnosis, clean(line), ctx.Err() != nil)
		return nil
	}}
	stdout := c.raw
	var split *lines
	if c.raw == nil {
		read := r.reader(c)
		split = &lines{each: func(line []byte) error {
			one.Lock()
			defer one.Unlock()
			return read(line)
		}}
		stdout = split
	}
	err := r.Host.Run(ctx, device.Cmd{
		Path: r.Bin, Args: append(r.options(), c.args...), Env: r.environment(), Secrets: append(r.secrets(), c.secrets...),
		Stdout: stdout, Stderr: stderr, RunDir: r.RunDir, Stream: c.stream, Started: r.OnStart, Grace: r.Grace,
	})
	if split != nil {
		err = errors.Join(err, split.close())
	}
	_ = stderr.close() // its function returns no errors
	return r.judge(c.args[0], err, diagnosis)
}

// hear sorts one line of stderr. A restic that was told to end has no more to say than that.
func (r Repo) hear(c call, d *diagnosis, line string, ended bool) {
	if strings.TrimSpace(line) == "" {
		return
	}
	d.hear(line)
	var m struct {
		Type    string `json:"message_type"`
		Code    int    `json:"code"`
		Message string `json:"message"`
		fileMessage
	}
	isJSON := line[0] == '{' && json.Unmarshal([]byte(line), &m) == nil
	switch {
	case isJSON && m.Type == "exit_error" && ended:
	case isJSON && m.Type == "exit_error" && m.Message != "":
		r.logLine(oneLine(m.Message))
	case isJSON && m.Type == "error" && m.Error.Message != "":
		e := FileError{Item: m.Item, Message: m.Error.Message}
		r.logLine(oneLine(m.Item + ": " + e.Reason()))
	default:
		r.logLine(line)
	}
	switch {
	case isJSON && m.Type == "exit_error":
		d.last = strings.TrimSpace(m.Message)
	case isJSON && c.message != nil:
		c.message([]byte(line))
	case !isJSON && c.plain != nil:
		c.plain(line)
	}
}

// oneLine keeps a name or a message with a line end in it from looking like two lines of a log.
func oneLine(text string) string {
	return strings.NewReplacer("\n", `\n`, "\r", `\r`).Replace(strings.TrimSpace(text))
}

// reader returns what is done with each line of stdout.
func (r Repo) reader(c call) func([]byte) error {
	if c.stdout != nil {
		return c.stdout
	}
	return func(line []byte) error {
		r.logLine(clean(line))
		return nil
	}
}

func (r Repo) logLine(line string) {
	if r.Log != nil && strings.TrimSpace(line) != "" {
		_, _ = io.WriteString(r.Log, r.redact(line)+"\n") // a log that cannot be written must not end a backup
	}
}

// options are restic's options that stand before the command.
func (r Repo) options() []string {
	var args []string
	for _, o := range r.Options {
		args = append(args, "-o", commaSafe(o))
	}
	if r.BytesPerSecond > 0 {
		limit := strconv.FormatInt(max(1, r.BytesPerSecond>>10), 10)
		args = append(args, "--limit-upload", limit, "--limit-download", limit)
	}
	if r.CacheDir == "" {
		args = append(args, "--no-cache")
	}
	return args
}

// commaSafe quotes a value for restic's options that are read as lines of CSV.
func commaSafe(value string) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.Write([]string{value}) // a strings.Builder takes everything
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n")
}

// environment is all that restic sees: a list of what is allowed, not of what is forbidden.
func (r Repo) environment() []string {
	env := []string{
		"RESTIC_REPOSITORY=" + r.URL,
		"RESTIC_PASSWORD_FILE={fd:password}",
		"RESTIC_PROGRESS_FPS=4",
	}
	if temp := cmp.Or(r.TempDir, r.RunDir); temp != "" {
		env = append(env, "TMPDIR="+temp)
	}
	if r.CacheDir != "" {
		env = append(env, "RESTIC_CACHE_DIR="+r.CacheDir)
	}
	if r.CACert != "" {
		env = append(env, "RESTIC_CACERT={fd:cacert}")
	}
	if r.AccessKey != "" || r.SecretKey != "" {
		env = append(env, "AWS_SHARED_CREDENTIALS_FILE={fd:aws}")
	}
	return append(env, r.Env...)
}

func (r Repo) secrets() []device.Secret {
	list := []device.Secret{{Name: "password", Content: []byte(r.Password + "\n")}}
	if r.CACert != "" {
		list = append(list, device.Secret{Name: "cacert", Content: []byte(r.CACert)})
	}
	if r.AccessKey != "" || r.SecretKey != "" {
		ini := fmt.Sprintf("[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n", iniValue(r.AccessKey), iniValue(r.SecretKey))
		list = append(list, device.Secret{Name: "aws", Content: []byte(ini)})
	}
	return append(list, r.Secrets...)
}

// iniValue quotes a value for AWS's credentials file, where # and ; begin comments and quotes are removed.
func iniValue(v string) string {
	switch {
	case !strings.ContainsAny(v, "#;\"'`\\ "):
		return v
	case strings.Contains(v, "`"):
		return `"""` + v + `"""`
	}
	return "`" + v + "`"
}

// shortest is the length below which a credential is not looked for in texts: it would tear them apart.
const shortest = 4

// redact removes the credentials from a text. restic does not print them; this makes sure.
func (r Repo) redact(text string) string {
	hidden := append([]string{r.Password, r.SecretKey, r.AccessKey}, r.Hidden...)
	for _, s := range r.Secrets {
		hidden = append(hidden, string(bytes.TrimSpace(s.Content)))
	}
	for _, h := range hidden {
		if len(h) >= shortest {
			text = strings.ReplaceAll(text, h, "[sealed]")
		}
	}
	return text
}
