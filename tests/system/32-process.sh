#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# 32-process.sh - the key `process` as the program itself feels it: who it is, what it may, where it stands, and
# how a program that cannot be run is told of.
#
# parallel: yes
. "$(dirname "$0")/../lib/lib.sh"

# inside NAME FILTER SCRIPT: runs sh -c SCRIPT in a container with the edited config, prints its output.
inside()
{
	bundle_new "$1" sh -c "$3"
	spec_edit "$2"
	rt run --bundle "$B" "$1" 2>&1 < /dev/null
}

# shellcheck disable=SC2028  # the inner shell expands it
own_status() { echo "grep -E '^($1):' /proc/self/status | tr -s '\\t\\n' ' '"; }

# ---- ids

ids()
{
	eq "uid=0(root) gid=0(root)" "$(inside 32-root . id | sed 's/ groups=.*//')"
	eq "1000:1001 1001 2000 3000" "$(inside 32-user '.process.user = {"uid": 1000, "gid": 1001, "additionalGids": [2000, 3000]}' \
		'echo $(id -u):$(id -g) $(id -G)')"
	eq "Groups: " "$(inside 32-nogroup . "$(own_status Groups)")"
	eq "Groups: 5 7 " "$(inside 32-groups '.process.user.additionalGids = [5, 7]' "$(own_status Groups)")"
}
t user_group_and_additional_groups ids

unmapped()
{
	bundle_new 32-unmapped true
	spec_edit '.process.user.uid = 99999'
	status 1 rt run --bundle "$B" 32-unmapped
	has "$OUT" "process.user.uid"
	has "$OUT" "99999"
	status 1 rt state 32-unmapped
}
t user_who_is_not_mapped_is_refused unmapped

masks()
{
	eq 0022 "$(inside 32-umask0 . umask)"
	eq 0007 "$(inside 32-umask1 '.process.user.umask = 7' umask)"
	up 32-umask2
	rm -rf "$W/32-umask3"
	down 32-umask2
	bundle_new 32-umask3 sleep 1000
	spec_edit '.process.user.umask = 63'
	rt create --bundle "$B" 32-umask3 > "$B/log" 2>&1 < /dev/null
	rt start 32-umask3
	eq 0077 "$(rt exec 32-umask3 sh -c umask)"
	down 32-umask3
}
t umask_is_the_given_one_or_022 masks

# ---- capabilities

ALL=000001ffffffffff

caps()
{
	local few='.process.capabilities = {"bounding": ["CAP_CHOWN", "CAP_NET_RAW"], "permitted": ["CAP_CHOWN", "CAP_NET_RAW"],
		"effective": ["CAP_CHOWN"], "inheritable": [], "ambient": []}'
	eq "CapInh: 0000000000000000 CapPrm: $ALL CapEff: $ALL CapBnd: $ALL CapAmb: 0000000000000000 " \
		"$(inside 32-caps-root . "$(own_status 'Cap...')")"
	# execve(2) by root fills effective from permitted.
	eq "CapPrm: 0000000000002001 CapEff: 0000000000002001 CapBnd: 0000000000002001 " \
		"$(inside 32-caps-few "$few" "$(own_status 'Cap(Prm|Eff|Bnd)')")"
	eq "CapPrm: 0000000000000000 CapEff: 0000000000000000 CapBnd: $ALL CapAmb: 0000000000000000 " \
		"$(inside 32-caps-user '.process.user.uid = 1000' "$(own_status 'Cap(Prm|Eff|Bnd|Amb)')")"
	eq "CapPrm: 0000000000002000 CapEff: 0000000000002000 CapAmb: 0000000000002000 " "$(inside 32-caps-ambient \
		'.process.user.uid = 1000 | .process.capabilities = (["bounding", "permitted", "effective", "inheritable", "ambient"]
		| map({(.): ["CAP_NET_RAW"]}) | add)' "$(own_status 'Cap(Prm|Eff|Amb)')")"
	inside 32-caps-chown "$few" 'touch /x && chown 5:5 /x && ! mount -t tmpfs none /mnt'
}
t capabilities_of_root_of_lists_and_of_users caps

