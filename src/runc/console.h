/* SPDX-License-Identifier: Apache-2.0 */
/*
 * console.h - the terminal of a container's process, made inside the container.
 */
#ifndef RC_CONSOLE_H
#define RC_CONSOLE_H

#include <stdbool.h>

#include "base/err.h"
#include "oci/spec.h"

/* PROCESS  the runtime. Refuses, in runc's words, a terminal that nobody would get and a socket that would get none. */
int rc_console_check(bool terminal, bool attached, const char *console_socket, struct sv_err *err);

/*
 * PROCESS  init or exec'd process, in the container's mount namespace, as its root.
 *
 * Opens a pair in the devpts at /dev/pts, makes the slave the controlling terminal of a new session and stdin, stdout and stderr, owned by
 * PROCESS's user, of its consoleSize. INIT: binds the slave on /dev/console. Both are reached from a devpts that is proved to be one, so that a planted
 * file or link is never taken for it (CVE-2025-52565). *RET_MASTER is the caller's to pass on.
 */
int rc_console_make(const struct oci_process *process, bool init, int *ret_master, struct sv_err *err);

/* Without a terminal: a new session, stdin to stderr stay. */
int rc_console_none(struct sv_err *err);

#endif
