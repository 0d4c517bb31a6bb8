/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spawn.h - clones init and the assembler, each into its namespaces and its cgroup.
 */
#ifndef RC_SPAWN_H
#define RC_SPAWN_H

#include "base/err.h"
#include "runc/stages.h"

/*
 * PROCESS  the runtime, single-threaded.
 *
 * Clones I (rc_stage_init) with new user and pid namespaces, in the namespaces that l->ns names, and into CGROUP (a v2 directory, -1: the caller's).
 * Fills l->init and l->init_pidfd. The caller itself is in its own namespaces again when this returns; an error about that is final, since the
 * caller is then not where it believes to be.
 */
int rc_spawn_init(struct rc_launch *l, int cgroup, struct sv_err *err);

/* Clones A (rc_assembler) into the pid namespace of I. Fills l->assembler. Without l->forks_later all further children of the
 * caller would be born there, too. */
int rc_spawn_assembler(struct rc_launch *l, int cgroup, struct sv_err *err);

/* A plain fork(2) by clone3(2), with a pidfd and into CGROUP; 0 in the child. With EXIT_SIGNAL 0 nobody is woken by its
 * end, and waiting for it takes __WALL. */
pid_t rc_spawn_fork(unsigned long flags, int exit_signal, int cgroup, int *ret_pidfd);

#endif
