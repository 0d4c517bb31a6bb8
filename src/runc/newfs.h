/* SPDX-License-Identifier: Apache-2.0 */
/*
 * newfs.h - new file systems of a container: proc, sysfs, tmpfs, devpts, mqueue, cgroup, and what a document may want from a disk.
 *
 * PROCESS  the assembler.
 */
#ifndef RC_NEWFS_H
#define RC_NEWFS_H

#include <stdbool.h>

#include "base/err.h"
#include "oci/spec.h"
#include "runc/cgroup.h"

/* Who mounts decides whose ids the options uid= and gid= of a tmpfs are. */
enum rc_newfs_maker {
	RC_NEWFS_HOST,		/* host power; the source lies on the host, the ids are the host's */
	RC_NEWFS_BUILD,		/* host power for the container: ids are shifted by hand */
	RC_NEWFS_ROOT,		/* the container's root */
};

/* As a detached mount. A read-only superblock is only asked for on the host: of an instance that is shared (sysfs) it would be everybody's. */
int rc_newfs_make(const struct oci_spec *spec, const struct oci_mount *m, enum rc_newfs_maker maker, int *ret, struct sv_err *err);

/* Can M be mounted by the one call of rc_newfs_mount()? Not if there is more to be set than mount(2) does with a new file system. */
bool rc_newfs_is_simple(const struct oci_mount *m);

/* Right onto NAME, a path from the working directory in which the caller trusts every component. */
int rc_newfs_mount(const struct oci_spec *spec, const struct oci_mount *m, enum rc_newfs_maker maker, const char *name, struct sv_err *err);

/* v1 and hybrid: fills the tmpfs that is the working directory with one directory for each hierarchy of the host, as systemd lays it out. */
int rc_newfs_cgroups(const struct rc_cgroup *cg, bool readonly, struct sv_err *err);

#endif
