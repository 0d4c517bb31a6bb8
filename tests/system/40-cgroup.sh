#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# 40-cgroup.sh - limits, delegation, freezing, signals, statistics and removal of a container's control group.
#
# On v2 the container's root sees its directory as / and runs in a leaf below it:
#
#	/sys/fs/cgroup/40-x               limits: the host's; made by the runtime, owned by the container's root
#	/sys/fs/cgroup/40-x/init.scope    init and everything that exec started
#	/sys/fs/cgroup/40-x/anything      made inside
#
# On v1 there is such a directory in every hierarchy, without the leaf.
#
# parallel: yes
# sanitized: yes
. "$(dirname "$0")/../lib/lib.sh"

mode=$(cg_mode)
on_exit find /sys/fs/cgroup -depth -type d -path '*/40-*' -exec rmdir {} +

# The container's directory for a controller, on the host; what inside sees as $(inside CONTROLLER).
dir_of()
{
	if [ "$mode" = v2 ]; then
		echo "/sys/fs/cgroup/$1"
	else
		echo "/sys/fs/cgroup/$2/$1"
	fi
}
inside() { if [ "$mode" = v2 ]; then echo /sys/fs/cgroup; else echo "/sys/fs/cgroup/$1"; fi; }
v2() { [ "$mode" = v2 ]; }
left() { compgen -G "/sys/fs/cgroup/$1" || compgen -G "/sys/fs/cgroup/*/$1"; }

# value ID CONTROLLER V1-FILE V2-FILE
value() { if v2; then cat "$(dir_of "$1" "$2")/$4"; else cat "$(dir_of "$1" "$2")/$3"; fi; }

with() # FILTER: a bundle that sleeps, with resources
{
	local id=$1
	shift
	bundle_new "$id" sleep 10000
	spec_edit "$@"
	up "$id"
}

# ---- limits

limits_arrive()
{
	with 40-lim '.linux.resources += {
		memory: { limit: 67108864, swap: 134217728, reservation: 33554432 },
		cpu: { shares: 512, quota: 50000, period: 100000, cpus: "0", mems: "0" },
		pids: { limit: 40 } }'
	eq 67108864 "$(value 40-lim memory memory.limit_in_bytes memory.max)" memory
	eq 40 "$(value 40-lim pids pids.max pids.max)" pids
	eq 0 "$(value 40-lim cpuset cpuset.cpus cpuset.cpus)" cpus
	if v2; then
		eq "50000 100000" "$(cat /sys/fs/cgroup/40-lim/cpu.max)"
		eq 59 "$(cat /sys/fs/cgroup/40-lim/cpu.weight)"
		eq 33554432 "$(cat /sys/fs/cgroup/40-lim/memory.low)"
		eq 67108864 "$(cat /sys/fs/cgroup/40-lim/memory.swap.max 2> /dev/null || echo 67108864)"
	else
		eq 50000 "$(cat "$(dir_of 40-lim cpu)/cpu.cfs_quota_us")"
		eq 512 "$(cat "$(dir_of 40-lim cpu)/cpu.shares")"
		eq 134217728 "$(cat "$(dir_of 40-lim memory)/memory.memsw.limit_in_bytes")"
	fi
	# Seen from inside, at the root of the container's own view.
	eq 40 "$(rt exec 40-lim cat "$(inside pids)/pids.max")"
	has "$(rt exec 40-lim cat /proc/self/cgroup)" ":/"
	has_not "$(rt exec 40-lim cat /proc/self/cgroup)" 40-lim
	down 40-lim
	status 1 left 40-lim
}
t limits_arrive_and_are_seen_inside limits_arrive

pids_limit()
{
	with 40-pids '.linux.resources += { pids: { limit: 10 } }'
	status 2 rt exec 40-pids sh -c 'for i in $(seq 20); do sleep 100 & done; wait'
	has "$OUT" "an't fork"
	[ "$(value 40-pids pids pids.current pids.current)" -le 10 ]
	down 40-pids
}
t the_limit_of_processes_holds pids_limit

zeros_mean_nothing()
{
	with 40-zero '.linux.resources += { memory: { limit: 0, swap: 0, reservation: 0 }, cpu: { shares: 0, quota: 0, period: 0 },
		blockIO: { weight: 0 }, pids: { limit: 0 } }'
	eq max "$(value 40-zero pids pids.max pids.max)"
	down 40-zero
}
t zeros_set_no_limit zeros_mean_nothing

