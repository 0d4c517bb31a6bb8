/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits.h - what the host lets a process of the container use: rlimits, oom_score_adj, scheduler,
 * I/O priority, CPUs.
 *
 * The kernel asks for capabilities in the initial user namespace for all of these (raising rlimits,
 * real time classes, a lower oom_score_adj), so they are set from outside, by the runtime, while
 * the process waits to go on.
 */
#ifndef RC_LIMITS_H
#define RC_LIMITS_H

#include <sys/types.h>

#include "base/err.h"
#include "oci/spec.h"

/*
 * PROCESS  the runtime, on the host.
 * POWER    host root.
 *
 * Gives PID (as seen by the caller, in its cgroups already) all of PROCESS: rlimits, oom_score_adj,
 * scheduler, ioPriority and execCPUAffinity.final. A field that is absent costs no system call,
 * except that the oom floor is always tried. An error names the key, and what is missing on the
 * host.
 */
int rc_limits_set(pid_t pid, const struct oci_process *process, struct sv_err *err);

/* The parts of it. */
int rc_limits_rlimits(pid_t pid, const struct oci_process *process, struct sv_err *err);
int rc_limits_scheduler(pid_t pid, const struct oci_scheduler *scheduler, struct sv_err *err);

/* Sets oom_score_adj to *VALUE (NULL: leaves what it inherited) and lowers the floor, down to which
 * the container's root may go itself, to -999 if the host lets us (oom_score_adj_min in the kernel
 * follows writers with CAP_SYS_RESOURCE only). A value below what the host allows is not an error:
 * a warning is logged and the inherited value stays. */
int rc_limits_oom(pid_t pid, const int *value, struct sv_err *err);

/* Confines PID (0: the caller) to a cpu list such as "0-2,7"; KEY names the place in config.json
 * for the error. execCPUAffinity.initial is for the runtime itself before it makes the process. */
int rc_limits_cpus(pid_t pid, const char *list, const char *key, struct sv_err *err);

#endif
