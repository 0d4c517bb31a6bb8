# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# 60-faults.sh - every step that can fail fails once, in each process of every command.
#
# tests/tools/fault lets the first system call of a process fail, in the next run the second one, and so on to its last.
# A create that reports failure must have left nothing; one that reports success in spite of it must have made a container
# that works.
#
# time: 600
# vm: no
. "$(dirname "$0")/../lib/lib.sh"
. "$(dirname "$0")/../lib/fault.sh"

# ---- create

created_or_nothing()
{
	local name=$1
	if [ "$rc" = 0 ] && [ "$hit" = read ] && [ "$(status_of 60-c)" = stopped ]; then
		rt delete 60-c   # create had done its work: init failed to read the word of `start`
	elif [ "$rc" = 0 ]; then
		rt start 60-c > "$W/said" 2>&1 || complain "$name: start after success: $(cat "$W/said")"
		[ "$(status_of 60-c)" = running ] || complain "$name: not running after start"
		rt delete --force 60-c > "$W/said" 2>&1 || complain "$name: delete after success: $(cat "$W/said")"
	else
		check_message "$name"
	fi
	[ -n "$hit" ] || [ "$rc" = 0 ] || complain "$name: exit status $rc"
	local left
	left=$(left_of 60-c)
	[ -z "$left" ] || { complain "$name: left behind: $left"; rt delete --force 60-c || true; }
}

cold() { rm -rf "$SV_ROOT/.seccomp" "$SV_ROOT/.kdevtmpfs"; }

faulty_create()
{
	rich_bundle 60-c "${3-}"
	PREPARE=${4-} every "$1" "$2" created_or_nothing create --bundle "$B" --pid-file "$W/pid" 60-c
	[ "${3-}" != overlay ] || umount "$B/rootfs"
	rm -rf "$B"
	no_complaints
}
on_exit umount "$W/60-c/rootfs"
CASE_LIMIT=200
t each_step_of_create_fails_in_the_runtime faulty_create 0 EIO "" cold
t each_step_of_create_fails_in_init faulty_create 1 EIO
t each_step_of_create_fails_in_the_assembler faulty_create 2 EIO
t each_step_of_create_with_hooks_fails_in_the_assembler faulty_create 2 EIO hooks
t each_step_of_create_on_an_overlay_fails_in_the_assembler faulty_create 2 EIO overlay
STRIDE=$((STRIDE * 6))   # further errors of the same steps
t memory_of_create_ends_at_any_step faulty_create 0 ENOMEM
t disk_is_full_at_any_step_of_the_assembler faulty_create 2 ENOSPC
t each_step_of_create_with_hooks_fails_in_the_runtime faulty_create 0 EIO hooks
t descriptors_of_create_end_at_any_step faulty_create 0 EMFILE
t a_signal_interrupts_any_step_of_create faulty_create 0 EINTR
STRIDE=$((STRIDE / 6))

# Whoever notices first that a process has ended, it is that one's own story that is told.
told_cause()
{
	rich_bundle 60-t
	for _ in {1..10}; do
		fault 1 1 EIO create --bundle "$B" 60-t
		eq "sysvisor-runc: cannot receive on a socket: Input/output error" "$(tail -n 1 "$W/said")"
		eq "" "$(left_of 60-t)"
	done
}
t failure_of_init_is_told_in_its_own_words told_cause

# ---- create that fails anyway, and then cleaning up fails

cleaned_by_force()
{
	[ "$rc" != 0 ] || complain "$1: success"
	check_message "$1"
	rt delete --force 60-u > "$W/said" 2>&1 || complain "$1: delete --force: $(cat "$W/said")"
	local left
	left=$(left_of 60-u)
	[ -z "$left" ] || complain "$1: left behind: $left"
}

faulty_undo()
{
	rich_bundle 60-u
	spec_edit '.process.args = ["/no/such/program"]'
	FIRST_STEP=$1 every 0 EIO cleaned_by_force create --bundle "$B" 60-u
	no_complaints
}
t what_a_failed_create_could_not_clean_up_is_deleted_by_force faulty_undo 180

# ---- start

started_or_not()
{
	local state
	state=$(status_of 60-s)
	if [ "$rc" = 0 ]; then
		[ "$state" = running ] || complain "$1: success, but $state"
	else
		check_message "$1"
		[ "$state" != created ] || rt start 60-s > "$W/said" 2>&1 || complain "$1: start again: $(cat "$W/said")"
		wait_for 3 is_running 60-s || complain "$1: never running"
	fi
	rt delete --force 60-s
	local left
	left=$(left_of 60-s)
	[ -z "$left" ] || complain "$1: left behind: $left"
}

faulty_start()
{
	rich_bundle 60-s hooks
	PREPARE="create_it 60-s" every 0 EIO started_or_not start 60-s
	rt delete --force 60-s
	no_complaints
}
t each_step_of_start_fails faulty_start

# ---- exec

container_unharmed()
{
	local n
	[ "$rc" = 0 ] || check_message "$1"
	all_gone || sleep 0.2
	all_gone || complain "$1: process of $alive is left"
	n=$(rt ps --format json 60-e)
	[ "$n" = "[$pid]" ] || complain "$1: processes $n instead of [$pid]"
}

faulty_exec()
{
	rich_bundle 60-e
	create_it 60-e
	rt start 60-e
	pid=$(pid_of 60-e)
	every "$1" "$2" container_unharmed exec --pid-file "$W/pid" 60-e true
	eq running "$(status_of 60-e)"
	rt exec 60-e true
	rt delete --force 60-e
	rm -rf "$B"
	no_complaints
}
t each_step_of_exec_fails_in_the_runtime faulty_exec 0 EIO
t each_step_of_exec_fails_in_the_process faulty_exec 1 EIO

# ---- delete, and what only asks

deleted_by_force()
{
	[ "$rc" = 0 ] || check_message "$1"
	rt delete --force 60-d > "$W/said" 2>&1 || complain "$1: delete --force: $(cat "$W/said")"
	local left
	left=$(left_of 60-d)
	[ -z "$left" ] || complain "$1: left behind: $left"
}

faulty_delete()
{
	rich_bundle 60-d hooks
	PREPARE="create_and_start 60-d" every 0 EIO deleted_by_force delete --force 60-d
	rt delete --force 60-d
	no_complaints
}
t each_step_of_delete_fails faulty_delete

still_running()
{
	[ "$rc" = 0 ] || check_message "$*"
	rt resume 60-q > "$W/said" 2>&1 || true   # a pause may have worked before it failed
	[ "$(status_of 60-q)" = running ] || complain "$1: not running"
}

faulty_questions()
{
	local command
	rich_bundle 60-q
	create_and_start 60-q
	for command in "state 60-q" "list" "ps 60-q" "kill 60-q 0" "pause 60-q" "update --pids-limit 50 60-q" \
		"events --stats 60-q"; do
		# shellcheck disable=SC2086
		every 0 EIO still_running $command
	done
	rt delete --force 60-q
	eq "" "$(left_of 60-q)"
	no_complaints
}
t each_step_of_the_other_commands_fails faulty_questions
