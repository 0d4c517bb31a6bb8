/* SPDX-License-Identifier: Apache-2.0 */
/*
 * after_hooks.h - the hooks that come when all is done: poststart and poststop of a container.
 */
#ifndef RC_AFTER_HOOKS_H
#define RC_AFTER_HOOKS_H

#include "base/err.h"
#include "runc/container.h"

/* PROCESS  the runtime, on the host. Runs them with the state document on stdin, in the bundle. Runtime-spec, "Lifecycle": their failure is a warning and
 * changes nothing. -ENOMEM. */
int rc_after_start(const struct rc_container *c, struct sv_err *err);
int rc_after_stop(const struct rc_container *c, struct sv_err *err);

#endif
