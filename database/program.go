package database

import (
	"path"
	"slices"
	"strings"
	"unicode"

	"keepstead/docker"
	"keepstead/model"
)

// role says what a container's command line is about.
type role int

const (
	unclear role = iota // the image's own start script, which tells nothing
	shell               // a script that somebody gave, without a known program in it
	server              // a database server
	other               // surely something else: a client, a dump in a loop, a shell
)

// started is the program that a container starts.
type started struct {
	what role
	kind model.DatabaseKind // of a server
	name string             // of a server's program
	args []string           // its arguments
}

// program finds out what a container starts, through wrappers, entrypoints and shells.
func program(c docker.Container) started {
	return judge(slices.Concat(c.Entrypoint, c.Cmd), 0)
}

// judge looks at one command line. Shells in shells are followed a few levels deep.
func judge(words []string, depth int) started {
	words = unwrap(words)
	if len(words) == 0 || strings.HasPrefix(words[0], "-") {
		return started{args: words} // options for what the image starts by itself
	}
	name, args := path.Base(words[0]), words[1:]
	switch {
	case isShell(name) && depth < 4:
		return judgeShell(args, depth)
	case name == "redis-server" && slices.Contains(args, "--sentinel"):
		return started{what: other}
	}
	for i := range flavours {
		if slices.Contains(flavours[i].programs, name) {
			return started{what: server, kind: flavours[i].kind, name: name, args: args}
		}
	}
	if isClient(name) {
		return started{what: other}
	}
	if strings.HasSuffix(name, ".sh") && toolScript(name) {
		return started{what: other}
	}
	return started{args: args}
}

// judgeShell looks at what a shell was given: a script as text, a script's file, or nothing.
func judgeShell(args []string, depth int) started {
	for i, arg := range args {
		if !strings.HasPrefix(arg, "-") {
			return judge(args[i:], depth+1)
		}
		if strings.HasSuffix(arg, "c") && !strings.HasPrefix(arg, "--") && i+1 < len(args) {
			return judgeScript(args[i+1], args[min(i+3, len(args)):], depth)
		}
	}
	return started{what: other} // a shell to type into
}

// judgeScript looks at each simple command of a shell script, whose arguments are args. A server anywhere in it wins. What
// only waits tells nothing where something is started too.
func judgeScript(text string, args []string, depth int) started {
	result := started{what: shell}
	waits, begins := false, false
	for _, words := range commands(text) {
		words = fillIn(words, args)
		plain := unwrap(words)
		dropped := words[:len(words)-len(plain)]
		if len(plain) > 0 && slices.Contains(waiters, path.Base(plain[0])) && !slices.Contains(dropped, "exec") {
			waits = true
			continue
		}
		s := judge(words, depth+1)
		switch {
		case s.what == server:
			return s
		case s.what == other:
			result.what = other
		case slices.ContainsFunc(dropped, func(w string) bool { return strings.Contains(path.Base(w), "entrypoint") }):
			begins = true
			if result.what == shell {
				result = s // the image's own
			}
		case slices.Contains(dropped, "exec") || len(plain) > 0 && strings.Contains(plain[0], "/"):
			begins = true
		}
	}
	if waits && !begins {
		result.what = other
	}
	return result
}

// fillIn puts the arguments of a script where it uses all of them.
func fillIn(words, args []string) []string {
	var filled []string
	for _, w := range words {
		if w == "$@" || w == "$*" || w == "${@}" {
			filled = append(filled, args...)
		} else {
			filled = append(filled, w)
		}
	}
	return filled
}

