/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_update.c - `update`: new limits, from a JSON document (linux.resources of the specification) or from single options.
 *
 * Engines send all keys they know with 0 for "as it is", so 0 changes nothing except where 0 is a setting (burst, idle).
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "os/file.h"
#include "runc/container.h"
#include "runc/options.h"

#define DOCUMENT_MAX (1u << 20)

static const char usage[] = "sysvisor-runc update - change the limits of a container\n\n"
			    "USAGE:\n   sysvisor-runc update [options] CONTAINER-ID\n\n"
			    "Sizes may end in k, m or g; -1 takes a limit away. With --resources the other options are ignored.";

enum kind { SIZE, NUMBER, SIGNED };

/* One option that carries a number. */
struct limit {
	const char *option;
	enum kind kind;
	struct oci_opt *to;
	const char *text;	/* what the command line says, NULL: nothing */
};

#define autoresources __attribute__((cleanup(oci_resources_done)))

static int parse_limit(const struct limit *l, struct sv_err *err)
{
	uint64_t number = 0;
	int r;

	if (!l->text)
		return 0;
	if (l->kind == SIZE)
		r = sv_parse_size(l->text, &l->to->value, err);
	else if (l->kind == SIGNED)
		r = sv_parse_i64(l->text, &l->to->value, err);
	else if ((r = sv_parse_u64(l->text, INT64_MAX, &number, err)) == 0)
		l->to->value = (int64_t)number;
	if (r < 0)
		return sv_err_ctx(err, "invalid value for %s", l->option);
	l->to->set = true;
	return 0;
}

static int parse_text(const char *text, char **ret, struct sv_err *err)
{
	if (!text)
		return 0;
	*ret = strdup(text);
	return *ret ? 0 : sv_err_oom(err);
}

static int read_document(const char *path, struct oci_resources *ret, struct sv_err *err)
{
	struct json_object *doc = NULL;
	struct sv_json at = { 0 };
	autofree char *text = NULL;
	size_t len;
	int r;

	if (strcmp(path, "-") == 0)
		r = sv_file_read_fd(STDIN_FILENO, "standard input", DOCUMENT_MAX, &text, &len, err);
	else
		r = sv_file_read(AT_FDCWD, path, DOCUMENT_MAX, &text, &len, err);
	if (r == 0)
		r = sv_json_parse(text, len, &doc, err);
	if (r == 0 && !doc)
		r = sv_err_say(err, EINVAL, "the document is null");
	if (r == 0) {
		at.value = doc;
		r = oci_resources_parse(&at, ret, err);
	}
	json_object_put(doc);
	return r < 0 ? sv_err_ctx(err, "resources") : 0;
}

static void drop_zeros(struct oci_resources *res)
{
	struct oci_opt *const opts[] = {
		&res->mem_limit,  &res->mem_reservation, &res->mem_swap,      &res->mem_kernel,	  &res->mem_kernel_tcp,
		&res->cpu_shares, &res->cpu_quota,	 &res->cpu_period,    &res->cpu_rt_runtime, &res->cpu_rt_period,
		&res->pids_limit, &res->blk_weight,	 &res->blk_leaf_weight,
	};

	for (size_t i = 0; i < SV_COUNT(opts); i++) {
		if (opts[i]->value == 0)
			opts[i]->set = false;
	}
}

/* runc changes neither device rules nor memory policies of a running container; engines send them along all the same. */
static void drop_fixed(struct oci_resources *res)
{
	res->n_devices = 0;
	res->mem_swappiness.set = res->mem_disable_oom.set = res->mem_use_hierarchy.set = false;
}

static int apply(const struct rc_globals *g, const char *id, struct oci_resources *res, struct sv_err *err)
{
	autocontainer struct rc_container c = RC_CONTAINER_INIT;
	enum rc_status status;
	int r = rc_container_load(g->root, id, true, RC_PART_BODY, &c, err);

	if (r < 0 || (r = rc_container_status(&c, &status, err)) < 0)
		return r;
	if (status == RC_STOPPED || status == RC_CREATING)
		return sv_err_say(err, ESRCH, "container not running");
	if (c.cgroup.layout == RC_CGROUP_NONE)
		return sv_err_say(err, ENOENT, "cannot update container \"%s\": it has no cgroup", id);
	drop_zeros(res);
	drop_fixed(res);
	return rc_cgroup_update(&c.cgroup, res, err);
}

