# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# 62-hostile.sh - ids, documents, images and circumstances that nobody would choose: a clear refusal that leaves nothing, or
# a container that is as it should be; never a hang, never a touch of the host.
#
# vm: no
. "$(dirname "$0")/../lib/lib.sh"

COMMANDS=(state start kill pause resume ps delete "delete --force" "events --stats")

# What a container of this id left on the host.
left_of()
{
	local dir
	[ ! -e "$SV_ROOT/$1" ] || echo "state directory"
	for dir in /sys/fs/cgroup/"$1" /sys/fs/cgroup/*/"$1"; do
		[ ! -e "$dir" ] || echo "cgroup $dir"
	done
}

# refused PART: `run` of $B fails with PART in its message, and leaves nothing.
refused()
{
	status 1 timeout 20 "$RUNTIME" --root "$SV_ROOT" run --bundle "$B" 62-refused
	has "$OUT" "$1"
	[[ $OUT == "sysvisor-runc: "* ]]
	eq "" "$(left_of 62-refused)"
}

# ---- ids

hostile_ids()
{
	local id command
	bundle_new ids true
	mkdir -p "$SV_ROOT"
	for id in .. . ../x a/b "" $'a\nb' "$(printf %300s "" | tr ' ' a)" "a b" $'\xff' "é" /etc ..%2f; do
		status 1 rt create --bundle "$B" -- "$id"
		has "$OUT" "container id"
		for command in "${COMMANDS[@]}"; do
			# shellcheck disable=SC2086
			status 1 rt $command -- "$id"
		done
		status 255 rt exec -- "$id" true
	done
	eq "" "$(ls "$SV_ROOT")"
}
hostile_ids_() { shopt -s nocasematch; hostile_ids; }   # the messages of other runtimes say "ID"
t ids_that_are_paths_are_refused_by_every_command hostile_ids_

# ---- documents

edited()
{
	cp "$W/good" "$B/config.json"
	spec_edit "$@"
}

hostile_json()
{
	local value
	bundle_new json true
	cp "$B/config.json" "$W/good"
	head -c 200000 /dev/zero | tr '\0' '[' > "$B/config.json"
	refused "nesting too deep"
	head -c 3000 /dev/urandom > "$B/config.json"
	refused "not JSON"
	: > "$B/config.json"
	refused "not JSON: the text ends too early"
	(cat "$W/good"; printf '\0') > "$B/config.json"
	refused "not JSON: a NUL"
	sed 's/"true"/"t\xff\xfee"/' "$W/good" > "$B/config.json"
	refused "invalid UTF-8"
	edited '.process.args = ["true", "a\u0000b"]'
	refused "a string contains a NUL"
	for value in 4294967296 -1 4294967295 0.5 1e3 '"0"' 99999999999999999999999 null '[]'; do
		jq -c . "$W/good" | sed "s/\"uid\":0/\"uid\":$value/" > "$B/config.json"
		[ "$value" = null ] || refused "process.user.uid: expected"
	done
	edited '.linux.resources.memory.limit = -5'
	refused "linux.resources.memory.limit"
	edited '.linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 1}] | .linux.gidMappings = .linux.uidMappings'
	refused "linux.uidMappings[0].hostID"
	edited '.linux.uidMappings = [{"containerID": 0, "hostID": 4294967290, "size": 10}]
		| .linux.gidMappings = .linux.uidMappings'
	refused "linux.uidMappings[0]"
	for value in kernel.core_pattern kernel/core_pattern net/../kernel/core_pattern vm.overcommit_memory; do
		edited --arg key "$value" '.linux.sysctl = {($key): "1"}'
		refused linux.sysctl
	done
	for value in /../../x ../.. /a/../../b; do
		edited --arg path "$value" '.linux.cgroupsPath = $path'
		refused linux.cgroupsPath
	done
}
t hostile_documents_are_refused_with_the_place hostile_json

large_json()
{
	bundle_new large true
	spec_edit '.annotations = {"x": ("a" * 10000000)}'
	status 0 timeout 20 "$RUNTIME" --root "$SV_ROOT" run --bundle "$B" 62-large
	spec_edit 'del(.annotations) | .linux.maskedPaths = [range(20000) | "/nope/\(.)"]
		| .mounts += [range(1000) | {"destination": "/mnt/\(.)", "type": "tmpfs", "source": "tmpfs"}]'
	status 0 timeout 20 "$RUNTIME" --root "$SV_ROOT" run --bundle "$B" 62-large
	eq "" "$(left_of 62-large)"
}
t document_of_10_MB_and_thousands_of_entries_run large_json

# ---- images

pillars()
{
	local place target
	for place in proc sys dev; do
		for target in / /etc /proc nowhere /proc/self/fd/8 ../../../../tmp; do
			rm -rf "$W/pillars"
			bundle_new pillars true
			rmdir "$B/rootfs/$place"
			ln -s "$target" "$B/rootfs/$place"
			refused "on '/$place': the root file system must have an ordinary directory there"
		done
		rm "$B/rootfs/$place"
		touch "$B/rootfs/$place"
		refused "on '/$place': the root file system must have an ordinary directory there"
	done
}
t image_with_links_for_proc_sys_or_dev_is_refused pillars

# All of the places lead to the host's $W/host when they are followed outside of the root.
links()
{
	local host=$W/host
	bundle_new links sh -c 'ls /dir/probe /etc/inside; cat /file; stat -c %F /dev/x'
	mkdir -p "$host/sub" "$host/masked" "$B/source" "$B/rootfs$host/masked"
	touch "$B/source/probe"
	echo text > "$B/text"
	ln -s "$host/sub" "$B/rootfs/dir"
	ln -s "../../../../../../../../../../../../../$host/file" "$B/rootfs/file"
	ln -s ../../../../../../../../../../../../../etc/inside "$B/rootfs/mnt/up"
	ln -s "$host/masked" "$B/rootfs/masked"
	mkdir -m 700 "$W/private"
	mv "$B/source" "$B/text" "$W/private/"
	# A directory where a dangling link leads is not made, an existing one is used: inside of the root.
	mkdir -p "$B/rootfs$host/sub" "$B/rootfs/etc/inside"
	touch "$B/rootfs$host/file"
	spec_edit --arg private "$W/private" --arg host "$host" '
		.mounts += [{"destination": "/dir", "source": "\($private)/source", "options": ["bind"]},
			{"destination": "/file", "source": "\($private)/text", "options": ["bind"]},
			{"destination": "/mnt/up", "type": "tmpfs", "source": "tmpfs"}]
		| .linux.devices = [{"path": "/dev/x", "type": "c", "major": 1, "minor": 3},
			{"path": "/mnt/../masked/device", "type": "c", "major": 1, "minor": 3}]'
	# A path with ".." is no name of a device.
	refused "linux.devices[1]"
	spec_edit 'del(.linux.devices[1]) | .linux.maskedPaths += ["/masked"] | .linux.readonlyPaths += ["/masked"]'
	status 0 timeout 20 "$RUNTIME" --root "$SV_ROOT" run --bundle "$B" 62-links
	has "$OUT" /dir/probe
	has "$OUT" text
	has "$OUT" "character special file"
	eq "$host $host/masked $host/sub" "$(find "$host" | sort | xargs)"
	eq "" "$(left_of 62-links)"
}
t links_of_an_image_stay_inside_its_root links

magic_links()
{
	local target
	for target in /proc/self/fd/3 /proc/self/root /proc/1/root /proc/self/cwd /proc/self/ns/mnt; do
		rm -rf "$W/magic"
		bundle_new magic true
		ln -s "$target" "$B/rootfs/place"
		spec_edit '.mounts += [{"destination": "/place/x", "type": "tmpfs", "source": "tmpfs", "options": ["ro"]}]'
		refused "on '/place/x'"
		spec_edit '.mounts[-1].options = ["rw"]'
		refused "on '/place/x'"
	done
}
t magic_links_of_proc_are_no_mount_points magic_links

dangling()
{
	bundle_new dangling true
	ln -s "$W/not-there" "$B/rootfs/place"
	spec_edit '.mounts += [{"destination": "/place", "type": "tmpfs", "source": "tmpfs", "options": ["ro"]}]'
	status "0|1" timeout 20 "$RUNTIME" --root "$SV_ROOT" run --bundle "$B" 62-dangling
	[ ! -e "$W/not-there" ]
	eq "" "$(left_of 62-dangling)"
}
t dangling_link_makes_nothing_on_the_host dangling

passwd()
{
	local kind
	for kind in fifo directory link device; do
		rm -rf "$W/passwd"
		bundle_new passwd sh -c 'echo HOME=$HOME'
		spec_edit '.process.env = ["PATH=/bin"]'
		rm "$B/rootfs/etc/passwd"
		case $kind in
		fifo) mkfifo "$B/rootfs/etc/passwd" ;;
		directory) mkdir "$B/rootfs/etc/passwd" ;;
		link) ln -s /proc/self/fd/7 "$B/rootfs/etc/passwd" ;;
		device) mknod "$B/rootfs/etc/passwd" c 1 5 ;;   # endless
		esac
		status 0 timeout 20 "$RUNTIME" --root "$SV_ROOT" run --bundle "$B" 62-passwd
		eq HOME=/ "$OUT"
	done
}
t passwd_that_is_no_file_is_ignored passwd

# ---- races in the image

race()
{
	local host=$W/victim i swapping swap said won=0
	swap=$(tool swap)
	bundle_new race sh -c 'wc -c < /proc/interrupts; ls -d /proc/self/mountinfo > /dev/null; ls /vol/a/probe'
	mkdir -p "$W/volume" "$host" "$B/rootfs/vol/a"
	chmod 700 "$W/volume"
	touch "$W/volume/probe"
	spec_edit --arg volume "$W/volume" '
		.mounts += [{"destination": "/vol/a", "source": $volume, "options": ["rbind", "ro"]},
			{"destination": "/vol/made/here", "type": "tmpfs", "source": "tmpfs", "options": ["ro"]}]'
	ln -s "$2" "$B/rootfs/$1.link"
	"$swap" "$B/rootfs/$1" "$B/rootfs/$1.link" &
	swapping=$!
	for ((i = 0; i < $3; i++)); do
		# Refused, or with everything in its place.
		if timeout 20 "$RUNTIME" --root "$SV_ROOT" run --bundle "$B" 62-race > "$W/said" 2>&1 < /dev/null; then
			won=$((won + 1))
			# The link may lead away from the mount later, too; but what is masked is not seen.
			said=$(head -n 1 "$W/said")
			[[ $said == 0 || $said == *"no such file"* ]]
		fi
		eq "" "$(left_of 62-race)"
	done
	kill "$swapping"
	wait "$swapping" || true
	echo "$won of $3 ran" >&2
	eq "" "$(ls -A "$host")"
	rm -rf "$B"
}
t mount_point_is_swapped_for_a_link_to_the_host race vol "$W/victim" 100
t mount_point_is_swapped_for_a_link_upwards race vol ../../../../../../../../../.."$W/victim" 50
t proc_is_swapped_for_a_link race proc / 50
t dev_is_swapped_for_a_link race dev "$W/victim" 50

# ---- descriptors and working directories

descriptors()
{
	bundle_new fds sh -c 'cd /proc/self/fd; echo *'
	exec 11< "$B/config.json" 12< / 13> "$W/some"
	rt run --bundle "$B" 62-fds > "$W/said" 2>&1 < /dev/null
	# The last one is the directory that the shell lists.
	eq "0 1 2 3" "$(cat "$W/said")"
	rt run --bundle "$B" --preserve-fds 2 62-fds > "$W/said" 2>&1 < /dev/null 3< /etc/hostname 4< /etc/hostname
	eq "0 1 2 3 4 5" "$(cat "$W/said")"
	spec_edit '.process.args = ["sleep", "1000"]'
	rt create --bundle "$B" 62-fds > "$W/said" 2>&1 < /dev/null
	rt exec 62-fds sh -c 'cd /proc/self/fd; echo *' > "$W/said" < /dev/null
	eq "0 1 2 3" "$(cat "$W/said")"
	rt start 62-fds
	rt exec 62-fds sh -c 'cd /proc/1/fd; echo *' > "$W/said" < /dev/null
	eq "0 1 2" "$(cat "$W/said")"
	rt exec --preserve-fds 1 62-fds sh -c 'cd /proc/self/fd; echo *' > "$W/said" < /dev/null 3< /etc/hostname
	eq "0 1 2 3 4" "$(cat "$W/said")"
	rt delete --force 62-fds
}
t only_the_standard_and_preserved_descriptors_are_open descriptors

# CVE-2024-21626
working_directory()
{
	local fd
	bundle_new cwd cat /etc/hostname
	cp "$B/config.json" "$W/good"
	for fd in {3..30}; do
		edited --arg cwd "/proc/self/fd/$fd" '.process.cwd = $cwd'
		refused process.cwd
	done
	edited --arg cwd "/proc/self/fd/7/../../../../../.." '.process.cwd = $cwd'
	refused process.cwd
	edited '.process.args = ["sleep", "1000"]'
	rt create --bundle "$B" 62-cwd > "$W/said" 2>&1 < /dev/null
	rt start 62-cwd
	for fd in {3..30}; do
		status 255 rt exec --cwd "/proc/self/fd/$fd" 62-cwd pwd
		ln -sfn "/proc/self/fd/$fd" "$B/rootfs/link"
		status 255 rt exec --cwd /link 62-cwd pwd
	done
	rt delete --force 62-cwd
}
t working_directory_does_not_lead_out_by_a_descriptor working_directory

# ---- many at once

many_execs()
{
	local i pids=()
	up 62-many sleep 1000
	for i in {1..50}; do
		rt exec 62-many sh -c "exit $i" > "$W/exec.$i" 2>&1 < /dev/null &
		pids+=($!)
	done
	for i in {1..50}; do
		status "$i" wait_status "${pids[i - 1]}"
		eq "" "$(cat "$W/exec.$i")"
	done
	eq 1 "$(rt ps --format json 62-many | jq length)"
	down 62-many
}
wait_status() { wait "$1"; }
t fifty_execs_at_once many_execs

delete_during_create()
{
	local i
	bundle_new during sleep 1000
	for ((i = 0; i < 40; i++)); do
		timeout 20 "$RUNTIME" --root "$SV_ROOT" create --bundle "$B" 62-during > "$W/said" 2>&1 < /dev/null &
		sleep "0.0$((i / 2 % 10))$((RANDOM % 10))"
		timeout 20 "$RUNTIME" --root "$SV_ROOT" delete --force 62-during
		wait || true
		timeout 20 "$RUNTIME" --root "$SV_ROOT" delete --force 62-during
		eq "" "$(left_of 62-during)"
	done
}
t delete_at_any_moment_of_a_create delete_during_create

same_id_again_and_again()
{
	local i k won
	bundle_new same sleep 1000
	for ((i = 0; i < 15; i++)); do
		rm -f "$W"/won.*
		for k in 1 2 3; do
			(timeout 20 "$RUNTIME" --root "$SV_ROOT" create --bundle "$B" 62-same > "$W/said.$k" 2>&1 < /dev/null &&
				touch "$W/won.$k") &
		done
		wait
		won=("$W"/won.*)
		eq 1 "${#won[@]}"
		eq created "$(status_of 62-same)"
		rt delete --force 62-same
		eq "" "$(left_of 62-same)"
	done
}
t creates_of_one_id_have_one_winner same_id_again_and_again

# ---- killed and hanging

foreground()
{
	local runner
	bundle_new front sleep 1000
	rt run --bundle "$B" 62-front > "$W/said" 2>&1 < /dev/null &
	runner=$!
	wait_for 5 running 62-front
	# $! is a shell if rt is a function: the runtime is its child or itself.
	kill -KILL "$(pgrep -P "$runner" || echo "$runner")"
	wait "$runner" || true
	eq running "$(status_of 62-front)"
	rt delete --force 62-front
	eq "" "$(left_of 62-front)"
}
running() { [ "$(status_of "$1")" = running ]; }
t run_is_killed_in_the_foreground foreground

stopped_hook()
{
	local creator
	bundle_new hook true
	printf '#!/bin/sh\necho $$ > %s\nkill -STOP $$\n' "$B/hook.pid" > "$B/hook"
	chmod +x "$B/hook"
	spec_edit --arg hook "$B/hook" '.hooks.createRuntime = [{"path": $hook, "timeout": 1}]'
	refused "timed out after 1 s"
	[ ! -e "/proc/$(cat "$B/hook.pid")" ]
	# Without a timeout it hangs until somebody kills the create.
	rm "$B/hook.pid"
	spec_edit 'del(.hooks.createRuntime[0].timeout)'
	"$RUNTIME" --root "$SV_ROOT" create --bundle "$B" 62-hook > "$W/said" 2>&1 < /dev/null &
	creator=$!
	wait_for 5 test -s "$B/hook.pid"
	kill -KILL "$creator"
	wait "$creator" || true
	rt delete --force 62-hook
	eq "" "$(left_of 62-hook)"
	wait_for 5 dead "$(cat "$B/hook.pid")"
}
dead() { [ ! -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status"; }
t stopped_hook_ends_with_its_time_or_its_runtime stopped_hook

# ---- no room

# in_full OPTIONS COMMANDS: a shell in a mount namespace of its own, where $W/full is a small tmpfs
in_full()
{
	mkdir -p "$W/full"
	unshare -m sh -euc "mount -t tmpfs -o '$1' full '$W/full'; $2"
}

full_root()
{
	local n
	bundle_new nospace true
	spec_edit '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW",
		"syscalls": [{"names": ["acct"], "action": "SCMP_ACT_ERRNO"}]}'
	for n in 1 2 3 4 5 6 7 8; do
		in_full "nr_inodes=$n" "
			timeout 20 '$RUNTIME' --root '$W/full' run --bundle '$B' 62-full > '$W/said' 2>&1 < /dev/null ||
				echo \$? > '$W/failed'
			ls '$W/full' > '$W/left'"
		eq "" "$(cat "$W/left")"
		[ ! -e "$W/failed" ] || has "$(cat "$W/said")" "No space left on device"
		echo "$n inodes: $(cat "$W/said")" >&2
		rm -f "$W/failed"
	done
	in_full "size=4k" "
		head -c 4096 /dev/zero > '$W/full/.filler'
		timeout 20 '$RUNTIME' --root '$W/full' run --bundle '$B' 62-full > '$W/said' 2>&1 < /dev/null && exit 1
		ls '$W/full' > '$W/left'"
	has "$(cat "$W/said")" "No space left on device"
	eq "" "$(cat "$W/left")"
	in_full ro "
		timeout 20 '$RUNTIME' --root '$W/full' run --bundle '$B' 62-full > '$W/said' 2>&1 < /dev/null && exit 1
		timeout 20 '$RUNTIME' --root '$W/full' list; timeout 20 '$RUNTIME' --root '$W/full' delete --force 62-full"
	has "$(cat "$W/said")" "Read-only file system"
	eq "" "$(left_of 62-full)"
}
t state_root_without_room_or_read_only full_root

# Full when the container is there already: it can still be deleted.
filled_later()
{
	bundle_new later sleep 1000
	in_full "size=64k" "
		'$RUNTIME' --root '$W/full' create --bundle '$B' 62-later > '$W/said' 2>&1 < /dev/null
		cat /dev/zero > '$W/full/.filler' 2> /dev/null || true
		'$RUNTIME' --root '$W/full' start 62-later
		'$RUNTIME' --root '$W/full' exec 62-later true
		'$RUNTIME' --root '$W/full' delete --force 62-later
		ls '$W/full' > '$W/left'"
	eq "" "$(cat "$W/left")"
	eq "" "$(left_of 62-later)"
}
t container_is_deleted_when_the_disk_is_full filled_later

tiny_limits()
{
	local limit
	bundle_new tiny sleep 1000
	cp "$B/config.json" "$W/good"
	for limit in 1 2; do
		edited ".linux.resources.pids.limit = $limit"
		rt create --bundle "$B" 62-tiny > "$W/said" 2>&1 < /dev/null
		rt start 62-tiny
		eq running "$(status_of 62-tiny)"
		timeout 20 "$RUNTIME" --root "$SV_ROOT" exec 62-tiny true > "$W/said" 2>&1 < /dev/null || cat "$W/said" >&2
		timeout 20 "$RUNTIME" --root "$SV_ROOT" delete --force 62-tiny
		eq "" "$(left_of 62-tiny)"
	done
	for limit in 0 1 4096 100000 400000; do
		edited ".linux.resources.memory.limit = $limit"
		timeout 20 "$RUNTIME" --root "$SV_ROOT" create --bundle "$B" 62-tiny > "$W/said" 2>&1 < /dev/null ||
			{ echo "$limit: $(cat "$W/said")" >&2; eq "" "$(left_of 62-tiny)"; }
		timeout 20 "$RUNTIME" --root "$SV_ROOT" start 62-tiny > "$W/said" 2>&1 || cat "$W/said" >&2
		timeout 20 "$RUNTIME" --root "$SV_ROOT" delete --force 62-tiny
		eq "" "$(left_of 62-tiny)"
	done
}
t limits_too_small_to_live_with tiny_limits

# Somebody else's process in a cgroup of that name is neither moved nor killed, nor is the cgroup removed.
busy_cgroup()
{
	local dir stranger
	bundle_new busy true
	if [ "$(cg_mode)" = v2 ]; then dir=/sys/fs/cgroup/62-busy; else dir=/sys/fs/cgroup/pids/62-busy; fi
	mkdir "$dir"
	sleep 1000 &
	stranger=$!
	echo "$stranger" > "$dir/cgroup.procs"
	status 1 timeout 20 "$RUNTIME" --root "$SV_ROOT" run --bundle "$B" 62-busy
	has "$OUT" "has processes in it"
	kill -0 "$stranger"
	grep -qx "$stranger" "$dir/cgroup.procs"
	[ ! -e "$SV_ROOT/62-busy" ]
	kill -KILL "$stranger"
	wait "$stranger" || true
	rmdir "$dir"
	eq "" "$(left_of 62-busy)"
}
t busy_cgroup_of_somebody_else_stays_as_it_is busy_cgroup

# A sub-group deeper than any path is long, and one that the container has frozen with its init in it.
hostile_groups()
{
	local dir escape
	escape=$(tool escape)
	bundle_new groups sleep 1000
	cp "$escape" "$B/rootfs/bin/escape"
	rt create --bundle "$B" 62-groups > "$W/said" 2>&1 < /dev/null
	rt start 62-groups
	dir=/sys/fs/cgroup
	[ "$(cg_mode)" = v2 ] || dir=/sys/fs/cgroup/freezer
	has "$(rt exec 62-groups escape deepen 300 "$dir")" "300 levels"
	rt exec 62-groups sh -c "mkdir $dir/sub; echo 1 > $dir/sub/cgroup.procs
		if [ -e $dir/sub/freezer.state ]; then echo FROZEN > $dir/sub/freezer.state
		else echo 1 > $dir/sub/cgroup.freeze; fi"
	eq 1 "$(rt ps --format json 62-groups | jq length)"
	timeout 30 "$RUNTIME" --root "$SV_ROOT" kill --all 62-groups 0
	timeout 30 "$RUNTIME" --root "$SV_ROOT" delete --force 62-groups
	eq "" "$(left_of 62-groups)"
}
t groups_that_are_too_deep_or_frozen_from_inside_are_removed hostile_groups

fork_bomb()
{
	bundle_new bomb sh -c 'b() { while :; do b & done; }; b 2> /dev/null & b 2> /dev/null & sleep 1000'
	spec_edit '.linux.resources.pids.limit = 200'
	rt create --bundle "$B" 62-bomb > "$W/said" 2>&1 < /dev/null
	rt start 62-bomb
	sleep 0.5
	status 0 timeout 30 "$RUNTIME" --root "$SV_ROOT" ps 62-bomb
	status 0 timeout 30 "$RUNTIME" --root "$SV_ROOT" delete --force 62-bomb
	eq "" "$(left_of 62-bomb)"
}
t fork_bomb_is_deleted fork_bomb
