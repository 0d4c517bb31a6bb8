/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hooks.h - runs OCI hooks (runtime-spec, "POSIX-platform Hooks").
 *
 * A hook is run in the caller's namespaces with exactly its args and env, the state document on
 * stdin (a memory file, so that a hook which does not read it harms nobody), a process group of its
 * own, default signals and no descriptor but 0-2. Its stdout and stderr are kept, the tail of them,
 * for the error: `error running prestart hook #0: exit status 1, stdout: , stderr: no such device`.
 * After the timeout its process group is killed: `error running prestart hook #0: '/bin/x' timed
 * out after 2 s`.
 */
#ifndef RC_HOOKS_H
#define RC_HOOKS_H

#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"
#include "oci/spec.h"

/* Runs them in order, each when the one before has ended, and stops at the first that fails. STATE
 * is the state document; CWD the hook's working directory (the bundle for hooks on the host, NULL:
 * the caller's; the root if it is gone, as a bundle may be at poststop). No hooks: no system
 * calls. */
int rc_hooks_run(const struct oci_hooks *hooks, enum oci_hook_kind kind, const struct sv_str *state,
		 const char *cwd, struct sv_err *err);

/* The same as user UID and group GID of the host, but with all capabilities of the caller (ambient
 * ones, capabilities(7)). For hooks that work in a file system which host root has no id in: an
 * idmapped root gives EOVERFLOW to whoever would create a file as an id that is not mapped. */
int rc_hooks_run_as(const struct oci_hooks *hooks, enum oci_hook_kind kind,
		    const struct sv_str *state, const char *cwd, uid_t uid, gid_t gid,
		    struct sv_err *err);

/* Runs all of them; failures are logged as warnings. For kinds whose failure changes nothing
 * (poststop). */
void rc_hooks_try(const struct oci_hooks *hooks, enum oci_hook_kind kind,
		  const struct sv_str *state, const char *cwd);

#endif
