/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spec_resources.c - `linux.resources`: limits of memory, cpu, pids, huge pages, network, rdma, and
 * unified ones.
 *
 * The same reader serves `update --resources`, where every key may be missing. Zeros are kept as
 * set: what they mean differs from limit to limit, and the cgroup drivers know.
 */
#include "oci/read.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* A plain number: its key, where it goes, and what is possible. */
struct number {
	const char *key;
	size_t offset;
	int64_t min, max;
};

#define TO(member) offsetof(struct oci_resources, member)

static const struct number memory_numbers[] = {
	{ "limit", TO(mem_limit), -1, INT64_MAX },
	{ "reservation", TO(mem_reservation), -1, INT64_MAX },
	{ "swap", TO(mem_swap), -1, INT64_MAX },
	{ "kernel", TO(mem_kernel), -1, INT64_MAX },
	{ "kernelTCP", TO(mem_kernel_tcp), -1, INT64_MAX },
};

static const struct number cpu_numbers[] = {
	{ "shares", TO(cpu_shares), 0, INT64_MAX },
	{ "quota", TO(cpu_quota), INT64_MIN, INT64_MAX },
	{ "burst", TO(cpu_burst), 0, INT64_MAX },
	{ "period", TO(cpu_period), 0, 1000000 },
	{ "realtimeRuntime", TO(cpu_rt_runtime), -1, INT64_MAX },
	{ "realtimePeriod", TO(cpu_rt_period), 0, INT64_MAX },
	{ "idle", TO(cpu_idle), 0, 1 },
};

static int read_numbers(const struct sv_json *at, const struct number *numbers, size_t count,
			struct oci_resources *res, struct sv_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		struct oci_opt *to = (struct oci_opt *)((char *)res + numbers[i].offset);

		r = oci_read_opt(at, numbers[i].key, numbers[i].min, numbers[i].max, to, err);
	}
	return r;
}

static int read_flag(const struct sv_json *up, const char *key, struct oci_opt *ret,
		     struct sv_err *err)
{
	struct sv_json at = sv_json_get(up, key);
	bool value = false;
	int r = sv_json_bool(&at, &value, err);

	if (r == 0 && at.value)
		*ret = (struct oci_opt){ true, value };
	return r;
}

/* The largest uint64 is how engines in Go spell "-1, leave it alone" here. */
static int read_swappiness(const struct sv_json *up, struct oci_opt *ret, struct sv_err *err)
{
	struct sv_json at = sv_json_get(up, "swappiness");
	uint64_t value = 0;
	int r = sv_json_u64(&at, &value, err);

	if (r < 0 || !at.value || value == UINT64_MAX)
		return r;
	return oci_read_opt(up, "swappiness", 0, 100, ret, err);
}

static int read_memory(const struct sv_json *up, struct oci_resources *res, struct sv_err *err)
{
	struct sv_json at, swap;
	int r;

	r = oci_read_object(up, "memory", &at, err);
	if (r == 0)
		r = read_numbers(&at, memory_numbers, SV_COUNT(memory_numbers), res, err);
	if (r == 0)
		r = read_swappiness(&at, &res->mem_swappiness, err);
	if (r == 0)
		r = read_flag(&at, "disableOOMKiller", &res->mem_disable_oom, err);
	if (r == 0)
		r = read_flag(&at, "useHierarchy", &res->mem_use_hierarchy, err);
	if (r == 0)
		r = read_flag(&at, "checkBeforeUpdate", &res->mem_check_before_update, err);
	if (r < 0)
		return r;
	swap = sv_json_get(&at, "swap");
	if (res->mem_swap.value > 0 && res->mem_limit.value > res->mem_swap.value)
		return sv_json_bad(
			&swap, err,
			"memory and swap together (%lld) are below the limit of memory (%lld)",
			(long long)res->mem_swap.value, (long long)res->mem_limit.value);
	return 0;
}

/* The kernel wants times between 1 ms and 1 s (tg_set_cfs_bandwidth()); 0 is "unset", and below
 * 0 there is no limit. */
