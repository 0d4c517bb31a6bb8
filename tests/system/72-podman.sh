#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What a user of podman and buildah sees with `--runtime sysvisor-runc`. podman gives no --root, reads the runtime's
# words on stderr to tell "not found" from "not permitted", and has its own helper (conmon) between itself and us.
#
# time: 400
. "$(dirname "$0")/../lib/lib.sh"
. "$(dirname "$0")/../lib/engine.sh"
need_programs podman conmon

# Storage, state and configuration of our own. The events and the network of the host are not touched.
mkdir -p "$W/p"
cat > "$W/p/containers.conf" <<-TOML
	[engine]
	events_logger = "none"
	runtime = "sysvisor-runc"
	runtime_supports_nocgroup = ["sysvisor-runc"]
	[engine.runtimes]
	sysvisor-runc = ["$RUNTIME"]
	[network]
	network_config_dir = "$W/p/net"
TOML
printf '%s\n' '[storage]' 'driver = "overlay"' "graphroot = \"$W/p/storage\"" "runroot = \"$W/p/run\"" > "$W/p/storage.conf"
echo '{ "default": [ { "type": "insecureAcceptAnything" } ] }' > "$W/p/policy.json"
export CONTAINERS_CONF=$W/p/containers.conf CONTAINERS_STORAGE_CONF=$W/p/storage.conf TMPDIR=$W/p

# podman's defaults raise limits, which a host without CAP_SYS_RESOURCE refuses to any runtime.
ULIMITS=(--ulimit nofile=20000:20000 --ulimit nproc=30000:30000)
MANAGER=cgroupfs

pm() { podman --cgroup-manager "$MANAGER" --tmpdir "$W/p/tmp" "$@"; }
pr() { pm run --rm --network none "${ULIMITS[@]}" "$@"; }
pd() { pm run -d --network none "${ULIMITS[@]}" "$@" > /dev/null; }

clean()
{
	pm unpause --all
	pm pod rm -f --all
	pm rm -f --all -t 0
	umount "$W/p/storage/overlay" 2> /dev/null
	remove_parent_cgroup conmon
	remove_parent_cgroup libpod_parent
	[ ! -d /run/systemd/system ] || systemctl stop machine.slice
}
on_exit clean
pm import "$(bb_tar)" bb > "$W/import.log" 2>&1 || { cat "$W/import.log"; exit 1; }

runs()
{
	eq hello "$(pr bb echo hello)"
	status 3 pr bb sh -c 'exit 3'
	status 127 pr bb nosuchprogram
	status 126 pr bb /etc/passwd
	eq root "$(pr bb id -un)"
	has_not "$(pr bb cat /proc/self/uid_map)" "         0          0 "
}
t "run: output, exit status, 126 and 127, a user namespace" runs

terminal()
{
	pty 'expect=# ' 'send=tty\r' 'expect=/dev/pts/0' pause=0.5 size=33x111 'send=until stty size | grep "33 11[1]"; do sleep 0.1; done\r' 'expect=33 111' \
		'send=exit 5\r' -- podman --cgroup-manager "$MANAGER" --tmpdir "$W/p/tmp" \
		run --rm --network none "${ULIMITS[@]}" -it bb sh || eq 5 $?
}
t "run -it is a real terminal" terminal

execs()
{
	pd --name p72-e bb sleep 10000
	eq hello "$(pm exec p72-e echo hello)"
	status 4 pm exec p72-e sh -c 'exit 4'
	status 127 pm exec p72-e nosuchprogram
	eq piped "$(echo piped | pm exec -i p72-e cat)"
	eq user "$(pm exec -u user p72-e id -un)"
	pty 'expect=# ' 'send=tty\r' 'expect=/dev/pts/' 'send=exit 6\r' -- podman \
		--cgroup-manager "$MANAGER" --tmpdir "$W/p/tmp" exec -it p72-e sh || eq 6 $?
	pm rm -f -t 0 p72-e
}
t "exec: output, exit status, -i, -u, -it" execs

control()
{
	pd --name p72-c --memory 64m bb sh -c 'trap "echo got it" USR1; trap "exit 9" TERM; echo ready; while :; do sleep 0.1; done'
	pm pause p72-c
	eq paused "$(pm inspect -f '{{.State.Status}}' p72-c)"
	status '125|126|255' pm exec p72-c true
	pm unpause p72-c
	wait_for 10 sh -c "[ -n \"$(pm logs p72-c)\" ]"
	pm kill -s USR1 p72-c
	has "$(pm top p72-c)" sleep
	has_not "$(pm stats --no-stream --format '{{.MemUsage}}' p72-c)" "0B /"
	pm update --memory 128m p72-c
	if [ "$(cg_mode)" = v2 ]; then
		eq 134217728 "$(cg_limit "$(pm inspect -f '{{.State.Pid}}' p72-c)" memory memory.max)"
	else
		eq 134217728 "$(cg_limit "$(pm inspect -f '{{.State.Pid}}' p72-c)" memory memory.limit_in_bytes)"
	fi
	pm stop -t 10 p72-c
	eq 9 "$(pm inspect -f '{{.State.ExitCode}}' p72-c)"
	has "$(pm logs p72-c)" "got it"
	pm start p72-c
	pm kill p72-c
	wait_for 10 sh -c "podman --tmpdir '$W/p/tmp' ps -a --format '{{.Status}}' | grep Exited"
	eq 137 "$(pm inspect -f '{{.State.ExitCode}}' p72-c)"
	pm rm p72-c
}
t "pause, unpause, kill -s, top, stats, update, stop, start, kill, rm" control

