/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stages.h - the processes of one launch, the steps they tell each other, and what they share.
 *
 *	P  launch.c      the runtime itself: host root in the host's namespaces; parent of the two others
 *	I  stage_init.c  the container's init: its user namespace from the first moment, pid 1 of its pid namespace
 *	A  assembler.c   host root inside the container's pid namespace; builds the mount tree, locks it, and ends
 *
 *	P                                  I                              A
 *	clone3 I, write its id maps
 *	MAPPED ------------------------->  becomes root inside;
 *	clone A                            unshares net, ipc, uts         opens root and binds as detached trees
 *	cgroup directories, limits         (400 us, in parallel)          enters a small mount namespace
 *	CGROUP + tasks fds ------------->  joins its cgroups;             attaches what needs no namespace of I
 *	                                   unshares cgroup
 *	                                   NAMESPACES ------------------> joins them; proc, sysfs, cgroup, mqueue
 *	hooks, if any  <------------------------------------------------- TREE
 *	BUILD ----------------------------------------------------------> masks, pivot_root; setns(I's user
 *	                                                                  namespace), unshare(mount): all locked
 *	                                   joins the mount namespace <--- ROOT + mount namespace fd
 *	READY + pty master <-------------  terminal, program looked up
 *	saves state; seals the cgroup
 *	GO ----------------------------->  waits on exec.fifo (create);
 *	                                   identity, seccomp, exec
 *
 * Any of them that fails says why on its channel; P then kills both and undoes what it made. When P dies, A is killed by
 * its parent-death signal and I sees the end of its channel.
 */
#ifndef RC_STAGES_H
#define RC_STAGES_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "oci/spec.h"
#include "runc/cgroup.h"
#include "runc/container.h"
#include "runc/seccomp.h"

enum rc_step {
	STEP_MAPPED = 1,	/* P -> I: your id maps are written */
	STEP_CGROUP,		/* P -> I: your cgroups are there, with the `tasks` files to write to */
	STEP_NAMESPACES,	/* I -> A: my namespaces are complete, enter them */
	STEP_TREE,		/* A -> P: the tree is built, nothing is masked, the root is not switched (only if there are hooks) */
	STEP_BUILD,		/* P -> A: hooks have run, go on */
	STEP_ROOT,		/* A -> I: your mount namespace, and on v2 your cgroup namespace */
	STEP_READY,		/* I -> P: all that can fail has been done; pty master and seccomp listener come along */
	STEP_GO,		/* P -> I: run the program, after exec.fifo if there is one; I ends the channel */
};

/* Filled by launch.c before the first clone; each process works on its own copy. Descriptors are close-on-exec. */
struct rc_launch {
	struct oci_spec *spec;		/* already the system container's */
	struct rc_container *container;
	struct rc_filter filter;

	int state_root;			/* the directory of --root: caches live there */
	int bundle;			/* O_PATH directory */
	int rootfs;			/* the same for root.path */
	bool no_pivot;
	bool remapped;			/* the spec brought the id maps */
	uid_t root_uid;			/* host ids of the container's root */
	gid_t root_gid;

	int ns[OCI_NS_MAX];		/* namespaces to be joined by path, -1: new */
	bool hooks_in_build;		/* prestart, createRuntime or createContainer hooks exist */
	bool forks_later;		/* P makes processes after A, on the host: hooks, systemd's helper */
	bool cgroup_ns_by_assembler;	/* v2 by cgroupfs: init is in a leaf, the namespace's root is above it */

	int p_i, i_p;			/* channel between P and I: P's end, I's end */
	int p_a, a_p;			/* between P and A */
	int a_i, i_a;			/* between A and I */
	pid_t init;			/* I as the host sees it */
	int init_pidfd;
	pid_t assembler;

	const sigset_t *mask;		/* the signal mask of the program, NULL: ours */
	int fifo;			/* exec.fifo, -1: `run` */
	int preserve_fds;		/* descriptors from 3 on that go to the program */
};

/* The bodies of the two children: the exit status of the process. They never return to the story of P. */
int rc_stage_init(struct rc_launch *l);
int rc_assembler(struct rc_launch *l);

#endif
