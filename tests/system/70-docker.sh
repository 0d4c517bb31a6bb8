#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What a user of Docker sees: with nothing but a `runtimes` entry in daemon.json every docker command works as it did,
# and the root of each container is nobody on the host.
#
#	dockerd (data root, socket and network namespace of our own)
#	└─ containerd └─ containerd-shim-runc-v2 ── sysvisor-runc create, start, exec ... delete
#	                                            └─ the container: user namespace, cgroup /docker/ID
#
# time: 900
. "$(dirname "$0")/../lib/lib.sh"
. "$(dirname "$0")/../lib/engine.sh"
need_programs dockerd docker containerd containerd-shim-runc-v2

# A case for the real machine only: the VM is emulated, and runs those that cgroup v2, systemd, AppArmor or Linux 6.1
# could make a difference to.
th() { [ "$SV_VM" = 1 ] || t "$@"; }

start_dockerd
docker_image bb "$(bb_tar)"
[ "$SV_VM" = 1 ] || docker_image deb "$(deb_tar)"

# A container for the cases that only look at one, and its host pid.
dk run -d --name main --hostname my_cont bb sleep 10000 > "$W/main.out" 2>&1 || cat "$W/main.out"
pid_main() { dk inspect -f '{{.State.Pid}}' main; }

# ---- run

runs()
{
	status 0 dr bb echo hello
	eq hello "$OUT"
}
t "run prints what the program prints" runs

ordinary_image() { has "$(dr deb cat /etc/debian_version)" 12.; }
th "an ordinary image: Debian" ordinary_image

is_a_user_namespace()
{
	local map
	map=$(dr bb cat /proc/self/uid_map)
	read -r inside outside count <<< "$map"
	eq 0 "$inside"
	[ "$outside" -ge 100000 ]
	[ "$count" -ge 65536 ]
	eq root "$(dr bb id -un)"
	[ "$(stat -c %u "/proc/$(pid_main)")" -ge 100000 ]
}
t "root inside is a high id outside, without any option" is_a_user_namespace

exit_statuses()
{
	status 3 dr bb sh -c 'exit 3'
	status 127 dr bb nosuchprogram
	has "$OUT" nosuchprogram
	status 126 dr bb /etc/passwd
	has "$OUT" "permission denied"
	status 143 dr bb sh -c 'sh -c "kill -TERM \$\$"; exit $?'
}
th "the exit status of the program, 126 and 127 are passed on" exit_statuses

terminal()
{
	pty 'expect=# ' 'send=tty\r' 'expect=/dev/pts/0' 'send=test -t 0 && echo t""ty\r' expect=tty \
		pause=0.5 size=33x111 'send=until stty size | grep "33 11[1]"; do sleep 0.1; done\r' 'expect=33 111' \
		'send=sleep 100\r' pause=0.5 'send=\x03' 'expect=# ' 'send=cat /proc/1/comm; exit 5\r' expect=sh \
		-- "$DOCKER" run --rm -it bb sh || eq 5 $?
}
t "run -it is a real terminal: size, ^C, exit status" terminal

stdin_is_passed() { eq "from outside" "$(echo from outside | dr -i bb cat)"; }
th "run -i reads stdin" stdin_is_passed

hostname_inside() { eq my_cont "$(dk exec main hostname)"; }
th "--hostname" hostname_inside

detached()
{
	dk run -d --name detached bb sh -c 'echo started; exit 7' > /dev/null
	eq 7 "$(dk wait detached)"
	eq started "$(dk logs detached)"
	dk rm detached > /dev/null
}
th "run -d, wait and logs" detached

twenty_at_once()
{
	local i
	for i in $(seq 20); do
		{ dr --name "many$i" bb sh -c "echo many $i"; echo "status $?"; } > "$W/many.$i" 2>&1 &
	done
	# Not one by one: bash forgets the status of a job that ended long before.
	wait
	for i in $(seq 20); do
		eq "many $i status 0" "$(xargs < "$W/many.$i")"
	done
}
CASE_LIMIT=120 th "20 containers at once" twenty_at_once

# ---- exec

