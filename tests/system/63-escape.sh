# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# 63-escape.sh - what the container's root cannot do, tried from inside with all its capabilities (tests/tools/escape.c).
. "$(dirname "$0")/../lib/lib.sh"

ESCAPE=$(tool escape)

# cage ID [JQ-FILTER]: a container that sleeps, with mounts and covers of all kinds.
cage()
{
	bundle_new "$1" sleep 1000
	cp "$ESCAPE" "$B/rootfs/bin/escape"
	mkdir -p "$W/volume"
	chmod 700 "$W/volume"
	touch "$W/volume/probe"
	spec_edit --arg volume "$W/volume" '
		.mounts += [{"destination": "/ro", "source": $volume, "options": ["rbind", "ro"]},
			{"destination": "/under", "source": $volume, "options": ["bind", "nodev"]},
			{"destination": "/under/over", "type": "tmpfs", "source": "tmpfs", "options": ["ro", "size=1m"]}]
		| .linux.maskedPaths += ["/etc/secret", "/var/hidden"]
		| .linux.readonlyPaths += ["/etc/frozen"]'
	mkdir -p "$B/rootfs/var/hidden" "$B/rootfs/etc/frozen"
	echo secret | tee "$B/rootfs/etc/secret" > "$B/rootfs/var/hidden/file"
	[ -z "${2-}" ] || spec_edit "$2"
	rt create --bundle "$B" "$1" > "$B/log" 2>&1 < /dev/null || { cat "$B/log" >&2; return 1; }
	rt start "$1"
}

inside() { rt exec "$@" < /dev/null; }

# The mounts that the kernel must have locked: all but those which a machine may take away itself.
locked_mounts()
{
	local free='dev/pts|dev/shm|dev/console'
	[ "$(cg_mode)" != v2 ] || free+='|sys/fs/cgroup'
	inside "$1" awk -v free="^/($free)?\$" '$5 !~ free { print $5 }' /proc/self/mountinfo | sort -u
}

# ---- mounts

unlock()
{
	local places
	cage 63-lock
	mapfile -t places < <(locked_mounts 63-lock)
	has "${places[*]}" /proc/interrupts
	has "${places[*]}" /sys/firmware
	has "${places[*]}" /etc/secret
	has "${places[*]}" /var/hidden
	has "${places[*]}" /etc/frozen
	has "${places[*]}" /under/over
	inside 63-lock cat /proc/self/mountinfo > "$W/before"
	inside 63-lock escape unlock "${places[@]}" > "$W/said"
	has_not "$(grep -v '^\(remount\|mount_setattr\)' "$W/said")" ": ok"
	# The same again in a mount namespace below, and in a user namespace below.
	inside 63-lock unshare -m escape unlock "${places[@]}" > "$W/said"
	has_not "$(grep -v '^\(remount\|mount_setattr\)' "$W/said")" ": ok"
	inside 63-lock unshare -Urm escape unlock "${places[@]}" > "$W/said"
	has_not "$(grep -v '^\(remount\|mount_setattr\)' "$W/said")" ": ok"
	# What could be remounted had nothing to lose: not one flag has changed.
	inside 63-lock cat /proc/self/mountinfo > "$W/after"
	cmp "$W/before" "$W/after"
	down 63-lock
}
t no_initial_mount_can_be_unmounted_moved_or_made_writable unlock

covered()
{
	local path
	cage 63-cover
	for path in /proc/interrupts /sys/firmware /etc/secret /var/hidden /under/over /ro; do
		inside 63-cover escape reveal "$path" > "$W/said"
		has_not "$(grep '^\(bind\|open_tree\|overlay\|umount\) ' "$W/said" | grep -v '/tmp/copy:')" ": ok"
		inside 63-cover unshare -Urm escape reveal "$path" > "$W/said"
		has_not "$(grep '^\(bind\|open_tree\|overlay\|umount\) ' "$W/said" | grep -v '/tmp/copy:')" ": ok"
	done
	eq "" "$(inside 63-cover cat /etc/secret /proc/interrupts)"
	eq "" "$(inside 63-cover ls /var/hidden /sys/firmware 2>&1 | grep -v :)"
	status 1 inside 63-cover touch /ro/probe
	status 1 inside 63-cover touch /etc/frozen/x
	status 1 inside 63-cover sh -c 'mv /etc/secret /tmp/x || rm /etc/secret ||
		rmdir /var/hidden || mv /var/hidden /tmp/x'
	# The parent of a mount point may be renamed; the mount goes with it.
	inside 63-cover sh -c 'mv /etc /etc2; cat /etc2/secret
		mv /var /var2; ls /var2/hidden; mkdir /etc /var' > "$W/said"
	eq "" "$(cat "$W/said")"
	down 63-cover
}
t what_is_covered_cannot_be_seen_by_copies covered

