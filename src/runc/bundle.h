/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bundle.h - the directory that an engine prepared: config.json and the root file system.
 *
 * PROCESS  the runtime, on the host. Both paths are the administrator's: links are followed.
 */
#ifndef RC_BUNDLE_H
#define RC_BUNDLE_H

#include "base/err.h"
#include "oci/spec.h"

struct rc_bundle {
	int dir, rootfs;	/* O_PATH directories */
	char *path;		/* of what was opened, absolute: for the state and for messages */
	char *rootfs_path;
};

#define RC_BUNDLE_INIT { .dir = -1, .rootfs = -1 }

/* Opens the bundle at PATH and reads its document into *RET_SPEC, which must have a process and a root. After a failure B holds what has been opened so far;
 * the caller ends it by closing and freeing what it does not take over. */
int rc_bundle_open(const char *path, struct rc_bundle *b, struct oci_spec *ret_spec, struct sv_err *err);

#endif
