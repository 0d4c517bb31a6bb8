/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlay.h - an engine's overlayfs mounted once more, from shifted layers.
 *
 * overlayfs itself cannot be idmapped (up to Linux 6.18 at least), but it takes idmapped layers
 * since 5.19. So the directories that an overlay is made of are found, the directory that holds
 * them all is cloned and shifted once, and the same stack is mounted from that clone: however
 * many layers and files there are, it is one clone. Layers elsewhere get clones of their own.
 * Upper is shared with the engine's mount, so what the container writes is where the engine looks
 * for it, with the ids that the container sees (0, 5, 1000). The work directory is ours,
 * `sysvisor-work` beside the engine's, and goes when the engine removes the layer.
 */
#ifndef RC_OVERLAY_H
#define RC_OVERLAY_H

#include "base/err.h"

struct rc_overlay;

void rc_overlay_free(struct rc_overlay *ov);

/*
 * Host mount namespace, fsuid/fsgid the container's root. FD (O_PATH) stands on the root of an
 * overlay. The layers are cloned and shifted as USERNS says. -EOPNOTSUPP, with a story why: it is
 * no overlay, not the whole of one, or a layer cannot be shifted.
 */
int rc_overlay_open(int fd, int userns, struct rc_overlay **ret, struct sv_err *err);

/*
 * Private mount namespace, same credentials (overlayfs keeps them and writes upper with them).
 * SCRATCH is an empty directory; directories and links stay in it, mounts do not. *RET is the
 * detached overlay. The working directory is kept.
 */
int rc_overlay_mount(struct rc_overlay *ov, int scratch, int *ret, struct sv_err *err);

#endif