files()
{
	mkdir -p "$W/private/data"
	chmod 700 "$W/private"
	echo outside > "$W/private/data/file"
	eq "outside root" "$(pr -v "$W/private/data:/data" bb sh -c 'echo $(cat /data/file) $(stat -c %U /data/file)')"
	pm volume create vol72 > /dev/null
	eq "root" "$(pr -v vol72:/data bb stat -c %U /data)"
	pm volume rm vol72 > /dev/null
	eq "root" "$(pr bb stat -c %U /etc/hostname)"
	status 1 pr --read-only bb touch /x
	pr --read-only --tmpfs /scratch bb touch /scratch/x
}
t "-v, volumes, /etc/hostname, --read-only, --tmpfs" files

options()
{
	eq my_cont "$(pr --hostname my_cont bb hostname)"
	eq "1000 1000" "$(pr --user user bb sh -c 'echo $(id -u) $(id -g)')"
	eq root "$(pr --privileged bb id -un)"
	eq 4242 "$(pr --sysctl kernel.msgmax=4242 bb cat /proc/sys/kernel/msgmax)"
	status '125|126|127' pr --pid host bb true
	has "$OUT" pid
}
t "--hostname, --user, --privileged, --sysctl; --pid host is refused" options

# podman 4.3 with its cgroupfs manager forbids every device to a pod on cgroup v2, to any runtime.
pods()
{
	[ ! -d /run/systemd/system ] || MANAGER=systemd
	pm pod create --name p72-pod --network none
	pm run -d --pod p72-pod --name p72-one "${ULIMITS[@]}" bb sleep 10000
	eq "$(pm exec p72-one readlink /proc/self/ns/net)" \
		"$(pm run --rm --pod p72-pod "${ULIMITS[@]}" bb readlink /proc/self/ns/net)"
	pm pod pause p72-pod
	pm pod unpause p72-pod
	pm pod stop -t 1 p72-pod
	pm pod rm p72-pod
}
# The infra container of a pod raises its limits, and no option tells it not to.
if prlimit --nofile=1048576:1048576 true 2> /dev/null; then
	t "a pod shares its network" pods
else
	skip "a pod shares its network" "podman raises limits for it, which needs CAP_SYS_RESOURCE"
fi

without_cgroups() { eq hello "$(pr --cgroups=disabled bb echo hello)"; }
t "--cgroups=disabled" without_cgroups

with_systemd()
{
	MANAGER=systemd
	pd --name p72-sd --memory 64m bb sleep 10000
	has "$(cat "/proc/$(pm inspect -f '{{.State.Pid}}' p72-sd)/cgroup")" machine.slice/libpod-
	eq 67108864 "$(cg_limit "$(pm inspect -f '{{.State.Pid}}' p72-sd)" memory memory.max)"
	eq hello "$(pm exec p72-sd echo hello)"
	pm rm -f -t 0 p72-sd
}
if [ -d /run/systemd/system ]; then
	t "--cgroup-manager systemd" with_systemd
else
	skip "--cgroup-manager systemd" "systemd does not run here"
fi

# buildah keeps its bundles in a directory that everybody gets to.
builds()
{
	local -x TMPDIR=/var/tmp
	mkdir -p "$W/build"
	printf '%s\n' 'FROM bb' 'RUN id -u > /built && chown 1000 /built' > "$W/build/Dockerfile"
	buildah --cgroup-manager "$MANAGER" bud --isolation oci --runtime "$RUNTIME" --network none "${ULIMITS[@]}" -t built "$W/build"
	eq "1000 0" "$(pr built sh -c 'echo $(stat -c %u /built) $(cat /built)')"
	local c
	c=$(buildah from bb)
	eq hello "$(buildah --cgroup-manager "$MANAGER" run --isolation oci --runtime "$RUNTIME" --network none "$c" echo hello)"
	buildah rm "$c" > /dev/null
}
if command -v buildah > /dev/null; then
	t "buildah bud and run --isolation oci" builds
else
	skip "buildah bud and run --isolation oci" "buildah is not installed"
fi

removed()
{
	pd --name p72-rm bb sleep 10000
	local id
	id=$(pm inspect -f '{{.Id}}' p72-rm)
	pm rm -f -t 0 p72-rm
	eq "" "$(find /sys/fs/cgroup -path "*$id*" -name "libpod-$id*")"
	[ ! -e "/run/sysvisor-runc/$id" ]
}
t "rm -f leaves no cgroup and no state" removed
