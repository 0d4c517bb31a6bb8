/* SPDX-License-Identifier: Apache-2.0 */
/* join.c - see join.h. */
#include "runc/join.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "os/fd.h"
#include "os/overlayfs.h"
#include "os/sync.h"
#include "runc/console.h"
#include "runc/filter_file.h"
#include "runc/foreground.h"
#include "runc/identity.h"
#include "runc/keyring.h"
#include "runc/limits.h"
#include "runc/lsm.h"
#include "runc/pidfile.h"
#include "runc/program.h"
#include "runc/ready.h"
#include "runc/spawn.h"
#include "runc/terminal.h"

enum step { READY = 1, GO };

struct joining {
	const struct rc_join *j;
	struct rc_container *c;
	struct rc_filter filter;
	struct rc_foreground fg;
	int init;			/* pidfd of the container's init */
	int tasks[RC_CGROUP_MAX];	/* v1: opened for C to write itself into */
	size_t n_tasks;
	int cgroup;			/* v2: to be cloned into, -1: none */
	int console;			/* --console-socket, connected */
	int p_c, c_p;			/* the channel: P's end, C's end */
	pid_t pid;			/* C as the host sees it */
};

/* ---- C ---- */

static int join_cgroups(const struct joining *s, struct sv_err *err)
{
	for (size_t i = 0; i < s->n_tasks; i++)
		if (write(s->tasks[i], "0", 1) < 0)
			return sv_err_set(err, errno, "cannot join a cgroup of the container");
	return 0;
}

/* All at once through init's pidfd (Linux 5.8): the kernel enters the user namespace first and gives us what our host root may. */
static int join_namespaces(const struct joining *s, struct sv_err *err)
{
	int flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;

	/* EINVAL: a kernel without time namespaces. */
	if (setns(s->init, flags | CLONE_NEWTIME) < 0 && (errno != EINVAL || setns(s->init, flags) < 0))
		return sv_err_set(err, errno, "cannot enter the container's namespaces");
	return rc_identity_root(err);
}

static int prepare_program(const struct joining *s, char **ret_path, struct sv_err *err)
{
	struct oci_process *process = &s->c->process;
	int r = rc_program_home(process, err);

	if (r == 0)
		r = rc_lsm_exec_label(process, err);
	if (r == 0)
		r = rc_identity_enter(process, s->filter.code, false, err);
	return r < 0 ? r : rc_program_find(process, ret_path, err);
}

/*
 * PROCESS  C; see join.h.
 * IN       the host's namespaces but for the pid namespace; then the container's.
 * POWER    host root until join_namespaces(), the container's root until rc_identity_enter(), then what the process is to have.
 * ENDS     by exec, or by telling P why not.
 */
static int become_process(const struct joining *s, int *master, struct sv_err *err)
{
	autofree char *path = NULL;
	int r = join_cgroups(s, err);

	if (r == 0)
		r = join_namespaces(s, err);
	if (r == 0)
		r = s->c->process.terminal ? rc_console_make(&s->c->process, false, master, err) : rc_console_none(err);
	if (r == 0)
		r = prepare_program(s, &path, err);
	if (r == 0)
		r = rc_ready_tell(s->c_p, READY, &s->filter, *master, err);
	if (r == 0)
		r = sv_sync_wait(s->c_p, "the runtime", GO, NULL, 0, NULL, err);
	return r < 0 ? r : rc_ready_exec(&s->c->process, &s->filter, s->j->preserve_fds, path, err);
}

/* The master of the terminal is closed by our end and not before: we lead its session, and SIGHUP would come before the story is told. */
static __attribute__((noreturn)) void be_process(struct joining *s)
{
	struct sv_err err = { 0 };
	int master = -1;

	close(s->p_c);
	if (s->j->attached)
		sigprocmask(SIG_SETMASK, &s->fg.old_mask, NULL);
	become_process(s, &master, &err);
	sv_sync_fail(s->c_p, &err);
	_exit(1);
}

/* ---- P ---- */

static int refresh(const struct joining *s, const char *path)
{
	autoclose int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct sv_err why = { 0 };
	int r = dir < 0 ? 0 : sv_overlayfs_refresh(dir, &why);

	if (r < 0)
		sv_debug("container '%s': %s", s->c->id, why.msg);
	return r;
}

/* What the engine has put into the image's upper directory since, with `docker cp`, is there for the new process, and what the container has put there for
 * the engine. If it cannot be done, names that nobody has looked for before are found anyway. */
static void refresh_roots(const struct joining *s)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/root", s->c->init_pid);
	if (refresh(s, path) > 0)
		refresh(s, s->c->rootfs);
}

