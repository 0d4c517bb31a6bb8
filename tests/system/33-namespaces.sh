#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Namespaces that a document names by path, and those it must not share.
#
#	33-a   new user, net, pid, ipc, uts ...        33-b   a second container that joins some of them: it gets the
#	                                                      user namespace of their owner, or it could not use them
#
# parallel: yes
# sanitized: yes
. "$(dirname "$0")/../lib/lib.sh"

# ns KIND PATH sets the path of a namespace in $B; the document's words are pid, network, ipc, uts, user ...
ns() { spec_edit --arg k "$1" --arg p "$2" '.linux.namespaces |= map(select(.type != $k)) + [{type: $k, path: $p}]'; }
# fresh ARG... is a bundle 33-b that runs ARG...
fresh() { rm -rf "$W/33-b" && bundle_new 33-b "$@"; }
inode() { readlink "/proc/$1/ns/$2"; }

up 33-a sleep 1000
first=$(pid_of 33-a)

joins_network()
{
	fresh sh -c 'readlink /proc/self/ns/net; readlink /proc/self/ns/user; echo 1 > /proc/sys/net/ipv4/ip_forward'
	ns network "/proc/$first/ns/net"
	eq "$(inode "$first" net)
$(inode "$first" user)" "$(rt run --bundle "$B" 33-b)"
	eq 1 "$(rt exec 33-a cat /proc/sys/net/ipv4/ip_forward)"
}
t a_network_namespace_brings_its_user_namespace_along joins_network

joins_more()
{
	local kind
	fresh sh -c 'for n in ipc uts net; do readlink /proc/self/ns/$n; done'
	spec_edit 'del(.hostname, .domainname)'
	for kind in ipc uts; do
		ns "$kind" "/proc/$first/ns/$kind"
	done
	ns network "/proc/$first/ns/net"
	eq "$(inode "$first" ipc) $(inode "$first" uts) $(inode "$first" net)" "$(rt run --bundle "$B" 33-b | xargs)"
}
t ipc_and_uts_are_joined joins_more

joins_pid()
{
	fresh ps
	ns network "/proc/$first/ns/net"
	ns pid "/proc/$first/ns/pid"
	has "$(rt run --bundle "$B" 33-b)" "sleep 1000"
}
t a_pid_namespace_is_joined joins_pid

joins_user()
{
	fresh sleep 1000
	ns user "/proc/$first/ns/user"
	rt create --bundle "$B" 33-b > "$W/33-b.log" 2>&1 < /dev/null
	rt start 33-b
	eq "$(inode "$first" user)" "$(inode "$(pid_of 33-b)" user)"
	[ "$(inode "$first" net)" != "$(inode "$(pid_of 33-b)" net)" ]
	eq 0 "$(rt exec 33-b id -u)"
	down 33-b
}
t a_user_namespace_is_joined joins_user

# Kept by a mount on a file, as `ip netns add` does it, but without the mount of /run/netns that it leaves.
on_exit umount -q "$W/33-net"
joins_host_network()
{
	: > "$W/33-net"
	unshare --net="$W/33-net" true
	fresh readlink /proc/self/ns/net
	ns network "$W/33-net"
	eq "$(nsenter --net="$W/33-net" readlink /proc/self/ns/net)" "$(rt run --bundle "$B" 33-b)"
	umount "$W/33-net"
}
t a_network_namespace_made_on_the_host_is_joined joins_host_network

refuses_host()
{
	local kind
	for kind in pid network ipc uts; do
		fresh true
		spec_edit --arg k "$kind" '.linux.namespaces |= map(select(.type != $k))'
		status 1 rt run --bundle "$B" 33-b
		has "$OUT" "linux.namespaces"
		ns "$kind" "/proc/self/ns/${kind/network/net}"
		status 1 rt run --bundle "$B" 33-b
		has "$OUT" "linux.namespaces"
	done
}
t namespaces_of_the_host_are_refused_by_name refuses_host

wrong_paths()
{
	fresh true
	ns network "/proc/$first/ns/uts"
	status 1 rt run --bundle "$B" 33-b
	has "$OUT" "is not a namespace of that type"
	ns network /nowhere
	status 1 rt run --bundle "$B" 33-b
	has "$OUT" "/nowhere"
}
t a_path_that_is_no_such_namespace_is_refused wrong_paths

time_offsets()
{
	local seconds
	fresh cat /proc/uptime
	spec_edit '.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {boottime: {secs: 1000000, nanosecs: 0}}'
	seconds=$(rt run --bundle "$B" 33-b | cut -d. -f1)
	[ "$seconds" -ge 1000000 ]
}
t time_offsets_are_set time_offsets

on_exit umount -qR "$W/33-root"
follows_host()
{
	local root=$W/33-root
	mkdir -p "$root"
	mount --bind "$root" "$root"   # not a tmpfs, which Linux 6.1 cannot shift
	mount --make-shared "$root"
	fresh sleep 1000
	cp -a "$B/rootfs/." "$root/"
	mkdir "$root/later"
	spec_edit --arg r "$root" '.root.path = $r | .linux.rootfsPropagation = "rslave"'
	rt create --bundle "$B" 33-b > "$W/33-b.log" 2>&1 < /dev/null
	rt start 33-b
	mount -t tmpfs later "$root/later"
	has "$(rt exec 33-b cat /proc/self/mountinfo)" " /later "
	down 33-b
	umount "$root/later"
	umount "$root"
}
t rootfs_propagation_slave_shows_later_mounts_of_the_host follows_host

down 33-a
