#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# 30-seccomp.sh - linux.seccomp as a program in the container feels it: denied calls, calls newer than the profile,
# a filter for exec, the cache of compiled filters, an agent that answers.
#
# parallel: yes
. "$(dirname "$0")/../lib/lib.sh"

# A bundle with the tool `calls` in it and a profile: calls_bundle NAME PROFILE [CALL...]
calls_bundle()
{
	local name=$1 profile=$2
	shift 2
	bundle_new "$name" calls "$@"
	cp "$(tool calls)" "$B/rootfs/bin/calls"
	spec_edit --argjson profile "$profile" '.linux.seccomp = $profile'
}

allow_but() { jq -nc --argjson rules "$1" '{defaultAction: "SCMP_ACT_ALLOW", syscalls: $rules}'; }

# What the container $1 with the profile $2 says about the calls.
ask()
{
	local id=$1
	calls_bundle "$@"
	rt run --bundle "$B" "$id" 2>&1
}

denied_calls()
{
	local out
	out=$(ask 30-deny "$(allow_but '[
		{"names": ["getppid"], "action": "SCMP_ACT_ERRNO"},
		{"names": ["getpgid"], "action": "SCMP_ACT_ERRNO", "errnoRet": 61},
		{"names": ["personality"], "action": "SCMP_ACT_ERRNO",
		 "args": [{"index": 0, "value": 8, "op": "SCMP_CMP_EQ"}, {"index": 0, "value": 9, "op": "SCMP_CMP_EQ"}]},
		{"names": ["socket"], "action": "SCMP_ACT_ERRNO", "errnoRet": 97,
		 "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_NE"}, {"index": 1, "value": 2, "op": "SCMP_CMP_EQ"}]}]')" \
		getpid getppid getpgid personality:8 personality:9 personality:0xffffffff socket:1:2 socket:2:2 socket:2:1)
	eq "getpid ok
getppid EPERM
getpgid ENODATA
personality:8 EPERM
personality:9 EPERM
personality:0xffffffff ok
socket:1:2 ok
socket:2:2 EAFNOSUPPORT
socket:2:1 ok" "$out"
}
t rules_and_their_conditions_hold denied_calls

killed()
{
	calls_bundle 30-kill "$(allow_but '[{"names": ["acct"], "action": "SCMP_ACT_KILL_PROCESS"}]')" getpid acct getpid
	status 159 rt run --bundle "$B" 30-kill   # 128 + SIGSYS
	eq "getpid ok" "$OUT"
}
t killing_action_ends_the_program_by_sigsys killed

status_lines()
{
	bundle_new 30-status grep -E '^(Seccomp|NoNewPrivs|CapEff):' /proc/self/status
	spec_edit --argjson p "$(allow_but '[{"names": ["acct"], "action": "SCMP_ACT_LOG"}]')" '.linux.seccomp = $p | .process.noNewPrivileges = '"$1"
	rt run --bundle "$B" 30-status | tr -s '\t\n' ' '
}

filter_is_on()
{
	eq "CapEff: 000001ffffffffff NoNewPrivs: 0 Seccomp: 2 " "$(status_lines false)"
	rm -r "$W/30-status"
	has "$(status_lines true)" "NoNewPrivs: 1 Seccomp: 2 "
}
t filter_is_loaded_with_and_without_no_new_privileges filter_is_on

# A user without CAP_SYS_ADMIN, who has not given up gaining privileges, is filtered all the same and keeps nothing of it.
plain_user()
{
	bundle_new 30-user grep -E '^(Seccomp|NoNewPrivs|CapEff|CapPrm):' /proc/self/status
	spec_edit --argjson p "$(allow_but '[{"names": ["acct"], "action": "SCMP_ACT_LOG"}]')" \
		'.linux.seccomp = $p | .process.noNewPrivileges = false | .process.user = {"uid": 1000, "gid": 1000}'
	eq "CapPrm: 0000000000000000 CapEff: 0000000000000000 NoNewPrivs: 0 Seccomp: 2 " \
		"$(rt run --bundle "$B" 30-user | tr -s '\t\n' ' ')"
}
t filter_of_a_plain_user_leaves_no_capability_behind plain_user

# A list of what is allowed: others get the default's errno, unless they are newer than the whole list.
newer()
{
	local out profile
	profile=$(jq -nc '{defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 13, architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
		syscalls: [{action: "SCMP_ACT_ALLOW", names: (["no_such_call", "clone3", "faccessat2"] + $ARGS.positional)}]}' --args \
		read write open openat close fstat newfstatat mmap munmap mprotect brk execve exit exit_group getpid arch_prctl \
		set_tid_address set_robust_list rseq prlimit64 getrandom readlink readlinkat ioctl poll rt_sigaction \
		rt_sigprocmask futex capset capget prctl getcwd fcntl uname access)
	out=$(ask 30-newer "$profile" getpid getppid 439 460 1000)
	eq "getpid ok
getppid EACCES
439 EFAULT
460 ENOSYS
1000 ENOSYS" "$out"   # 439 is faccessat2
}
t calls_newer_than_the_profile_do_not_exist newer

