package database

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"keepstead/model"
)

// mongoEnter prepares the tools: $1 variable of the user, $2 variable of the password, $3 port. What follows can call
// tool, which gets the password from a file that exists only as an open descriptor.
const mongoEnter = `
for dir in /opt/bitnami/mongodb/bin; do if [ -d "$dir" ]; then PATH=$PATH:$dir; fi; done
export PATH HOME=/nonexistent
user= password= port=${3:-27017}
case $1 in '') ;; '$'*) user=$(secret "${1#?}") ;; *) user=$1 ;; esac
if [ -n "$2" ]; then password=$(secret "$2" | sed 's/\\/\\\\/g; s/"/\\"/g'); fi
shift 3
command -v mongodump >/dev/null || exit 127
tool() {
	name=$1; shift
	if [ -z "$user" ]; then "$name" --host=127.0.0.1 --port="$port" "$@"; return; fi
	"$name" --host=127.0.0.1 --port="$port" --username="$user" --authenticationDatabase=admin --config=/dev/fd/3 "$@" 3<<end
password: "$password"
end
}
`

// mongoProbe makes sure that the server lets us in, and says what it is.
const mongoProbe = `
tool mongodump --quiet --db=keepstead-probe --archive >/dev/null
mongod --version 2>/dev/null | sed -n 's/^db version v//p' || true
if [ -r /proc/1/comm ]; then cat /proc/1/comm; fi
for f in /proc/[0-9]*/comm; do if [ "$(cat "$f" 2>/dev/null)" = mongod ]; then echo "$f"; fi; done
`

const (
	mongoDump = `tool mongodump --archive`
	// mongoLoad replaces each collection of the dump. What a cluster keeps of itself is not brought back.
	mongoLoad = `tool mongorestore --archive --drop --stopOnError --nsExclude='config.*'`
)

// mongo is a way into a MongoDB server.
type mongo struct {
	*session
	login
	version    string
	first      string
	generation string
}

func (s *session) mongoLogins() []login {
	env := s.container.Env
	has := func(name string) bool { return env[name] != "" || env[name+"_FILE"] != "" || env["FILE__"+name] != "" }
	var all []login
	for _, names := range [][2]string{
		{"MONGO_INITDB_ROOT_USERNAME", "MONGO_INITDB_ROOT_PASSWORD"},
		{"MONGODB_INITDB_ROOT_USERNAME", "MONGODB_INITDB_ROOT_PASSWORD"},
		{"MONGODB_ROOT_USER", "MONGODB_ROOT_PASSWORD"},
	} {
		if !has(names[1]) {
			continue
		}
		user := "root"
		if has(names[0]) {
			user = "$" + names[0]
		}
		all = append(all, login{user: user, password: names[1]})
	}
	return append(all, login{})
}

func (s *session) enterMongo(ctx context.Context) (m *mongo, err error) {
	var seen steady
	err = s.patiently(ctx, func() (bool, error) {
		if m, err = s.tryMongo(ctx); err != nil {
			return false, err
		}
		return m.first == "mongod" || seen.still(m.generation), nil
	})
	return m, err
}

func (s *session) tryMongo(ctx context.Context) (m *mongo, err error) {
	err = s.tryLogins(s.mongoLogins(), func(l login) (bool, error) {
		m = &mongo{session: s, login: l, version: s.server.Version}
		answer, err := m.ask(ctx, m.script(mongoProbe, nil))
		if err == nil {
			m.read(answer)
		}
		return err == nil, err
	})
	return m, err
}

func (m *mongo) read(answer string) {
	lines := strings.Split(strings.TrimSpace(answer), "\n")
	if lines[0] != "" && lines[0][0] >= '0' && lines[0][0] <= '9' {
		m.version, lines = lines[0], lines[1:]
	}
	if len(lines) > 0 {
		m.first, m.generation = lines[0], strings.Join(lines[1:], " ")
	}
}

func (m *mongo) script(text string, args []string) script {
	return script{text: mongoEnter + text, args: append([]string{m.user, m.password, option(m.container.Cmd, "--port")}, args...)}
}

