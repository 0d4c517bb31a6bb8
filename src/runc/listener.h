/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listener.h - hands the seccomp notification descriptor to the agent at linux.seccomp.listenerPath.
 */
#ifndef RC_LISTENER_H
#define RC_LISTENER_H

#include <sys/types.h>

#include "base/err.h"
#include "oci/spec.h"
#include "runc/container.h"

/* PROCESS  the runtime, on the host. Sends the container process state (runtime-spec, config-linux.md "The Container Process State") for PID with NOTIFY
 * beside it, as one message on a stream socket. NOTIFY stays the caller's. */
int rc_listener_send(const struct oci_seccomp *seccomp, const struct rc_container *c, pid_t pid, int notify, struct sv_err *err);

#endif