exec_works()
{
	eq hello "$(dk exec main echo hello)"
	status 4 dk exec main sh -c 'exit 4'
	status '126|127' dk exec main nosuchprogram   # the engine decides: 20.10 says 126, later ones 127
	has "$OUT" nosuchprogram
	status 126 dk exec main /etc/passwd
	eq piped "$(echo piped | dk exec -i main cat)"
	eq /tmp "$(dk exec -w /tmp main pwd)"
	eq value "$(dk exec -e NAME=value main sh -c 'echo $NAME')"
}
t "exec: output, exit status, -i, -w, -e" exec_works

exec_user()
{
	eq 'uid=1000(user) gid=1000(user) groups=1000(user),2000(extra)' "$(dk exec -u user main id)"
	eq 'uid=1000(user) gid=2000(extra)' "$(dk exec -u 1000:2000 main id | cut -d' ' -f1,2)"
	eq 0000000000000000 "$(dk exec -u user main awk '/CapEff/ { print $2 }' /proc/self/status)"
}
th "exec as a user: ids, groups, no capabilities" exec_user

exec_terminal()
{
	pty 'expect=# ' 'send=tty\r' 'expect=/dev/pts/' pause=0.5 size=44x122 'send=until stty size | grep "44 12[2]"; do sleep 0.1; done\r' 'expect=44 122' \
		'send=exit 6\r' -- "$DOCKER" exec -it main sh || eq 6 $?
}
th "exec -it is a real terminal" exec_terminal

many_execs()
{
	local i pids=()
	for i in $(seq 20); do
		dk exec main echo "exec $i" > "$W/exec.$i" 2>&1 &
		pids+=($!)
	done
	for i in $(seq 20); do
		wait "${pids[i - 1]}"
		eq "exec $i" "$(cat "$W/exec.$i")"
	done
}
CASE_LIMIT=120 th "20 execs at once" many_execs

# ---- control

top_lists() { has "$(dk top main)" "sleep 10000"; }
th "top" top_lists

pauses()
{
	dk run -d --name paused bb sh -c 'while :; do echo x; sleep 0.05; done' > /dev/null
	dk pause paused
	eq paused "$(dk inspect -f '{{.State.Status}}' paused)"
	status 1 dk exec paused true
	has "$OUT" paused
	local before after
	before=$(dk logs paused | wc -l)
	sleep 0.5
	after=$(dk logs paused | wc -l)
	eq "$before" "$after" "lines printed while paused"
	dk unpause paused
	dk exec paused true
	dk pause paused
	dk rm -f paused
}
t "pause stops it, exec is refused meanwhile, unpause goes on, rm -f of a paused one" pauses

limits()
{
	local pid
	dk run -d --name limited -m 64m --cpus 0.5 --pids-limit 77 bb sleep 10000
	pid=$(dk inspect -f '{{.State.Pid}}' limited)
	if [ "$(cg_mode)" = v2 ]; then
		eq 67108864 "$(cg_limit "$pid" memory memory.max)"
		eq "50000 100000" "$(cg_limit "$pid" cpu cpu.max)"
		eq 77 "$(cg_limit "$pid" pids pids.max)"
	else
		eq 67108864 "$(cg_limit "$pid" memory memory.limit_in_bytes)"
		eq 50000 "$(cg_limit "$pid" cpu cpu.cfs_quota_us)"
		eq 77 "$(cg_limit "$pid" pids pids.max)"
	fi
	dk update -m 128m --memory-swap 128m --cpus 0.25 --pids-limit 88 limited
	if [ "$(cg_mode)" = v2 ]; then
		eq 134217728 "$(cg_limit "$pid" memory memory.max)"
		eq "25000 100000" "$(cg_limit "$pid" cpu cpu.max)"
	else
		eq 134217728 "$(cg_limit "$pid" memory memory.limit_in_bytes)"
		eq 25000 "$(cg_limit "$pid" cpu cpu.cfs_quota_us)"
	fi
	eq 88 "$(cg_limit "$pid" pids pids.max)"
	dk rm -f limited
}
t "-m, --cpus and --pids-limit, and docker update changes them" limits

limits_hold()
{
	status 137 dr -m 32m --memory-swap 32m bb sh -c 'x=x; while :; do x=$x$x; done'
	dk run -d --name few --pids-limit 10 bb sh -c 'sh -c "for i in \$(seq 30); do sleep 100 & done"; exec sleep 100'
	wait_for 10 sh -c "'$DOCKER' top few | grep -c sleep | grep 9"
	# The root inside has a cgroup of its own below the one that holds the limit, and cannot lift it.
	dk exec few sh -c 'for f in $(find /sys/fs/cgroup -name pids.max); do echo max > $f; done' || true
	[ "$(cg_limit "$(dk inspect -f '{{.State.Pid}}' few)" pids pids.max)" = 10 ]
	dk rm -f few
}
t "a limit stops the container, and cannot be lifted from inside" limits_hold

