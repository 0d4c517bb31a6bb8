#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What a user of containerd sees: `ctr run --runc-binary` (or a runtime entry of the CRI plugin) is all it takes.
# ctr sends no limits on its own, an empty hooks list, a relative root path and noNewPrivileges, and asks for no user
# namespace: each container still has one.
#
# time: 300
. "$(dirname "$0")/../lib/lib.sh"
. "$(dirname "$0")/../lib/engine.sh"
need_programs containerd containerd-shim-runc-v2 ctr

start_containerd

# An image of one layer, in the format that `ctr image import` reads.
make_image()
{
	local dir=$W/image layer config
	mkdir -p "$dir/blobs/sha256"
	layer=$(sha256sum < "$(bb_tar)" | cut -d' ' -f1)
	cp "$(bb_tar)" "$dir/blobs/sha256/$layer"
	printf '{"architecture":"amd64","os":"linux","config":{"Cmd":["sh"],"Env":["PATH=/bin"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
		"$layer" > "$dir/config"
	config=$(sha256sum < "$dir/config" | cut -d' ' -f1)
	mv "$dir/config" "$dir/blobs/sha256/$config"
	printf '[{"Config":"blobs/sha256/%s","RepoTags":["bb:latest"],"Layers":["blobs/sha256/%s"]}]' "$config" "$layer" \
		> "$dir/manifest.json"
	tar -C "$dir" -cf "$W/image.tar" .
	ctrd image import "$W/image.tar"
	IMAGE=$(ctrd image ls -q | head -n 1)
}
make_image > "$W/import.log" 2>&1 || { cat "$W/import.log"; exit 1; }

crun_() { ctrd run --runc-binary "$RUNTIME" "$@"; }

runs()
{
	eq hello "$(crun_ --rm "$IMAGE" c71-a echo hello)"
	status 3 crun_ --rm "$IMAGE" c71-b sh -c 'exit 3'
	eq root "$(crun_ --rm "$IMAGE" c71-c id -un)"
	has_not "$(crun_ --rm "$IMAGE" c71-d cat /proc/self/uid_map)" "         0          0 "
}
t "run: output, exit status, a user namespace" runs

owners()
{
	crun_ -d "$IMAGE" c71-own sleep 10000
	eq "0:0 1000:1000" "$(ctrd task exec --exec-id e1 c71-own sh -c 'echo $(stat -c %u:%g /etc) $(stat -c %u:%g /home/user)')"
	ctrd task exec --exec-id e2 c71-own sh -c 'echo x > /made; chown 1000 /made'
	eq 1000 "$(find "$W/ctrd" -name made -path '*/fs/*' -exec stat -c %u {} +)"
	ctrd task rm -f c71-own
	ctrd container rm c71-own
}
t "files of the snapshot have true owners inside and on the host" owners

terminal()
{
	pty 'expect=# ' 'send=stty size; tty\r' 'expect=/dev/pts/0' 'send=exit 4\r' \
		-- ctr --address "$CTRD_SOCK" -n svtest run --runc-binary "$RUNTIME" --rm -t "$IMAGE" c71-tty sh || eq 4 $?
}
t "run -t is a terminal" terminal

failing()
{
	status 1 crun_ --rm "$IMAGE" c71-none nosuchprogram
	has "$OUT" nosuchprogram
	ctrd container rm c71-none 2> /dev/null || true
	eq "" "$(ls /run/containerd/runc/svtest 2> /dev/null)"
}
t "a program that is not there is named, and nothing is left" failing

lifecycle()
{
	crun_ -d "$IMAGE" c71-life sh -c 'trap "echo usr1 >> /got" USR1; (trap "echo usr1 >> /got" USR1; while :; do sleep 0.1; done) & while :; do sleep 0.1; done'
	has "$(ctrd task ls)" RUNNING
	ctrd task pause c71-life
	has "$(ctrd task ls)" PAUSED
	status 1 ctrd task exec --exec-id e1 c71-life true
	has "$OUT" paused
	ctrd task resume c71-life
	ctrd task exec --exec-id e2 c71-life true
	ctrd task kill -a -s USR1 c71-life
	wait_for 10 ctr --address "$CTRD_SOCK" -n svtest task exec --exec-id "e$RANDOM$RANDOM" c71-life test -e /got || true
	wait_for 10 sh -c "[ \$(ctr --address '$CTRD_SOCK' -n svtest task exec --exec-id x\$\$ c71-life grep -c usr1 /got) = 2 ]"
	[ "$(ctrd task ps c71-life | wc -l)" -ge 3 ]
	ctrd task kill -s KILL c71-life
	wait_for 10 sh -c "ctr --address '$CTRD_SOCK' -n svtest task ls | grep STOPPED"
	ctrd task rm c71-life
	ctrd container rm c71-life
}
t "pause, exec refused, resume, kill -a to every process, ps, kill, rm" lifecycle

exec_many()
{
	local i pids=()
	crun_ -d "$IMAGE" c71-many sleep 10000
	for i in $(seq 10); do
		# ctr does not wait for the output of a process that has ended: on a busy machine it gets lost.
		ctrd task exec --exec-id "m$i" c71-many sh -c "echo exec $i; sleep 1" > "$W/exec.$i" 2>&1 &
		pids+=($!)
	done
	for i in $(seq 10); do
		wait "${pids[i - 1]}"
		eq "exec $i" "$(cat "$W/exec.$i")"
	done
	status 5 ctrd task exec --exec-id s c71-many sh -c 'exit 5'
	eq 1000 "$(ctrd task exec --exec-id u --user 1000 c71-many id -u)"
	ctrd task rm -f c71-many
	ctrd container rm c71-many
}
t "exec: ten at once, exit status, --user" exec_many

limits()
{
	local pid
	crun_ -d --memory-limit 67108864 "$IMAGE" c71-lim sleep 10000
	pid=$(ctrd task ls | awk '$1 == "c71-lim" { print $2 }')
	if [ "$(cg_mode)" = v2 ]; then
		eq 67108864 "$(cg_limit "$pid" memory memory.max)"
	else
		eq 67108864 "$(cg_limit "$pid" memory memory.limit_in_bytes)"
	fi
	ctrd task metrics c71-lim > "$W/metrics"
	grep -E 'memory.usage' "$W/metrics"
	ctrd task rm -f c71-lim
	ctrd container rm c71-lim
}
t "--memory-limit, metrics" limits

removed()
{
	crun_ -d "$IMAGE" c71-gone sleep 10000
	ctrd task rm -f c71-gone
	ctrd container rm c71-gone
	eq "" "$(find /sys/fs/cgroup -name 'c71-*')"
	eq "" "$(ls /run/containerd/runc/svtest)"
}
t "task rm -f leaves no cgroup and no state" removed
