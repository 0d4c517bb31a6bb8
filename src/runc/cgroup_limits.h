/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup_limits.h - what linux.resources of a spec means as texts for cgroup files, on v1 and on
 * v2. Pure.
 *
 * The specification speaks v1; on v2 values are converted as runc does. Zeros are what engines
 * send for "not given" and are left alone; "unlimited" is not written into a group that was just
 * made, because it is so already.
 */
#ifndef RC_CGROUP_LIMITS_H
#define RC_CGROUP_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "oci/spec.h"

struct rc_limit {
	char *file, *value;
	char *other_file, *other_value; /* to be tried if FILE does not exist, or NULL */
	bool optional;                  /* neither exists: fine */
};

struct rc_limits {
	struct rc_limit *items; /* in the order in which a fresh group takes them */
	size_t count;
};

void rc_limits_done(struct rc_limits *l);

/* Appends one. -ENOMEM. */
int rc_limits_add(struct rc_limits *to, const char *file, struct sv_err *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* What a v2 group has now; asked for by an update, because v2 keeps in one file what the
 * specification keeps in two. */
struct rc_limits_now {
	bool fresh;          /* the group was just made, the rest does not matter */
	char *cpu_max;       /* "max 100000" */
	uint64_t memory_max; /* UINT64_MAX: unlimited */
};

/* Controllers in the order in which they are to be written; the name on v2 is another one for
 * "blkio". */
enum rc_controller {
	RC_CPUSET,
	RC_CPU,
	RC_MEMORY,
	RC_BLKIO,
	RC_HUGETLB,
	RC_RDMA,
	RC_NET_CLS,
	RC_NET_PRIO,
	RC_PIDS,
	RC_CONTROLLER_MAX
};
const char *rc_controller_name(enum rc_controller c, bool v2);

/* Appends what RES asks of controller C. Nothing asked for appends nothing. On -EINVAL the
 * message names the key of the specification. */
int rc_limits_v1(const struct oci_resources *res, enum rc_controller c, bool fresh,
		 struct rc_limits *to, struct sv_err *err);
int rc_limits_v2(const struct oci_resources *res, enum rc_controller c,
		 const struct rc_limits_now *now, struct rc_limits *to, struct sv_err *err);

/* linux.resources.unified: as they are, v2 only. */
int rc_limits_unified(const struct oci_resources *res, struct rc_limits *to, struct sv_err *err);

/* The conversions. WEIGHT is that of blkio, 10 to 1000. */
uint64_t rc_limits_cpu_weight(uint64_t shares);
uint64_t rc_limits_io_weight(uint64_t weight);

/* memory.swap.max for a limit of memory plus swap, both as in the specification (-1: unlimited,
 * 0: not given); -EINVAL for impossible pairs. *RET is -1 for "max", -2 for nothing to write. */
int rc_limits_swap(int64_t memory_swap, int64_t memory, int64_t *ret, struct sv_err *err);

#endif
