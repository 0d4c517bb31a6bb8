/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_limits.c - linux.resources as texts for cgroup files. */
#include "runc/cgroup_limits.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"

#define CPU_PERIOD_DEFAULT 100000 /* us, cgroup-v2.rst "cpu.max" */

void rc_limits_done(struct rc_limits *l)
{
	for (size_t i = 0; i < l->count; i++) {
		free(l->items[i].file);
		free(l->items[i].value);
		free(l->items[i].other_file);
		free(l->items[i].other_value);
	}
	free(l->items);
	*l = (struct rc_limits){ 0 };
}

const char *rc_controller_name(enum rc_controller c, bool v2)
{
	static const char *const names[] = {
		[RC_CPUSET] = "cpuset",   [RC_CPU] = "cpu",           [RC_MEMORY] = "memory",
		[RC_BLKIO] = "blkio",     [RC_HUGETLB] = "hugetlb",   [RC_RDMA] = "rdma",
		[RC_NET_CLS] = "net_cls", [RC_NET_PRIO] = "net_prio", [RC_PIDS] = "pids",
	};

	return v2 && c == RC_BLKIO ? "io" : names[c];
}

/* ---- appending ---- */

int rc_limits_add(struct rc_limits *to, const char *file, struct sv_err *err, const char *fmt, ...)
{
	struct rc_limit *items = reallocarray(to->items, to->count + 1, sizeof(*items));
	autostr struct sv_str value = { 0 };
	struct rc_limit *item;
	va_list ap;

	if (!items)
		return sv_err_oom(err);
	to->items = items;
	item = &items[to->count++];
	*item = (struct rc_limit){ .file = strdup(file) };
	if (!item->file)
		return sv_err_oom(err);
	va_start(ap, fmt);
	sv_str_vaddf(&value, fmt, ap);
	va_end(ap);
	return sv_str_take(&value, &item->value, err);
}