confined()
{
	local here=$W/host.file
	touch "$here"
	# All capabilities, yet none that counts on the host: no host device, no host clock, no module.
	inside 32-confined . 'rm -f /dev/x; mknod /dev/x c 1 1 2> /dev/null && cat < /dev/x > /dev/null && exit 1
		date -s 2001-01-01 2> /dev/null > /dev/null && [ $(date +%Y) = 2001 ] && exit 2
		echo 1 > /proc/sys/kernel/sysrq 2> /dev/null && exit 3; exit 0'
	[ "$(date +%Y)" != 2001 ]
}
t all_capabilities_are_none_on_the_host confined

nnp()
{
	eq "NoNewPrivs: 0 " "$(inside 32-nnp0 . "$(own_status NoNewPrivs)")"
	eq "NoNewPrivs: 1 " "$(inside 32-nnp1 '.process.noNewPrivileges = true' "$(own_status NoNewPrivs)")"
	up 32-nnp2
	eq 0 "$(rt exec 32-nnp2 awk '/^NoNewPrivs/ { print $2 }' /proc/self/status)"
	eq 1 "$(rt exec --no-new-privs 32-nnp2 awk '/^NoNewPrivs/ { print $2 }' /proc/self/status)"
	down 32-nnp2
}
t no_new_privileges nnp

# ---- limits

rlimits()
{
	eq "100 200 0" "$(inside 32-rlimit '.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200},
		{"type": "RLIMIT_CORE", "soft": 0, "hard": 0}]' 'echo $(ulimit -Sn) $(ulimit -Hn) $(ulimit -Hc)')"
	bundle_new 32-rlimit-max true
	spec_edit '.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 1099511627776, "hard": 1099511627776}]'
	status 1 rt create --bundle "$B" 32-rlimit-max
	has "$OUT" "process.rlimits[0]: cannot set RLIMIT_NOFILE to 1099511627776:1099511627776"
	status 1 rt state 32-rlimit-max
}
t rlimits_are_set_and_impossible_ones_named rlimits

oom()
{
	local own
	own=$(cat /proc/self/oom_score_adj)
	eq 500 "$(inside 32-oom500 '.process.oomScoreAdj = 500' 'cat /proc/self/oom_score_adj')"
	eq "$own" "$(inside 32-oom . 'cat /proc/self/oom_score_adj')"
	# Lower than the host lets us is not an error.
	inside 32-oom-low '.process.oomScoreAdj = -999' 'cat /proc/self/oom_score_adj'
	if (echo -999 > /proc/self/oom_score_adj) 2> /dev/null; then
		eq -999 "$(rm -r "$W/32-oom-low"; inside 32-oom-low '.process.oomScoreAdj = -999' 'cat /proc/self/oom_score_adj')"
		eq -500 "$(inside 32-oom-in . 'echo -500 > /proc/self/oom_score_adj; cat /proc/self/oom_score_adj')"
	fi
	inside 32-oom-exempt . '! echo -1000 > /proc/self/oom_score_adj' 2> /dev/null
}
t oom_score_goes_down_to_what_the_host_allows oom

