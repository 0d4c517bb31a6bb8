/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp.h - linux.seccomp of a spec as a BPF program.
 *
 * Compiling Docker's profile takes libseccomp 12 ms, so the result is cached as
 * ROOT/.seccomp/<hash>, which is read in 50 us (seccomp_cache.h says when it is believed). The
 * filter is libseccomp's binary tree (SCMP_FLTATR_CTL_OPTIMIZE 2): it decides like the linear one and
 * loads four times faster. Calls newer than the profile get ENOSYS (seccomp_compile.h).
 */
#ifndef RC_SECCOMP_H
#define RC_SECCOMP_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "oci/spec.h"

struct rc_filter {
	struct sock_filter *code; /* NULL: no filter */
	size_t count;
	unsigned flags; /* SECCOMP_FILTER_FLAG_* for seccomp(2) */
	bool notify;    /* some action is SCMP_ACT_NOTIFY: load with NEW_LISTENER */
};

void rc_filter_done(struct rc_filter *f);

/* The filter of PROFILE; CACHE_DIR is a descriptor of the directory of cached programs, -1: no
 * cache. A cache that cannot be read or written costs time, not the container. A broken profile is
 * refused with its JSON path. */
int rc_filter_get(const struct oci_seccomp *profile, int cache_dir, struct rc_filter *ret,
		  struct sv_err *err);

/* PROCESS  init or exec'd process, last thing before exec. Loads; *RET_NOTIFY is the listener or
 * -1. */
int rc_filter_load(const struct rc_filter *f, int *ret_notify, struct sv_err *err);

/* Checks without compiling: names of actions, architectures, operators, flags; called when a spec
 * is read. */
int rc_filter_check(const struct oci_seccomp *profile, struct sv_err *err);

/* For `features`: JSON object as runc prints it under linux.seccomp. */
int rc_filter_features(struct sv_str *s);

#endif
