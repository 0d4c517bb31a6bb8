/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program.h - the program of the container: found along the PATH inside, given a HOME, executed.
 *
 * Found before `create` returns, so that a wrong name is an error of create, not of start. Engines
 * derive exit codes 126 and 127 from the wording, hence it is that of other runtimes: `exec:
 * "NAME": executable file not found in $PATH`, `... stat NAME: no such file or directory`, `...
 * permission denied`, `... is a directory`.
 */
#ifndef RC_PROGRAM_H
#define RC_PROGRAM_H

#include "base/err.h"
#include "oci/spec.h"

/*
 * PROCESS  init or exec'd process, after rc_identity_enter(): the access is checked with the ids
 * and capabilities that execve will have.
 *
 * Reports the path of process.args[0]: itself if it has a slash, else the first executable file
 * along PATH of process.env, in the working directory for an empty element. The caller frees *RET.
 * -ENOENT, -EACCES, -EISDIR ...
 */
int rc_program_find(const struct oci_process *process, char **ret, struct sv_err *err);

/* Adds HOME to process.env if it has none or an empty one: the home directory of the uid in
 * /etc/passwd of the container, "/" if it is not listed or the file cannot be read. At most 1 MiB
 * of a regular file is looked at. -ENOMEM. */
int rc_program_home(struct oci_process *process, struct sv_err *err);

/* Executes PATH with process.args and process.env. Returns only on failure. */
int rc_program_exec(const char *path, const struct oci_process *process, struct sv_err *err);

#endif
