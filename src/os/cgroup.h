/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup.h - control groups as the kernel shows them: which hierarchies are mounted where, files
 * of one group, trees of groups.
 *
 * Knows nothing of containers. A group is a directory descriptor (or AT_FDCWD and an absolute
 * path); names inside a group that was handed to a container are chosen by someone else, so
 * trees are walked by descriptor, one level at a time. The kernel has no symbolic links in these
 * file systems and never moves a group below another parent (cgroup1_rename), so `..` stays what
 * it was.
 */
#ifndef SV_OS_CGROUP_H
#define SV_OS_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

/* ---- what is mounted (cgroup_find.c) ---- */

struct sv_cgroup_mount {
	char *controllers; /* "cpu,cpuacct", "name=systemd"; "" is v2 */
	char *dir;         /* where it is mounted */
	char *own;         /* the calling process' group in it, "/" or "/a/b" */
};

struct sv_cgroup_mounts {
	struct sv_cgroup_mount *items;
	size_t count;
};

void sv_cgroup_mounts_done(struct sv_cgroup_mounts *m);

/*
 * The hierarchies of this host, v1 ones in the order of /proc/self/cgroup, v2 last. The usual
 * places below /sys/fs/cgroup are looked at first (6 system calls whatever else is mounted);
 * /proc/self/mountinfo, which costs a millisecond on a host with 1000 mounts, only if something
 * is not found there. A hierarchy that is mounted nowhere is left out. Nothing at all is no
 * error.
 */
int sv_cgroup_find(struct sv_cgroup_mounts *ret, struct sv_err *err);

/* The pure parts of it: PROC is the text of /proc/self/cgroup, MOUNTINFO that of
 * /proc/self/mountinfo, NAMES what is in BASE. */
int sv_cgroup_own(const char *proc, struct sv_cgroup_mounts *ret,
		  struct sv_err *err); /* ->dir is NULL */
int sv_cgroup_place(struct sv_cgroup_mounts *m, const char *base, const struct sv_list *names,
		    struct sv_err *err);
int sv_cgroup_place_by_mountinfo(struct sv_cgroup_mounts *m, const char *mountinfo,
				 struct sv_err *err);

/* Is NAME one of the comma separated CONTROLLERS? */
bool sv_cgroup_has(const char *controllers, const char *name);

/* ---- one group ---- */

/* Writes TEXT to FILE by one write(2). The errno of open or write is the result. */
int sv_cgroup_write(int dir, const char *file, const char *text, struct sv_err *err);

/* Reads FILE whole. The text is malloc'ed and ends in NUL; a final newline is cut off. */
int sv_cgroup_read(int dir, const char *file, char **ret, struct sv_err *err);

/* A file that holds one number; "max" is UINT64_MAX. */
int sv_cgroup_read_u64(int dir, const char *file, uint64_t *ret, struct sv_err *err);

/* The number after KEY in a text of "key number" lines; false: no such key. */
bool sv_cgroup_value(const char *text, const char *key, uint64_t *ret);

/* Makes the group PATH (absolute, below a mounted hierarchy of MOUNT bytes) and the groups above
 * it; *RET_FRESH is false if it was there. MADE, if given, is called with the path of every
 * group that was made, outermost first. */
typedef int sv_cgroup_made_fn(const char *path, void *arg, struct sv_err *err);
int sv_cgroup_make(const char *path, size_t mount, sv_cgroup_made_fn *made, void *arg,
		   bool *ret_fresh, struct sv_err *err);

/* ---- a tree of groups (cgroup_tree.c) ---- */

/* Calls FN with a descriptor of DIR and of every group below it, parents first. Groups that
 * vanish meanwhile are skipped; more than a million of them are -E2BIG. Stops at the first
 * negative result. */
typedef int sv_cgroup_visit_fn(int dir, void *arg, struct sv_err *err);
int sv_cgroup_walk(int dir, sv_cgroup_visit_fn *fn, void *arg, struct sv_err *err);

/* Every process in DIR and below it. *RET is malloc'ed. */
int sv_cgroup_pids(int dir, pid_t **ret, size_t *ret_count, struct sv_err *err);

/* Removes all groups below DIR. -EBUSY: some process is still in one of them; the others are
 * gone. */
int sv_cgroup_prune(int dir, struct sv_err *err);

#endif
