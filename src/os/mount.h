/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mount.h - the mount API of Linux 5.2 to 5.12 (fsopen, open_tree, move_mount, mount_setattr), descriptor first.
 *
 * glibc 2.36 has wrappers for these calls; attributes and propagation are the kernel's own words (linux/mount.h).
 */
#ifndef SV_OS_MOUNT_H
#define SV_OS_MOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* A new file system as a detached mount. DATA is a comma separated list of options ("mode=755,size=64k", "nr_inodes" for flags)
 * or NULL; SOURCE may be NULL; SB_RDONLY asks for a read-only superblock; ATTRS are MOUNT_ATTR_*. */
int sv_mount_new(const char *type, const char *source, const char *data, bool sb_rdonly, uint64_t attrs, int *ret, struct sv_err *err);

/* A detached copy of what FD stands on (AT_EMPTY_PATH), with everything mounted below if RECURSIVE. */
int sv_mount_clone(int fd, bool recursive, int *ret, struct sv_err *err);

/* Sets and clears MOUNT_ATTR_* and, if not 0, the propagation type MS_* of the mount TREE. */
int sv_mount_attr(int tree, uint64_t set, uint64_t clear, uint64_t propagation, bool recursive, struct sv_err *err);

/* Shifts the ids of TREE by the mappings of user namespace USERNS. -EINVAL: the file system cannot. */
int sv_mount_idmap(int tree, int userns, bool recursive, struct sv_err *err);

/* Puts the detached mount TREE onto TARGET (O_PATH). */
int sv_mount_attach(int tree, int target, struct sv_err *err);

#endif
