/* SPDX-License-Identifier: Apache-2.0 */
/*
 * join.h - a further process in a running container.
 *
 *	P  the runtime						C  the process
 *	opens cgroups, sockets, files of the host
 *	setns(pid namespace), clone3 into the v2 cgroup ----->	writes itself into the v1 cgroups
 *								setns(everything else), root inside, terminal,
 *								identity, program looked up
 *	limits, pid file <------------------------------ READY
 *	GO ------------------------------------------------->	filter, exec
 *
 * C is a fork of P that has the container's capabilities as soon as it is in the user namespace. Until its exec it is not dumpable and its memory
 * belongs to the host's user namespace, so no process of the container can trace it or open its /proc/PID/{mem,fd,exe}.
 */
#ifndef RC_JOIN_H
#define RC_JOIN_H

#include <stdbool.h>

#include "base/err.h"
#include "runc/container.h"

struct rc_join {
	struct rc_container *container;	/* loaded with RC_PART_ALL; ->process is what to run */
	const char *console_socket, *pid_file;	/* NULL: none */
	const char *subgroup;		/* below the container's cgroup, "": the default */
	bool attached;			/* wait for it and relay its terminal */
	bool no_subreaper;
	int preserve_fds;
};

/* Returns the exit status of the process if attached, else 0. */
int rc_join(const struct rc_join *j, struct sv_err *err);

#endif
