/* SPDX-License-Identifier: Apache-2.0 */
/*
 * path.h - opening and making names inside a root that someone else fills.
 *
 * Every function resolves beneath ROOT by openat2(2) (Linux 5.6) with RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS: a symbolic
 * link, absolute or with "..", never leads out, and nothing is looked up twice. PATH may start with '/'.
 * A returned descriptor is O_CLOEXEC and the caller's.
 */
#ifndef SV_OS_PATH_H
#define SV_OS_PATH_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* open(2) with FLAGS (without O_CREAT). */
int sv_path_open(int root, const char *path, int flags, int *ret, struct sv_err *err);

/* The directory PATH as O_PATH, made with its parents (mode MODE, owner: the caller's fsuid) where missing. A dangling link on the way is -ENOENT:
 * it is not ours to fill. */
int sv_path_make_dir(int root, const char *path, mode_t mode, int *ret, struct sv_err *err);

/* The same for something to bind a non-directory onto: an existing non-directory, or a new empty regular file of mode 0644. */
int sv_path_make_file(int root, const char *path, int *ret, struct sv_err *err);

/* Makes parents of PATH and reports the last one; *RET_NAME points at the last component inside PATH. */
int sv_path_make_parent(int root, const char *path, int *ret, const char **ret_name, struct sv_err *err);

#endif
