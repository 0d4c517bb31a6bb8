#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# 20-lifecycle.sh - what happens to a container between create and delete, and what the commands say about it.
#
# parallel: yes
. "$(dirname "$0")/../lib/lib.sh"

is_status() { [ "$(status_of "$2")" = "$1" ]; }
gone()      { ! rt state "$1"; }
has_procs() { [ "$(rt ps --format json "$2" | jq length)" = "$1" ]; }
grown()     { [ "$(stat -c %s "$1")" -gt "$2" ]; }

# ---- created, running, stopped

three_states()
{
	bundle_new 20-life sleep 1000
	rt create --bundle "$B" 20-life > /dev/null 2>&1 < /dev/null
	eq created "$(status_of 20-life)"
	kill -0 "$(pid_of 20-life)"
	rt start 20-life
	eq running "$(status_of 20-life)"
	rt kill 20-life KILL
	wait_for 5 is_status stopped 20-life
	eq 0 "$(pid_of 20-life)"
	rt delete 20-life
	status 1 rt state 20-life
	eq 'sysvisor-runc: container "20-life" does not exist' "$OUT"
}
t create_start_kill_delete three_states

state_document()
{
	bundle_new 20-doc sleep 1000
	spec_edit '.annotations = {"b": "1", "org.x": "\"quoted\"\n"}'
	up 20-doc
	rt state 20-doc > "$W/doc"
	eq '["ociVersion","id","pid","status","bundle","rootfs","created","annotations","owner"]' \
		"$(jq -c keys_unsorted "$W/doc")"
	eq "$B" "$(jq -r .bundle "$W/doc")"
	eq "$B/rootfs" "$(jq -r .rootfs "$W/doc")"
	eq '"quoted"' "$(jq -r '.annotations["org.x"]' "$W/doc")"
	[ "$(date -d "$(jq -r .created "$W/doc")" +%s)" -le "$(date +%s)" ]
	down 20-doc
}
t state_has_the_keys_of_runc state_document

start_refusals()
{
	up 20-start
	status 1 rt start 20-start
	has "$OUT" "cannot start an already running container"
	rt kill 20-start KILL
	wait_for 5 is_status stopped 20-start
	status 1 rt start 20-start
	has "$OUT" "cannot start a container that has stopped"
	rt delete 20-start
	status 1 rt start 20-start
	has "$OUT" 'container "20-start" does not exist'
}
t only_a_created_container_starts start_refusals

program_ends()
{
	up 20-end sh -c 'exit 3'
	wait_for 5 is_status stopped 20-end
	rt delete 20-end
	gone 20-end
}
t program_that_ends_leaves_a_stopped_container program_ends

same_id()
{
	up 20-same
	status 1 rt create --bundle "$B" 20-same
	has "$OUT" "container with given ID already exists"
	eq running "$(status_of 20-same)"
	down 20-same
}
t id_that_is_taken_is_refused_and_the_owner_unharmed same_id

one_winner()
{
	local i won=0
	bundle_new 20-race sleep 1000
	for i in 1 2 3 4 5 6; do
		(rt create --bundle "$B" 20-race > "$W/race.$i" 2>&1 < /dev/null && touch "$W/won.$i") &
	done
	wait
	for i in 1 2 3 4 5 6; do
		if [ -e "$W/won.$i" ]; then
			won=$((won + 1))
		else
			has "$(cat "$W/race.$i")" "container with given ID already exists"
		fi
	done
	eq 1 "$won"
	eq created "$(status_of 20-race)"
	down 20-race
}
t of_many_creates_of_one_id_one_wins one_winner

# ---- kill

signals()
{
	local sig
	for sig in USR1 SIGUSR1 sigusr1 10; do
		up "20-$sig" sh -c 'trap "echo got >&2; exit 0" USR1; echo ready >&2; while :; do sleep 0.1; done'
		wait_for 5 grep -q ready "$B/log"
		rt kill "20-$sig" "$sig"
		wait_for 5 is_status stopped "20-$sig"
		has "$(cat "$B/log")" got
		rt delete "20-$sig"
	done
}
t signals_have_names_and_numbers signals

