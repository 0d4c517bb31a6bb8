/* SPDX-License-Identifier: Apache-2.0 */
/* pidfile.h - the file in which an engine wants to find a pid. */
#ifndef RC_PIDFILE_H
#define RC_PIDFILE_H

#include <sys/types.h>

#include "base/err.h"

/* Writes PID, without a newline as runc does, to PATH: readers see the whole number or no file. PATH NULL: nothing to do. */
int rc_pidfile_write(const char *path, pid_t pid, struct sv_err *err);

#endif