for_exec()
{
	calls_bundle 30-exec "$(allow_but '[{"names": ["getppid"], "action": "SCMP_ACT_ERRNO", "errnoRet": 61}]')"
	spec_edit '.process.args = ["sleep", "1000"]'
	rt create --bundle "$B" 30-exec > "$B/log" 2>&1 < /dev/null
	rt start 30-exec
	eq "getppid ENODATA" "$(rt exec 30-exec calls getppid)"
	eq "getppid ENODATA" "$(rt exec --user 1000:1000 30-exec calls getppid)"
	eq "getppid ENODATA" "$(rt exec --no-new-privs 30-exec calls getppid)"
	rm -rf "$SV_ROOT/.seccomp"
	eq "getppid ENODATA" "$(rt exec 30-exec calls getppid)"
	down 30-exec
}
t exec_is_filtered_like_init for_exec

# The second container with a profile gets its filter from the cache; a damaged or foreign file is not believed.
cached()
{
	local SV_ROOT=$SV_ROOT/cache file before
	mkdir -p "$SV_ROOT"
	profile=$(allow_but '[{"names": ["getppid"], "action": "SCMP_ACT_ERRNO"}]')
	eq "getppid EPERM" "$(ask 30-one "$profile" getppid)"
	file=$(find "$SV_ROOT/.seccomp" -type f)
	eq "600 0 regular file" "$(stat -c '%a %u %F' "$file")"
	eq 700 "$(stat -c %a "$SV_ROOT/.seccomp")"
	before=$(stat -c '%i %Y' "$file")
	eq "getppid EPERM" "$(ask 30-two "$profile" getppid)"
	eq "$before" "$(stat -c '%i %Y' "$file")"
	printf 'x' | dd of="$file" bs=1 seek=$(($(stat -c %s "$file") - 3)) conv=notrunc status=none
	eq "getppid EPERM" "$(ask 30-three "$profile" getppid)"
	[ "$before" != "$(stat -c '%i %Y' "$file")" ]
	chmod 666 "$file"
	eq "getppid EPERM" "$(ask 30-four "$profile" getppid)"
	eq 600 "$(stat -c %a "$file")"
	rm "$file"
	mkdir "$file"
	eq "getppid EPERM" "$(ask 30-five "$profile" getppid)"
	rm -r "$SV_ROOT"
}
t filter_comes_from_the_cache_only_if_it_is_sound cached

refuse()
{
	bundle_new "$1" true
	spec_edit --argjson p "$2" '.linux.seccomp = $p'
	status 1 rt create --bundle "$B" "$1"
	has "$OUT" "$3"
	status 1 rt state "$1"
	rm -r "$B"
}

refusals()
{
	refuse 30-bad '{"defaultAction": "SCMP_ACT_MAYBE"}' "linux.seccomp.defaultAction: unknown action 'SCMP_ACT_MAYBE'"
	refuse 30-bad '{"defaultAction": "SCMP_ACT_NOTIFY", "listenerPath": "/x"}' \
		"linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be the default action"
	refuse 30-bad '{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["VAX"]}' \
		"linux.seccomp.architectures[0]: unknown architecture 'VAX'"
	refuse 30-bad "$(allow_but '[{"names": ["read"], "action": "SCMP_ACT_LOG"}, {"names": ["read"], "action": "X"}]')" \
		"linux.seccomp.syscalls[1].action: unknown action 'X'"
	# The first rule is one that a system container does without.
	refuse 30-bad '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["mount"], "action": "SCMP_ACT_ERRNO"},
		{"names": ["read"], "action": "X"}]}' "linux.seccomp.syscalls[1].action: unknown action 'X'"
	refuse 30-bad "$(allow_but '[{"names": ["getppid"], "action": "SCMP_ACT_NOTIFY"}]')" "linux.seccomp.listenerPath"
	refuse 30-bad "$(allow_but '[{"names": ["getppid"], "action": "SCMP_ACT_NOTIFY"}]' |
		jq -c '.listenerPath = "/no/such/socket"')" "/no/such/socket"
}
t mistakes_are_refused_with_their_place refusals

agent()
{
	local pid doc
	calls_bundle 30-agent "$(allow_but '[{"names": ["getppid"], "action": "SCMP_ACT_NOTIFY"}]' |
		jq -c --arg p "$W/agent.sock" '.listenerPath = $p | .listenerMetadata = "for \"you\""')" getppid getpid getppid
	"$(tool agent)" "$W/agent.sock" 2 61 > "$W/agent.log" 2>&1 &
	pid=$!
	wait_for 5 grep -q ready "$W/agent.log"
	eq "getppid ENODATA
getpid ok
getppid ENODATA" "$(rt run --bundle "$B" 30-agent 2>&1)"
	wait "$pid"
	doc=$(sed -n 2p "$W/agent.log")
	eq 'for "you"' "$(jq -r .metadata <<< "$doc")"
	eq '["seccompFd"]' "$(jq -c .fds <<< "$doc")"
	eq 30-agent "$(jq -r .state.id <<< "$doc")"
	[ "$(jq -r .pid <<< "$doc")" -gt 1 ]
}
t agent_gets_the_listener_and_answers agent

told()
{
	rt features | jq -e '.linux.seccomp | .enabled and (.actions | length) == 9 and (.operators | length) == 7
		and (.archs | index("SCMP_ARCH_X86_64")) and (.supportedFlags | index("SECCOMP_FILTER_FLAG_SPEC_ALLOW"))' > /dev/null
}
t features_tell_what_is_understood told
