/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filter_file.h - the seccomp filter of a container, kept beside its state for exec, which then needs no profile to be read.
 */
#ifndef RC_FILTER_FILE_H
#define RC_FILTER_FILE_H

#include "base/err.h"
#include "runc/seccomp.h"

#define RC_FILTER_NAME "filter"

/* DIR is the container's state directory, which only host root can enter. No filter: nothing is written. */
int rc_filter_store(int dir, const struct rc_filter *f, struct sv_err *err);

/* What was stored; *RET is empty if there was no filter. A damaged file is -EBADMSG: exec must not run unconfined. */
int rc_filter_fetch(int dir, struct rc_filter *ret, struct sv_err *err);

#endif