unknown_limit()
{
	bundle_new 40-bad true
	spec_edit '.linux.resources += { hugepageLimits: [ { pageSize: "3MB", limit: 0 } ] }'
	status 1 rt run --bundle "$B" 40-bad
	has "$OUT" hugetlb
	status 1 left 40-bad
	status 1 rt state 40-bad
}
t a_limit_that_cannot_be_set_is_named_and_leaves_nothing unknown_limit

# ---- devices

# Runs in the container's group, with the host's power: what is refused then is refused by the group alone.
in_group()
{
	local id=$1
	shift
	(
		if v2; then
			echo "$BASHPID" > "/sys/fs/cgroup/$id/init.scope/cgroup.procs"
		else
			echo "$BASHPID" > "$(dir_of "$id" devices)/tasks"
		fi
		"$@"
	)
}

devices()
{
	with 40-dev .
	mknod "$W/block" b 7 250
	mknod "$W/zero" c 1 5
	in_group 40-dev head -c 1 "$W/zero" > /dev/null
	status 1 in_group 40-dev head -c 1 "$W/block"
	has "$OUT" "Operation not permitted"
	# Inside, all standard nodes work.
	rt exec 40-dev sh -ec 'head -c 1 /dev/zero > /dev/null; head -c 1 /dev/urandom > /dev/null; : > /dev/full; : < /dev/random'
	down 40-dev
}
t devices_beyond_the_list_are_refused_by_the_group devices

# ---- delegation

delegated()
{
	with 40-sub '.linux.resources += { pids: { limit: 40 } }'
	if v2; then
		rt exec 40-sub sh -ec 'cd /sys/fs/cgroup; echo +pids > cgroup.subtree_control; mkdir sub
			echo 5 > sub/pids.max; sleep 1000 & echo $! > sub/cgroup.procs; grep -q . sub/cgroup.procs
			kill $!'
	else
		rt exec 40-sub sh -ec 'cd /sys/fs/cgroup; for c in cpu memory pids freezer systemd devices; do mkdir $c/sub; done
			echo 5 > pids/sub/pids.max; sleep 1000 & for c in cpu memory pids freezer systemd devices; do
			echo $! > $c/sub/cgroup.procs; grep -q . $c/sub/cgroup.procs; done
			echo $! > cpu/cgroup.procs; echo $! > memory/cgroup.procs; kill $!'
	fi
	eq 5 "$(value 40-sub pids sub/pids.max sub/pids.max)"
	down 40-sub
	status 1 left 40-sub
}
t the_containers_root_makes_groups_and_moves_processes delegated

not_lifted()
{
	with 40-lift '.linux.resources += { pids: { limit: 40 }, memory: { limit: 67108864 } }'
	local file
	for file in "$(inside pids)/pids.max" "$(inside memory)/$(v2 && echo memory.max || echo memory.limit_in_bytes)"; do
		status 1 rt exec 40-lift sh -c "echo 1000000000 > $file"
		has "$OUT" "ermission denied"
	done
	if v2; then
		status 1 rt exec 40-lift sh -c 'echo 0 > /sys/fs/cgroup/cgroup.freeze'
	else
		status 1 rt exec 40-lift sh -c 'echo a > /sys/fs/cgroup/devices/devices.allow'
		status 1 rt exec 40-lift sh -c 'echo THAWED > /sys/fs/cgroup/freezer/freezer.state'
		# A sub-group may have less, never more.
		status 1 rt exec 40-lift sh -c 'mkdir /sys/fs/cgroup/devices/s && echo a > /sys/fs/cgroup/devices/s/devices.allow'
	fi
	eq 40 "$(value 40-lift pids pids.max pids.max)"
	down 40-lift
}
t limits_cannot_be_lifted_from_inside not_lifted

exec_joins()
{
	with 40-exec .
	rt exec --detach --pid-file "$W/40-exec.pid" 40-exec sleep 777
	local pid
	pid=$(cat "$W/40-exec.pid")
	eq "$(sed 's/^[0-9]*//' "/proc/$(pid_of 40-exec)/cgroup")" "$(sed 's/^[0-9]*//' "/proc/$pid/cgroup")"
	down 40-exec
	status 1 kill -0 "$pid"
}
t exec_joins_every_group_of_the_container exec_joins

