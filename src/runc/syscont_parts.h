/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syscont_parts.h - the parts of the transformation, each in the file of its name; only syscont.c
 * calls them.
 *
 * All of them change their argument in place, own what they put there, free what they take out,
 * and leave something that the _done functions of oci/spec.h accept when they fail.
 */
#ifndef RC_SYSCONT_PARTS_H
#define RC_SYSCONT_PARTS_H

#include "runc/syscont.h"

void rc_syscont_caps(struct oci_process *process);
int rc_syscont_mounts(struct oci_spec *spec, const struct rc_syscont_facts *facts,
		      struct sv_err *err);
int rc_syscont_devices(struct oci_linux *lx, struct sv_err *err);
int rc_syscont_sysctls(struct oci_spec *spec, struct sv_err *err);
int rc_syscont_seccomp(struct oci_seccomp *seccomp, struct sv_err *err);

/* The extent that holds ID inside, NULL if it is not mapped. */
const struct sv_idmap *rc_syscont_extent(const struct sv_idmap *maps, size_t count, uint32_t id);

#endif