static int check_cpu(const struct sv_json *at, struct oci_resources *res, struct sv_err *err)
{
	struct sv_json period = sv_json_get(at, "period"), quota = sv_json_get(at, "quota");
	struct sv_json burst = sv_json_get(at, "burst");

	if (res->cpu_period.value > 0 && res->cpu_period.value < 1000)
		return sv_json_expected(&period, err, "0 (unset) or 1000 to 1000000 microseconds");
	if (res->cpu_quota.value > 0 && res->cpu_quota.value < 1000)
		return sv_json_expected(&quota, err,
					"at least 1000 microseconds, 0 (unset) or -1 (no limit)");
	if (res->cpu_quota.value > 0 && res->cpu_burst.value > res->cpu_quota.value)
		return sv_json_bad(&burst, err, "larger than the quota %lld",
				   (long long)res->cpu_quota.value);
	if (res->cpu_quota.value < 0)
		res->cpu_quota.value = -1;
	return 0;
}

static int read_cpu(const struct sv_json *up, struct oci_resources *res, struct sv_err *err)
{
	struct sv_json at;
	int r;

	r = oci_read_object(up, "cpu", &at, err);
	if (r == 0)
		r = read_numbers(&at, cpu_numbers, SV_COUNT(cpu_numbers), res, err);
	if (r == 0)
		r = check_cpu(&at, res, err);
	if (r == 0)
		r = oci_read_cpus(&at, "cpus", &res->cpus, err);
	if (r == 0)
		r = oci_read_cpus(&at, "mems", &res->mems, err);
	return r;
}

static int read_pids(const struct sv_json *up, struct oci_resources *res, struct sv_err *err)
{
	struct sv_json at;
	int r;

	r = oci_read_object(up, "pids", &at, err);
	if (r == 0)
		r = oci_read_opt(&at, "limit", INT64_MIN, INT64_MAX, &res->pids_limit, err);
	if (r == 0 && res->pids_limit.value < 0)
		res->pids_limit.value = -1;
	return r;
}

/* "2MB", "1GB", "64KB": the name that hugetlb files of the cgroup carry. */
static bool is_page_size(const char *text)
{
	size_t n = strspn(text, "0123456789");

	return n > 0 && n < 10 && *text != '0' && text[n] && strchr("KMG", text[n]) &&
	       text[n + 1] == 'B' && text[n + 2] == '\0';
}

static int read_hugepages(const struct sv_json *up, struct oci_resources *res, struct sv_err *err)
{
	struct sv_json at;
	int r;

	r = oci_read_array(up, "hugepageLimits", sizeof(*res->hugepages), &at, &res->hugepages,
			   &res->n_hugepages, err);
	for (size_t i = 0; r == 0 && i < res->n_hugepages; i++) {
		struct sv_json item = sv_json_at(&at, i), size = sv_json_get(&item, "pageSize");
		struct sv_json limit = sv_json_get(&item, "limit");
		struct oci_hugepage *page = &res->hugepages[i];

		r = sv_json_string(&size, &page->size, err);
		if (r == 0 && (!page->size || !is_page_size(page->size)))
			r = sv_json_expected(&size, err, "a size like \"2MB\"");
		if (r == 0 && !limit.value)
			r = sv_json_expected(&limit, err, "a number of bytes");
		if (r == 0)
			r = sv_json_u64(&limit, &page->limit, err);
	}
	return r;
}

static int read_network(const struct sv_json *up, struct oci_resources *res, struct sv_err *err)
{
	struct sv_json at, list;
	int r;

	r = oci_read_object(up, "network", &at, err);
	if (r == 0)
		r = oci_read_opt(&at, "classID", 0, UINT32_MAX, &res->net_classid, err);
	if (r == 0)
		r = oci_read_array(&at, "priorities", sizeof(*res->net_prios), &list,
				   &res->net_prios, &res->n_net_prios, err);
	for (size_t i = 0; r == 0 && i < res->n_net_prios; i++) {
		struct sv_json item = sv_json_at(&list, i), name = sv_json_get(&item, "name");
		struct oci_netprio *prio = &res->net_prios[i];

		r = sv_json_string(&name, &prio->name, err);
		if (r == 0 && (!prio->name || !oci_is_field(prio->name, 15)))
			r = sv_json_expected(&name, err, "the name of an interface");
		if (r == 0)
			r = sv_json_get_u32(&item, "priority", &prio->priority, err);
	}
	return r;
}

