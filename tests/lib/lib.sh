# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# lib.sh - what every system test uses. A test starts with
#
#	. "$(dirname "$0")/../lib/lib.sh"
#
# and is a list of named cases. It is run by tests/run (which checks that the host is left as found) or alone:
# `sudo tests/system/10-run.sh`. Words in its header that tests/run understands, each a comment line of its own:
#
#	# parallel: yes      may run beside another file: nothing host-wide, no timing, and container ids that begin with
#	                     the file's number, because cgroups are named after them
#	# sanitized: yes     is run once more with the program built by `make sanitized` (no counting of memory or system calls)
#	# vm: no             says nothing about cgroup v2, systemd or an older kernel, and would take too long under emulation
#	# time: 600          seconds the whole file may take (default 300)
#
# Given:  RUNTIME  the program under test          W        private directory on disk, removed afterwards
#         SV_ROOT  state root used by `rt`         SV_VM    1 inside the test VM (Debian 12, systemd, cgroup v2), else 0
#         SV_SLOW  factor for every time limit (the VM is emulated)
#
# Cases
#	t NAME COMMAND...       run COMMAND (usually a function) in a subshell under `set -euo pipefail`: the case
#	                        passes if it succeeds. Variables set inside are lost. CASE_LIMIT=n t ... gives it n seconds.
#	ok NAME                 a case that passed          fail NAME [WHY]   one that failed
#	skip NAME WHY           one that cannot run here    skip_all WHY      the whole file cannot; ends it
#
# Containers
#	rt ARG...               $RUNTIME --root $SV_ROOT ARG...
#	bundle_new NAME [ARG..] makes the bundle $W/NAME (busybox rootfs, config.json by `$RUNTIME spec` without a terminal)
#	                        that runs ARG...; sets B to its path
#	spec_edit [-b BUNDLE] [JQ-OPTION...] FILTER   edits config.json of $B with jq
#	up ID [ARG...]          bundle_new + create + start in the background (default: sleep); output goes to $B/log
#	pid_of ID               host pid of its init        status_of ID      created|running|paused|stopped
#	down ID                 delete --force
#	pty STEP... -- COMMAND...   runs COMMAND on a real terminal and types at it: expect=TEXT, send=TEXT, size=RxC,
#	                        pause=S, hangup (tests/tools/pty.c); prints what appears, exits as COMMAND
#	tool NAME               path of the compiled tests/tools/NAME.c
#
# Assertions (each explains itself on stderr and fails)
#	eq WANT GOT [WHAT]      has TEXT PART [WHAT]        has_not TEXT PART [WHAT]
#	status N COMMAND...     COMMAND must exit with N ("1|2" for either); its stdout and stderr are in OUT afterwards
#	wait_for SECONDS COMMAND...   polls until COMMAND succeeds
#
# Cgroups, the same words on v1, hybrid and v2
#	cg_mode                 v1 | hybrid | v2
#	cg_dir PID CONTROLLER   directory of the cgroup of PID
#	cg_limit PID CONTROLLER FILE   the value in the nearest cgroup at or above PID's that sets a limit ("max" if none does)
#
# At the end
#	on_exit COMMAND...      run when the file ends, last one first; containers in SV_ROOT are deleted anyway

set -euo pipefail

SV_TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
: "${RUNTIME:=$(dirname "$SV_TESTS")/build/bin/sysvisor-runc}" "${SV_VM:=0}" "${SV_SLOW:=1}"

sv_results=3
if [ -z "${SV_RUNNER-}" ]; then
	W=$(mktemp -d /var/tmp/sv.XXXXXX)/work
	mkdir "$W"
	SV_ROOT=/run/sysvisor-test/alone.$$
	SV_CACHE=$W/.cache
	SV_TOOLS=$W/.tools
	sv_alone=1
	exec 3>&1
fi
export RUNTIME W SV_ROOT SV_CACHE SV_TOOLS SV_VM SV_SLOW
sv_case_log=$W/.case.log
sv_done=$W/.case.done
sv_on_exit=()
OUT=

# ---- cases

ok()   { echo "ok $1" >&"$sv_results"; }
skip() { echo "skip $1 # $2" >&"$sv_results"; }
fail() { echo "not ok $1${2:+ # $2}" >&"$sv_results"; }

