/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proc.h - processes: what /proc/<pid>/stat says, pidfds, and files of /proc that are surely of
 * /proc.
 *
 * A pid is only a number; what identifies a process is the pid together with its start time, or a
 * pidfd.
 */
#ifndef SV_OS_PROC_H
#define SV_OS_PROC_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct sv_proc_stat {
	pid_t pid, parent;
	char state;          /* 'R', 'S', 'D', 'Z' ... as in proc(5) */
	uint64_t start_time; /* clock ticks since boot; field 22 */
};

/* Reads /proc/PID/stat. -ESRCH: no such process. */
int sv_proc_stat(pid_t pid, struct sv_proc_stat *ret, struct sv_err *err);

/* The same from TEXT (one line of LEN bytes, need not end in NUL). The command name may hold blanks
 * and parentheses. -EINVAL. */
int sv_proc_parse_stat(const char *text, size_t len, struct sv_proc_stat *ret, struct sv_err *err);

/* One fact of sv_proc_stat. -ESRCH: no such process. A zombie still has both. */
int sv_proc_start_time(pid_t pid, uint64_t *ret, struct sv_err *err);
int sv_proc_state(pid_t pid, char *ret, struct sv_err *err);

/* Reports a pidfd, close-on-exec; the caller closes it. -ESRCH: no such process. */
int sv_proc_pidfd(pid_t pid, int *ret, struct sv_err *err);

/* The same, but only if the process has this start time, else -ESRCH: a recycled pid is never taken
 * for the old process. */
int sv_proc_pidfd_of(pid_t pid, uint64_t start_time, int *ret, struct sv_err *err);

/* Sends SIG through a pidfd. -ESRCH: it has ended (and was waited for). */
int sv_proc_signal(int pidfd, int sig, struct sv_err *err);

/* Waits until the process of PIDFD has ended, at most TIMEOUT_MS (-1: for ever). Returns 1 when it
 * has, 0 on timeout. */
int sv_proc_wait(int pidfd, int timeout_ms, struct sv_err *err);

/*
 * Opens /proc/PID/NAME (PID 0: the caller itself) with FLAGS | O_CLOEXEC and returns the
 * descriptor. The file is proved to be procfs's own: /proc must be the root of a procfs, and no
 * mount or symbolic link may lie on the way below it, so that a container cannot redirect a write
 * to another file (CVE-2025-52881). PID counts in the pid namespace of that procfs. -ESRCH: no such
 * process; -ENOENT: no such file; -EXDEV, -ELOOP: something is mounted or linked there.
 */
int sv_proc_open(pid_t pid, const char *name, int flags, struct sv_err *err);

/* Writes TEXT into such a file with one write(2). */
int sv_proc_write(pid_t pid, const char *name, const char *text, struct sv_err *err);

#endif
