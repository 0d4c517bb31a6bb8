/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_paths.h - where a container's control group is: linux.cgroupsPath and what systemd
 * makes of it. Pure. */
#ifndef RC_CGROUP_PATHS_H
#define RC_CGROUP_PATHS_H

#include "base/err.h"

/* systemd's name for the same thing; it moves there by itself when it is init. */
#define RC_CGROUP_LEAF "init.scope"

/* An absolute path without "//", "." and "..": PATH, or OWN/PATH if that is relative. `..` does
 * not climb above the root, nor above OWN. -EINVAL: nothing is left. */
int rc_cgroup_clean_path(const char *own, const char *path, char **ret, struct sv_err *err);

/* "slice:prefix:name" (NULL: the default for ID) to the slice and the unit: "PREFIX-NAME.scope",
 * "NAME.scope" without a prefix. An empty slice is system.slice. -EINVAL for anything that is
 * not of that form, and for a NAME that is a slice (no processes live in those). */
int rc_cgroup_systemd_names(const char *cgroups_path, const char *id, char **ret_slice,
			    char **ret_unit, struct sv_err *err);

/* systemd.slice(5): "a-b.slice" is /a.slice/a-b.slice, "-.slice" the root (""). */
int rc_cgroup_slice_path(const char *slice, char **ret, struct sv_err *err);

#endif