statistics()
{
	local line
	line=$(dk stats --no-stream --format '{{.MemUsage}} {{.PIDs}}' main)
	has_not "$line" "0B /"
	eq 1 "${line##* }"
}
t "stats" statistics

signals()
{
	dk run -d --name sig bb sh -c 'trap "echo got it" USR1; trap "exit 9" TERM; echo ready; while :; do sleep 0.1; done'
	wait_for 10 sh -c "'$DOCKER' logs sig | grep ready"
	dk kill -s USR1 sig
	wait_for 10 sh -c "'$DOCKER' logs sig | grep 'got it'"
	dk stop -t 10 sig
	eq 9 "$(dk inspect -f '{{.State.ExitCode}}' sig)"
	dk start sig
	wait_for 10 sh -c "'$DOCKER' logs sig | grep -c ready | grep 2"
	dk restart -t 1 sig
	eq true "$(dk inspect -f '{{.State.Running}}' sig)"
	dk kill sig
	eq 137 "$(dk inspect -f '{{.State.ExitCode}}' sig)"
	dk rm sig
}
th "kill -s, stop, start, restart, kill" signals

stop_kills()
{
	dk run -d --name deaf bb sh -c 'trap "" TERM; while :; do sleep 0.1; done'
	sleep 0.5
	dk stop -t 1 deaf
	eq 137 "$(dk inspect -f '{{.State.ExitCode}}' deaf)"
	dk rm deaf
}
th "stop kills what ignores its signal" stop_kills

# ---- files

bind_private()
{
	mkdir -p "$W/private/data"
	chmod 700 "$W/private"
	echo outside > "$W/private/data/file"
	eq "outside 0:0" "$(dr -v "$W/private/data:/data" bb sh -c 'echo $(cat /data/file) $(stat -c %u:%g /data/file)')"
	dr -v "$W/private/data:/data" bb sh -c 'echo inside > /data/new; chown 1000:1000 /data/new'
	eq 1000:1000 "$(stat -c %u:%g "$W/private/data/new")"
	status 1 dr -v "$W/private/data:/data:ro" bb touch /data/x
	has "$OUT" "Read-only"
}
t "-v of a directory that only root reaches shows true owners both ways" bind_private

PUBLIC=$(mktemp -d -p /var/tmp sv-public.XXXXXX)
on_exit rmdir "$PUBLIC"
chmod 755 "$PUBLIC"
bind_public()
{
	status 125 dr -v "$PUBLIC:/data" bb true
	has "$OUT" "shiftfs mountpoint security check failed: path $PUBLIC is not exclusively accessible to the root user or group"
}
th "-v of a directory that others reach is refused with the documented words" bind_public

volumes()
{
	dk volume create vol > /dev/null
	eq "root root" "$(dr -v vol:/data bb sh -c 'echo 1 > /data/f; chown 1000 /data/f; stat -c "%U %G" /data')"
	eq user "$(dr -v vol:/data bb stat -c %U /data/f)"
	eq 1000 "$(stat -c %u "$(dk volume inspect -f '{{.Mountpoint}}' vol)/f")"
	dk volume rm vol > /dev/null
}
th "a volume belongs to root inside and keeps what was put there" volumes

engine_files()
{
	local file
	for file in /etc/hosts /etc/hostname /etc/resolv.conf; do
		eq "root root" "$(dk exec main stat -c '%U %G' $file)" $file
	done
	dk exec main sh -c 'echo "127.0.0.1 added" >> /etc/hosts && grep added /etc/hosts'
}
t "/etc/resolv.conf, hosts and hostname belong to root and can be written" engine_files

