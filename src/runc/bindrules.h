/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bindrules.h - which directories and files of the host may be bound into a container that shifts
 * their ids.
 *
 * The container's root is root on such a bind: it can leave files there that belong to host uid 0,
 * set-uid ones included. Hence two rules (sysvisor-usage, "Docker Bind Mount Permissions"):
 *	1. the source belongs to root:root, so that the container's root can work with it. Volumes
 *	   of an engine (".../volumes/NAME/_data") are exempt: they are whose the image says;
 *	2. the source or a directory above it is root's and closed to everybody else, so that no
 *	   user of the host can run what the container left there.
 * They hold for directories and regular files. Device nodes, sockets and FIFOs hold no program and
 * nothing below them, so there is nothing for a host user to run, and engines bind /dev/null and
 * sockets from open directories.
 */
#ifndef RC_BINDRULES_H
#define RC_BINDRULES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/err.h"

/* One component of a path as it really is, symbolic links followed. */
struct rc_bind_step {
	uid_t uid;
	gid_t gid;
	mode_t mode;
	bool acl; /* has a POSIX ACL: the group bits of the mode are its mask */
};

/* Only root and its group get past this component. */
bool rc_bindrules_exclusive(const struct rc_bind_step *step);

/*
 * Decides for a source NAMED (as the spec has it) whose path is STEPS, from the top down to the
 * source itself. -EACCES with the documented text.
 */
int rc_bindrules_check(const char *named, const struct rc_bind_step *steps, size_t count,
		       struct sv_err *err);

/*
 * Opens PATH (O_PATH) and, if APPLY says so for what is found there, checks the rules. Every
 * component is opened beneath the one before and asked by descriptor, symbolic links by hand, so
 * that what was judged is what is returned, whatever others rename meanwhile. PATH is absolute or
 * relative to the directory BASE. A magic link of /proc on the way is -ENOENT.
 */
typedef bool rc_bindrules_apply_fn(const struct stat *source, void *arg);
int rc_bindrules_open(int base, const char *path, rc_bindrules_apply_fn *apply, void *arg, int *ret,
		      struct stat *ret_stat, struct sv_err *err);

#endif