skip_all()
{
	skip "$(basename "$0" .sh)" "$1"
	exit 0
}

t()
{
	local name=$1 result pid
	shift
	[ -p "$sv_done" ] || mkfifo "$sv_done"
	exec 8<> "$sv_done"
	# A process group of its own, so that a case that hangs can be ended as a whole; `set -m` also keeps bash from
	# making background jobs ignore SIGINT, which would be inherited by the programs under test.
	set -m
	(
		set +me
		exec 3>&- 9> "$sv_case_log" > "$sv_case_log.out" 2>&1 < /dev/null
		(
			exec 8>&-
			set -euo pipefail
			BASH_XTRACEFD=9
			PS4='+ ${LINENO}: '
			set -x
			"$@"
		)
		echo $? >&8
	) &
	pid=$!
	set +m
	read -r -t $((${CASE_LIMIT:-60} * SV_SLOW)) -u 8 result || result=timeout
	[ "$result" != timeout ] || kill -KILL -- "-$pid" 2> /dev/null || true
	wait "$pid" 2> /dev/null || true
	exec 8<&-
	if [ "$result" = 0 ]; then
		ok "$name"
		return
	fi
	{
		if [ "$result" = timeout ]; then
			echo "not ok $name # no end after $((${CASE_LIMIT:-60} * SV_SLOW)) s"
		else
			echo "not ok $name # exit status $result"
		fi
		tail -n 12 "$sv_case_log" | cut -c 1-300 | sed 's/^/    | /'
		tail -n 25 "$sv_case_log.out" | cut -c 1-600 | sed 's/^/    > /'
	} >&"$sv_results"
}

# ---- assertions

eq()
{
	{ local -; set +x; } 2> /dev/null
	[ "$1" = "$2" ] && return
	printf '%s: want "%s", got "%s"\n' "${3:-eq}" "$1" "$2" >&2
	return 1
}

has()
{
	{ local -; set +x; } 2> /dev/null
	[[ $1 == *"$2"* ]] && return
	printf '%s: "%s" is missing in "%s"\n' "${3:-has}" "$2" "$1" >&2
	return 1
}

has_not()
{
	{ local -; set +x; } 2> /dev/null
	[[ $1 != *"$2"* ]] && return
	printf '%s: "%s" must not be in "%s"\n' "${3:-has_not}" "$2" "$1" >&2
	return 1
}

status()
{
	local want=$1 got=0
	shift
	# To a file: a command substitution would wait for everything that keeps its output open.
	"$@" > "$W/.status.out" 2>&1 || got=$?
	OUT=$(tr -d '\0' < "$W/.status.out")
	[[ $got =~ ^($want)$ ]] && return
	{ echo "$*"; echo "exit status: want $want, got $got; output: $OUT"; } >&2
	return 1
}

wait_for()
{
	{ local -; set +x; } 2> /dev/null
	local end=$((SECONDS + $1 * SV_SLOW + 1)) seconds=$1
	shift
	while ! "$@" > /dev/null 2>&1; do
		if [ "$SECONDS" -ge "$end" ]; then
			echo "not within $((seconds * SV_SLOW)) s: $*" >&2
			return 1
		fi
		sleep 0.05
	done
}

# ---- containers

rt() { "$RUNTIME" --root "$SV_ROOT" "$@"; }

# The busybox root file system, made once per run: what an image without a package manager looks like.
busybox_rootfs()
{
	local dir=$SV_CACHE/busybox tmp applet
	if [ ! -d "$dir" ]; then
		tmp=$(mktemp -d -p "$W")
		mkdir -p "$tmp"/{bin,sbin,dev,etc,home/user,mnt,proc,root,run,sys,tmp,usr/bin,usr/sbin,var/tmp}
		chmod 755 "$tmp"
		chmod 700 "$tmp/root"
		chmod 1777 "$tmp/tmp" "$tmp/var/tmp"
		chown 1000:1000 "$tmp/home/user"
		cp "$(command -v busybox)" "$tmp/bin/busybox"
		for applet in $(busybox --list); do
			[ "$applet" = busybox ] || ln -s /bin/busybox "$tmp/bin/$applet"
		done
		printf '%s\n' root:x:0:0:root:/root:/bin/sh user:x:1000:1000:user:/home/user:/bin/sh \
			nobody:x:65534:65534:nobody:/:/bin/false > "$tmp/etc/passwd"
		printf '%s\n' root:x:0: tty:x:5: user:x:1000: extra:x:2000:user nogroup:x:65534: > "$tmp/etc/group"
		mkdir -p "$SV_CACHE"
		mv -T "$tmp" "$dir" 2> /dev/null || rm -rf "$tmp"   # another file may have made it meanwhile
	fi
	echo "$dir"
}

