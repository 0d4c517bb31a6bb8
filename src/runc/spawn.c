/* SPDX-License-Identifier: Apache-2.0 */
/* spawn.c - see spawn.h. */
#include "runc/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "os/fd.h"
#include "os/proc.h"
#include "os/sync.h"

pid_t rc_spawn_fork(unsigned long flags, int exit_signal, int cgroup, int *ret_pidfd)
{
	struct clone_args args = {
		.flags = flags | (ret_pidfd ? CLONE_PIDFD : 0) | (cgroup >= 0 ? CLONE_INTO_CGROUP : 0),
		.pidfd = (uint64_t)(uintptr_t)ret_pidfd,
		.exit_signal = (uint64_t)exit_signal,
		.cgroup = cgroup >= 0 ? (uint64_t)cgroup : 0,
	};

	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

/* ---- a detour through the namespaces that the child shall inherit ---- */

static const struct {
	enum oci_ns ns;
	const char *own;
} inherited[] = {
	{ OCI_NS_NET, "/proc/self/ns/net" },   { OCI_NS_IPC, "/proc/self/ns/ipc" },
	{ OCI_NS_UTS, "/proc/self/ns/uts" },   { OCI_NS_CGROUP, "/proc/self/ns/cgroup" },
	{ OCI_NS_TIME, "/proc/self/ns/time" }, { OCI_NS_PID, "/proc/self/ns/pid" },
};

struct detour {
	int own[SV_COUNT(inherited)];	/* where to return to, -1: never left */
};

static int begin_detour(const struct rc_launch *l, struct detour *d, struct sv_err *err)
{
	for (size_t i = 0; i < SV_COUNT(inherited); i++)
		d->own[i] = -1;
	for (size_t i = 0; i < SV_COUNT(inherited); i++) {
		enum oci_ns ns = inherited[i].ns;

		/* A helper that is in another pid namespace could not tell us the pid of what it made: it enters that one by itself. */
		if (l->ns[ns] < 0 || (ns == OCI_NS_PID && l->ns[OCI_NS_USER] >= 0))
			continue;
		d->own[i] = open(inherited[i].own, O_RDONLY | O_CLOEXEC);
		if (d->own[i] < 0)
			return sv_err_set(err, errno, "cannot open '%s'", inherited[i].own);
		if (setns(l->ns[ns], (int)oci_ns_flag(ns)) < 0)
			return sv_err_set(err, errno, "cannot join the %s namespace", oci_ns_name(ns));
	}
	return 0;
}

static int end_detour(struct detour *d, struct sv_err *err)
{
	int r = 0;

	for (size_t i = 0; i < SV_COUNT(inherited); i++) {
		if (d->own[i] >= 0 && setns(d->own[i], (int)oci_ns_flag(inherited[i].ns)) < 0 && r == 0)
			r = sv_err_set(err, errno, "cannot return to our own %s namespace",
				       oci_ns_name(inherited[i].ns));
		sv_fd_close(&d->own[i]);
	}
	return r;
}

/* ---- init ---- */

/* In the child: what belongs to the parent must go, or the ends of channels and the lock would not be noticed. */
static __attribute__((noreturn)) void be_init(struct rc_launch *l)
{
	close(l->p_i);
	close(l->a_i);
	close(l->container->dir);
	if (l->mask)
		sigprocmask(SIG_SETMASK, l->mask, NULL);
	_exit(rc_stage_init(l));
}

/* A new user namespace, and a pid namespace owned by it. */
static int clone_into_new(struct rc_launch *l, int cgroup, struct sv_err *err)
{
	unsigned long flags = CLONE_NEWUSER | (l->ns[OCI_NS_PID] < 0 ? CLONE_NEWPID : 0);
	pid_t pid = rc_spawn_fork(flags, SIGCHLD, cgroup, &l->init_pidfd);

	if (pid == 0)
		be_init(l);
	if (pid < 0)
		return sv_err_set(err, errno, "cannot make the container's user namespace");
	l->init = pid;
	return 0;
}

/* PROCESS  a helper between P and I: it enters the user namespace, so that the pid namespace of I is owned by that one, and makes I as its own
 * sibling. Into the cgroup I is put by P, as the mapped root may not. */
static __attribute__((noreturn)) void clone_from_inside(struct rc_launch *l, int channel)
{
	struct sv_err err = { 0 };
	pid_t pid;

	if ((l->ns[OCI_NS_PID] >= 0 && setns(l->ns[OCI_NS_PID], CLONE_NEWPID) < 0) ||
	    setns(l->ns[OCI_NS_USER], CLONE_NEWUSER) < 0) {
		sv_err_set(&err, errno, "cannot enter the user and pid namespaces");
		sv_sync_fail(channel, &err);
		_exit(1);
	}
	pid = rc_spawn_fork(CLONE_PARENT | (l->ns[OCI_NS_PID] < 0 ? CLONE_NEWPID : 0), 0, -1, NULL);
	if (pid == 0) {
		close(channel);
		be_init(l);
	}
	if (pid < 0) {
		sv_err_set(&err, errno, "cannot make the container's init");
		sv_sync_fail(channel, &err);
		_exit(1);
	}
	sv_sync_send(channel, pid, NULL, 0, &err);
	_exit(0);
}

static int move_to_cgroup(pid_t pid, int cgroup, struct sv_err *err)
{
	autoclose int procs = -1;

	if (cgroup < 0)
		return 0;
	procs = openat(cgroup, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (procs < 0 || dprintf(procs, "%d", pid) < 0)
		return sv_err_set(err, errno, "cannot move the container's init into its cgroup");
	return 0;
}

static int clone_into_joined(struct rc_launch *l, int cgroup, struct sv_err *err)
{
	int channel[2], r;
	pid_t helper;
	int told = 0;

	r = sv_sync_pair(channel, err);
	if (r < 0)
		return r;
	helper = fork();
	if (helper == 0) {
		close(channel[0]);
		clone_from_inside(l, channel[1]);
	}
	close(channel[1]);
	if (helper < 0)
		r = sv_err_set(err, errno, "cannot fork");
	else
		r = sv_sync_wait_any(channel[0], "a helper", &told, err);
	close(channel[0]);
	if (helper > 0)
		waitpid(helper, NULL, 0);
	if (r < 0)
		return r;
	/* I is our child and not waited for, so its pid cannot be another's. */
	l->init = told;
	r = sv_proc_pidfd(l->init, &l->init_pidfd, err);
	return r < 0 ? r : move_to_cgroup(l->init, cgroup, err);
}

int rc_spawn_init(struct rc_launch *l, int cgroup, struct sv_err *err)
{
	struct sv_err back = { 0 };
	struct detour d;
	int r = begin_detour(l, &d, err);

	if (r == 0)
		r = l->ns[OCI_NS_USER] >= 0 ? clone_into_joined(l, cgroup, err) : clone_into_new(l, cgroup, err);
	if (end_detour(&d, &back) < 0 && r == 0) {
		*err = back;
		r = -back.code;
	}
	return r;
}

/* ---- the assembler ---- */

int rc_spawn_assembler(struct rc_launch *l, int cgroup, struct sv_err *err)
{
	autoclose int own = -1;
	int r = 0;
	pid_t pid;

	if (l->forks_later) {
		own = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
		if (own < 0)
			return sv_err_set(err, errno, "cannot open our own pid namespace");
	}
	if (setns(l->init_pidfd, CLONE_NEWPID) < 0)
		return sv_err_set(err, errno, "cannot enter the container's pid namespace");
	/* No SIGCHLD: `run` would be woken by it when it waits for the container. */
	pid = rc_spawn_fork(0, 0, cgroup, NULL);
	if (pid == 0) {
		sv_fd_close_all((int[]){ l->p_i, l->p_a }, 2);
		close(l->container->dir);
		_exit(rc_assembler(l));
	}
	if (pid < 0)
		r = sv_err_set(err, errno, "cannot make the assembler");
	else
		l->assembler = pid;
	if (own >= 0 && setns(own, CLONE_NEWPID) < 0)
		return sv_err_set(err, errno, "cannot return to our own pid namespace");
	return r;
}
