#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# 31-hooks.sh - the six kinds of hooks: when they run, where, what they are told, and what their failure means.
#
#	create   prestart, createRuntime     on the host, before the root is entered
#	         createContainer             in the container's mount namespace, program from the host
#	start    startContainer              in the container, program from the container
#	         poststart                   on the host
#	delete   poststop                    on the host
#
# parallel: yes
. "$(dirname "$0")/../lib/lib.sh"

is_status() { [ "$(status_of "$2")" = "$1" ]; }

# hook KIND SCRIPT [MORE-JSON]: adds a hook of sh -c SCRIPT to the bundle.
hook()
{
	spec_edit --arg kind "$1" --arg script "$2" --argjson more "${3:-{\}}" \
		'.hooks[$kind] += [{path: "/bin/sh", args: ["sh", "-c", $script], env: ["PATH=/usr/bin:/bin:/usr/sbin:/sbin"]} + $more]'
}

# A hook that notes its kind, its mount, pid and net namespace, and the state it was given, in files of $W/notes.
noting_hook()
{
	hook "$1" "cat > $W/notes/$1.state; echo $1 >> $W/notes/order
		echo \$(readlink /proc/self/ns/mnt /proc/self/ns/pid /proc/self/ns/net) > $W/notes/$1.ns; pwd > $W/notes/$1.cwd"
}

all_kinds()
{
	local kind host state
	mkdir "$W/notes"
	bundle_new 31-all sh -c 'echo program >> /order; exec sleep 1000'
	spec_edit '.annotations = {"org.x": "1"}'
	for kind in prestart createRuntime poststart poststop; do
		noting_hook "$kind"
	done
	hook startContainer 'read state; echo "$state" > /startContainer.state; echo startContainer >> /order; readlink /proc/self/ns/pid > /start.ns'

	rt create --bundle "$B" 31-all > "$W/out" 2>&1 < /dev/null || { cat "$W/out" >&2; false; }
	eq "prestart createRuntime" "$(xargs < "$W/notes/order")"
	[ ! -e "$B/rootfs/order" ]
	rt start 31-all
	wait_for 5 grep -q program "$B/rootfs/order"
	eq "startContainer program" "$(xargs < "$B/rootfs/order")"
	wait_for 5 grep -q poststart "$W/notes/order"
	state=$(rt state 31-all)
	eq "$(readlink "/proc/$(jq .pid <<< "$state")/ns/pid")" "$(cat "$B/rootfs/start.ns")"
	host="$(readlink /proc/self/ns/mnt) $(readlink /proc/self/ns/pid) $(readlink /proc/self/ns/net)"
	rt kill 31-all KILL
	wait_for 5 is_status stopped 31-all
	rt delete 31-all
	eq "prestart createRuntime poststart poststop" "$(xargs < "$W/notes/order")"

	for kind in prestart createRuntime poststart poststop; do
		eq "$host" "$(cat "$W/notes/$kind.ns")" "namespaces of $kind"
		eq "$B" "$(cat "$W/notes/$kind.cwd")" "directory of $kind"
		eq 31-all "$(jq -r .id "$W/notes/$kind.state")"
		eq "$B" "$(jq -r .bundle "$W/notes/$kind.state")"
		eq 1 "$(jq -r '.annotations["org.x"]' "$W/notes/$kind.state")"
		jq -e '.ociVersion | startswith("1.")' "$W/notes/$kind.state"
	done
	eq creating "$(jq -r .status "$W/notes/prestart.state")"
	eq creating "$(jq -r .status "$W/notes/createRuntime.state")"
	eq created "$(jq -r .status "$B/rootfs/startContainer.state")"
	eq running "$(jq -r .status "$W/notes/poststart.state")"
	eq stopped "$(jq -r .status "$W/notes/poststop.state")"
	[ "$(jq .pid "$W/notes/prestart.state")" -gt 1 ]
	eq "$(jq .pid <<< "$state")" "$(jq .pid "$W/notes/poststart.state")"
}
t every_kind_runs_in_its_order_place_and_state all_kinds