// dumpMongo writes one archive of all databases, each collection consistent in itself.
func (s *session) dumpMongo(ctx context.Context, t *target) ([]model.Dump, error) {
	m, err := s.enterMongo(ctx)
	if err != nil {
		return nil, err
	}
	m.server.Version = m.version
	f, err := t.create("mongodb.archive", nil)
	if err != nil {
		return nil, err
	}
	defer f.abandon()
	edge := &mongoEdge{file: f}
	counts := &mongoCounts{match: mongoDumped}
	x := m.script(mongoDump, nil)
	x.stdout, x.stderr = edge, counts
	if err := m.run(ctx, x); err != nil {
		return nil, err
	}
	if !edge.whole() {
		return nil, fmt.Errorf("mongodb.archive: %w", ErrCut)
	}
	d := m.describe("")
	d.Objects = counts.total
	d, err = f.close(d)
	return []model.Dump{d}, err
}

// loadMongo brings an archive back and compares the number of documents.
func (s *session) loadMongo(ctx context.Context, src *source, dumps []model.Dump) error {
	m, err := s.enterMongo(ctx)
	if err != nil {
		return err
	}
	for _, d := range dumps {
		in, err := src.read(d)
		if err != nil {
			return err
		}
		counts := &mongoCounts{match: mongoRestored}
		x := m.script(mongoLoad, nil)
		x.stdin, x.stderr = in, counts
		err = m.run(ctx, x)
		_ = in.Close()
		if err != nil {
			return err
		}
		if counts.total != d.Objects {
			return m.missing("", "documents", d.Objects, counts.total)
		}
	}
	return nil
}

// checkMongo makes sure that the server lets us in: the documents were counted as they came back.
func (s *session) checkMongo(ctx context.Context, _ []model.Dump) error {
	_, err := s.enterMongo(ctx)
	return err
}

// The lines in which the tools tell what they did.
var (
	mongoDumped   = regexp.MustCompile(`done dumping \x60?([^.]+)\.(.+?)\x60? \((\d+) documents?\)`)
	mongoRestored = regexp.MustCompile(`finished restoring \x60?([^.]+)\.(.+?)\x60? \((\d+) documents?, (\d+) failures?\)`)
)

// mongoCounts adds up the documents of the databases that are not the server's own.
type mongoCounts struct {
	match *regexp.Regexp
	line  []byte
	total int
}

func (c *mongoCounts) Write(p []byte) (int, error) {
	size := len(p)
	for len(p) > 0 {
		end := bytes.IndexByte(p, '\n')
		if end < 0 {
			c.line = append(c.line, p[:min(len(p), maxLine-len(c.line))]...)
			break
		}
		c.line = append(c.line, p[:min(end, maxLine-len(c.line))]...)
		// The rows of a time series are in system.buckets.NAME, which some tools call by its name alone.
		if found := c.match.FindSubmatch(c.line); found != nil && !strings.HasPrefix(strings.TrimPrefix(string(found[2]), "system.buckets."), "system.") {
			switch string(found[1]) {
			case "admin", "config", "local":
			default:
				n, _ := strconv.Atoi(string(found[3]))
				c.total += n
			}
		}
		c.line = c.line[:0]
		p = p[end+1:]
	}
	return size, nil
}

// mongoEdge passes an archive on and remembers how it begins and ends.
type mongoEdge struct {
	file       *file
	head, last []byte
}

func (e *mongoEdge) Write(p []byte) (int, error) {
	if missing := 4 - len(e.head); missing > 0 {
		e.head = append(e.head, p[:min(missing, len(p))]...)
	}
	e.last = append(e.last, p[max(0, len(p)-4):]...)
	e.last = e.last[max(0, len(e.last)-4):]
	return e.file.Write(p)
}

// whole says that the archive has its magic number and the mark at the end of its last block.
func (e *mongoEdge) whole() bool {
	return bytes.Equal(e.head, []byte{0x6d, 0xe2, 0x99, 0x81}) && bytes.Equal(e.last, []byte{0xff, 0xff, 0xff, 0xff})
}