kill_refusals()
{
	up 20-kill
	status 1 rt kill 20-kill FOO
	has "$OUT" 'unknown signal "FOO"'
	status 1 rt kill 20-kill 65
	status 0 rt kill 20-kill 0
	status 0 rt kill 20-kill RTMIN+3     # sleep has no handler and is pid 1 of its namespace: nothing happens
	eq running "$(status_of 20-kill)"
	rt kill 20-kill 9
	wait_for 5 is_status stopped 20-kill
	# containerd looks for these words, and for the exit status 1.
	status 1 rt kill 20-kill 9
	has "$OUT" "container not running"
	status 0 rt kill --all 20-kill 9
	rt delete 20-kill
	status 1 rt kill 20-kill 9
	has "$OUT" "does not exist"
}
t kill_says_what_engines_look_for kill_refusals

kill_all()
{
	up 20-all sh -c 'trap : TERM; sleep 1001 & sleep 1002 & echo ready >&2; while :; do wait; done'
	wait_for 5 grep -q ready "$B/log"
	has_procs 3 20-all
	rt kill 20-all TERM                 # init has a handler that does nothing
	has_procs 3 20-all
	rt kill --all 20-all TERM
	wait_for 5 has_procs 1 20-all
	eq running "$(status_of 20-all)"
	rt kill -a 20-all KILL
	wait_for 5 is_status stopped 20-all
	rt delete 20-all
}
t kill_all_reaches_every_process kill_all

# ---- delete

delete_rules()
{
	up 20-del
	status 1 rt delete 20-del
	has "$OUT" "cannot delete container 20-del that is not stopped: running"
	eq running "$(status_of 20-del)"
	rt delete --force 20-del
	status 1 rt delete 20-del
	has "$OUT" "does not exist"
	status 0 rt delete --force 20-del
	eq "" "$OUT"
	status 1 rt delete --force ../20-del
}
t delete_wants_a_stopped_container_or_force delete_rules

delete_created()
{
	local pid
	bundle_new 20-never sleep 1000
	rt create --bundle "$B" 20-never > /dev/null 2>&1 < /dev/null
	pid=$(pid_of 20-never)
	rt delete 20-never
	gone 20-never
	wait_for 5 test ! -e "/proc/$pid"
}
t container_that_never_started_needs_no_force delete_created

delete_subgroups()
{
	local pid dir
	up 20-sub sh -c 'for c in /sys/fs/cgroup /sys/fs/cgroup/*; do mkdir -p $c/deep/er 2> /dev/null; done
		echo ready >&2; exec sleep 1000'
	wait_for 5 grep -q ready "$B/log"
	pid=$(pid_of 20-sub)
	dir=$(cg_dir "$pid" pids)
	[ -d "$dir/deep/er" ] || [ -d "$dir/../deep/er" ]
	rt delete --force 20-sub
	[ ! -e "$dir" ]
}
t groups_made_inside_are_removed_too delete_subgroups

delete_half()
{
	mkdir -p "$SV_ROOT/20-half"
	touch "$SV_ROOT/20-half/.state.json.12"
	status 1 rt state 20-half
	has "$OUT" "does not exist"
	has_not "$(rt list)" 20-half
	rt delete --force 20-half
	[ ! -e "$SV_ROOT/20-half" ]
	mkdir "$SV_ROOT/20-half"
	echo '{"head":' > "$SV_ROOT/20-half/state.json"
	status 1 rt state 20-half
	rt delete --force 20-half
	[ ! -e "$SV_ROOT/20-half" ]
}
t what_a_killed_create_left_is_deleted_by_force delete_half

