#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Whose files are whose. Inside, root owns the image; on the host, the same files belong to root (0), so that what engines copy, commit
# and compare is true. Nothing is ever chowned: the kernel shifts the ids of the mounts.
#
#	on disk          host's view of the mount     inside
#	0:0              231072:231072                0:0
#	1000:1000        232072:232072                1000:1000
#
# A root on overlayfs is mounted once more from shifted layers:
#	W/e/l/BASE -> ../base/diff     lower, shared between containers
#	W/e/ID/{diff,work,merged}      upper, the engine's work directory, the engine's mount (stays)
#	W/e/ID/sysvisor-work           our work directory; goes with ID
#
# parallel: yes
. "$(dirname "$0")/../lib/lib.sh"

# Mounts are made in cases, which are subshells.
unmount_all()
{
	local point
	for point in "$W"/e/*/merged "$W/q/proc"; do
		mountpoint -q "$point" && umount "$point"
	done
	true
}
on_exit unmount_all

owner() { stat -c %u:%g "$@"; }

# Runs the shell text $2 in a new container $1 whose bundle is made (or kept) by that name, and prints what it prints.
inside()
{
	local id=$1 text=$2
	[ -d "$W/$id" ] || bundle_new "$id"
	B=$W/$id
	# shellcheck disable=SC2016  # jq's variable
	spec_edit '.process.args = ["sh", "-c", $text]' --arg text "$text"
	rt run --bundle "$B" "$id" < /dev/null
}

bind_mount()	# SOURCE DEST [OPTION]: adds a bind to the bundle $B
{
	# shellcheck disable=SC2016
	spec_edit '.mounts += [{ source: $s, destination: $d, type: "bind", options: (["bind"] + ($o / ",")) }]' \
		--arg s "$1" --arg d "$2" --arg o "${3-rw}"
}

# ---- a root that is a directory

directory()
{
	bundle_new 50-dir
	chown 0:42 "$B/rootfs/etc/passwd"
	find "$B/rootfs" -printf '%U:%G %m %T@ %p\n' | sort > "$W/before"
	eq 0:0 "$(inside 50-dir 'stat -c %u:%g /')"
	eq "0:42 1000:1000" "$(inside 50-dir 'echo $(stat -c %u:%g /etc/passwd /home/user)')"
	# The mount points that the container needs were there: nothing has changed at all.
	find "$B/rootfs" -printf '%U:%G %m %T@ %p\n' | sort > "$W/after"
	diff "$W/before" "$W/after"
}
t "a directory belongs to root inside, and is not changed by that" directory

written_files()
{
	inside 50-new 'umask 022; touch /a; mkdir /d; touch /d/u; chown -R 1000:5 /d; touch /big; chown 65535 /big; ln /a /hard
		chown 70000 /a 2>&1 || echo refused; chmod 4755 /hard' > "$W/out"
	has "$(cat "$W/out")" refused
	eq "0:0 1000:5 1000:5 65535:0" "$(owner "$B/rootfs"/{a,d,d/u,big} | xargs)"
	eq 4755 "$(stat -c %a "$B/rootfs/a")"
}
t "what the container writes has its ids on disk; ids beyond its range are refused" written_files

already_shifted()
{
	local first
	bundle_new 50-own
	first=$(inside 50-own 'cat /proc/self/uid_map' | awk '{ print $2 }')
	chown -R "$first:$first" "$B/rootfs"
	eq 0:0 "$(inside 50-own 'touch /x; stat -c %u:%g /etc')"
	eq "$first:$first" "$(owner "$B/rootfs/x")"
}
t "a directory that was chowned to the container's ids is taken as it is" already_shifted

given_mapping()
{
	bundle_new 50-map
	spec_edit '.linux.namespaces |= map(select(.type != "user")) + [{ type: "user" }]
		| .linux.uidMappings = [{ containerID: 0, hostID: 400000, size: 70000 }] | .linux.gidMappings = .linux.uidMappings'
	chown -R 400000:400000 "$B/rootfs"
	eq "0:0 400000" "$(inside 50-map 'echo $(stat -c %u:%g /etc) $(cut -c 1-40 /proc/self/uid_map | tr -s " " | cut -d " " -f 3)')"
	chown -R 0:0 "$B/rootfs"
	eq 0:0 "$(inside 50-map 'touch /x; stat -c %u:%g /etc')"
	eq 0:0 "$(owner "$B/rootfs/x")"
}
t "mappings of the spec are used, with files that belong to them or to root" given_mapping

# ---- a root on overlayfs

# Makes the layers as an engine does and mounts them for bundle $1; more mount options in $2.
overlay_new()
{
	local id=$1 options=${2:+$2,} e=$W/e
	if [ ! -d "$e" ]; then
		mkdir -p "$e/l" "$e/base" "$e/mid/diff"
		cp -a "$(busybox_rootfs)" "$e/base/diff"
		ln -s ../base/diff "$e/l/BASE"
		ln -s ../mid/diff "$e/l/MID"
		echo lower > "$e/mid/diff/lower"
	fi
	bundle_new "$id"
	rm -rf "$B/rootfs"
	mkdir -p "$e/$id"/{diff,work,merged}
	mount -t overlay overlay -o "${options}lowerdir=$e/l/MID:$e/l/BASE,upperdir=$e/$id/diff,workdir=$e/$id/work" "$e/$id/merged"
	# shellcheck disable=SC2016
	spec_edit '.root.path = $path' --arg path "$e/$id/merged"
}

overlay()
{
	overlay_new 50-ovl
	eq "0:0 1000:1000" "$(inside 50-ovl 'echo $(stat -c %u:%g /etc /home/user)')"
	inside 50-ovl 'umask 022; touch /new; chown 1000:5 /new; echo more >> /lower; rm /etc/group; mv /home /house; mkdir /opaque; rmdir /mnt; mkdir /mnt'
	local up=$W/e/50-ovl/diff
	eq "1000:5 0:0 1000:1000" "$(owner "$up/new" "$up/lower" "$up/house/user" | xargs)"
	eq "character special file" "$(stat -c %F "$up/etc/group")"
	# Layers are as they were, the engine's own mount shows the changes.
	eq lower "$(cat "$W/e/mid/diff/lower")"
	has "$(ls "$W/e/50-ovl/merged")" house
	eq 0:0 "$(owner "$W/e/50-ovl/merged/opaque")"
}
t "an overlay: true owners in the upper layer, layers untouched" overlay

overlay_again()
{
	overlay_new 50-two
	inside 50-two 'echo 1 > /count'
	inside 50-two 'echo 2 >> /count; chown 7 /count'
	eq "1 2" "$(inside 50-two 'cat /count' | xargs)"
	eq 7:0 "$(owner "$W/e/50-two/diff/count")"
	# Everything of ours is in the container's own directory, which an engine removes as a whole.
	eq "diff merged sysvisor-work work" "$(cd "$W/e/50-two"; echo *)"
}
t "an overlay starts again and again, and leaves one directory beside the engine's" overlay_again

overlay_volatile()
{
	overlay_new 50-vol volatile
	inside 50-vol 'touch /one'
	inside 50-vol 'touch /two'
	eq "one two" "$(cd "$W/e/50-vol/diff"; echo [!d]*)"
}
t "a volatile overlay starts again" overlay_volatile

overlay_shared_layers()
{
	overlay_new 50-s1
	overlay_new 50-s2
	B=$W/50-s1 inside 50-s1 'echo s1 > /who'
	B=$W/50-s2 inside 50-s2 'echo s2 > /who; ls /'
	eq "s1 s2" "$(cat "$W"/e/50-s[12]/diff/who | xargs)"
}
t "containers that share layers do not see each other's" overlay_shared_layers

file_capabilities()
{
	command -v setcap > /dev/null || { echo "no setcap"; return 0; }
	local up
	overlay_new 50-cap
	up=$W/e/50-cap/diff
	cp -L "$(command -v busybox)" "$up/tool"
	setcap cap_net_raw+ep "$up/tool"
	inside 50-cap 'cp -a /tool /tool2; touch /tool' > /dev/null
	has "$(getcap "$up/tool")" cap_net_raw
}
t "file capabilities of the image survive a copy-up" file_capabilities

# ---- binds

private_bind()
{
	mkdir -p "$W/p/data"
	chmod 700 "$W/p"
	chmod 777 "$W/p/data"
	echo host > "$W/p/data/file"
	chown 33:34 "$W/p/data/file"
	touch "$W/p/one"
	bundle_new 50-bind
	bind_mount "$W/p/data" /data
	bind_mount "$W/p/one" /etc/one
	eq "0:0 33:34 0:0" "$(inside 50-bind 'touch /data/u; chown 1000:2 /data/u
		echo $(stat -c %u:%g /data /data/file /etc/one)')"
	eq 1000:2 "$(owner "$W/p/data/u")"
	eq 0:0 "$(owner "$W/p/data")"
}
t "a bind behind a closed directory shows and keeps true owners" private_bind

refused_bind()	# WANT SOURCE
{
	rm -rf "$W/50-ref"
	bundle_new 50-ref
	bind_mount "$2" /data
	status 1 rt state 50-ref
	status 1 rt run --bundle "$B" 50-ref
	has "$OUT" "$1"
}

# Below /var/tmp, since $W itself may be closed to others.
open_place()
{
	OPEN=$(mktemp -d /var/tmp/sv-open.XXXXXX)
	chmod 755 "$OPEN"
}
open_place
on_exit rm -rf "$OPEN"

open_binds()
{
	mkdir "$OPEN/a" "$OPEN/closed"
	mkdir "$OPEN/closed/user"
	chmod 700 "$OPEN/closed"
	chown 1000:1000 "$OPEN/closed/user"
	ln -s ../a "$OPEN/closed/to-open"
	refused_bind "shiftfs mountpoint security check failed: path $OPEN/a is not exclusively accessible to the root user or group" "$OPEN/a"
	refused_bind "shiftfs mountpoint security check failed: path $OPEN/closed/user is owned by 1000:1000" "$OPEN/closed/user"
	refused_bind "shiftfs mountpoint security check failed: path $OPEN/closed/to-open is not exclusively" "$OPEN/closed/to-open"
}
t "a bind that host users reach is refused with the documented words" open_binds

special_binds()
{
	local null
	null=$(stat -c '%u:%g %a' /dev/null)
	bundle_new 50-spec
	bind_mount /dev/null /etc/nothing
	inside 50-spec 'echo x > /etc/nothing; chown 5 /etc/nothing; chmod 600 /etc/nothing' 2> /dev/null || true
	eq "$null" "$(stat -c '%u:%g %a' /dev/null)" "the host's /dev/null"
}
t "a device can be bound from an open directory and stays the host's" special_binds

unshiftable()
{
	mkdir -p "$W/q/proc"
	chmod 700 "$W/q"
	mount -t proc proc "$W/q/proc"
	local text="container requires uid shifting but error was found: nbox_shiftfs module is not loaded in the kernel"
	refused_bind "$text" "$W/q/proc"
	has "$OUT" "'$W/q/proc' on proc: "
	bundle_new 50-root
	# shellcheck disable=SC2016
	spec_edit '.root.path = $path' --arg path "$W/q/proc"
	status 1 rt run --bundle "$B" 50-root
	has "$OUT" "$text"
	umount "$W/q/proc"
}
t "what the kernel cannot shift is refused with the documented words" unshiftable

own_mappings()
{
	mkdir -p "$W/m"
	chmod 700 "$W/m"
	touch "$W/m/f"
	chown 10:20 "$W/m/f"
	bundle_new 50-idmap
	local first
	first=$(inside 50-idmap 'cat /proc/self/uid_map' | awk '{ print $2 }')
	# What is 10:20 on disk is 110:120 inside.
	# shellcheck disable=SC2016
	spec_edit '.mounts += [{ source: $s, destination: "/data", type: "bind", options: ["bind", "idmap"],
		uidMappings: [{ containerID: 0, hostID: $first, size: 1 }, { containerID: 1, hostID: ($first + 101), size: 100 }],
		gidMappings: [{ containerID: 0, hostID: $first, size: 1 }, { containerID: 1, hostID: ($first + 101), size: 100 }] }]' \
		--arg s "$W/m" --argjson first "$first"
	eq "0:0 110:120" "$(inside 50-idmap 'echo $(stat -c %u:%g /data /data/f)')"
}
t "a mount's own mappings are used" own_mappings

nothing_left()
{
	# Only the mounts that this test made as the engine.
	local ours=("$W"/e/*/merged)
	eq "${#ours[@]}" "$(grep -c " $W/" /proc/self/mountinfo)"
}
t "nothing of ours is mounted on the host" nothing_left
