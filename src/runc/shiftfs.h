/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shiftfs.h - the stacked file system of some older Ubuntu kernels (5.0 to 6.2, and out of tree)
 * that shifts ids.
 *
 * A directory is marked by the host's root ("-o mark"), then mounted a second time by the root of
 * a user namespace, which sees the ids of that namespace on it. The module is looked for in
 * /proc/filesystems as "shiftfs" and "nbox_shiftfs".
 */
#ifndef RC_SHIFTFS_H
#define RC_SHIFTFS_H

#include "base/err.h"

/*
 * PROCESS  the assembler, in any mount namespace; the work is done in a child with one of its own.
 *
 * Sees the detached directory TREE as USERNS does; *RET is a detached mount.
 * -EOPNOTSUPP: there is no such file system; ERR has the text that sysvisor-troubleshoot quotes.
 * -ENOTDIR: TREE is not a directory.
 */
int rc_shiftfs_mount(int tree, int userns, int *ret, struct sv_err *err);

#endif