int rc_cmd_update(const struct rc_globals *g, int argc, char **argv, struct sv_err *err)
{
	autoresources struct oci_resources res = { 0 };
	const char *document = NULL, *cpus = NULL, *mems = NULL, *l3 = NULL, *mb = NULL, *id;
	struct limit memory = { "memory", SIZE, &res.mem_limit };
	struct limit reservation = { "memory-reservation", SIZE, &res.mem_reservation };
	struct limit swap = { "memory-swap", SIZE, &res.mem_swap };
	struct limit kernel = { "kernel-memory", SIZE, &res.mem_kernel };
	struct limit kernel_tcp = { "kernel-memory-tcp", SIZE, &res.mem_kernel_tcp };
	struct limit period = { "cpu-period", NUMBER, &res.cpu_period };
	struct limit quota = { "cpu-quota", SIGNED, &res.cpu_quota };
	struct limit burst = { "cpu-burst", NUMBER, &res.cpu_burst };
	struct limit shares = { "cpu-shares", NUMBER, &res.cpu_shares };
	struct limit rt_period = { "cpu-rt-period", NUMBER, &res.cpu_rt_period };
	struct limit rt_runtime = { "cpu-rt-runtime", SIGNED, &res.cpu_rt_runtime };
	struct limit idle = { "cpu-idle", NUMBER, &res.cpu_idle };
	struct limit weight = { "blkio-weight", NUMBER, &res.blk_weight };
	struct limit pids = { "pids-limit", SIGNED, &res.pids_limit };
	struct limit *const limits[] = { &memory, &reservation, &swap,	 &kernel,     &kernel_tcp, &period, &quota,
					 &burst,  &shares,	&rt_period, &rt_runtime, &idle,	 &weight, &pids };
	const struct rc_option table[] = {
		{ "resources", 'r', RC_OPT_TEXT, &document, "FILE|-", "read a JSON document like linux.resources" },
		{ "memory", 0, RC_OPT_TEXT, &memory.text, "SIZE", "memory limit" },
		{ "memory-reservation", 0, RC_OPT_TEXT, &reservation.text, "SIZE", "soft limit of memory" },
		{ "memory-swap", 0, RC_OPT_TEXT, &swap.text, "SIZE", "limit of memory and swap together" },
		{ "kernel-memory", 0, RC_OPT_TEXT, &kernel.text, "SIZE", "limit of kernel memory (cgroup v1)" },
		{ "kernel-memory-tcp", 0, RC_OPT_TEXT, &kernel_tcp.text, "SIZE", "limit of TCP buffers (cgroup v1)" },
		{ "cpu-period", 0, RC_OPT_TEXT, &period.text, "US", "length of a period of the CPU limit" },
		{ "cpu-quota", 0, RC_OPT_TEXT, &quota.text, "US", "CPU time allowed in a period" },
		{ "cpu-burst", 0, RC_OPT_TEXT, &burst.text, "US", "unused CPU time that may be saved up" },
		{ "cpu-shares", 0, RC_OPT_TEXT, &shares.text, "N", "CPU weight, 2 to 262144" },
		{ "cpu-share", 0, RC_OPT_TEXT, &shares.text, "N", "the same, as runc spells it" },
		{ "cpu-rt-period", 0, RC_OPT_TEXT, &rt_period.text, "US", "period of the real-time limit" },
		{ "cpu-rt-runtime", 0, RC_OPT_TEXT, &rt_runtime.text, "US", "real-time allowed in a period" },
		{ "cpu-idle", 0, RC_OPT_TEXT, &idle.text, "0|1", "1: run only when nobody else wants the CPU" },
		{ "cpuset-cpus", 0, RC_OPT_TEXT, &cpus, "LIST", "CPUs to use" },
		{ "cpuset-mems", 0, RC_OPT_TEXT, &mems, "LIST", "memory nodes to use" },
		{ "blkio-weight", 0, RC_OPT_TEXT, &weight.text, "N", "block I/O weight, 10 to 1000" },
		{ "pids-limit", 0, RC_OPT_TEXT, &pids.text, "N", "number of processes" },
		{ "l3-cache-schema", 0, RC_OPT_TEXT, &l3, "SCHEMA", "Intel RDT: refused, not supported" },
		{ "mem-bw-schema", 0, RC_OPT_TEXT, &mb, "SCHEMA", "Intel RDT: refused, not supported" },
	};
	int r = rc_options_id(table, SV_COUNT(table), usage, argc, argv, &id, err);

	if (r != 0)
		return r == 1 ? 0 : r;
	if (document) {
		r = read_document(document, &res, err);
		return r < 0 ? r : apply(g, id, &res, err);
	}
	if (l3 || mb)
		return sv_err_say(err, ENOTSUP, "Intel RDT: not enabled for container \"%s\"", id);
	for (size_t i = 0; i < SV_COUNT(limits); i++) {
		if ((r = parse_limit(limits[i], err)) < 0)
			return r;
	}
	if ((r = parse_text(cpus, &res.cpus, err)) < 0 || (r = parse_text(mems, &res.mems, err)) < 0)
		return r;
	return apply(g, id, &res, err);
}
