/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shift.h - the ids of files: the root file system and bind mounts as detached trees that belong
 * to the container.
 *
 * Inside its user namespace the container sees files owned by unmapped ids as nobody's. So every
 * tree is shifted by the kernel when it is mounted; nothing on disk is ever chowned. What can
 * shift a given path is found by trying it on that path, in this order:
 *	1. nothing to do: the files already belong to the container's ids
 *	2. an idmapped clone of the mount (mount_setattr(2) MOUNT_ATTR_IDMAP, Linux 5.12)
 *	3. root on overlayfs: the same layers mounted again from idmapped clones (overlay.h)
 *	4. shiftfs, if the kernel has it
 *	5. refusal, with the text that sysvisor-troubleshoot quotes
 *
 * PROCESS  the assembler: host root and all capabilities in the host's user namespace,
 *          single-threaded.
 * POWER    fsuid and fsgid are the container's root as the host sees it, SECBIT_NO_SETUID_FIXUP
 *          keeps the capabilities, umask 0. An overlay keeps the credentials of who mounts it:
 *          these can write through the idmapped upper layer, host uid 0 has no id there
 *          (EOVERFLOW, and the mount would silently come up read-only).
 * Each function says in which mount namespace it runs. Returned descriptors are close-on-exec and
 * the caller's.
 */
#ifndef RC_SHIFT_H
#define RC_SHIFT_H

#include <stdbool.h>

#include "base/err.h"
#include "oci/spec.h"

struct rc_shift {
	int userns;                  /* the container's user namespace, maps written */
	const struct oci_maps *maps; /* its mappings */
	bool remapped; /* the spec brought them (Docker userns-remap): binds stay as they are */
};

struct rc_overlay;

struct rc_rootfs {
	int tree;                   /* detached and shifted; -1 when an overlay is mounted anew */
	struct rc_overlay *overlay; /* its layers, NULL if there is nothing to mount anew */
	int plain; /* that overlay unshifted, for shiftfs if the kernel refuses shifted layers */
};

#define RC_ROOTFS_INIT { .tree = -1, .plain = -1 }

void rc_rootfs_done(struct rc_rootfs *rootfs);

/*
 * Host mount namespace. Opens PATH (absolute, symbolic links are followed: the administrator
 * wrote it) and decides. Mounts below PATH come along, except over an overlay that is mounted
 * anew. -EOPNOTSUPP: nothing can shift it; ERR has the documented text.
 */
int rc_shift_rootfs(const char *path, const struct rc_shift *shift, struct rc_rootfs *ret,
		    struct sv_err *err);

/*
 * Private mount namespace. The finished root as a detached mount in *RET_TREE. SCRATCH is an
 * empty writable directory in this namespace (mounts made on it are gone when it returns); only
 * an overlay uses it.
 */
int rc_shift_rootfs_finish(struct rc_rootfs *rootfs, int scratch, const struct rc_shift *shift,
			   int *ret_tree, struct sv_err *err);

/*
 * Host mount namespace. The source of bind mount M as a detached tree, shifted where needed; with
 * what is mounted below for M->rec. A relative source is looked up from BUNDLE. Attributes and
 * propagation of M (ro, nosuid, ...) are left to the caller, as is the target.
 * -EACCES: the source breaks the rules of bindrules.h. A file in the bundle that everybody may read
 * is bound all the same, but unshifted.
 * -EOPNOTSUPP: nothing can shift its file system (tmpfs before Linux 6.3, FUSE, overlayfs, NFS);
 * ERR has the documented text. For an engine's /dev/shm the caller may mount its own tmpfs instead.
 */
int rc_shift_bind(int bundle, const struct oci_mount *m, const struct rc_shift *shift,
		  int *ret_tree, struct sv_err *err);

#endif
