# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# 61-kill.sh - SIGKILL at every step of every command, to the command itself or to one of its children.
#
# A child that dies is a failed create, which cleans up by itself. What a killed command leaves is taken away by
# `delete --force`, and meanwhile `state` and `list` answer.
#
# time: 600
. "$(dirname "$0")/../lib/lib.sh"
. "$(dirname "$0")/../lib/fault.sh"

# ---- create

nothing_left()
{
	local left
	left=$(left_of 61-c)
	[ -z "$left" ] || { complain "$1: left behind: $left"; rt delete --force 61-c || true; }
}

child_died()
{
	if [ "$rc" = 0 ]; then   # it was at its end
		rt delete --force 61-c
	elif [ -n "$hit" ]; then
		check_message "$1"
	fi
	nothing_left "$1"
}

killed_create()
{
	if [ -n "$hit" ]; then
		[ "$rc" = 137 ] || complain "$1: exit status $rc"
	else
		[ "$rc" = 0 ] || complain "$1: exit status $rc without a kill"
	fi
	rt list -q > "$W/said" 2>&1 || complain "$1: list: $(cat "$W/said")"
	if [ -e "$SV_ROOT/61-c" ]; then
		rt state 61-c > "$W/said" 2>&1 || grep -q "its create was killed" "$W/said" ||
			complain "$1: state: $(cat "$W/said")"
		! create_it 61-c || complain "$1: the id is given twice"
	fi
	rt delete --force 61-c > "$W/said" 2>&1 || complain "$1: delete --force: $(cat "$W/said")"
	nothing_left "$1"
}

killing_create()
{
	rich_bundle 61-c "${4-}"
	every "$1" "$2" "$3" create --bundle "$B" --pid-file "$W/pid" 61-c
	[ "${4-}" != overlay ] || umount "$B/rootfs"
	rm -rf "$B"
	no_complaints
}
on_exit umount "$W/61-c/rootfs"
CASE_LIMIT=200
t create_is_killed_at_each_step killing_create 0 kill killed_create
t create_is_killed_at_each_step_of_init killing_create 1 kill-first killed_create
t create_is_killed_at_each_step_of_the_assembler killing_create 2 kill-first killed_create
t init_is_killed_at_each_step killing_create 1 kill child_died
t the_assembler_is_killed_at_each_step killing_create 2 kill child_died
STRIDE=$((STRIDE * 4))
t create_with_hooks_is_killed killing_create 0 kill killed_create hooks
t create_with_hooks_is_killed_while_the_assembler_works killing_create 2 kill-first killed_create hooks
t create_on_an_overlay_is_killed killing_create 2 kill-first killed_create overlay
STRIDE=$((STRIDE / 4))

# ---- start, exec, delete

killed_start()
{
	[ -z "$hit" ] || [ "$rc" = 137 ] || complain "$1: exit status $rc"
	if [ "$(status_of 61-s)" = created ]; then
		rt start 61-s > "$W/said" 2>&1 || complain "$1: start again: $(cat "$W/said")"
	fi
	wait_for 3 is_running 61-s || complain "$1: never running"
	rt delete --force 61-s
	local left
	left=$(left_of 61-s)
	[ -z "$left" ] || complain "$1: left behind: $left"
}

killing_start()
{
	rich_bundle 61-s hooks
	PREPARE="create_it 61-s" every 0 kill killed_start start 61-s
	rt delete --force 61-s
	no_complaints
}
t start_is_killed_at_each_step killing_start

only_init()
{
	local n
	n=$(rt ps --format json 61-e)
	[ "$n" = "[$pid]" ]
}

killed_exec()
{
	if ! all_gone || ! only_init; then sleep 0.3; fi
	all_gone || complain "$1: process of $alive is left"
	only_init || complain "$1: processes $(rt ps --format json 61-e) instead of [$pid]"
}

killing_exec()
{
	rich_bundle 61-e
	create_and_start 61-e
	pid=$(pid_of 61-e)
	every "$1" "$2" killed_exec exec --pid-file "$W/pid" 61-e true
	rt exec 61-e true
	rt delete --force 61-e
	eq "" "$(left_of 61-e)"
	rm -rf "$B"
	no_complaints
}
t exec_is_killed_at_each_step killing_exec 0 kill
t exec_is_killed_at_each_step_of_the_process killing_exec 1 kill-first
t the_process_of_exec_is_killed_at_each_step killing_exec 1 kill

killed_delete()
{
	[ -z "$hit" ] || [ "$rc" = 137 ] || complain "$1: exit status $rc"
	rt list -q > "$W/said" 2>&1 || complain "$1: list: $(cat "$W/said")"
	rt delete --force 61-d > "$W/said" 2>&1 || complain "$1: delete --force: $(cat "$W/said")"
	local left
	left=$(left_of 61-d)
	[ -z "$left" ] || complain "$1: left behind: $left"
}

killing_delete()
{
	rich_bundle 61-d hooks
	PREPARE="create_and_start 61-d" every 0 kill killed_delete delete --force 61-d
	rt delete --force 61-d
	no_complaints
}
t delete_is_killed_at_each_step killing_delete
