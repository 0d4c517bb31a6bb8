/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup.h - the control group of one container: v1 hierarchies, v2, or both (hybrid), by
 * cgroupfs or by systemd.
 *
 * Order of calls while a container is created (P is the runtime, I the container's init, A the
 * assembler):
 *	rc_cgroup_plan		decides layout and names; nothing is made
 *	rc_cgroup_open_v2	v2 directories exist; I and A are cloned into them
 *				(clone3 CLONE_INTO_CGROUP)
 *	rc_cgroup_make		the other directories, limits, delegation to the container's root
 *	rc_cgroup_open_tasks	v1 `tasks` files; I writes "0" to each: the kernel skips a grace
 *				period of 6-10 ms for a single-threaded process that moves itself
 *				(Linux commit 9a3284fad42f)
 *	rc_cgroup_seal		what would hinder A: device rules on v2, the pids limit
 * After each of them rc_cgroup_remove() undoes whatever has been made.
 *
 * Delegation: the container's root owns the directory and the files that move processes (v2:
 * /sys/kernel/cgroup/delegate), not the limits; its cgroup namespace is rooted at the directory,
 * so limits are seen inside and cannot be lifted. On v2 init lives in the leaf `init.scope`
 * below the directory, so that the container can hand controllers to sub-groups although it runs
 * processes (no-internal-process rule, cgroup-v2.rst).
 */
#ifndef RC_CGROUP_H
#define RC_CGROUP_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"
#include "oci/spec.h"

#define RC_CGROUP_MAX 24 /* hierarchies a host can have mounted; Linux has 14 v1 controllers */

enum rc_cgroup_layout { RC_CGROUP_NONE, RC_CGROUP_V1, RC_CGROUP_V2, RC_CGROUP_HYBRID };

struct rc_cgroup_tree {    /* one mounted hierarchy */
	char *controllers; /* "cpu,cpuacct", "name=systemd"; "" is v2 */
	char *mount;       /* where the host has it: "/sys/fs/cgroup/cpu,cpuacct" */
	char *path;        /* the container's directory below it, starts with '/' */
	bool made;         /* by us, or found empty and taken: what runs in it is the container's */
};

struct rc_cgroup {
	enum rc_cgroup_layout layout; /* NONE: --cgroup-manager disabled, or nothing mounted */
	struct rc_cgroup_tree trees[RC_CGROUP_MAX];
	size_t n_trees;
	bool systemd;       /* made by systemd as a transient scope ... */
	char *unit, *slice; /* ... with this name in this slice */
	bool scope;         /* systemd has taken the order: the unit is ours to stop */
	bool made;          /* the scope or some directory may exist: remove has something to do */
};

void rc_cgroup_done(struct rc_cgroup *cg);

/* Decides. CGROUPS_PATH is linux.cgroupsPath (NULL: "/ID", or "system.slice:sysvisor:ID" under
 * systemd; relative: below the caller's own cgroup). No directory is made. -EEXIST is for make. */
int rc_cgroup_plan(struct rc_cgroup *ret, const char *id, const char *cgroups_path, bool systemd,
		   struct sv_err *err);

/*
 * v2 and hybrid by cgroupfs: makes the directory (and on pure v2 the leaf `init.scope`) and
 * reports O_PATH|O_DIRECTORY descriptors to clone init and the assembler into; -1 where there is
 * nothing to clone into (v1; systemd makes the scope later). On hybrid *RET_INIT is the
 * container's directory and *RET_ASSEMBLER -1: v2 limits nothing there. On pure v2 *RET_INIT is
 * the leaf and *RET_ASSEMBLER the directory itself, and init's cgroup namespace must
 * nevertheless be rooted at the directory: a namespace is rooted where its *maker* is, and
 * moving a process afterwards costs the grace period. So the assembler, which was cloned into the
 * directory, makes the namespace and init joins it.
 */
int rc_cgroup_open_v2(struct rc_cgroup *cg, int *ret_init, int *ret_assembler, struct sv_err *err);

