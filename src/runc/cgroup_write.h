/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_write.h - how limits get into the kernel: the acts behind cgroup_limits.h and
 * cgroup_devices.h. */
#ifndef RC_CGROUP_WRITE_H
#define RC_CGROUP_WRITE_H

#include <stdbool.h>

#include "base/err.h"
#include "oci/spec.h"
#include "runc/cgroup.h"
#include "runc/cgroup_limits.h"

/* The tree that has CONTROLLER (a v1 name; v2's for RC_CGROUP_V2), NULL: none. */
const struct rc_cgroup_tree *rc_cgroup_tree(const struct rc_cgroup *cg, const char *controller);
const struct rc_cgroup_tree *rc_cgroup_tree_v2(const struct rc_cgroup *cg);
bool rc_cgroup_is_v2(const struct rc_cgroup_tree *tree);

/* "MOUNT/PATH/FILE" in RET, FILE may be "". -ENAMETOOLONG. */
#define RC_CGROUP_PATH_MAX 4096
int rc_cgroup_file(const struct rc_cgroup_tree *tree, const char *file,
		   char ret[RC_CGROUP_PATH_MAX], struct sv_err *err);

/* Opens FILE of the group ("": the directory itself), close-on-exec, no link followed. */
int rc_cgroup_open(const struct rc_cgroup_tree *tree, const char *file, int flags, int *ret,
		   struct sv_err *err);

/* Writes LIMITS into the group of TREE, each file opened once for neighbours. Values that depend
 * on each other (memory and memsw, quota and burst) are refused by the kernel in one order and
 * taken in the other: what gets EINVAL is tried again as long as something else succeeds. */
int rc_limits_write(const struct rc_cgroup_tree *tree, const struct rc_limits *limits,
		    struct sv_err *err);

/* Writes what RES asks of the controllers from FIRST to LAST, each where it is, and `unified` if
 * that begins with the first of all. FRESH: the groups were just made. A controller that this
 * host does not have is -ENODEV if something is asked of it. */
int rc_resources_write(const struct rc_cgroup *cg, const struct oci_resources *res,
		       enum rc_controller first, enum rc_controller last, bool fresh,
		       struct sv_err *err);

/* Makes CONTROLLERS ("cpu memory"; NULL: all there are) available in the v2 group of TREE by
 * enabling them in all groups above. One that cannot be enabled is left out: it matters only if
 * a limit needs it, and then its missing file is the error. */
int rc_cgroup_enable(const struct rc_cgroup_tree *tree, const char *controllers,
		     struct sv_err *err);

#endif
