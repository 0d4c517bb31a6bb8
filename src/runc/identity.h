/* SPDX-License-Identifier: Apache-2.0 */
/*
 * identity.h - who the program is inside the container: ids, groups, capabilities, no_new_privs,
 * umask, directory.
 *
 * Everything here happens in init or in an exec'd process. What needs the host's power is in
 * limits.h, labels are in lsm.h, the program itself in program.h. The order in the process:
 *
 *	rc_lsm_exec_label	needs /proc, and the filter must not yet forbid it
 *	rc_identity_enter	ids, capabilities ...
 *	rc_program_find		looks with the ids and capabilities the program will have
 *	(init: reports "ready" and waits for `start`)
 *	rc_filter_load
 *	rc_identity_seal
 *	rc_program_exec
 *
 * A seccomp filter may be loaded by a process with no_new_privs, or by one with CAP_SYS_ADMIN in
 * its user namespace (seccomp(2)). So without no_new_privs that capability is kept, if need be,
 * until the filter is in; rc_identity_seal() then takes it away. The filter has to allow capset(2)
 * then, as every engine's default profile does.
 */
#ifndef RC_IDENTITY_H
#define RC_IDENTITY_H

#include <stdbool.h>

#include "base/err.h"
#include "oci/spec.h"

/*
 * PROCESS  init or exec'd process.
 * IN       all its namespaces; the working directory may be anything.
 * POWER    root of the user namespace with all capabilities in it (as the kernel gives them on
 *          entering one), default securebits.
 * AFTER    uid, gid and groups of PROCESS; its bounding, permitted, effective, inheritable and
 *          ambient capabilities (plus CAP_SYS_ADMIN in permitted and effective if FILTER and not
 *          PROCESS->no_new_privs); no_new_privs; umask (0022 unless given); cwd.
 *
 * FILTER: a seccomp filter will be loaded afterwards. MAKE_CWD: a missing cwd is made, 0755 and
 * owned by the container's root (init; runc does the same). A cwd that only the user or only root
 * may enter works either way; one that is not below the root of the mount namespace is refused
 * (CVE-2024-21626). process.capabilities absent means none.
 */
int rc_identity_enter(const struct oci_process *process, bool filter, bool make_cwd,
		      struct sv_err *err);

/* Takes CAP_SYS_ADMIN away again if rc_identity_enter() had to keep it; at most one system call. */
int rc_identity_seal(const struct oci_process *process, bool filter, struct sv_err *err);

/*
 * PROCESS  init or exec'd process, just after it came into the user namespace, where its ids are not mapped.
 * AFTER    root of it in all ids, without supplementary groups; not dumpable, which the change of ids may undo (fs.suid_dumpable) while our memory is
 *          still the runtime's.
 */
int rc_identity_root(struct sv_err *err);

/* linux.personality. Before the filter; lost by nothing, inherited over exec. */
int rc_identity_personality(unsigned long persona, struct sv_err *err);

#endif