true_owners()
{
	local upper image
	dk exec main sh -c 'mkdir /made; echo x > /made/f; echo y > /made/u; chown 1000:2000 /made/u; rm /bin/tac'
	upper=$(dk inspect -f '{{.GraphDriver.Data.UpperDir}}' main)
	eq "0:0" "$(stat -c %u:%g "$upper/made/f")"
	eq "1000:2000" "$(stat -c %u:%g "$upper/made/u")"
	has "$(dk diff main)" "A /made/u"
	has "$(dk diff main)" "D /bin/tac"

	echo copied > "$W/copied"
	dk cp "$W/copied" main:/made/c
	eq "copied root" "$(dk exec main sh -c 'echo $(cat /made/c) $(stat -c %U /made/c)')"
	dk cp main:/made/u - | tar -tv --numeric-owner > "$W/tar"
	has "$(cat "$W/tar")" 1000/2000

	image=$(dk commit main)
	eq "0:0 1000:2000" "$(dr --runtime runc "$image" sh -c 'echo $(stat -c %u:%g /made/f) $(stat -c %u:%g /made/u)')"
	dk rmi "$image" > /dev/null
}
t "cp, commit and diff, and the files on the host, have true owners" true_owners

# Engine and container have an overlay each over the same upper directory, and each remembers which names are missing.
copies_into_known_places()
{
	echo x > "$W/copied"
	dk run -d --name known bb sleep 1000
	dk exec known sh -c 'mkdir -p /root; ls /root/new /etc/new; true'
	eq "" "$(dk diff known | grep -vE ' /(root|etc)$' || true)"
	dk cp "$W/copied" known:/root/new
	dk cp "$W/copied" known:/etc/new
	dk exec known sh -c 'cat /root/new /etc/new && touch /root/own /etc/own'
	dk cp "$W/copied" known:/etc/newer
	eq x "$(dk exec known cat /etc/newer)"
	has "$(dk diff known)" "A /etc/own"
	dk rm -f known
}
t "cp into a running container is seen there, also in places that it has looked at" copies_into_known_places

builds()
{
	mkdir "$W/build"
	echo content > "$W/build/file"
	cat > "$W/build/Dockerfile" <<-DOCKERFILE
		FROM bb
		COPY file /file
		RUN id -u > /built && chown 1000 /built && mkdir /dir && cat /proc/self/uid_map > /map
		USER user
		RUN id -un > /tmp/who
	DOCKERFILE
	dk build -t built "$W/build"
	eq "1000 0 user" "$(dr built sh -c 'echo $(stat -c %u /built) $(cat /built) $(cat /tmp/who)')"
	eq 1000 "$(dr --runtime runc built stat -c %u /built)"
	has_not "$(dr built cat /map)" "         0          0 "
	dk rmi built > /dev/null
}
th "build runs its steps in system containers, and owners come out true" builds

read_only()
{
	status 1 dr --read-only bb touch /x
	has "$OUT" "Read-only"
	dr --read-only --tmpfs /scratch bb touch /scratch/x
	eq "tmpfs 16384k" "$(dr --tmpfs /scratch:size=16m,mode=1777 bb sh -c \
		"awk '\$2 == \"/scratch\" { print \$3, \$4 }' /proc/mounts" | sed -E 's/ .*size=([0-9]+k).*/ \1/')"
}
th "--read-only and --tmpfs" read_only

# ---- identity and power

user_option()
{
	eq "1000 1000" "$(dr --user user bb sh -c 'echo $(id -u) $(id -g)')"
	eq "1234 5678" "$(dr --user 1234:5678 bb sh -c 'echo $(id -u) $(id -g)')"
	has "$(dr --user user --group-add 2000 bb id)" 2000
	eq 0000000000000000 "$(dr --user user bb awk '/CapEff/ { print $2 }' /proc/self/status)"
}
th "--user and --group-add" user_option

capabilities()
{
	local last all
	last=$(cat /proc/sys/kernel/cap_last_cap)
	all=$(printf '%016x' $(((1 << (last + 1)) - 1)))
	eq "$all" "$(dr bb awk '/CapEff/ { print $2 }' /proc/self/status)"
	eq 1 "$(dr --security-opt no-new-privileges bb awk '/NoNewPrivs/ { print $2 }' /proc/self/status)"
	dr bb sh -c 'mkdir /m && mount -t tmpfs m /m && hostname other && ip link set lo down'
	status 0 dr --cap-drop ALL bb true
}
t "root inside has every capability of its own world; no-new-privileges is honoured" capabilities

privileged()
{
	eq root "$(dr --privileged bb id -un)"
	has_not "$(dr --privileged bb cat /proc/self/uid_map)" "         0          0 "
	status 1 dr --privileged bb sh -c 'echo 1 > /proc/sys/kernel/panic'
	status 1 dr --privileged bb mknod /sda b 8 0
}
t "--privileged is accepted and stays confined" privileged