fresh()
{
	local type
	cage 63-fresh
	for type in proc sysfs; do
		status "1|255" inside 63-fresh mount -t "$type" x /mnt
		status "1|255" inside 63-fresh unshare -m mount -t "$type" x /mnt
		status "1|255" inside 63-fresh unshare -Urmpf mount -t "$type" x /mnt
		status "1|255" inside 63-fresh unshare -Urmpfn mount -t "$type" x /mnt
	done
	status "1|255" inside 63-fresh sh -c 'mkdir /mnt/d && mount -t devtmpfs x /mnt/d'
	status "1|255" inside 63-fresh mknod /mnt/disk b 254 0
	down 63-fresh
}
t no_new_proc_sysfs_or_devtmpfs_shows_what_is_masked fresh

frozen_root()
{
	cage 63-root '.root.readonly = true | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	inside 63-root escape unlock / > "$W/said"
	status 1 inside 63-root touch /etc/x
	status 1 inside 63-root unshare -Urm sh -c 'mount -o remount,bind,rw / ; touch /etc/x'
	status 1 inside 63-root sh -c 'mkdir /tmp/r && mount --rbind / /tmp/r &&
		mount -o remount,bind,rw /tmp/r; touch /tmp/r/etc/x'
	down 63-root
}
t read_only_root_stays_so frozen_root

# ---- limits

limits()
{
	local file
	cage 63-limits '.linux.resources = {"pids": {"limit": 50}, "memory": {"limit": 100000000}, "cpu": {"shares": 512}}'
	inside 63-limits sh -c '
		cd /sys/fs/cgroup
		try() { echo "$2" > "$1" && echo "changed $1"; }
		for f in $(find . -name "*.max" -o -name "*.high" -o -name "*limit_in_bytes" -o -name "*.shares" -o -name "*.weight" \
				-o -name "cpuset.cpus" -o -name "*quota_us" -o -name "devices.allow"); do
			case $f in
			./*/*/* | ./init/* | ./.*/*.max) continue ;;   # groups below are its own
			esac
			[ -w "$f" ] || continue
			try "$f" max || try "$f" 100000 || try "$f" a
		done
		mkdir /mnt/c
		for c in pids memory; do
			mount -t cgroup -o $c x /mnt/c && for f in pids.max memory.limit_in_bytes; do try /mnt/c/$f 1000000000; done
			umount /mnt/c
		done
		mount -t cgroup2 x /mnt/c && for f in pids.max memory.max; do try /mnt/c/$f max; done
		umount /mnt/c
		unshare -Urm sh -c "echo max > /sys/fs/cgroup/pids/pids.max && echo changed in a namespace below"
		exit 0' > "$W/said" 2> "$W/errors"
	has_not "$(cat "$W/said")" "changed"
	eq 50 "$(cg_limit "$(pid_of 63-limits)" pids pids.max)"
	if [ "$(cg_mode)" = v2 ]; then file=memory.max; else file=memory.limit_in_bytes; fi
	eq 99999744 "$(cg_limit "$(pid_of 63-limits)" memory "$file")"
	down 63-limits
}
t limits_of_the_cgroup_cannot_be_lifted limits

# ---- the runtime