bundle_new()
{
	B=$W/$1
	shift
	[ $# -gt 0 ] || set -- sh
	mkdir "$B"
	cp -a "$(busybox_rootfs)" "$B/rootfs"
	(cd "$B" && "$RUNTIME" spec)
	spec_edit '.process.terminal = false | .root.readonly = false | .process.args = $ARGS.positional' --args -- "$@"
}

spec_edit()
{
	local bundle=${B-}
	if [ "$1" = -b ]; then
		bundle=$2
		shift 2
	fi
	# From stdin, because after --args every word belongs to jq's $ARGS.
	jq "$@" < "$bundle/config.json" > "$bundle/.config.json" || return
	mv "$bundle/.config.json" "$bundle/config.json"
}

up()
{
	local id=$1
	shift
	[ $# -gt 0 ] || set -- sleep 10000
	[ -d "$W/$id" ] || bundle_new "$id" "$@"
	B=$W/$id
	rt create --bundle "$B" "$id" > "$B/log" 2>&1 < /dev/null || { cat "$B/log" >&2; return 1; }
	rt start "$id"
}

down()      { rt delete --force "$1"; }
pid_of()    { rt state "$1" | jq -r .pid; }
status_of() { rt state "$1" | jq -r .status; }

# In the VM, which has no compiler, all of them are there beforehand.
tool()
{
	[ "$SV_VM" = 1 ] || "$SV_TESTS/tools/build" "$SV_TOOLS" "$1" >&2 || return
	echo "$SV_TOOLS/$1"
}

pty()
{
	{ local -; set +x; } 2> /dev/null
	local tool
	tool=$(tool pty)
	"$tool" $((30 * SV_SLOW)) "$@"
}

# ---- cgroups

cg_mode()
{
	if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; then
		echo v2
	elif [ -d /sys/fs/cgroup/unified ]; then
		echo hybrid
	else
		echo v1
	fi
}

cg_dir()
{
	local pid=$1 controller=$2 path
	if [ "$(cg_mode)" = v2 ]; then
		path=$(sed -n 's/^0:://p' "/proc/$pid/cgroup")
		echo "/sys/fs/cgroup$path"
	else
		path=$(sed -nE "s/^[0-9]+:([^:]*,)?$controller(,[^:]*)?://p" "/proc/$pid/cgroup")
		echo "/sys/fs/cgroup/$controller$path"
	fi
}

cg_limit()
{
	local dir value
	dir=$(cg_dir "$1" "$2")
	while [[ $dir == /sys/fs/cgroup/?* ]]; do
		value=$(cat "$dir/$3" 2> /dev/null || echo max)
		case $value in
		max | -1 | "max "* | 9223372036854771712) dir=${dir%/*} ;;
		*) echo "$value"; return ;;
		esac
	done
	echo max
}

# ---- the end

on_exit() { sv_on_exit+=("$(printf '%q ' "$@")"); }

sv_cleanup()
{
	local i id
	set +e
	for ((i = ${#sv_on_exit[@]} - 1; i >= 0; i--)); do
		eval "${sv_on_exit[i]}"
	done
	for id in "$SV_ROOT"/*/; do
		[ -d "$id" ] && rt delete --force "$(basename "$id")"
	done
	rm -rf "$SV_ROOT"
	rmdir "$(dirname "$SV_ROOT")" 2> /dev/null
	if [ -n "${sv_alone-}" ]; then
		rm -rf --one-file-system "$(dirname "$W")"
	fi
} > /dev/null 2>&1 < /dev/null

trap sv_cleanup EXIT
trap 'exit 143' TERM INT HUP
