/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup_devices.h - the device rules of a spec (linux.resources.devices) as v1 writes or as a
 * v2 program. Pure.
 *
 * Both mean the same: nothing is allowed at first, rules count in the order of the list, a rule
 * for all devices starts over, and for each of read, write and mknod the last rule that matches
 * a device decides. No rules at all: no restriction.
 */
#ifndef RC_CGROUP_DEVICES_H
#define RC_CGROUP_DEVICES_H

#include <linux/bpf.h>
#include <stddef.h>

#include "base/err.h"
#include "oci/spec.h"
#include "runc/cgroup_limits.h"

/*
 * Appends writes to devices.allow and devices.deny, as few as possible: the kernel of v1 keeps a
 * default and a list of exceptions, and that final list is computed here. -EINVAL: the rules
 * cannot be said so, because v1 has no exceptions from exceptions (deny 10:229 after allow
 * 10:*); tolerated if it concerns mknod only, since a node that cannot be opened is harmless.
 */
int rc_devices_v1(const struct oci_resources *res, struct rc_limits *to, struct sv_err *err);

/* A program for bpf_device.h. *RET is malloc'ed; NULL with *RET_COUNT 0 if there are no rules. */
int rc_devices_bpf(const struct oci_resources *res, struct bpf_insn **ret, size_t *ret_count,
		   struct sv_err *err);

#endif