# The processes of the runtime, on their way into the container, belong to nobody inside.
window()
{
	local i watching
	cage 63-window
	rt exec 63-window escape watch 6 sysvisor-runc > "$W/watched" 2>&1 < /dev/null &
	watching=$!
	wait_for 10 grep -q watching "$W/watched"
	for i in {1..150}; do
		rt exec 63-window true < /dev/null
	done
	wait "$watching"
	cat "$W/watched" >&2
	has_not "$(cat "$W/watched")" LEAK
	has "$(tail -n 1 "$W/watched")" "leaks 0"
	[[ $(tail -n 1 "$W/watched") =~ seen\ ([0-9]+) ]]
	# Else nothing was proved.
	[ "${BASH_REMATCH[1]}" -gt 0 ]
	down 63-window
}
t process_of_exec_is_out_of_reach_until_it_is_the_program window

# Between create and start, init is still the runtime.
created_init()
{
	cage 63-created 2> /dev/null
	down 63-created
	rt create --bundle "$B" 63-created > "$B/log" 2>&1 < /dev/null
	rt exec 63-created escape watch 1 sysvisor-runc > "$W/watched" < /dev/null
	has "$(tail -n 1 "$W/watched")" "leaks 0"
	[[ $(tail -n 1 "$W/watched") =~ seen\ ([0-9]+) ]]
	[ "${BASH_REMATCH[1]}" -gt 0 ]
	status "1|255" rt exec 63-created ls /proc/1/fd
	status "1|255" rt exec 63-created cat /proc/1/exe
	status "1|255" rt exec 63-created ls /proc/1/root/
	rt start 63-created
	rt exec 63-created ls /proc/1/fd > /dev/null
	down 63-created
}
t init_is_out_of_reach_until_it_is_the_program created_init

# CVE-2019-5736: the program is, by a link or a shebang, the runtime itself.
overwriting()
{
	local copy=$W/bin/sysvisor-runc sum
	mkdir -p "$W/bin"
	cp "$RUNTIME" "$copy"
	chmod 755 "$W/bin" "$(dirname "$W")" "$W" "$copy"
	sum=$(sha256sum < "$copy")
	cage 63-self
	printf '#!/proc/self/exe\n' > "$B/rootfs/bin/shebang"
	ln -s /proc/self/exe "$B/rootfs/bin/selflink"
	chmod 755 "$B/rootfs/bin/shebang"
	rt exec 63-self escape grab 5 sysvisor-runc > "$W/grabbed" 2>&1 < /dev/null &
	for _ in {1..40}; do
		timeout 10 "$copy" --root "$SV_ROOT" exec 63-self /proc/self/exe --version > "$W/said" 2>&1 < /dev/null || true
		timeout 10 "$copy" --root "$SV_ROOT" exec 63-self /bin/selflink --version > "$W/said" 2>&1 < /dev/null || true
		timeout 10 "$copy" --root "$SV_ROOT" exec 63-self /bin/shebang > "$W/said" 2>&1 < /dev/null || true
	done
	wait
	cat "$W/grabbed" >&2
	has "$(cat "$W/grabbed")" "write sysvisor-runc: E"   # else nothing was proved
	has_not "$(cat "$W/grabbed")" ": ok"
	eq "$sum" "$(sha256sum < "$copy")"
	eq 755 "$(stat -c %a "$copy")"
	down 63-self
}
t runtime_cannot_be_overwritten_from_inside overwriting

# ---- what the program has of the host

nothing_of_the_host()
{
	cage 63-host
	# Its root has no power over anything that belongs to the host's.
	status "1|255" inside 63-host sh -c 'echo x > /proc/sys/kernel/core_pattern'
	status "1|255" inside 63-host sh -c 'echo 1 > /proc/sys/vm/drop_caches'
	status "1|255" inside 63-host sh -c 'echo x > /sys/kernel/uevent_helper'
	status 1 inside 63-host swapon /dev/null
	status "1|38" inside 63-host insmod /etc/passwd
	status 1 inside 63-host dmesg -c
	eq "" "$(inside 63-host sh -c 'for p in /proc/[0-9]*; do readlink $p/root; done' | grep -v '^/$')"
	# A session keyring of its own, a pid 1 of its own, no supplementary groups of the caller.
	eq 1 "$(inside 63-host sh -c 'ls -d /proc/1 | wc -l')"
	eq 0 "$(inside 63-host id -G)"
	down 63-host
}
t root_inside_has_no_power_over_the_host nothing_of_the_host
