# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# host.sh - what a test must leave as it was. host_state prints one line per thing, each beginning with its kind, so that
# a difference can be read as it stands. Processes are not here: tests/tools/guard knows them better.
#
# Things that come and go on their own are left out: the units systemd runs beside us, what sysvisor-runc keeps in its
# state root on purpose to be faster the next time (.seccomp and the like), and whatever SV_IGNORE (an extended regular expression) names, for a developer whose
# machine is busy with other containers.

# Whoever started us in a cgroup of our own may do so with others at any time: a pattern of the directories beside ours.
# A slice of systemd is no such place, units in it are told apart by name.
neighbours()
{
	awk -F: '$3 ~ /^\/.+\/.+/ && $3 !~ /\.slice\// {
		own = $3; parent = own; sub(/\/[^\/]*$/, "", parent)
		printf "%s%s/[^/]*$", sep, parent; sep = "|"
	} END { if (!sep) print "^$" }' /proc/self/cgroup
}

host_state()
{
	(
		set +e   # most of these may well be absent
		awk '{ for (i = 7; $i != "-"; i++); print "mount", $5, $(i + 1), $(i + 2), $6 }' /proc/self/mountinfo
		find /sys/fs/cgroup -mindepth 1 -type d -printf 'cgroup %p\n' 2> /dev/null | grep -vE "$(neighbours)"
		find /run /tmp /var/tmp /var/lib -maxdepth 1 -iname '*sysvisor*' ! -path /run/sysvisor-runc -printf 'file %p\n' 2> /dev/null
		find /run/sysvisor-runc /run/sysvisor-test -mindepth 1 ! -path '/run/sysvisor-runc/.*' -printf 'file %p\n' 2> /dev/null
		ip -o link 2> /dev/null | awk -F': ' '{ print "link", $2 }'
		find /run/netns /run/docker/netns -mindepth 1 -printf 'netns %p\n' 2> /dev/null
		losetup -n -l -O NAME,BACK-FILE 2> /dev/null | sed 's/^/loop /'
		# A runtime that adjusts its terminal must not take the host's devices for it (crun 1.8 gave away /dev/null).
		stat -c 'device %n %F %U:%G %a' /dev/null /dev/zero /dev/full /dev/tty /dev/random /dev/urandom /dev/ptmx
		echo "hostname $(uname -n) $(cat /proc/sys/kernel/domainname)"
	) | grep -vE "/(system|user)\.slice/.*\.(service|slice|mount|socket)\b|${SV_IGNORE:-^$}" | sort
}

# Prints what differs from the state in FILE: "left behind: ..." and "gone: ...". The kernel removes cgroups and network
# namespaces a moment after their last process, so a difference has to last.
host_leftovers()
{
	local _
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		host_state > "$1.now"
		cmp -s "$1" "$1.now" && return
		sleep 0.3
	done
	comm -13 "$1" "$1.now" | sed 's/^/left behind: /'
	comm -23 "$1" "$1.now" | sed 's/^/gone: /'
}