/* Where to write the last one appended if its file does not exist. */
static int or_else(struct rc_limits *to, const char *file, struct sv_err *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static int or_else(struct rc_limits *to, const char *file, struct sv_err *err, const char *fmt, ...)
{
	struct rc_limit *item = &to->items[to->count - 1];
	autostr struct sv_str value = { 0 };
	va_list ap;

	item->other_file = strdup(file);
	if (!item->other_file)
		return sv_err_oom(err);
	va_start(ap, fmt);
	sv_str_vaddf(&value, fmt, ap);
	va_end(ap);
	return sv_str_take(&value, &item->other_value, err);
}

static bool given(const struct oci_opt *o)
{
	return o->set && o->value != 0;
}

/* A number of v1 in which every negative means "unlimited", which a fresh group is. */
static int add_v1(struct rc_limits *to, const char *file, const struct oci_opt *o, bool fresh,
		  struct sv_err *err)
{
	if (!given(o) || (fresh && o->value < 0))
		return 0;
	return rc_limits_add(to, file, err, "%" PRId64, o->value < 0 ? -1 : o->value);
}

static int add_v2(struct rc_limits *to, const char *file, const struct oci_opt *o, bool fresh,
		  struct sv_err *err)
{
	if (!given(o) || (fresh && o->value < 0))
		return 0;
	return o->value < 0 ? rc_limits_add(to, file, err, "max")
			    : rc_limits_add(to, file, err, "%" PRId64, o->value);
}

static int add_text(struct rc_limits *to, const char *file, const char *text, struct sv_err *err)
{
	return text && *text ? rc_limits_add(to, file, err, "%s", text) : 0;
}

/* ---- controllers with the same rules on both versions ---- */

static int cpuset(const struct oci_resources *res, struct rc_limits *to, struct sv_err *err)
{
	int r = add_text(to, "cpuset.cpus", res->cpus, err);

	return r < 0 ? r : add_text(to, "cpuset.mems", res->mems, err);
}

static int pids(const struct oci_resources *res, bool fresh, struct rc_limits *to,
		struct sv_err *err)
{
	return add_v2(to, "pids.max", &res->pids_limit, fresh, err);
}

static int rdma(const struct oci_resources *res, struct rc_limits *to, struct sv_err *err)
{
	for (size_t i = 0; i < res->n_rdma; i++) {
		const struct oci_rdma *d = &res->rdma[i];
		autostr struct sv_str s = { 0 };
		int r;

		sv_str_add(&s, d->name);
		if (d->handles.set)
			sv_str_addf(&s, " hca_handle=%" PRId64, d->handles.value);
		if (d->objects.set)
			sv_str_addf(&s, " hca_object=%" PRId64, d->objects.value);
		if (s.failed)
			return sv_err_oom(err);
		r = rc_limits_add(to, "rdma.max", err, "%s", sv_str_text(&s));
		if (r < 0)
			return r;
	}
	return 0;
}

/* The page size becomes part of a file name. */
static int check_page_size(const char *size, struct sv_err *err)
{
	static const char letters[] =
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

	if (*size && strspn(size, letters) == strlen(size))
		return 0;
	return sv_err_say(err, EINVAL, "linux.resources.hugepageLimits: '%.40s' is not a page size",
			  size);
}

static int hugetlb(const struct oci_resources *res, bool v2, struct rc_limits *to,
		   struct sv_err *err)
{
	for (size_t i = 0; i < res->n_hugepages; i++) {
		const struct oci_hugepage *h = &res->hugepages[i];
		char file[96];
		int r = check_page_size(h->size, err);

		if (r < 0)
			return r;
		snprintf(file, sizeof(file), "hugetlb.%.40s.%s", h->size,
			 v2 ? "max" : "limit_in_bytes");
		r = rc_limits_add(to, file, err, "%" PRIu64, h->limit);
		if (r < 0)
			return r;
		/* Reservations since Linux 5.7: without it a program that mapped pages is killed
		 * at first touch instead of told. */
		snprintf(file, sizeof(file), "hugetlb.%.40s.rsvd.%s", h->size,
			 v2 ? "max" : "limit_in_bytes");
		r = rc_limits_add(to, file, err, "%" PRIu64, h->limit);
		if (r < 0)
			return r;
		to->items[to->count - 1].optional = true;
	}
	return 0;
}

/* ---- v1 ---- */

static int cpu_v1(const struct oci_resources *res, bool fresh, struct rc_limits *to,
		  struct sv_err *err)
{
	/* An idle group has no shares: the kernel refuses to write them. */
	bool idle = res->cpu_idle.set && res->cpu_idle.value == 1;
	int r = 0;

	if (res->cpu_idle.set && !idle && !fresh)
		r = rc_limits_add(to, "cpu.idle", err, "0");
	if (r == 0 && !idle)
		r = add_v1(to, "cpu.shares", &res->cpu_shares, fresh, err);
	if (r == 0 && idle)
		r = rc_limits_add(to, "cpu.idle", err, "1");
	if (r == 0)
		r = add_v1(to, "cpu.cfs_period_us", &res->cpu_period, fresh, err);
	if (r == 0)
		r = add_v1(to, "cpu.cfs_quota_us", &res->cpu_quota, fresh, err);
	if (r == 0 && res->cpu_burst.set && !(fresh && res->cpu_burst.value == 0))
		r = rc_limits_add(to, "cpu.cfs_burst_us", err, "%" PRId64, res->cpu_burst.value);
	if (r == 0)
		r = add_v1(to, "cpu.rt_period_us", &res->cpu_rt_period, fresh, err);
	if (r == 0)
		r = add_v1(to, "cpu.rt_runtime_us", &res->cpu_rt_runtime, fresh, err);
	return r;
}

static int memory_v1(const struct oci_resources *res, bool fresh, struct rc_limits *to,
		     struct sv_err *err)
{
	struct oci_opt swap = res->mem_swap;
	int r;

	/* Memory without limit under a limit of memory plus swap is refused by the kernel. */
	if (res->mem_limit.set && res->mem_limit.value < 0 && !given(&swap))
		swap = (struct oci_opt){ .set = true, .value = -1 };
	r = add_v1(to, "memory.limit_in_bytes", &res->mem_limit, fresh, err);
	if (r == 0)
		r = add_v1(to, "memory.memsw.limit_in_bytes", &swap, fresh, err);
	/* Whoever has not said anything about swap has nothing to lose where the kernel does not
	 * account it. */
	if (r == 0 && given(&swap) && !fresh && !given(&res->mem_swap))
		to->items[to->count - 1].optional = true;
	if (r == 0)
		r = add_v1(to, "memory.soft_limit_in_bytes", &res->mem_reservation, fresh, err);
	/* kernel (memory.kmem.limit_in_bytes) is deprecated by the specification and a no-op
	 * since Linux 5.11. */
	if (r == 0)
		r = add_v1(to, "memory.kmem.tcp.limit_in_bytes", &res->mem_kernel_tcp, fresh, err);
	if (r == 0 && res->mem_swappiness.set && res->mem_swappiness.value >= 0)
		r = rc_limits_add(to, "memory.swappiness", err, "%" PRId64,
				  res->mem_swappiness.value);
	if (r == 0 && res->mem_disable_oom.set && (!fresh || res->mem_disable_oom.value))
		r = rc_limits_add(to, "memory.oom_control", err, "%d",
				  res->mem_disable_oom.value != 0);
	return r;
}

/* Weights are blkio.weight where CFQ or a distribution's patch brings it, else blkio.bfq.weight
 * (since Linux 5.0). */
static int weight_v1(struct rc_limits *to, const char *suffix, struct sv_err *err,
		     const char *value)
{
	char file[64];
	int r;

	snprintf(file, sizeof(file), "blkio.%s", suffix);
	r = rc_limits_add(to, file, err, "%s", value);
	if (r < 0)
		return r;
	snprintf(file, sizeof(file), "blkio.bfq.%s", suffix);
	return or_else(to, file, err, "%s", value);
}

static int blkio_v1(const struct oci_resources *res, struct rc_limits *to, struct sv_err *err)
{
	static const char *const throttle[] = {
		[OCI_THROTTLE_RBPS] = "blkio.throttle.read_bps_device",
		[OCI_THROTTLE_WBPS] = "blkio.throttle.write_bps_device",
		[OCI_THROTTLE_RIOPS] = "blkio.throttle.read_iops_device",
		[OCI_THROTTLE_WIOPS] = "blkio.throttle.write_iops_device",
	};
	char value[96];
	int r = 0;

	if (given(&res->blk_weight)) {
		snprintf(value, sizeof(value), "%" PRId64, res->blk_weight.value);
		r = weight_v1(to, "weight", err, value);
	}
	if (r == 0 && given(&res->blk_leaf_weight)) {
		snprintf(value, sizeof(value), "%" PRId64, res->blk_leaf_weight.value);
		r = weight_v1(to, "leaf_weight", err, value);
	}
	for (size_t i = 0; r == 0 && i < res->n_blk_devices; i++) {
		const struct oci_blkdev *d = &res->blk_devices[i];

		if (given(&d->weight)) {
			snprintf(value, sizeof(value), "%" PRId64 ":%" PRId64 " %" PRId64, d->major,
				 d->minor, d->weight.value);
			r = weight_v1(to, "weight_device", err, value);
		}
		if (r == 0 && given(&d->leaf_weight)) {
			snprintf(value, sizeof(value), "%" PRId64 ":%" PRId64 " %" PRId64, d->major,
				 d->minor, d->leaf_weight.value);
			r = weight_v1(to, "leaf_weight_device", err, value);
		}
	}
	for (int kind = 0; kind < OCI_THROTTLE_MAX; kind++) {
		for (size_t i = 0; r == 0 && i < res->n_throttle[kind]; i++) {
			const struct oci_throttle *t = &res->throttle[kind][i];

			r = rc_limits_add(to, throttle[kind], err,
					  "%" PRId64 ":%" PRId64 " %" PRIu64, t->major, t->minor,
					  t->rate);
		}
	}
	return r;
}

static int net_prio(const struct oci_resources *res, struct rc_limits *to, struct sv_err *err)
{
	for (size_t i = 0; i < res->n_net_prios; i++) {
		int r = rc_limits_add(to, "net_prio.ifpriomap", err, "%s %" PRIu32,
				      res->net_prios[i].name, res->net_prios[i].priority);

		if (r < 0)
			return r;
	}
	return 0;
}

int rc_limits_v1(const struct oci_resources *res, enum rc_controller c, bool fresh,
		 struct rc_limits *to, struct sv_err *err)
{
	switch (c) {
	case RC_CPUSET:
		return cpuset(res, to, err);
	case RC_CPU:
		return cpu_v1(res, fresh, to, err);
	case RC_MEMORY:
		return memory_v1(res, fresh, to, err);
	case RC_BLKIO:
		return blkio_v1(res, to, err);
	case RC_HUGETLB:
		return hugetlb(res, false, to, err);
	case RC_RDMA:
		return rdma(res, to, err);
	case RC_NET_CLS:
		return given(&res->net_classid) ? rc_limits_add(to, "net_cls.classid", err,
								"%" PRId64, res->net_classid.value)
						: 0;
	case RC_NET_PRIO:
		return net_prio(res, to, err);
	case RC_PIDS:
		return pids(res, fresh, to, err);
	case RC_CONTROLLER_MAX:
		break;
	}
	return 0;
}

/* ---- v2 ---- */

static int memory_v2(const struct oci_resources *res, const struct rc_limits_now *now,
		     struct rc_limits *to, struct sv_err *err)
{
	int64_t memory = given(&res->mem_limit) ? res->mem_limit.value : 0, swap;
	int64_t memory_swap = given(&res->mem_swap) ? res->mem_swap.value : 0;
	int r;

	if (memory == 0 && !now->fresh && now->memory_max <= INT64_MAX)
		memory = (int64_t)now->memory_max;
	r = rc_limits_swap(memory_swap, memory, &swap, err);
	if (r < 0)
		return r;
	r = add_v2(to, "memory.max", &res->mem_limit, now->fresh, err);
	if (r == 0 && swap >= 0)
		r = rc_limits_add(to, "memory.swap.max", err, "%" PRId64, swap);
	else if (r == 0 && swap == -1 && !now->fresh)
		r = rc_limits_add(to, "memory.swap.max", err, "max");
	else
		swap = -2;
	/* Without swap accounting there is no file; no swap at all and no limit are true without
	 * it. */
	if (r == 0 && (swap == 0 || swap == -1))
		to->items[to->count - 1].optional = true;
	if (r == 0)
		r = add_v2(to, "memory.low", &res->mem_reservation, now->fresh, err);
	return r;
}

/* "QUOTA PERIOD" is one file: what the document leaves open stays as it is. */
static int cpu_max(const struct oci_resources *res, const struct rc_limits_now *now,
		   struct rc_limits *to, struct sv_err *err)
{
	long long period = CPU_PERIOD_DEFAULT;
	char quota[24] = "max";

	if (!given(&res->cpu_quota) && !given(&res->cpu_period))
		return 0;
	if (now->fresh && res->cpu_quota.value < 0 && !given(&res->cpu_period))
		return 0;
	if (!now->fresh && now->cpu_max && sscanf(now->cpu_max, "%23s %lld", quota, &period) != 2)
		return sv_err_say(err, EINVAL, "cannot understand '%.40s' in cpu.max",
				  now->cpu_max);
	if (given(&res->cpu_quota) && res->cpu_quota.value < 0)
		strcpy(quota, "max");
	else if (given(&res->cpu_quota))
		snprintf(quota, sizeof(quota), "%" PRId64, res->cpu_quota.value);
	if (given(&res->cpu_period))
		period = res->cpu_period.value;
	return rc_limits_add(to, "cpu.max", err, "%s %lld", quota, period);
}

static int cpu_v2(const struct oci_resources *res, const struct rc_limits_now *now,
		  struct rc_limits *to, struct sv_err *err)
{
	bool idle = res->cpu_idle.set && res->cpu_idle.value == 1;
	int r = 0;

	if (given(&res->cpu_rt_runtime) || given(&res->cpu_rt_period))
		return sv_err_say(
			err, EINVAL,
			"linux.resources.cpu: cgroup v2 has no limits for real-time tasks");
	if (res->cpu_idle.set && !idle && !now->fresh)
		r = rc_limits_add(to, "cpu.idle", err, "0");
	if (r == 0 && !idle && given(&res->cpu_shares))
		r = rc_limits_add(to, "cpu.weight", err, "%" PRIu64,
				  rc_limits_cpu_weight((uint64_t)res->cpu_shares.value));
	if (r == 0 && idle)
		r = rc_limits_add(to, "cpu.idle", err, "1");
	if (r == 0)
		r = cpu_max(res, now, to, err);
	if (r == 0 && res->cpu_burst.set && !(now->fresh && res->cpu_burst.value == 0))
		r = rc_limits_add(to, "cpu.max.burst", err, "%" PRId64, res->cpu_burst.value);
	return r;
}

static int io_v2(const struct oci_resources *res, struct rc_limits *to, struct sv_err *err)
{
	static const char *const throttle[] = {
		[OCI_THROTTLE_RBPS] = "rbps",
		[OCI_THROTTLE_WBPS] = "wbps",
		[OCI_THROTTLE_RIOPS] = "riops",
		[OCI_THROTTLE_WIOPS] = "wiops",
	};
	int r = 0;

	/* BFQ takes the specification's range as it is; io.weight (the cost model) has another
	 * one. leafWeight has no counterpart. */
	if (given(&res->blk_weight)) {
		r = rc_limits_add(to, "io.bfq.weight", err, "%" PRId64, res->blk_weight.value);
		if (r == 0)
			r = or_else(to, "io.weight", err, "default %" PRIu64,
				    rc_limits_io_weight((uint64_t)res->blk_weight.value));
	}
	for (size_t i = 0; r == 0 && i < res->n_blk_devices; i++) {
		const struct oci_blkdev *d = &res->blk_devices[i];

		if (!given(&d->weight))
			continue;
		r = rc_limits_add(to, "io.bfq.weight", err, "%" PRId64 ":%" PRId64 " %" PRId64,
				  d->major, d->minor, d->weight.value);
		if (r == 0)
			r = or_else(to, "io.weight", err, "%" PRId64 ":%" PRId64 " %" PRIu64,
				    d->major, d->minor,
				    rc_limits_io_weight((uint64_t)d->weight.value));
	}
	for (int kind = 0; kind < OCI_THROTTLE_MAX; kind++) {
		for (size_t i = 0; r == 0 && i < res->n_throttle[kind]; i++) {
			const struct oci_throttle *t = &res->throttle[kind][i];

			r = rc_limits_add(to, "io.max", err, "%" PRId64 ":%" PRId64 " %s=%" PRIu64,
					  t->major, t->minor, throttle[kind], t->rate);
		}
	}
	return r;
}

int rc_limits_v2(const struct oci_resources *res, enum rc_controller c,
		 const struct rc_limits_now *now, struct rc_limits *to, struct sv_err *err)
{
	switch (c) {
	case RC_CPUSET:
		return cpuset(res, to, err);
	case RC_CPU:
		return cpu_v2(res, now, to, err);
	case RC_MEMORY:
		return memory_v2(res, now, to, err);
	case RC_BLKIO:
		return io_v2(res, to, err);
	case RC_HUGETLB:
		return hugetlb(res, true, to, err);
	case RC_RDMA:
		return rdma(res, to, err);
	case RC_PIDS:
		return pids(res, now->fresh, to, err);
	case RC_NET_CLS: /* v2 has neither: packets are matched by cgroup path instead */
	case RC_NET_PRIO:
	case RC_CONTROLLER_MAX:
		break;
	}
	return 0;
}

/* A value of several lines is several writes: the kernel takes one device a write. */
int rc_limits_unified(const struct oci_resources *res, struct rc_limits *to, struct sv_err *err)
{
	for (size_t i = 0; i < res->n_unified; i++) {
		for (const char *line = res->unified[i].value; *line;) {
			size_t len = strcspn(line, "\n");
			int r = len ? rc_limits_add(to, res->unified[i].key, err, "%.*s", (int)len,
						    line)
				    : 0;

			if (r < 0)
				return r;
			line += len + (line[len] == '\n');
		}
	}
	return 0;
}