# Runs the runtime and kills it with SIGKILL at the Nth call of a system call (CALL:N).
killed_at()
{
	local call=${1%:*} nth=${1#*:}
	shift
	strace -o /dev/null -e trace="$call" -e inject="$call:signal=KILL:when=$nth" "$RUNTIME" --root "$SV_ROOT" "$@" || true
}

# The host is compared before and after by tests/run.
delete_killed()
{
	local step
	for step in pidfd_send_signal:1 poll:2 rmdir:1 rmdir:3 rmdir:10 openat:10 unlinkat:1 unlinkat:2 unlinkat:3 \
		getdents64:1 flock:2 exit_group:1; do
		[ -d "$W/20-dk" ] || bundle_new 20-dk sleep 1000
		up 20-dk
		killed_at "$step" delete --force 20-dk
		rt delete --force 20-dk
		gone 20-dk
		[ ! -e "$SV_ROOT/20-dk" ]
	done
}
t killed_delete_can_be_repeated delete_killed

# Before the byte is in the fifo the container waits, after it the program runs: nothing is between.
start_killed()
{
	local step state
	for step in flock:1 write:1 unlinkat:1 exit_group:1; do
		[ -d "$W/20-sk" ] || bundle_new 20-sk sleep 1000
		rt create --bundle "$W/20-sk" 20-sk > /dev/null 2>&1 < /dev/null
		killed_at "$step" start 20-sk
		[[ $step == flock:1 || $step == write:1 ]] || wait_for 5 is_status running 20-sk
		state=$(status_of 20-sk)
		echo "$step: $state"
		case $step in
		flock:1 | write:1) eq created "$state" && rt start 20-sk ;;
		*) eq running "$state" && status 1 rt start 20-sk ;;
		esac
		eq running "$(status_of 20-sk)"
		down 20-sk
	done
}
t killed_start_leaves_created_or_running start_killed

# ---- exec

# With a terminal the process leads a session: its hang-up must not be faster than its message.
exec_mistakes()
{
	local i
	up 20-mistakes
	for i in 1 2 3 4 5; do
		status 255 rt exec --tty 20-mistakes no-such-program < /dev/null
		has "$OUT" 'exec: "no-such-program": executable file not found in $PATH'
	done
	status 255 rt exec --cwd usr 20-mistakes true
	has "$OUT" "Cwd must be an absolute path"
	down 20-mistakes
}
t exec_tells_what_is_wrong_also_with_a_terminal exec_mistakes

# ---- pause

pause_resume()
{
	up 20-pause sh -c 'while :; do echo x >&2; sleep 0.02; done'
	rt pause 20-pause
	eq paused "$(status_of 20-pause)"
	local before
	before=$(stat -c %s "$B/log")
	sleep 0.2
	eq "$before" "$(stat -c %s "$B/log")"
	status 1 rt pause 20-pause
	has "$OUT" "container not running"
	status 255 rt exec 20-pause true
	has "$OUT" "paused"
	status 1 rt delete 20-pause
	has "$OUT" "that is not stopped: paused"
	rt resume 20-pause
	eq running "$(status_of 20-pause)"
	wait_for 5 grown "$B/log" "$before"
	status 1 rt resume 20-pause
	has "$OUT" "container not paused"
	down 20-pause
}
t pause_stops_and_resume_goes_on pause_resume

kill_paused()
{
	up 20-frozen
	rt pause 20-frozen
	rt kill 20-frozen KILL
	wait_for 5 is_status stopped 20-frozen
	rt delete 20-frozen
	up 20-frozen
	rt pause 20-frozen
	rt delete --force 20-frozen
	gone 20-frozen
}
t paused_container_can_be_killed_and_deleted kill_paused

# ---- list, ps

lists()
{
	eq 'ID          PID         STATUS      BUNDLE      CREATED     OWNER' "$("$RUNTIME" --root "$W/no-root" list)"
	eq null "$("$RUNTIME" --root "$W/no-root" list --format json)"
	up 20-lb
	up 20-la
	rt kill 20-lb KILL
	wait_for 5 is_status stopped 20-lb
	eq "20-la 20-lb" "$(rt list -q | grep 20-l | xargs)"
	eq "20-lb 0 stopped $W/20-lb" "$(rt list | awk '/^20-lb/ { print $1, $2, $3, $4 }')"
	eq "20-la $(pid_of 20-la) running $W/20-la root" "$(rt list | awk '/^20-la/ { print $1, $2, $3, $4, $6 }')"
	eq running "$(rt list -f json | jq -r '.[] | select(.id == "20-la").status')"
	status 1 rt list --format yaml
	has "$OUT" "invalid format option"
	down 20-la
	down 20-lb
}
t list_shows_what_runc_shows lists

