package device

// launcher is the shell script around a command on a machine. It comes by standard input, so that no process list shows
// it, and is one group of commands: the shell has read all of it before it begins, and leaves alone what follows.
//
// The program's output goes through relays that go on reading when nobody is at the other end any more, so that a broken
// pipe does not end the program. The guard does, and then ends all that it started, when the signs of Keepstead stop
// coming. It hears "p PID" of the program, "h PID" of a helper, "c PID" of a relay's reader, "b" for a sign of Keepstead,
// "i" for the wish to interrupt the program, which is done once, "t" for a tick, "l" when the connection has gone,
// "e CODE" of the program, and "x" when all output was handed over.
//
// Descriptors: 3 is the session's input, 5 leads to the guard, 6 and 7 are the session's outputs, 9 leads to the second
// relay. A shell need not know numbers above 9.
const launcher = guardian + `
relay() {
	exec 8<&0
	cat <&8 &
	echo "c $!" >&5
	wait $! || exec cat <&8 >/dev/null 5>&- 6>&- 7>&- 9>&-
}
no() {
	printf '\n%s no %s\n' {nonce} "$1" >&6
	exit 125
}
program() {
	IFS= read -r go <&3 && [ "$go" = go ] || exit 125
	if [ {input} = 1 ]; then
		exec 0<&3
	else
		(signs <&3 >&5 6>&- 7>&- 9>&- & echo "h $!" >&5)
	fi
	exec 2>&9 3<&- 5>&- 6>&- 7>&- 9>&-
	{secrets}
	set -- "$setsid" "$prog" {args}
	unset go stat boot prog setsid ram f PATH PWD OLDPWD SHLVL
	{env}
	exec "$@"
}
main() {
	ticks >&5 3<&- 6>&- 7>&- 9>&- &
	echo "h $!" >&5
	(
		IFS= read -r stat </proc/self/stat
		IFS= read -r boot </proc/sys/kernel/random/boot_id
		echo "p ${stat%% *}" >&5
		printf '\n%s ok %s %s\n' {nonce} "$boot" "$stat" >&6
		program
	)
	echo "e $?" >&5
}
exec 3<&0 6>&1 7>&2 </dev/null 2>/dev/null
PATH={path}
[ "$(command -v printf)" = printf ] || no tool:printf
[ -r /proc/self/stat ] || no tool:/proc
setsid=$(command -v setsid) || no tool:setsid
{ram}
cd {dir} || no dir
prog=
case {prog} in
/*) [ ! -e {prog} ] || prog={prog} ;;
*)
	IFS=:
	for f in $PATH; do
		if [ -z "$prog" ] && [ -f "$f"/{prog} ] && [ -x "$f"/{prog} ]; then prog=$f/{prog}; fi
	done
	unset IFS
	;;
esac
[ -n "$prog" ] || no missing
[ -f "$prog" ] && [ -x "$prog" ] || no exec
{
	{ main | relay >&6; } 9>&1 | relay >&7
	echo x >&5
} 5>&1 | guard
exit $?
`

// guardian are the functions that end a program for want of Keepstead.
const guardian = `
guard() {
	p= c= h= int= silent=0 over=0 e=
	while read -r what value; do
		case $what in
		p) p=$value ;;
		c) c="$c $value" ;;
		h) h="$h $value" ;;
		b) silent=0 ;;
		i) [ -n "$int" ] || { int=1; kill -INT "$p"; } ;;
		l) over=1 ;;
		t)
			silent=$((silent + 1))
			if [ "$silent" -ge {ticks} ]; then over=1; fi
			# What left the program's group may hold the output open for ever.
			if [ -n "$e" ] && [ "$silent" -ge 2 ]; then kill $c; exit "$e"; fi
			;;
		e)
			e=$value silent=0
			kill -KILL "-$p"
			kill $h
			p=
			;;
		x)
			kill $h
			exit "${e:-125}"
			;;
		esac
		if [ "$over" = 1 ] && [ -n "$p" ]; then
			over=2
			[ -z "$c" ] || kill $c # they hang at the dead connection, and with them the program
			[ -n "$int" ] || { int=1; kill -INT "$p"; }
			n=0
			while kill -0 "$p" && [ $n -lt {grace} ]; do sleep 1; n=$((n + 1)); done
			kill -KILL "-$p" || kill -KILL "$p"
		fi
	done
}
signs() {
	while read -r sign; do
		case $sign in
		done) echo x; exit ;;
		int) echo i ;;
		*) echo b ;;
		esac
	done
	echo l
}
ticks() {
	trap 'kill "$s"; exit' TERM
	while :; do
		sleep {tick} &
		s=$!
		wait "$s"
		echo t
	done
}
`

// sentry guards a program whose launcher's input is the program's own.
const sentry = guardian + `
exec 3<&0 </dev/null >/dev/null 2>&1
PATH={path}
{
	echo "p {pid}" >&5
	signs <&3 >&5 &
	ticks >&5 &
	echo "h $!" >&5
	wait
} 5>&1 | guard
exit 0
`
