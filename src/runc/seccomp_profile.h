/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp_profile.h - linux.seccomp read into numbers, before libseccomp sees any of it.
 *
 * Pure: checks the words, the ranges and what the runtime-spec forbids. Names of system calls stay
 * names, since a profile may know calls that this libseccomp does not.
 */
#ifndef RC_SECCOMP_PROFILE_H
#define RC_SECCOMP_PROFILE_H

#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "oci/spec.h"

struct rc_seccomp_rule {
	struct json_object *names; /* array of strings, borrowed from the document */
	uint32_t action;           /* SCMP_ACT_*, with its errno */
	struct scmp_arg_cmp *args;
	size_t n_args;
	bool repeats; /* two conditions are about the same argument */
	size_t index; /* in linux.seccomp.syscalls, for messages */
};

struct rc_seccomp_profile {
	uint32_t default_action;
	uint32_t *arches; /* SCMP_ARCH_* as listed; the native one may be missing */
	size_t n_arches;
	struct rc_seccomp_rule *rules;
	size_t n_rules;
	unsigned flags; /* SECCOMP_FILTER_FLAG_* */
	bool notify;    /* some rule has SCMP_ACT_NOTIFY */
};

void rc_seccomp_profile_done(struct rc_seccomp_profile *p);

/* Reads. *RET borrows from SECCOMP and must not outlive it. -EINVAL with the JSON path. */
int rc_seccomp_profile_read(const struct oci_seccomp *seccomp, struct rc_seccomp_profile *ret,
			    struct sv_err *err);

/* Appends the lists "actions", "operators", "archs" and "knownFlags" as members of a JSON object.
 */
void rc_seccomp_profile_words(struct sv_str *s);

/* Appends the flags that this kernel takes as "supportedFlags". Asks the kernel. */
void rc_seccomp_profile_supported(struct sv_str *s);

#endif