// commands splits a script into its simple commands. Quotes are honoured as far as words go; that is enough to tell a
// program from an argument.
func commands(text string) [][]string {
	var all [][]string
	var line []string
	var word strings.Builder
	quote, had := rune(0), false
	endWord := func() {
		if had || word.Len() > 0 {
			line = append(line, word.String())
		}
		word.Reset()
		had = false
	}
	endLine := func() {
		endWord()
		if len(line) > 0 {
			all = append(all, line)
		}
		line = nil
	}
	for _, r := range text {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			} else {
				word.WriteRune(r)
			}
		case r == '\'' || r == '"':
			quote, had = r, true
		case r == '\n' || strings.ContainsRune(";&|(){}`", r) && word.String() != "$" && !strings.HasPrefix(word.String(), "${"):
			endLine()
		case unicode.IsSpace(r):
			endWord()
		default:
			word.WriteRune(r)
		}
	}
	endLine()
	return all
}

// unwrap drops what only starts something else: entrypoints, init programs, changes of user, words of the shell.
func unwrap(words []string) []string {
	for len(words) > 0 {
		name := path.Base(words[0])
		switch {
		case strings.Contains(words[0], "=") && !strings.HasPrefix(words[0], "-") && !strings.Contains(name, " "):
			words = words[1:] // VAR=value in front of a command
		case strings.HasPrefix(name, "python") && len(words) > 1 && strings.Contains(words[1], "entrypoint"):
			words = words[1:]
		case slices.Contains(wrappers, name) || strings.Contains(name, "entrypoint"):
			words = dropOptions(words[1:], name)
		case slices.Contains(userWrappers, name):
			words = dropOptions(words[1:], name)
			if len(words) > 0 {
				words = words[1:]
			}
		default:
			return words
		}
	}
	return words
}

// dropOptions drops the options of a wrapper itself. Those after an entrypoint are meant for the server.
func dropOptions(words []string, wrapper string) []string {
	if strings.Contains(wrapper, "entrypoint") {
		return words
	}
	for len(words) > 0 && strings.HasPrefix(words[0], "-") {
		words = words[1:]
	}
	return words
}

var (
	wrappers = []string{
		"tini", "tini-static", "dumb-init", "docker-init", "catatonit", "env", "exec", "nohup", "nice", "ionice", "time", "setsid", "stdbuf",
		"setpriv", "sudo", "command", "then", "do", "else", "if", "while", "until", "!", "with-contenv", "numactl",
	}
	// waiters let time pass, or ask whether something is up.
	waiters      = []string{"sleep", "tail", "curl", "wget", "wait", "pg_isready", "mysqladmin", "true", "false"}
	userWrappers = []string{"gosu", "su-exec", "s6-setuidgid", "chpst", "setuser", "timeout"}
)

func isShell(name string) bool {
	return slices.Contains([]string{"sh", "bash", "ash", "dash", "busybox"}, name)
}

// isClient says that a program is surely no server: it is here although the image may be a server's.
func isClient(name string) bool {
	if strings.HasPrefix(name, "pg_") {
		return !strings.HasPrefix(name, "pg_ctl") && !strings.HasPrefix(name, "pg_autoctl")
	}
	return slices.Contains([]string{
		"psql", "pgbench", "createdb", "vacuumdb", "reindexdb", "pgbackrest", "wal-g", "mysql", "mysqldump", "mysqladmin",
		"mysqlcheck", "mysqlimport", "mysqlbinlog", "mysqlsh", "mariadb", "mariadb-dump", "mariadb-admin", "mariadb-backup",
		"mariabackup", "mariadb-check", "mydumper", "xtrabackup", "mongo", "mongosh", "mongodump", "mongorestore",
		"mongoimport", "mongoexport", "mongos", "redis-cli", "redis-sentinel", "redis-benchmark", "valkey-cli",
		"valkey-sentinel", "valkey-benchmark", "keydb-cli", "sleep", "tail", "cron", "crond", "true", "false", "supercronic",
		"go-cron", "restic", "rclone", "borg", "python", "python3", "node", "curl", "wget",
	}, name)
}

// toolScript says that a script's name speaks of work beside a server.
func toolScript(name string) bool {
	i := parseImage(strings.TrimSuffix(name, ".sh"))
	return i.stranger() && i.base != "init"
}