/* Everything of the host that C will need, while nothing has been made. */
static int open_all(struct joining *s, struct sv_err *err)
{
	const struct rc_cgroup *cg = &s->c->cgroup;
	int r = rc_console_check(s->c->process.terminal, s->j->attached, s->j->console_socket, err);

	if (r == 0)
		r = rc_lsm_check(&s->c->process, err);
	if (r == 0)
		r = rc_container_pidfd(s->c, &s->init, err);
	if (r == 0)
		r = rc_filter_fetch(s->c->dir, &s->filter, err);
	if (r == 0 && s->j->console_socket)
		r = rc_terminal_connect(s->j->console_socket, &s->console, err);
	if (r == 0 && cg->layout != RC_CGROUP_NONE)
		r = rc_cgroup_open_exec_tasks(cg, s->j->subgroup, s->tasks, &s->n_tasks, err);
	if (r == 0 && cg->layout != RC_CGROUP_NONE)
		r = rc_cgroup_open_exec(cg, s->c->init_pid, s->j->subgroup, &s->cgroup, err);
	if (r == 0 && !s->c->no_new_keyring)
		r = rc_keyring_join(s->c->id, s->c->created, err);
	if (r == 0 && s->c->process.cpus_initial)
		r = rc_limits_cpus(0, s->c->process.cpus_initial, "process.execCPUAffinity.initial", err);
	if (r == 0)
		refresh_roots(s);
	return r;
}

static int start_process(struct joining *s, struct sv_err *err)
{
	int pair[2], r;
	pid_t pid;

	s->fg.subreaper = !s->j->no_subreaper;
	r = s->j->attached ? rc_foreground_prepare(&s->fg, err) : 0;
	if (r == 0)
		r = sv_sync_pair(pair, err);
	if (r < 0)
		return r;
	s->p_c = pair[0];
	s->c_p = pair[1];
	/* Only our children are affected; nothing else is forked after this one. */
	if (setns(s->init, CLONE_NEWPID) < 0)
		return sv_err_set(err, errno, "cannot enter the container's pid namespace");
	pid = rc_spawn_fork(0, SIGCHLD, s->cgroup, &s->fg.pidfd);
	if (pid == 0)
		be_process(s);
	sv_fd_close(&s->c_p);
	if (pid < 0)
		return sv_err_set(err, errno, "cannot make a process in the container");
	s->pid = s->fg.pid = pid;
	return 0;
}

static int wait_ready(struct joining *s, struct sv_err *err)
{
	const struct oci_seccomp seccomp = { .listener_path = s->c->listener, .listener_metadata = s->c->listener_metadata };
	const struct rc_ready ready = {
		.peer = "the process in the container", .process = &s->c->process, .filter = &s->filter,
		.seccomp = &seccomp, .container = s->c, .pid = s->pid, .console = s->console,
	};

	return rc_ready_take(s->p_c, READY, &ready, &s->fg.master, err);
}

static int launch(struct joining *s, struct sv_err *err)
{
	int r = open_all(s, err);

	if (r == 0)
		r = start_process(s, err);
	if (r == 0)
		r = wait_ready(s, err);
	if (r == 0)
		r = rc_limits_set(s->pid, &s->c->process, err);
	if (r == 0)
		r = rc_pidfile_write(s->j->pid_file, s->pid, err);
	if (r == 0)
		r = sv_sync_send(s->p_c, GO, NULL, 0, err);
	return r < 0 ? r : sv_sync_wait_end(s->p_c, "the process in the container", err);
}

static void undo(struct joining *s)
{
	if (s->pid <= 0)
		return;
	kill(s->pid, SIGKILL);
	while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

int rc_join(const struct rc_join *j, struct sv_err *err)
{
	struct joining s = { .j = j, .c = j->container, .fg = RC_FOREGROUND_INIT, .init = -1, .cgroup = -1,
			     .console = -1, .p_c = -1, .c_p = -1 };
	int *fds[] = { &s.init, &s.cgroup, &s.console, &s.p_c, &s.c_p, &s.fg.pidfd, &s.fg.master };
	int status = 0, r;

	prctl(PR_SET_DUMPABLE, 0);
	r = launch(&s, err);
	if (r < 0)
		undo(&s);
	else if (j->attached)
		r = rc_foreground_wait(&s.fg, &status, err);
	if (j->attached)
		rc_foreground_done(&s.fg);
	sv_fd_close_all(s.tasks, s.n_tasks);
	for (size_t i = 0; i < SV_COUNT(fds); i++)
		sv_fd_close(fds[i]);
	rc_filter_done(&s.filter);
	return r < 0 ? r : status;
}