static int read_rdma(const struct sv_json *member, void *item, struct sv_err *err)
{
	struct oci_rdma *dev = item;
	int r;

	if (!oci_is_field(member->key, 255))
		return sv_json_bad(member, err, "not the name of a device");
	dev->name = strdup(member->key);
	if (!dev->name)
		return sv_err_oom(err);
	if (!json_object_is_type(member->value, json_type_object))
		return sv_json_expected(member, err, "an object");
	r = oci_read_opt(member, "hcaHandles", 0, UINT32_MAX, &dev->handles, err);
	if (r == 0)
		r = oci_read_opt(member, "hcaObjects", 0, UINT32_MAX, &dev->objects, err);
	if (r == 0 && !dev->handles.set && !dev->objects.set)
		r = sv_json_bad(member, err, "expected hcaHandles, hcaObjects or both");
	return r;
}

/* A key is the name of a file in the container's cgroup; as a path it could leave that. */
static int read_unified(const struct sv_json *member, void *item, struct sv_err *err)
{
	struct oci_unified *u = item;
	int r;

	if (!oci_is_field(member->key, 255))
		return sv_json_bad(member, err, "the key is not the name of a file");
	u->key = strdup(member->key);
	if (!u->key)
		return sv_err_oom(err);
	r = sv_json_string(member, &u->value, err);
	if (r == 0 && !u->value)
		r = sv_json_expected(member, err, "a string");
	return r;
}

static int read_resources(const struct sv_json *at, struct oci_resources *res, struct sv_err *err)
{
	int r;

	r = oci_device_rules_parse(at, res, err);
	if (r == 0)
		r = read_memory(at, res, err);
	if (r == 0)
		r = read_cpu(at, res, err);
	if (r == 0)
		r = read_pids(at, res, err);
	if (r == 0)
		r = oci_blkio_parse(at, res, err);
	if (r == 0)
		r = read_hugepages(at, res, err);
	if (r == 0)
		r = read_network(at, res, err);
	if (r == 0)
		r = oci_read_members(at, "rdma", sizeof(*res->rdma), read_rdma, &res->rdma,
				     &res->n_rdma, err);
	if (r == 0)
		r = oci_read_members(at, "unified", sizeof(*res->unified), read_unified,
				     &res->unified, &res->n_unified, err);
	return r;
}

int oci_resources_parse(const struct sv_json *at, struct oci_resources *ret, struct sv_err *err)
{
	struct oci_resources res = { 0 };
	int r;

	r = sv_json_object(at, err);
	if (r < 0 || !at->value)
		return r;
	r = read_resources(at, &res, err);
	if (r < 0) {
		oci_resources_done(&res);
		return r;
	}
	*ret = res;
	return 0;
}

void oci_resources_done(struct oci_resources *res)
{
	free(res->devices);
	free(res->cpus);
	free(res->mems);
	free(res->blk_devices);
	for (size_t i = 0; i < OCI_THROTTLE_MAX; i++)
		free(res->throttle[i]);
	for (size_t i = 0; i < res->n_hugepages; i++)
		free(res->hugepages[i].size);
	free(res->hugepages);
	for (size_t i = 0; i < res->n_net_prios; i++)
		free(res->net_prios[i].name);
	free(res->net_prios);
	for (size_t i = 0; i < res->n_rdma; i++)
		free(res->rdma[i].name);
	free(res->rdma);
	for (size_t i = 0; i < res->n_unified; i++) {
		free(res->unified[i].key);
		free(res->unified[i].value);
	}
	free(res->unified);
	*res = (struct oci_resources){ 0 };
}