processes()
{
	local pid
	up 20-ps sh -c 'sleep 2001 & echo ready >&2; wait'
	wait_for 5 grep -q ready "$B/log"
	pid=$(pid_of 20-ps)
	eq 2 "$(rt ps --format json 20-ps | jq length)"
	eq true "$(rt ps -f json 20-ps | jq "index($pid) != null")"
	has "$(rt ps 20-ps | head -n 1)" "UID"
	has "$(rt ps 20-ps)" "sleep 2001"
	eq 3 "$(rt ps 20-ps | wc -l)"
	eq "PID COMMAND" "$(rt ps 20-ps -o pid,comm | head -n 1 | xargs)"
	status 1 rt ps 20-ps -o comm
	has "$OUT" "couldn't find PID field"
	rt kill 20-ps KILL
	wait_for 5 is_status stopped 20-ps
	eq null "$(rt ps --format json 20-ps)"
	eq 1 "$(rt ps 20-ps | wc -l)"
	down 20-ps
}
t ps_shows_the_processes_of_the_container processes

# ---- update, events

updates()
{
	local pid memory
	up 20-update
	pid=$(pid_of 20-update)
	memory=$([ "$(cg_mode)" = v2 ] && echo memory.max || echo memory.limit_in_bytes)
	rt update --memory 64m --pids-limit 50 20-update
	eq 67108864 "$(cg_limit "$pid" memory "$memory")"
	eq 50 "$(cg_limit "$pid" pids pids.max)"
	# As docker sends it: zeros change nothing.
	echo '{"memory":{"limit":33554432,"reservation":0,"swap":0},"cpu":{"shares":0,"quota":0,"period":0,"cpus":"","mems":""},
		"blockIO":{"weight":0},"pids":{"limit":0}}' | rt update --resources - 20-update
	eq 33554432 "$(cg_limit "$pid" memory "$memory")"
	eq 50 "$(cg_limit "$pid" pids pids.max)"
	echo '{"pids":{"limit":60}}' > "$W/res"
	rt update -r "$W/res" 20-update
	eq 60 "$(cg_limit "$pid" pids pids.max)"
	status 1 rt update --memory lots 20-update
	has "$OUT" "invalid value for memory"
	echo '{"memory":{"limit":"x"}}' > "$W/res"
	status 1 rt update --resources "$W/res" 20-update
	has "$OUT" "memory.limit"
	rt kill 20-update KILL
	wait_for 5 is_status stopped 20-update
	status 1 rt update --pids-limit 10 20-update
	has "$OUT" "container not running"
	down 20-update
}
t update_changes_what_it_is_told updates

stats()
{
	up 20-stats
	rt events --stats 20-stats > "$W/stats"
	eq 'stats 20-stats' "$(jq -r '.type + " " + .id' "$W/stats")"
	eq 1 "$(wc -l < "$W/stats")"
	eq true "$(jq '.data.cpu.usage.total > 0 and .data.pids.current == 1 and .data.memory.usage.usage > 0' "$W/stats")"
	status 1 rt events --interval 0 20-stats
	has "$OUT" "duration interval must be greater than 0"
	rt kill 20-stats KILL
	wait_for 5 is_status stopped 20-stats
	status 1 rt events --stats 20-stats
	has "$OUT" "is not running"
	down 20-stats
}
t events_shows_statistics_once stats

events_flow()
{
	local pid
	up 20-flow
	rt events --interval 100ms 20-flow > "$W/flow" &
	pid=$!
	wait_for 10 grep -q stats "$W/flow"
	rt kill 20-flow KILL
	wait "$pid"          # it ends by itself, with success
	down 20-flow
}
t events_end_with_the_container events_flow

oom()
{
	local pid
	bundle_new 20-oom sh -c 'sleep 1; tail /dev/zero; echo survived >&2; exec sleep 1000'
	spec_edit '.linux.resources.memory = {"limit": 16777216, "swap": 16777216}'
	rt create --bundle "$B" 20-oom > "$B/log" 2>&1 < /dev/null
	rt events --interval 1h 20-oom > "$W/oom" &
	pid=$!
	rt start 20-oom
	wait_for 20 grep -q survived "$B/log"
	wait_for 5 grep -q '"type":"oom"' "$W/oom"
	down 20-oom
	wait "$pid"
}
t memory_that_runs_out_is_an_event oom

