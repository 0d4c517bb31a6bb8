/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ready.h - the last steps of init and of an exec'd process, and what the runtime does meanwhile.
 *
 *	the process				the runtime
 *	rc_ready_tell   -- READY, master, listener -->	rc_ready_take
 *	(waits to go on)			limits, state ...
 *	rc_ready_exec
 *
 * A filter with a listener is loaded before READY, as long as there is a runtime to hand the listener on; any other one last of all.
 */
#ifndef RC_READY_H
#define RC_READY_H

#include <sys/types.h>

#include "base/err.h"
#include "oci/spec.h"
#include "runc/container.h"
#include "runc/seccomp.h"

/* PROCESS  init or exec'd process. Sends STEP over CHANNEL, with the terminal's MASTER (-1: none) and the listener of FILTER if it has one, in this order. */
int rc_ready_tell(int channel, int step, const struct rc_filter *filter, int master, struct sv_err *err);

/* PROCESS  init or exec'd process. Closes for the program all descriptors but 0-2 and PRESERVE_FDS from 3 on, loads the filter, takes the last capability away and
 * executes PATH. Returns only on failure. */
int rc_ready_exec(const struct oci_process *process, const struct rc_filter *filter, int preserve_fds, const char *path,
		  struct sv_err *err);

/* What the runtime knows of who gets ready. */
struct rc_ready {
	const char *peer;			/* its name for messages */
	const struct oci_process *process;
	const struct rc_filter *filter;
	const struct oci_seccomp *seccomp;	/* who listens */
	const struct rc_container *container;
	pid_t pid;				/* as the host sees it */
	int console;				/* --console-socket, connected; -1: the master is for the caller */
};

/* PROCESS  the runtime. Waits for STEP and sends what comes along to the agent and to the console socket. *RET_MASTER is the terminal's master if there is one
 * and no socket took it, else -1; the caller's. */
int rc_ready_take(int channel, int step, const struct rc_ready *ready, int *ret_master, struct sv_err *err);

#endif