exec_subgroup()
{
	with 40-xsub .
	if v2; then
		rt exec 40-xsub mkdir /sys/fs/cgroup/sub
	else
		rt exec 40-xsub sh -ec 'for d in /sys/fs/cgroup/*/; do mkdir $d/sub; [ ! -e $d/cpuset.cpus ] || {
			cat $d/cpuset.cpus > $d/sub/cpuset.cpus; cat $d/cpuset.mems > $d/sub/cpuset.mems; }; done'
	fi
	has "$(rt exec --cgroup /sub 40-xsub cat /proc/self/cgroup)" ":/sub"
	status 255 rt exec --cgroup ../.. 40-xsub true
	status 255 rt exec --cgroup /missing 40-xsub true
	down 40-xsub
}
t exec_can_name_a_sub_group exec_subgroup

# ---- update

update()
{
	with 40-upd '.linux.resources += { memory: { limit: 67108864, swap: 134217728 }, pids: { limit: 40 } }'
	rt update --memory 50000000 --memory-swap 60000000 --pids-limit 30 --cpu-quota 30000 --cpu-period 60000 40-upd
	eq 49999872 "$(value 40-upd memory memory.limit_in_bytes memory.max)"
	eq 30 "$(value 40-upd pids pids.max pids.max)"
	# Upwards beyond the old swap limit, and without any.
	rt update --memory 500000000 --memory-swap 600000000 40-upd
	eq 499998720 "$(value 40-upd memory memory.limit_in_bytes memory.max)"
	echo '{"memory":{"limit":-1,"swap":-1},"pids":{"limit":-1},"cpu":{"shares":2048}}' | rt update --resources - 40-upd
	has "9223372036854771712 max" "$(value 40-upd memory memory.limit_in_bytes memory.max)"
	eq max "$(value 40-upd pids pids.max pids.max)"
	if v2; then
		eq "30000 60000" "$(cat /sys/fs/cgroup/40-upd/cpu.max)"
		rt update --cpu-quota -1 40-upd
		eq "max 60000" "$(cat /sys/fs/cgroup/40-upd/cpu.max)"
		eq 174 "$(cat /sys/fs/cgroup/40-upd/cpu.weight)"
	else
		eq 30000 "$(cat "$(dir_of 40-upd cpu)/cpu.cfs_quota_us")"
		eq 2048 "$(cat "$(dir_of 40-upd cpu)/cpu.shares")"
	fi
	down 40-upd
}
t update_changes_what_it_names_and_nothing_else update

# ---- freezing

# Counts in a file as long as it is not frozen.
counter='i=0; while :; do i=$((i + 1)); echo $i > /tmp/n; sleep 0.01; done'
reading() { cat "$W/$1/rootfs/tmp/n"; }
counting()
{
	local before
	before=$(reading "$1")
	sleep 0.2
	[ "$(reading "$1")" != "$before" ]
}

pausing()
{
	up 40-pause sh -c "$counter"
	wait_for 5 counting 40-pause
	rt pause 40-pause
	eq paused "$(status_of 40-pause)"
	status 1 counting 40-pause
	status 255 rt exec 40-pause true
	rt resume 40-pause
	eq running "$(status_of 40-pause)"
	wait_for 5 counting 40-pause
	# A frozen container can be killed, and taken away at once.
	rt pause 40-pause
	rt delete --force 40-pause
	status 1 left 40-pause
}
t pause_and_resume pausing

# ---- signals and removal

kill_all()
{
	with 40-all .
	rt exec --detach --pid-file "$W/40-all.pid" 40-all sleep 7777
	local init other
	init=$(pid_of 40-all) other=$(cat "$W/40-all.pid")
	if v2; then
		rt exec 40-all mkdir -p /sys/fs/cgroup/a/b
		echo "$other" > /sys/fs/cgroup/40-all/a/b/cgroup.procs
	else
		rt exec 40-all sh -c 'mkdir -p /sys/fs/cgroup/freezer/a/b /sys/fs/cgroup/pids/a/b'
		# The container froze a sub-group of its own: SIGKILL must reach it all the same.
		echo "$other" > "$(dir_of 40-all freezer)/a/b/cgroup.procs"
		rt exec 40-all sh -c 'echo FROZEN > /sys/fs/cgroup/freezer/a/b/freezer.state'
	fi
	rt kill --all 40-all KILL
	wait_for 5 test ! -e "/proc/$other"
	wait_for 5 test ! -e "/proc/$init"
	rt delete 40-all
	status 1 left 40-all
}
t kill_all_reaches_frozen_sub_groups kill_all