/* Makes all other directories, writes the limits, hands the directories to host ids UID:GID. A
 * directory that exists already and holds processes is refused (-EBUSY) as is one that was not
 * ours. INIT and ASSEMBLER are the pids to be moved under systemd (ASSEMBLER may be 0). */
int rc_cgroup_make(struct rc_cgroup *cg, const struct oci_resources *res, uid_t uid, gid_t gid,
		   pid_t init, pid_t assembler, struct sv_err *err);

/* v1 trees: opens every `tasks` for writing, close-on-exec. *RET_COUNT may be 0. The caller
 * closes them. */
int rc_cgroup_open_tasks(const struct rc_cgroup *cg, int ret[RC_CGROUP_MAX], size_t *ret_count,
			 struct sv_err *err);

/* The limits that wait until the assembler is gone. Under systemd on pure v2 this also moves
 * INIT, which has unshared its cgroup namespace by now, from the scope into the leaf. */
int rc_cgroup_seal(struct rc_cgroup *cg, const struct oci_resources *res, pid_t init,
		   struct sv_err *err);

/* The same for exec: SUBGROUP is "" or a directory below the container's, made by the container
 * or its administrator. */
int rc_cgroup_open_exec_tasks(const struct rc_cgroup *cg, const char *subgroup,
			      int ret[RC_CGROUP_MAX], size_t *ret_count, struct sv_err *err);

/* v2: opens the directory that an exec'd process shall be cloned into: SUBGROUP ("" or from exec
 * --cgroup) below the container's, by default where init (pid INIT) is now. -1 in *RET on pure
 * v1. */
int rc_cgroup_open_exec(const struct rc_cgroup *cg, pid_t init, const char *subgroup, int *ret,
			struct sv_err *err);

/* update: only what RES has set. */
int rc_cgroup_update(struct rc_cgroup *cg, const struct oci_resources *res, struct sv_err *err);

/* Waits (bounded, without sleeping where the kernel can notify) until the freeze or thaw is
 * complete. */
int rc_cgroup_freeze(const struct rc_cgroup *cg, bool frozen, struct sv_err *err);
int rc_cgroup_is_frozen(const struct rc_cgroup *cg, bool *ret, struct sv_err *err);

/* Every process in the directory and below it. *RET is malloc'ed. */
int rc_cgroup_pids(const struct rc_cgroup *cg, pid_t **ret, size_t *ret_count, struct sv_err *err);

/* Sends SIG to all of them; SIGKILL uses cgroup.kill where there is one, thaws a v1 group first,
 * and repeats until no new process appears. */
int rc_cgroup_signal(const struct rc_cgroup *cg, int sig, struct sv_err *err);

/* Removes the directories with whatever sub-groups the container made. Waits for killed
 * processes to leave, bounded (5 s, by notification or short backoff), then -EBUSY. Gone already
 * is fine. */
int rc_cgroup_remove(struct rc_cgroup *cg, struct sv_err *err);

/* For state.json: the struct as a JSON object, and back. */
int rc_cgroup_save(const struct rc_cgroup *cg, struct sv_str *s);
int rc_cgroup_load(const struct sv_json *at, struct rc_cgroup *ret, struct sv_err *err);

/* events --stats: runc's "data" object (cpu, memory, pids, blkio, hugetlb, rdma ...) as JSON
 * text. */
int rc_cgroup_stats(const struct rc_cgroup *cg, struct sv_str *s, struct sv_err *err);

/*
 * events: out of memory. FD polls POLLIN when the memory limit was hit, also in a sub-group, or
 * the group was removed (and, on v2, for other reasons); then rc_cgroup_oom_read() quietens it
 * and reports how many out-of-memory situations there were (v2: kills) since the last time,
 * maybe none. TREE is borrowed from the struct rc_cgroup; close FD afterwards.
 */
struct rc_cgroup_oom {
	int fd;
	const struct rc_cgroup_tree *tree;
	uint64_t seen;
};
int rc_cgroup_oom_open(const struct rc_cgroup *cg, struct rc_cgroup_oom *ret, struct sv_err *err);
int rc_cgroup_oom_read(struct rc_cgroup_oom *oom, uint64_t *ret, struct sv_err *err);

#endif
