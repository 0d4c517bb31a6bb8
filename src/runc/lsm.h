/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lsm.h - AppArmor profile and SELinux labels of the container.
 *
 * Without labels in the spec nothing here makes a system call.
 */
#ifndef RC_LSM_H
#define RC_LSM_H

#include "base/err.h"
#include "oci/spec.h"

/* PROCESS  the runtime, on the host. Refuses an AppArmor profile ("unconfined" is fine) or SELinux
 * label that this host cannot enforce: a container that asks for confinement never runs without it.
 */
int rc_lsm_check(const struct oci_process *process, struct sv_err *err);

/*
 * PROCESS  init or exec'd process, in its final mount namespace, before the seccomp filter and
 * before its ids change.
 *
 * Asks the kernel to put the program under process.apparmorProfile or process.selinuxLabel at the
 * next execve, through a /proc/<own pid>/attr file that is proved to be procfs's own.
 */
int rc_lsm_exec_label(const struct oci_process *process, struct sv_err *err);

/* The value for the mount option `context` (fsconfig key "context") of a file system instance made
 * for the container: LABEL (linux.mountLabel), or NULL if there is none or SELinux is off, when the
 * option would be refused. Borrowed from LABEL. Asks the host's /sys, so call it before the root
 * changes. */
const char *rc_lsm_mount_context(const char *label);

#endif
