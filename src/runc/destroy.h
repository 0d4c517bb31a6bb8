/* SPDX-License-Identifier: Apache-2.0 */
/*
 * destroy.h - ends what is left of a container: its processes, its cgroup, its traces on disk.
 */
#ifndef RC_DESTROY_H
#define RC_DESTROY_H

#include <stdbool.h>

#include "base/err.h"
#include "runc/container.h"

/*
 * C is locked. Kills init and waits for its end (KILL; else init has ended), removes the cgroup, runs the poststop hooks (failures are
 * warnings), removes the directory last: whoever is killed in between can repeat it.
 */
int rc_destroy(struct rc_container *c, const char *root, bool kill, struct sv_err *err);

#endif