host_namespaces()
{
	local kind
	for kind in pid ipc uts; do
		status 125 dr "--$kind" host bb true
		has "$OUT" "$kind"
		has "$OUT" host
	done
	status 125 dr --net host bb true
	has "$OUT" net
	has "$OUT" host
}
th "--pid, --ipc, --uts and --net host are refused, with the reason" host_namespaces

sysctls()
{
	eq 4242 "$(dr --sysctl kernel.msgmax=4242 bb cat /proc/sys/kernel/msgmax)"
	eq 1 "$(dr --sysctl net.ipv4.ip_forward=1 bb cat /proc/sys/net/ipv4/ip_forward)"
	eq 0 "$(dr bb cat /proc/sys/net/ipv4/ip_unprivileged_port_start)"
	read -r from to <<< "$(dr bb cat /proc/sys/net/ipv4/ping_group_range)"
	eq 0 "$from"
	[ "$to" -ge 65535 ]
	status 125 dr --sysctl kernel.panic=1 bb true
}
t "--sysctl, and what Docker always sends" sysctls

ulimits() { eq "99 1234" "$(dr --ulimit nofile=1234:1234 --ulimit nproc=99:99 bb awk \
	'/open files/ { print n, $4 } /processes/ { n = $3 }' /proc/self/limits)"; }
th "--ulimit" ulimits

devices()
{
	has "$(dr --device /dev/fuse bb ls -l /dev/fuse)" "10, 229"
	dr --device /dev/fuse bb sh -c ': < /dev/fuse'
	eq "root root" "$(dr --device /dev/fuse bb stat -c '%U %G' /dev/fuse)"
	status 1 dr bb sh -c ': > /dev/null && head -c 10 /dev/zero > /dev/null && echo x > /dev/full'
	has "$OUT" "No space"
	dr bb sh -c 'for d in null zero full random urandom tty; do [ "$(stat -c %u:%g /dev/$d)" = 0:0 ] || exit 1; done'
}
if [ -c /dev/fuse ]; then
	th "--device, and the nodes of every container" devices
else
	skip "--device, and the nodes of every container" "the host has no /dev/fuse"
fi

shared_namespaces()
{
	eq my_cont "$(dk exec main hostname)"
	eq "$(dk exec main readlink /proc/self/ns/net)" "$(dr --net container:main bb readlink /proc/self/ns/net)"
}
th "--net container:OTHER joins its network" shared_namespaces

network()
{
	local ip
	ip=$(dk inspect -f '{{.NetworkSettings.Networks.bridge.IPAddress}}' main)
	has "$(dk exec main ip addr show eth0)" "$ip"
	dr bb ping -c 1 -W 5 "$ip"
	dk run -d --name web -p 127.0.0.1:8099:80 bb sh -c 'mkdir /www; echo page > /www/index.html; httpd -f -h /www'
	wait_for 10 in_engine_net busybox wget -q -O "$W/page" http://127.0.0.1:8099/
	eq page "$(cat "$W/page")"
	dk rm -f web
}
th "the bridge, ping between containers, a published port" network

# ---- a machine

systemd_boots()
{
	dk run -d --name machine deb /sbin/init
	wait_for 60 sh -c "'$DOCKER' exec machine systemctl is-system-running | grep -E 'running|degraded'"
	eq running "$(dk exec machine systemctl is-system-running || dk exec machine systemctl --failed --no-legend >&2)"
	eq active "$(dk exec machine systemctl is-active systemd-journald)"
	dk exec machine systemd-run --wait -q sh -c 'echo from a unit > /unit'
	eq "from a unit" "$(dk exec machine cat /unit)"
	dk stop -t 20 machine
	dk rm machine
}
CASE_LIMIT=120 th "systemd boots in an ordinary image, runs a unit, and stops" systemd_boots

# ---- the end

removed()
{
	local pid id
	id=$(dk inspect -f '{{.Id}}' main)
	pid=$(pid_main)
	dk rm -f main
	[ ! -e "/proc/$pid" ]
	[ ! -e "$W/d/exec/runtime-runc/moby/$id" ]
	eq "" "$(find /sys/fs/cgroup -name "*$id*")"
	eq "" "$(dk ps -aq --filter name=main)"
}
t "rm -f leaves no process, cgroup or state" removed
