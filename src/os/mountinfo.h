/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mountinfo.h - what the kernel tells about a mount: its type, its place, the options of its
 * superblock.
 *
 * One mount is asked for with statmount(2) where the kernel has the options there (Linux 6.11),
 * which costs the same however many mounts the host has; else /proc/self/mountinfo is searched
 * (proc_pid_mountinfo(5)).
 */
#ifndef SV_OS_MOUNTINFO_H
#define SV_OS_MOUNTINFO_H

#include "base/err.h"
#include "base/str.h"

struct sv_mountinfo {
	char *root;    /* which directory of the file system it shows: "/" unless it is a bind */
	char *point;   /* where it is mounted, as seen from our root */
	char *type;    /* "ext4", "overlay", "fuse.sshfs" */
	char *options; /* of the superblock, escaped by the kernel: see sv_mountinfo_options() */
};

void sv_mountinfo_done(struct sv_mountinfo *info);

/*
 * The mount that FD (O_PATH is enough) stands on; it must be attached in our mount namespace
 * (-ENOENT else).
 */
int sv_mountinfo_of(int fd, struct sv_mountinfo *ret, struct sv_err *err);

/* One line of mountinfo: *RET_ID is the mount's number. -EINVAL for a line that is none. */
int sv_mountinfo_parse(const char *line, unsigned *ret_id, struct sv_mountinfo *ret,
		       struct sv_err *err);

/*
 * OPTIONS at their commas, octal escapes (\054) decoded; a comma between double quotes (SELinux
 * contexts) does not part.
 */
int sv_mountinfo_options(const char *options, struct sv_list *ret, struct sv_err *err);

#endif