create_container()
{
	mkdir "$W/cc"
	bundle_new 31-cc true
	hook createContainer "cat > $W/cc/state; readlink /proc/self/ns/mnt > $W/cc/mnt; ls -d $B/rootfs/etc > $W/cc/root; echo made > $B/rootfs/by-hook"
	rt run --bundle "$B" 31-cc
	eq creating "$(jq -r .status "$W/cc/state")"
	[ "$(cat "$W/cc/mnt")" != "$(readlink /proc/self/ns/mnt)" ]
	eq "$B/rootfs/etc" "$(cat "$W/cc/root")"
	eq made "$(cat "$B/rootfs/by-hook")"
	eq "$(stat -c %u:%g "$B/rootfs/bin/busybox")" "$(stat -c %u:%g "$B/rootfs/by-hook")"
}
t create_container_hook_works_on_the_root_in_another_mount_namespace create_container

network_hook()
{
	# What Docker's libnetwork-setkey does: finds the network namespace by the pid of the state.
	mkdir "$W/net"
	bundle_new 31-net sh -c 'cat /proc/net/dev | grep -c hook0'
	hook prestart "pid=\$(sed -E 's/.*\"pid\": ?([0-9]+).*/\\1/'); readlink /proc/\$pid/ns/net > $W/net/ns
		nsenter -t \$pid -n ip link add hook0 type dummy 2> $W/net/err || : > $W/net/no-dummy"
	status 0 rt run --bundle "$B" 31-net || [ -e "$W/net/no-dummy" ]
	[ "$(cat "$W/net/ns")" != "$(readlink /proc/self/ns/net)" ]
	[ -e "$W/net/no-dummy" ] || eq 1 "$OUT"
}
t prestart_hook_can_furnish_the_network_namespace network_hook

exact_env()
{
	bundle_new 31-env true
	spec_edit --arg w "$W" '.hooks.createRuntime = [
		{path: "/bin/sh", args: ["zero", "-c", ("echo \"$0 $1 $#\" > \($w)/args; env | sort > \($w)/env"), "zero", "one two"], env: ["B=2", "A=1"]},
		{path: "/bin/sh", args: ["sh", "-c", "/usr/bin/env > \($w)/env.empty"]}]'
	SV_LEAK=1 rt run --bundle "$B" 31-env
	eq "zero one two 1" "$(cat "$W/args")"
	eq "A=1 B=2" "$(grep -E '^[AB]=|LEAK' "$W/env" | xargs)"
	has_not "$(cat "$W/env" "$W/env.empty")" LEAK
	has_not "$(cat "$W/env.empty")" HOME
}
t hook_gets_exactly_its_arguments_and_environment exact_env

no_leaks()
{
	bundle_new 31-fds true
	hook createRuntime "for f in /proc/self/fd/*; do readlink \$f || :; done > $W/fds.host"
	hook startContainer 'for f in /proc/self/fd/*; do readlink $f || :; done > /fds'
	rt run --bundle "$B" 31-fds 7< /dev/zero
	has_not "$(cat "$W/fds.host" "$B/rootfs/fds")" /dev/zero
	has_not "$(cat "$W/fds.host" "$B/rootfs/fds")" exec.fifo
	has_not "$(cat "$W/fds.host" "$B/rootfs/fds")" socket:
}
t hook_inherits_no_descriptor no_leaks

