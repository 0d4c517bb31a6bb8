#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# 41-cgroup-systemd.sh - --systemd-cgroup: the container is a transient scope that systemd knows, lists and can reload around.
#
#	-.slice
#	`- sv41.slice
#	   `- sv41-inner.slice
#	      `- test-41-x.scope            Delegate=yes, limits as properties and in the kernel
#	         `- init.scope              init and what exec started
. "$(dirname "$0")/../lib/lib.sh"

[ -d /run/systemd/system ] || skip_all "systemd does not run here"
on_exit systemctl stop sv41.slice
v2() { [ "$(cg_mode)" = v2 ]; }

start_scope() # ID CGROUPSPATH FILTER
{
	bundle_new "$1" sleep 10000
	spec_edit '.linux.cgroupsPath = $path' --arg path "$2"
	spec_edit "$3"
	rt --systemd-cgroup create --bundle "$B" "$1" > "$B/log" 2>&1 < /dev/null || { cat "$B/log" >&2; return 1; }
	rt start "$1"
}
property() { systemctl show --property "$2" --value "$1"; }
gone() { [ "$(property "$1" LoadState)" = not-found ]; }
v1_or_v2() { if v2; then echo "$2"; else echo "$1"; fi; }

scope()
{
	start_scope 41-a system.slice:test:41-a '.linux.resources += { pids: { limit: 40 },
		memory: { limit: 67108864, swap: 134217728 }, cpu: { shares: 512, quota: 50000, period: 100000 } }'
	local unit=test-41-a.scope dir
	eq active "$(property $unit ActiveState)"
	eq yes "$(property $unit Delegate)"
	eq system.slice "$(property $unit Slice)"
	eq 40 "$(property $unit TasksMax)"
	eq 67108864 "$(property $unit "$(v1_or_v2 MemoryLimit MemoryMax)")"
	eq 500ms "$(property $unit CPUQuotaPerSecUSec)"
	dir=/sys/fs/cgroup$(v1_or_v2 /pids "")/system.slice/$unit
	eq 40 "$(cat "$dir/pids.max")"
	# Its own reload must not bring other limits, nor device rules.
	systemctl daemon-reload
	eq 40 "$(cat "$dir/pids.max")"
	if v2; then
		eq 67108864 "$(cat "$dir/memory.max")"
		eq "50000 100000" "$(cat "$dir/cpu.max")"
		eq 59 "$(cat "$dir/cpu.weight")"
		eq 0::/init.scope "$(rt exec 41-a cat /proc/self/cgroup)"
		eq 0::/system.slice/$unit/init.scope "$(cat /proc/"$(pid_of 41-a)"/cgroup)"
		rt exec 41-a sh -ec 'cd /sys/fs/cgroup; echo +pids > cgroup.subtree_control; mkdir sub; echo 5 > sub/pids.max'
		status 1 rt exec 41-a sh -c 'echo 50 > /sys/fs/cgroup/pids.max'
	fi
	rt exec 41-a sh -ec 'head -c 1 /dev/zero > /dev/null; : > /dev/full'
	rt update --pids-limit 50 --memory 50000000 --memory-swap 60000000 41-a
	eq 50 "$(property $unit TasksMax)"
	eq 50000000 "$(property $unit "$(v1_or_v2 MemoryLimit MemoryMax)")"
	systemctl daemon-reload
	eq 50 "$(cat "$dir/pids.max")"
	rt pause 41-a
	eq paused "$(status_of 41-a)"
	rt resume 41-a
	down 41-a
	gone $unit
	status 1 test -e "$dir"
}
t a_scope_with_limits_that_survive_a_reload scope

stopped() { [ "$(status_of "$1")" = stopped ]; }
slices()
{
	start_scope 41-b sv41-inner.slice:test:41-b .
	has "$(cat /proc/"$(pid_of 41-b)"/cgroup)" /sv41.slice/sv41-inner.slice/test-41-b.scope
	rt kill 41-b KILL
	wait_for 10 stopped 41-b
	rt delete 41-b
	wait_for 10 gone test-41-b.scope
}
t slices_are_nested_as_systemd_nests_them slices

default_path()
{
	bundle_new 41-c true
	rt --systemd-cgroup run --bundle "$B" 41-c
	gone sysvisor-41-c.scope
	spec_edit '.linux.cgroupsPath = "/docker/abc"'
	status 1 rt --systemd-cgroup run --bundle "$B" 41-c
	has "$OUT" "linux.cgroupsPath: expected 'slice:prefix:name'"
}
t without_a_path_the_scope_is_named_after_the_container default_path

taken()
{
	systemd-run --quiet --scope --unit test-41-d.scope sleep 1000 &
	local holder=$!
	wait_for 10 sh -c 'systemctl is-active --quiet test-41-d.scope'
	bundle_new 41-d true
	spec_edit '.linux.cgroupsPath = "system.slice:test:41-d"'
	status 1 rt --systemd-cgroup run --bundle "$B" 41-d
	has "$OUT" "test-41-d.scope"
	# It is somebody else's and goes on.
	systemctl is-active --quiet test-41-d.scope
	systemctl stop test-41-d.scope
	wait $holder || true
	status 1 rt state 41-d
}
t a_unit_that_runs_already_is_refused_and_left_alone taken