scheduling()
{
	local out
	out=$(inside 32-sched '.process.scheduler = {"policy": "SCHED_BATCH", "nice": 7} | .process.ioPriority =
		{"class": "IOPRIO_CLASS_BE", "priority": 6}' 'cat /proc/self/sched 2> /dev/null; awk "{ print \"nice\", \$19, \"policy\", \$41 }" /proc/self/stat; ionice -p $$')
	has "$out" "nice 7 policy 3"
	has "$out" "best-effort: prio 6"
	eq "policy 5" "$(inside 32-idle '.process.scheduler = {"policy": "SCHED_IDLE"}' 'awk "{ print \"policy\", \$41 }" /proc/self/stat')"
	bundle_new 32-badsched true
	spec_edit '.process.scheduler = {"policy": "SCHED_NEVER"}'
	status 1 rt create --bundle "$B" 32-badsched
	has "$OUT" "process.scheduler.policy"
}
t scheduler_and_io_priority scheduling

affinity()
{
	local cpu
	cpu=$(awk '/^Cpus_allowed_list/ { print $2 }' /proc/self/status | grep -oE '[0-9]+$')
	up 32-cpu
	jq -n --arg c "$cpu" '{args: ["awk", "/^Cpus_allowed_list/ { print $2 }", "/proc/self/status"], cwd: "/", env: ["PATH=/bin"],
		user: {uid: 0, gid: 0}, execCPUAffinity: {initial: $c, final: $c}}' > "$W/cpu.json"
	eq "$cpu" "$(rt exec --process "$W/cpu.json" 32-cpu)"
	jq '.execCPUAffinity.final = "8000"' "$W/cpu.json" > "$W/cpu2.json"
	status 255 rt exec --process "$W/cpu2.json" 32-cpu || status 1 rt exec --process "$W/cpu2.json" 32-cpu
	has "$OUT" "process.execCPUAffinity.final"
	down 32-cpu
}
t exec_keeps_to_its_cpus affinity

persona()
{
	has "$(inside 32-persona '.linux.personality = {"domain": "LINUX32"}' 'uname -m')" i686
}
[ "$(uname -m)" != x86_64 ] || t personality persona

# ---- directory, environment, terminal

cwds()
{
	eq /made/by/runtime "$(inside 32-cwd '.process.cwd = "/made/by/runtime"' pwd)"
	eq "0:0 755" "$(inside 32-cwd-owner '.process.cwd = "/made/by/runtime" | .process.user.uid = 1000' 'stat -c "%u:%g %a" .')"
	bundle_new 32-cwd-private sh -c pwd
	install -d -m 700 "$B/rootfs/private"
	spec_edit '.process.cwd = "/private" | .process.user.uid = 1000'
	eq /private "$(rt run --bundle "$B" 32-cwd-private)"
	bundle_new 32-cwd-file sh -c pwd
	spec_edit '.process.cwd = "/etc/passwd"'
	status 1 rt run --bundle "$B" 32-cwd-file
	has "$OUT" "process.cwd: "
	has "$OUT" "Not a directory"
}
t working_directory_is_made_if_missing cwds

# CVE-2024-21626: a descriptor that the runtime has open on the host must not become the working directory.
escape()
{
	local n
	for n in 3 4 5 6 7 8 9 10 11 12; do
		bundle_new "32-escape-$n" sh -c 'cat ../../../../../../../../etc/hostname; pwd'
		spec_edit ".process.cwd = \"/proc/self/fd/$n\""
		rt run --bundle "$B" "32-escape-$n" > "$W/out" 2>&1 < /dev/null && { cat "$W/out"; false; }
		rm -r "$B"
	done
	up 32-escape
	for n in 3 4 5 6 7 8 9 10 11 12; do
		rt exec --cwd "/proc/self/fd/$n" 32-escape sh -c 'pwd' > "$W/out" 2>&1 && { cat "$W/out"; false; }
	done
	down 32-escape
}
t descriptors_of_the_host_are_no_working_directory escape

homes()
{
	eq /root "$(inside 32-home . 'echo $HOME')"
	eq /home/user "$(inside 32-home-user '.process.user.uid = 1000' 'echo $HOME')"
	eq / "$(inside 32-home-none '.process.user.uid = 4321' 'echo $HOME')"
	eq /given "$(inside 32-home-given '.process.env += ["HOME=/given"]' 'echo $HOME')"
	bundle_new 32-home-fifo sh -c 'echo $HOME'
	rm "$B/rootfs/etc/passwd"
	mkfifo "$B/rootfs/etc/passwd"
	eq / "$(rt run --bundle "$B" 32-home-fifo)"
	up 32-home-exec
	eq /home/user "$(rt exec --user 1000 32-home-exec sh -c 'echo $HOME')"
	down 32-home-exec
}
t home_comes_from_the_passwd_file_inside homes

exact_env()
{
	has_not "$(SV_LEAK=1 inside 32-env . env)" SV_LEAK
	eq "A=1 B=x y" "$(inside 32-env2 '.process.env += ["A=1", "B=x y"]' 'env | grep -E "^[AB]=" | sort | tr "\n" " " | sed "s/ $//"')"
}
t environment_is_the_documents exact_env

descriptors()
{
	# 3 is the directory that ls itself has open.
	bundle_new 32-fds ls /proc/self/fd
	eq "0 1 2 3" "$(rt run --bundle "$B" 32-fds 5< /dev/zero | xargs)"
	bundle_new 32-fds-in sh -c 'for f in /proc/$$/fd/*; do readlink $f; done'
	has_not "$(rt run --bundle "$B" 32-fds-in 7< /dev/zero 2>&1)" /dev/zero
	bundle_new 32-fds-kept sh -c 'head -c 4 <&3 | wc -c'
	eq 4 "$(rt run --preserve-fds 1 --bundle "$B" 32-fds-kept 3< /dev/zero)"
}
t only_stdio_and_preserved_descriptors_get_in descriptors

# ---- programs that cannot be run

# cannot NAME PROGRAM WORDS: create and exec both refuse PROGRAM with WORDS.
cannot()
{
	bundle_new "32-$1" "$2"
	touch "$B/rootfs/bin/plain"
	mkdir "$B/rootfs/bin/adir"
	status 1 rt create --bundle "$B" "32-$1"
	has "$OUT" "$3"
	status 1 rt state "32-$1"
	[ -e "$W/32-up" ] || up 32-up
	cp -a "$B/rootfs/bin/plain" "$B/rootfs/bin/adir" "$W/32-up/rootfs/bin/" 2> /dev/null || true
	if rt exec 32-up "$2" > "$W/out" 2>&1; then false; fi
	has "$(cat "$W/out")" "$3"
}

wordings()
{
	cannot nope nope 'exec: "nope": executable file not found in $PATH'
	cannot path /nope 'exec: "/nope": stat /nope: no such file or directory'
	cannot plain /bin/plain 'exec: "/bin/plain": permission denied'
	cannot adir /bin/adir 'exec: "/bin/adir": is a directory'
	down 32-up
}
t wording_is_what_engines_turn_into_126_and_127 wordings

own_path()
{
	bundle_new 32-own-path tool
	mkdir "$B/rootfs/opt"
	printf '#!/bin/sh\necho found\n' > "$B/rootfs/opt/tool"
	chmod 755 "$B/rootfs/opt/tool"
	spec_edit '.process.env = ["PATH=/nowhere:/opt"]'
	eq found "$(rt run --bundle "$B" 32-own-path)"
}
t program_is_searched_along_the_path_inside own_path

# The session keyring: keyctl(KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0).
session=(result keyctl:0:-3:0)

keyring()
{
	local calls own first
	calls=$(tool calls)
	own=$("$calls" "${session[@]}")
	[ "$own" != -1 ] || return 0
	bundle_new 32-key sh -c "calls ${session[*]}; exec sleep 1000"
	cp "$calls" "$B/rootfs/bin/calls"
	rt create --bundle "$B" 32-key > "$B/log" 2>&1 < /dev/null
	rt start 32-key
	wait_for 5 test -s "$B/log"
	first=$(cat "$B/log")
	[ "$first" -gt 0 ]
	[ "$first" != "$own" ]
	eq "$first" "$(rt exec 32-key calls "${session[@]}")"
	eq "$first" "$(rt exec --user 1000 32-key calls "${session[@]}")"
	eq "$own" "$("$calls" "${session[@]}")"
	down 32-key
	bundle_new 32-nokey calls "${session[@]}"
	cp "$calls" "$B/rootfs/bin/calls"
	[ "$(rt run --no-new-keyring --bundle "$B" 32-nokey)" != "$first" ]
}
t session_keyring_is_the_containers_own_and_execs_join_it keyring
