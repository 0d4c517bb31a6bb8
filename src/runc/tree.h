/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tree.h - the mounts of a container: which of them are made when, and making them.
 *
 * PROCESS  the assembler.
 *
 * A mount is *early* when it is attached before the mount namespace is handed to the container's user namespace: the kernel then
 * locks it, the container's root can neither unmount it nor lift its flags (mount_namespaces(7), "Restrictions on mount
 * namespaces"). What a machine may unmount itself - its tmpfs and writable volumes, /dev/pts - is *late*: attached after
 * that, with the power of the container's root only.
 */
#ifndef RC_TREE_H
#define RC_TREE_H

#include <stdbool.h>

#include "base/err.h"
#include "oci/spec.h"
#include "runc/cgroup.h"
#include "runc/shift.h"

struct rc_tree {
	const struct oci_spec *spec;
	const struct rc_cgroup *cgroup;
	int *sources;		/* one detached tree for each mount of the spec, -1: not yet made */
	bool *late;		/* one for each mount */
	int root;		/* the container's root: the attached root mount */
	int proc;		/* its /proc: a mount that only the runtime has filled */
	int dev;		/* its /dev, if that is a fresh tmpfs of ours */
	int null;		/* the host's /dev/null, O_PATH, as the private mount namespace sees it */
};

#define RC_TREE_INIT { .root = -1, .proc = -1, .dev = -1, .null = -1 }

/* Pure: decides which of the COUNT mounts can be late. A mount below which an early one lies is early. */
void rc_tree_plan(const struct oci_mount *mounts, size_t count, bool *late);

/* Host mount namespace: opens what lies on the host (binds, block devices). */
int rc_tree_open_sources(struct rc_tree *t, int bundle, const struct rc_shift *shift, struct sv_err *err);

/* Lean mount namespace, with the container's namespaces entered: makes and attaches every early mount in the order of the spec, and the
 * mount points of the late ones. t->root must be attached. */
int rc_tree_attach_early(struct rc_tree *t, struct sv_err *err);

/* In the container's mount namespace, as its root. */
int rc_tree_attach_late(struct rc_tree *t, struct sv_err *err);

/* After attach_early, for a root that is an overlay shared with the engine: gives the directories in which mounts lie an upper part. A mount pins its
 * directory in memory; if the engine made the upper part later (`docker cp` into /etc), the container could create nothing there any more. */
int rc_tree_copy_up(const struct rc_tree *t, struct sv_err *err);

/* linux.maskedPaths and linux.readonlyPaths (masks.c). */
int rc_tree_mask(struct rc_tree *t, struct sv_err *err);

/* linux.sysctl (sysctl.c): those of the network namespace (NET) want the container's user namespace, those of ipc and uts the host's root, since
 * kernels before 6.x let nobody else write them. */
int rc_tree_sysctl(const struct rc_tree *t, bool net, struct sv_err *err);

#endif
