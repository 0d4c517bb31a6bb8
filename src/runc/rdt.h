/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rdt.h - linux.intelRdt: a class of service for cache and memory bandwidth in the resctrl file system
 * (Documentation/filesystems/resctrl.rst).
 *
 * PROCESS  the runtime, on the host.
 */
#ifndef RC_RDT_H
#define RC_RDT_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "oci/spec.h"

#define RC_RDT_ROOT "/sys/fs/resctrl"

/* Opens the mounted resctrl file system. -ENODEV: it is not mounted (or the processor has none). */
int rc_rdt_open(int *ret, struct sv_err *err);

/*
 * Puts PID into the group closID, or ID if the document names none, in the resctrl directory ROOT, and writes the schemata. A closID without
 * schemata must exist; any other group is made. With enableMonitoring its own monitoring group is made in it. *RET_MADE: the group was made by
 * us and is to be removed with the container.
 */
int rc_rdt_apply(int root, const struct oci_rdt *rdt, const char *id, pid_t pid, bool *ret_made, struct sv_err *err);

/* Removes the group; gone already is fine. */
int rc_rdt_remove(int root, const char *group, struct sv_err *err);

#endif