# hook_fails KIND: create must fail, say why, and leave nothing.
hook_fails()
{
	local id=31-fail-$1
	bundle_new "$id" sh -c 'echo started > /started'
	hook "$1" 'echo chatter; echo no such thing >&2; exit 3'
	hook poststop "echo stopped > $W/$id.stopped"
	status 1 rt create --bundle "$B" "$id"
	has "$OUT" "error running $1 hook #0: exit status 3, stdout: chatter, stderr: no such thing"
	status 1 rt state "$id"
	[ ! -e "$SV_ROOT/$id" ]
	[ ! -e "$B/rootfs/started" ]
}
t failing_prestart_hook_fails_create hook_fails prestart
t failing_create_runtime_hook_fails_create hook_fails createRuntime
t failing_create_container_hook_fails_create hook_fails createContainer

start_fails()
{
	bundle_new 31-start sh -c 'echo started > /started; sleep 1000'
	hook startContainer 'echo not today >&2; exit 1'
	rt create --bundle "$B" 31-start > "$B/log" 2>&1 < /dev/null
	rt start 31-start > "$W/out" 2>&1 || true
	wait_for 5 is_status stopped 31-start
	[ ! -e "$B/rootfs/started" ]
	has "$(cat "$W/out" "$B/log")" "error running startContainer hook #0: exit status 1, stdout: , stderr: not today"
	rt delete 31-start
	bundle_new 31-start-run true
	hook startContainer 'exit 4'
	status 1 rt run --bundle "$B" 31-start-run
	has "$OUT" "error running startContainer hook #0: exit status 4"
	status 1 rt state 31-start-run
}
t failing_start_container_hook_stops_the_container start_fails

hangs()
{
	local start=$SECONDS
	bundle_new 31-hang true
	hook createRuntime 'sleep 1003 & sleep 1003' '{"timeout": 1}'
	status 1 rt create --bundle "$B" 31-hang
	has "$OUT" "error running createRuntime hook #0: '/bin/sh' timed out after 1 s"
	[ $((SECONDS - start)) -lt $((20 * SV_SLOW)) ]
	if pgrep -f 'sleep 1003'; then false; fi
	status 1 rt state 31-hang
}
t hook_that_hangs_is_killed_after_its_timeout hangs

second_fails()
{
	bundle_new 31-second true
	hook createRuntime "echo one > $W/second.one"
	hook createRuntime 'exit 9'
	hook createRuntime "echo three > $W/second.three"
	status 1 rt create --bundle "$B" 31-second
	has "$OUT" "error running createRuntime hook #1: exit status 9"
	[ -e "$W/second.one" ]
	[ ! -e "$W/second.three" ]
}
t list_stops_at_the_first_failure second_fails

missing()
{
	bundle_new 31-missing true
	spec_edit '.hooks.createRuntime = [{path: "/no/such/hook"}]'
	status 1 rt create --bundle "$B" 31-missing
	has "$OUT" "error running createRuntime hook #0: cannot execute '/no/such/hook': No such file or directory"
}
t missing_hook_is_named missing

late_failures()
{
	bundle_new 31-late sleep 1000
	hook poststop 'exit 5'
	hook poststop "echo ran > $W/late.ran"
	rt create --bundle "$B" 31-late > "$B/log" 2>&1 < /dev/null
	rt start 31-late
	rt kill 31-late KILL
	wait_for 5 is_status stopped 31-late
	rt --log "$W/late.log" delete 31-late
	[ -e "$W/late.ran" ]
	has "$(cat "$W/late.log")" "error running poststop hook #0: exit status 5"
	status 1 rt state 31-late
}
t failing_poststop_hook_is_only_a_warning late_failures

crash()
{
	bundle_new 31-crash sleep 1000
	hook poststop "cat > $W/crash.state"
	rt create --bundle "$B" 31-crash > "$B/log" 2>&1 < /dev/null
	rt start 31-crash
	kill -KILL "$(pid_of 31-crash)"
	wait_for 5 is_status stopped 31-crash
	rm -r "$B"       # the bundle is not needed any more
	rt delete --force 31-crash
	eq stopped "$(jq -r .status "$W/crash.state")"
}
t poststop_runs_after_a_crash_and_without_the_bundle crash
