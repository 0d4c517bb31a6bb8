/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp_compile.h - a read profile becomes a BPF program, by libseccomp and a prologue of our
 * own.
 *
 * The prologue answers ENOSYS to system calls that are newer than the profile: with a number above
 * all those the profile names, whatever it says about them. Else a C library that tries a new call
 * first and falls back on ENOSYS (clone3, faccessat2) would take the profile's EPERM for the
 * answer. Nothing is added if the default action lets calls through or is ENOSYS.
 */
#ifndef RC_SECCOMP_COMPILE_H
#define RC_SECCOMP_COMPILE_H

#include <linux/filter.h>
#include <stddef.h>

#include "base/err.h"
#include "runc/seccomp_profile.h"

/* *RET is malloc'ed, *RET_COUNT at most BPF_MAXINSNS. TREE: sorted into a binary tree, else a
 * linear list; the decisions are the same. -E2BIG: the program is longer than the kernel takes. */
int rc_seccomp_compile(const struct rc_seccomp_profile *profile, bool tree,
		       struct sock_filter **ret, size_t *ret_count, struct sv_err *err);

#endif
