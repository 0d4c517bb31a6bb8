/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlayfs.h - one thing about overlay mounts that several of our programs have to know.
 */
#ifndef SV_OS_OVERLAYFS_H
#define SV_OS_OVERLAYFS_H

#include "base/err.h"

/*
 * Makes the overlay that directory FD lies on look at its layers again; nothing happens on another file system.
 *
 * Two overlays that share an upper directory (the engine's and the container's, shift.h) each remember which names exist. What `docker cp` writes through the
 * one is unseen by the other while it remembers that the name is missing, or that a directory has no upper part. Reconfiguring a superblock, even to what it
 * is, drops every name that is not in use (shrink_dcache_sb() in reconfigure_super(), fs/super.c).
 * Returns 1, or 0 on another file system.
 */
int sv_overlayfs_refresh(int fd, struct sv_err *err);

#endif