many_groups()
{
	with 40-many .
	rt exec 40-many sh -ec "
		cd $(inside memory)
		i=0; while [ \$i -lt 300 ]; do mkdir w\$i; i=\$((i + 1)); done
		mkdir -p './-rf/a b/.hidden' \"\$(printf 'line\\tbreak')\"
		i=0; while [ \$i -lt 95 ]; do mkdir 0123456789012345678901234567890123456789; cd 0123456789012345678901234567890123456789; i=\$((i + 1)); done"
	down 40-many
	status 1 left 40-many
}
t hundreds_of_groups_made_inside_are_removed many_groups

frozen_inside()
{
	v2 && return
	with 40-cold .
	rt exec --detach 40-cold sh -c 'mkdir /sys/fs/cgroup/freezer/f; echo $$ > /sys/fs/cgroup/freezer/f/tasks
		echo FROZEN > /sys/fs/cgroup/freezer/f/freezer.state; sleep 1000'
	wait_for 5 grep -q . "$(dir_of 40-cold freezer)/f/tasks"
	down 40-cold
	status 1 left 40-cold
}
t delete_force_ends_what_the_container_froze frozen_inside

busy()
{
	local dir pid
	dir=$(dir_of 40-busy pids)
	bundle_new 40-busy true
	mkdir "$dir"
	sleep 1000 &
	pid=$!
	echo "$pid" > "$dir/cgroup.procs"
	status 1 rt run --bundle "$B" 40-busy
	has "$OUT" "has processes in it"
	# What is not ours is left alone, and of ours nothing is left.
	rt delete --force 40-busy || true
	kill -0 "$pid"
	eq "$dir" "$(left 40-busy)"
	kill "$pid"
	wait "$pid" || true
	# Empty, it can be used.
	rt run --bundle "$B" 40-busy
	status 1 left 40-busy
}
t a_group_with_foreign_processes_is_refused_and_left_alone busy

paths()
{
	bundle_new 40-path cat /proc/self/cgroup
	spec_edit '.linux.cgroupsPath = "//40-outer/./deep/c/"'
	up 40-path
	test -d "$(dir_of 40-outer pids)/deep/c"
	down 40-path
	status 1 test -d "$(dir_of 40-outer pids)/deep/c"
	test -d "$(dir_of 40-outer pids)/deep" # the parents stay: they may be shared
	spec_edit '.linux.cgroupsPath = "/"'
	status 1 rt run --bundle "$B" 40-path
	has "$OUT" linux.cgroupsPath
}

# ---- statistics

stats()
{
	with 40-stat '.linux.resources += { memory: { limit: 67108864 }, pids: { limit: 40 } }'
	rt events --stats 40-stat > "$W/40-stats"
	eq '["stats","40-stat"]' "$(jq -c '[.type, .id]' "$W/40-stats")"
	eq '["blkio","cpu","cpuset","hugetlb","intel_rdt","memory","network_interfaces","pids"]' \
		"$(jq -c '.data | keys' "$W/40-stats")"
	eq 67108864 "$(jq .data.memory.usage.limit "$W/40-stats")"
	eq 40 "$(jq .data.pids.limit "$W/40-stats")"
	eq 1 "$(jq .data.pids.current "$W/40-stats")"
	eq true "$(jq '.data.cpu.usage.total > 0 and .data.memory.raw != null' "$W/40-stats")"
	down 40-stat
}
t statistics_have_the_shape_of_runc stats

oom()
{
	with 40-oom '.linux.resources += { memory: { limit: 33554432, swap: 33554432 } }'
	"$RUNTIME" --root "$SV_ROOT" events --interval 1h 40-oom > "$W/40-oom.events" &
	# Watching before it happens: the descriptor is what tells.
	wait_for 5 sh -c "ls -l /proc/$!/fd | grep -Eq 'eventfd|inotify'"
	status 137 rt exec 40-oom dd if=/dev/zero of=/dev/null bs=100M count=1
	wait_for 5 grep -q '"type":"oom"' "$W/40-oom.events"
	eq '{"type":"oom","id":"40-oom"}' "$(head -n 1 "$W/40-oom.events")"
	down 40-oom
	wait
}
t out_of_memory_is_told_as_an_event oom
t paths_are_made_with_their_parents_and_cleaned paths