# ---- hooks after the fact

hooks()
{
	bundle_new 20-hooks sleep 1000
	spec_edit --arg w "$W" '.hooks = {
		"poststart": [{"path": "/bin/sh", "args": ["sh", "-c", "cat > \($w)/hook.start"], "env": ["PATH=/usr/bin:/bin"]},
			{"path": "/bin/false"}],
		"poststop": [{"path": "/bin/false"},
			{"path": "/bin/sh", "args": ["sh", "-c", "cat > \($w)/hook.stop"], "env": ["PATH=/usr/bin:/bin"]}]}'
	rt create --bundle "$B" 20-hooks > "$B/log" 2>&1 < /dev/null
	rm -rf "${B:?}/config.json"           # later commands must not need it
	[ ! -e "$W/hook.start" ]
	"$RUNTIME" --root "$SV_ROOT" --log "$W/hooks.log" --log-format json start 20-hooks
	eq running "$(jq -r .status "$W/hook.start")"
	eq warning "$(tail -n 1 "$W/hooks.log" | jq -r .level)"
	eq running "$(status_of 20-hooks)"
	status 0 rt delete --force 20-hooks
	eq stopped "$(jq -r .status "$W/hook.stop")"
	gone 20-hooks
}
t failing_poststart_and_poststop_hooks_are_warnings hooks

# ---- the program itself

messages()
{
	local log=$W/messages.log
	status 1 "$RUNTIME" --root "$SV_ROOT" --log "$log" --log-format json state nope
	eq "sysvisor-runc: $(tail -n 1 "$log" | jq -r .msg)" "$OUT"
	eq error "$(tail -n 1 "$log" | jq -r .level)"
	date -d "$(tail -n 1 "$log" | jq -r .time)"
	status 1 "$RUNTIME" --log "$log" --log-format json frobnicate
	has "$OUT" 'unknown command "frobnicate"'
	has "$(tail -n 1 "$log" | jq -r .msg)" frobnicate
	status 1 "$RUNTIME" --frobnicate
	has "$OUT" "flag provided but not defined: --frobnicate"
	eq 1 "$(wc -l <<< "$OUT")"
	status 1 "$RUNTIME" --log-format xml list
	status 1 rt state
	has "$OUT" '"state" requires exactly 1 argument'
	status 255 rt exec nope true
	has "$OUT" "does not exist"
	status 1 rt state a/../b
	has "$OUT" "invalid container ID format"
}
t mistakes_are_told_once_in_stderr_and_log messages

program()
{
	local command
	eq "sysvisor-runc version" "$("$RUNTIME" --version | sed -n '1s/ [0-9.]*$//p')"
	eq 1 "$("$RUNTIME" -v | grep -c version)"          # dockerd takes each such line for the version
	has "$("$RUNTIME" --help)" COMMANDS
	has "$("$RUNTIME" help)" COMMANDS
	for command in create start run exec state list ps kill delete pause resume update events spec features; do
		has "$("$RUNTIME" "$command" --help)" "sysvisor-runc $command"
	done
	for command in checkpoint restore; do
		status 1 "$RUNTIME" "$command" --help
		has "$OUT" "$command is not supported"
	done
	status 1 setpriv --reuid 65534 --clear-groups "$RUNTIME" --root "$SV_ROOT" list
	has "$OUT" "must be run as root"
	status 0 setpriv --reuid 65534 --clear-groups "$RUNTIME" list --help
	status 1 sh -c "exec $RUNTIME --root $SV_ROOT list > /dev/full"
}
t help_and_version_are_there_for_everybody program

few_calls()
{
	local calls
	up 20-calls
	strace -f -o "$W/calls" "$RUNTIME" --root "$SV_ROOT" state 20-calls > /dev/null
	calls=$(grep -c '(' "$W/calls")
	echo "state: $calls system calls"
	[ "$calls" -le 70 ]
	down 20-calls
}
if command -v strace > /dev/null; then
	t state_needs_at_most_70_system_calls few_calls
else
	skip state_needs_at_most_70_system_calls "strace is not installed"
fi
