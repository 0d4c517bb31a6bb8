/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ns.h - namespaces: enter them, compare them, and find a small mount namespace to start from.
 */
#ifndef SV_OS_NS_H
#define SV_OS_NS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* Opens the namespace file PATH and checks by NS_GET_NSTYPE (ioctl_ns(2)) that it is of TYPE (CLONE_NEW*). */
int sv_ns_open(const char *path, int type, int *ret, struct sv_err *err);

/* Is the namespace behind FD the one that NAME ("net", "pid" ...) under /proc/self/ns is? */
int sv_ns_is_own(int fd, const char *name, bool *ret, struct sv_err *err);

/*
 * A private mount namespace for the caller, with as few mounts as can be had, everything in it MS_PRIVATE.
 *
 * unshare(CLONE_NEWNS) copies every mount of the namespace it starts from: 2 ms with 1000 mounts. The kernel thread kdevtmpfs keeps a
 * namespace of its own with nothing but devtmpfs in it (drivers/base/devtmpfs.c, devtmpfsd), which host root may enter; a copy
 * of that one is all we need. Where it cannot be seen (inside another pid namespace, devtmpfs not built in) the caller's own is copied.
 * Root and working directory are then those of the new namespace: open what you need before.
 *
 * CACHE is a directory in which the pid of kdevtmpfs is remembered, -1: look for it each time.
 */
int sv_ns_unshare_lean(int cache, struct sv_err *err);

#endif
