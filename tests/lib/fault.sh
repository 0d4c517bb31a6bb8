# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# fault.sh - running a command again and again while tests/tools/fault disturbs one step of it after the
# other, and asking what is left afterwards. For tests/system/60-faults.sh and 61-kill.sh, after lib.sh.

[ "$(uname -m)" = x86_64 ] || skip_all "tests/tools/fault knows the registers of x86-64 only"
FAULT=$(tool fault)
STRIDE=${FAULT_STRIDE:-$((SV_VM ? 12 : 1))}   # 1: every step; the VM is emulated

# fault PROCESS STEP ACTION COMMAND...: sets rc, hit, steps, alive; what was printed is in $W/said.
fault()
{
	rc=0
	timeout -k 1 20 "$FAULT" "$W/report" "$1" "$2" "$3" \
		"$RUNTIME" --root "$SV_ROOT" "${@:4}" > "$W/said" 2>&1 < /dev/null || rc=$?
	hit='' steps='' alive=''
	# shellcheck source=/dev/null
	. "$W/report"
}

# A process without a command line has given its memory back: it is a zombie that its parent has not seen yet, or the first one
# of a pid namespace that waits for such a zombie.
all_gone()
{
	local pid line
	for pid in $alive; do
		line=
		{ IFS= read -r -d '' line < "/proc/$pid/cmdline" || true; } 2> /dev/null
		[ -z "$line" ] || return 1
	done
}

our_mounts() { grep -e "$W" -e "$SV_ROOT" /proc/self/mountinfo || true; }

# What a container of this id could leave on the host. Mounts elsewhere than at files of ours are seen by tests/run.
left_of()
{
	local dir
	[ ! -e "$SV_ROOT/$1" ] || echo "state directory: $(ls -A "$SV_ROOT/$1")"
	for dir in /sys/fs/cgroup/"$1" /sys/fs/cgroup/*/"$1"; do
		[ ! -e "$dir" ] || echo "cgroup $dir"
	done
	[ "$(our_mounts)" = "${mounts_before-}" ] || echo "mounts"
	# Our work directory of an overlay stays as long as the layers.
	[ ! -e "$B" ] || [ "$(ls -A -I sysvisor-work "$B")" = "$files_before" ] || echo "files: $(ls -A "$B")"
	if ! all_gone; then
		sleep 0.3
		all_gone || echo "process of $alive"
	fi
}

complain() { echo "$*" >> "$W/complaints"; }

# A message that names the program and, if the injected error was the reason, ends in its text.
check_message()
{
	local said
	said=$(tail -n 1 "$W/said" | tr -d '\0')
	case $rc in
	124 | 137) complain "$1: hangs" ;;
	127) ;;   # the dynamic loader could not even begin
	*)
		[[ $said == "sysvisor-runc: "?* || $hit == write ]] ||
			complain "$1: exit status $rc without a message: '$said'"
		;;
	esac
}

# every PROCESS ACTION CHECK COMMAND...: CHECK is called after each run, with a name of the run.
every()
{
	local process=$1 action=$2 check=$3 step=${FIRST_STEP:-1} counts
	shift 3
	while :; do
		[ -z "${PREPARE-}" ] || $PREPARE
		fault "$process" "$step" "$action" "$@"
		[ -n "$hit" ] || break
		"$check" "$1, process $process, step $step ($hit) $action"
		step=$((step + STRIDE))
	done
	"$check" "$1, process $process, nothing fails"
	[ -n "$steps" ] || { no_complaints; return 1; }
	read -ra counts <<< "$steps"
	echo "$1: ${counts[process]} steps of process $process" >&2
	[ "${counts[process]}" -gt 10 ]
}

no_complaints()
{
	[ -s "$W/complaints" ] || return 0
	cat "$W/complaints" >&2
	rm "$W/complaints"
	return 1
}

# rich_bundle ID [hooks|overlay]: a bundle that uses much of what can fail.
rich_bundle()
{
	bundle_new "$1" sleep 1000
	if [ "${2-}" = overlay ]; then
		mv "$B/rootfs" "$B/base"
		mkdir "$B"/{rootfs,lower,upper,work}
		mount -t overlay -o "lowerdir=$B/lower:$B/base,upperdir=$B/upper,workdir=$B/work" rootfs "$B/rootfs"
		mounts_before=$(our_mounts)
	fi
	mkdir -p "$B/vol" "$B/rootfs/filled"
	echo x > "$B/rootfs/filled/file"
	spec_edit --arg vol "$B/vol" '
		.mounts += [{"destination": "/mnt/vol", "source": $vol, "options": ["rbind"]},
			{"destination": "/mnt/ro", "source": $vol, "options": ["bind", "ro"]},
			{"destination": "/filled", "type": "tmpfs", "source": "tmpfs", "options": ["tmpcopyup"]}]
		| .linux.resources.pids.limit = 100
		| .linux.resources.memory.limit = 100000000
		| .linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.msgmax": "9000"}
		| .linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
			"syscalls": [{"names": ["acct"], "action": "SCMP_ACT_ERRNO"}]}
		| .process.oomScoreAdj = 100
		| .process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 500, "hard": 500}]'
	if [ "${2-}" = hooks ]; then
		spec_edit --arg hook /bin/true '
			.hooks = (["prestart", "createRuntime", "createContainer", "poststart", "poststop"]
				| map({(.): [{"path": $hook}]}) | add)'
	fi
	files_before=$(ls -A "$B")
}

create_it()        { rt create --bundle "$B" "$1" > "$W/said" 2>&1 < /dev/null; }
create_and_start() { create_it "$1" && rt start "$1"; }
is_running()       { [ "$(status_of "$1")" = running ]; }
