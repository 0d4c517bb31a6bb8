/* SPDX-License-Identifier: Apache-2.0 */
/*
 * userns.h - a user namespace that nobody lives in: it only carries id mappings, for
 * MOUNT_ATTR_IDMAP (mount_setattr(2)).
 */
#ifndef SV_OS_USERNS_H
#define SV_OS_USERNS_H

#include <stddef.h>

#include "base/err.h"
#include "os/idmap.h"

/*
 * Makes one with these mappings; *RET is close-on-exec and keeps it alive. Needs CAP_SETUID and
 * CAP_SETGID; the caller has one thread.
 */
int sv_userns_make(const struct sv_idmap *uids, size_t n_uids, const struct sv_idmap *gids,
		   size_t n_gids, int *ret, struct sv_err *err);

#endif
