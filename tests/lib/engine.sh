# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# engine.sh - engines of our own for the client tests: everything they keep is below $W, their network is a namespace of
# their own, and they end with the test. Nothing of an engine that already runs on the host is used or touched.
#
#	need_programs NAME...    or the whole file is skipped
#	start_containerd         sets CTRD_SOCK; `ctrd ARG...` is ctr talking to it
#	start_dockerd [ARG...]   sets DOCKER_HOST and ENGINE_PID; sysvisor-runc is the default runtime, runc is there to compare.
#	                         With ENGINE_SETUP (shell text) it gets a mount namespace too, in which that is run first
#	dk ARG...                docker talking to it          dr ARG...   dk run --rm
#	docker_image NAME TAR    imports a root file system    images: bb_tar, deb_tar print the path of one
#	in_engine_net COMMAND... runs COMMAND in the network namespace of the engine

# Engines are also found where a user's PATH does not look.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH

need_programs()
{
	local program
	for program; do
		command -v "$program" > /dev/null || skip_all "$program is not installed"
	done
}

# The file systems of the images.
bb_tar()
{
	local dir
	dir=$(busybox_rootfs)
	[ -s "$W/bb.tar" ] || tar -C "$dir" -cf "$W/bb.tar" .
	echo "$W/bb.tar"
}

deb_tar()
{
	: "${SV_IMAGES:=$SV_CACHE/images}"
	[ -s "$SV_IMAGES/debian.tar" ] || "$SV_TESTS/tools/debian-image" "$SV_IMAGES/debian.tar" >&2 || return
	echo "$SV_IMAGES/debian.tar"
}

# Stops a daemon and everything it started that does not end by itself.
stop_daemon()
{
	local pid=$1 tries=0
	kill -TERM "$pid" 2> /dev/null || return 0
	while kill -0 "$pid" 2> /dev/null && [ $((tries++)) -lt $((100 * SV_SLOW)) ]; do
		sleep 0.1
	done
	kill -KILL "$pid" 2> /dev/null
	wait "$pid" 2> /dev/null
	true
}

# Runtimes never remove the parent that an engine puts its containers in, whose name is the engine's; empty, it is ours.
remove_parent_cgroup()
{
	find /sys/fs/cgroup -maxdepth 4 -type d -name "$1" -prune -exec rmdir {} + 2> /dev/null
	true
}

start_containerd()
{
	CTRD_SOCK=$W/ctrd.sock
	# The shim takes its runtime from the options of a container; containerd.toml needs none.
	cat > "$W/containerd.toml" <<-TOML
		version = 2
		root = "$W/ctrd/root"
		state = "$W/ctrd/state"
		disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs"]
		[grpc]
		address = "$CTRD_SOCK"
		[plugins."io.containerd.internal.v1.opt"]
		path = "$W/ctrd/opt"
	TOML
	mkdir -p "$W/ctrd"
	containerd --config "$W/containerd.toml" --log-level warn > "$W/containerd.log" 2>&1 < /dev/null 3>&- &
	CTRD_PID=$!
	on_exit remove_parent_cgroup svtest
	on_exit stop_daemon "$CTRD_PID"
	on_exit ctrd_clean
	wait_for 30 ctr --address "$CTRD_SOCK" version || { cat "$W/containerd.log"; return 1; }
}

ctrd() { ctr --address "$CTRD_SOCK" --namespace svtest "$@"; }

ctrd_clean()
{
	local id
	for id in $(ctrd task ls -q); do
		ctrd task rm -f "$id"
	done
	for id in $(ctrd container ls -q); do
		ctrd container rm "$id"
	done
	# The shim keeps its socket and the runtime its root in fixed places, named after the namespace.
	rmdir /run/containerd/runc/svtest /run/containerd/runc 2> /dev/null
	true
}

start_dockerd()
{
	mkdir -p "$W/d"
	export ENGINE_SETUP=${ENGINE_SETUP-}
	export DOCKER_HOST=unix://$W/docker.sock DOCKER_CONFIG=$W/d/config DOCKER_BUILDKIT=0
	# Debian's client where there are two: it is as old as its daemon.
	DOCKER=/usr/bin/docker
	[ -x "$DOCKER" ] || DOCKER=$(command -v docker)
	cat > "$W/d/daemon.json" <<-JSON
		{ "runtimes": { "sysvisor-runc": { "path": "$RUNTIME" } }, "default-runtime": "sysvisor-runc" }
	JSON
	# shellcheck disable=SC2016  # expanded by the inner shell
	unshare --net ${ENGINE_SETUP:+--mount} sh -c 'eval "$ENGINE_SETUP"; ip link set lo up; exec "$@"' sh dockerd \
		--config-file "$W/d/daemon.json" --data-root "$W/d/data" --exec-root "$W/d/exec" --pidfile "$W/d/pid" \
		-H "$DOCKER_HOST" --iptables=false --ip6tables=false --ip-masq=false --storage-driver overlay2 \
		"$@" > "$W/dockerd.log" 2>&1 < /dev/null 3>&- &
	ENGINE_PID=$!
	on_exit remove_parent_cgroup docker
	on_exit stop_daemon "$ENGINE_PID"
	on_exit dk_clean
	wait_for 40 dk version || { tail -n 20 "$W/dockerd.log"; return 1; }
}

dk() { "$DOCKER" "$@"; }
dr() { "$DOCKER" run --rm "$@"; }

dk_clean()
{
	local ids
	umount "$W/d/exec/netns/default" 2> /dev/null   # dockerd keeps it for --net host, also after it ended
	ids=$(dk ps -aq)
	# shellcheck disable=SC2086  # a list of ids
	[ -z "$ids" ] || { dk unpause $ids; dk rm -f $ids; } 2> /dev/null
	true
}

docker_image() { dk import "$2" "$1" > /dev/null; }

in_engine_net() { nsenter --net="/proc/$ENGINE_PID/ns/net" "$@"; }
