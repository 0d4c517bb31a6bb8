/* SPDX-License-Identifier: Apache-2.0 */
/* userns.c - see userns.h. */
#include "os/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "os/file.h"

/*
 * The pid of PIDFD as the mounted /proc counts. What clone3 returned may be of another pid
 * namespace: the assembler lives in the container's and sees the host's /proc. The same field
 * says 0 or -1 for a process that this /proc does not show.
 */
static int pid_in_proc(int pidfd, pid_t *ret, struct sv_err *err)
{
	char path[48], text[512], *line;
	ssize_t n;
	long pid;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	n = sv_file_peek(AT_FDCWD, path, text, sizeof(text));
	if (n < 0)
		return sv_err_set(err, (int)-n, "cannot read '%s'", path);
	line = strstr(text, "\nPid:");
	pid = line ? strtol(line + 5, NULL, 10) : 0;
	if (pid <= 0)
		return sv_err_say(err, ESRCH,
				  "/proc does not show the process that carries the id mappings");
	*ret = (pid_t)pid;
	return 0;
}

static int fill(int pidfd, const struct sv_idmap *uids, size_t n_uids, const struct sv_idmap *gids,
		size_t n_gids, int *ret, struct sv_err *err)
{
	char path[48];
	pid_t pid = 0;
	int fd, r;

	r = pid_in_proc(pidfd, &pid, err);
	if (r == 0)
		r = sv_idmap_write(pid, "uid_map", uids, n_uids, err);
	if (r == 0)
		r = sv_idmap_write(pid, "gid_map", gids, n_gids, err);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return sv_err_set(err, errno, "cannot open '%s'", path);
	*ret = fd;
	return 0;
}

int sv_userns_make(const struct sv_idmap *uids, size_t n_uids, const struct sv_idmap *gids,
		   size_t n_gids, int *ret, struct sv_err *err)
{
	autoclose int pidfd = -1;
	struct clone_args args = {
		.flags = CLONE_NEWUSER | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	pid_t parent = getpid();
	long pid;
	int r;

	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0)
		return sv_err_set(err, errno, "cannot make a user namespace");
	if (pid == 0) {
		/*
		 * Lives for as long as it takes to write the maps, and not longer than the
		 * parent.
		 */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (getppid() == parent)
			pause();
		_exit(0);
	}
	r = fill(pidfd, uids, n_uids, gids, n_gids, ret, err);
	/* Our own child that is not reaped yet: neither call can fail but by a signal. */
	syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	while (waitpid((pid_t)pid, NULL, 0) < 0 && errno == EINTR)
		;
	return r;
}
