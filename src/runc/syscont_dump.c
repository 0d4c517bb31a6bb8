/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syscont_dump.c - a whole spec as config.json again.
 *
 * The text is written compactly, the parts that oci/dump.h knows by its functions, and then
 * indented by json-c, which also proves that it is JSON. A member finds out by itself whether it
 * needs a comma; a section without members is taken back.
 */
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>

#include "base/cleanup.h"
#include "oci/dump.h"
#include "runc/syscont.h"

/* A comma, unless the object or array has only just begun. */
static void next(struct sv_str *s)
{
	char last = s->len ? s->text[s->len - 1] : '{';

	if (last != '{' && last != '[')
		sv_str_add(s, ",");
}

static void key(struct sv_str *s, const char *name)
{
	next(s);
	sv_str_add_quoted(s, name);
	sv_str_add(s, ":");
}

/* Begins a section; *MARK is for section_end. */
static void section(struct sv_str *s, const char *name, const char *open, size_t *mark)
{
	*mark = s->len;
	key(s, name);
	sv_str_add(s, open);
}

static void section_end(struct sv_str *s, const char *close, size_t mark)
{
	char last = s->len ? s->text[s->len - 1] : '\0';

	if (last != '{' && last != '[') {
		sv_str_add(s, close);
	} else if (!s->failed) {
		s->len = mark;
		s->text[mark] = '\0';
	}
}

static void text(struct sv_str *s, const char *name, const char *value)
{
	if (!value)
		return;
	key(s, name);
	sv_str_add_quoted(s, value);
}

static void number(struct sv_str *s, const char *name, int64_t value)
{
	key(s, name);
	sv_str_addf(s, "%" PRId64, value);
}

static void boolean(struct sv_str *s, const char *name, bool value)
{
	key(s, name);
	sv_str_add(s, value ? "true" : "false");
}

static void opt(struct sv_str *s, const char *name, const struct oci_opt *value)
{
	if (value->set)
		number(s, name, value->value);
}

static void opt_boolean(struct sv_str *s, const char *name, const struct oci_opt *value)
{
	if (value->set)
		boolean(s, name, value->value != 0);
}

static void list(struct sv_str *s, const char *name, const struct sv_list *l)
{
	if (!l->count)
		return;
	key(s, name);
	oci_list_dump(l, s);
}

static void maps(struct sv_str *s, const struct oci_maps *m)
{
	if (m->n_uids) {
		key(s, "uidMappings");
		oci_maps_dump(m->uids, m->n_uids, s);
	}
	if (m->n_gids) {
		key(s, "gidMappings");
		oci_maps_dump(m->gids, m->n_gids, s);
	}
}

static void dump_mounts(struct sv_str *s, const struct oci_spec *spec)
{
	size_t mark;

	section(s, "mounts", "[", &mark);
	for (size_t i = 0; i < spec->n_mounts; i++) {
		const struct oci_mount *m = &spec->mounts[i];

		next(s);
		sv_str_add(s, "{");
		text(s, "destination", m->dest);
		text(s, "type", m->type);
		text(s, "source", m->source);
		list(s, "options", &m->options);
		maps(s, &m->maps);
		sv_str_add(s, "}");
	}
	section_end(s, "]", mark);
}

static void dump_hooks(struct sv_str *s, const struct oci_hooks hooks[OCI_HOOK_MAX])
{
	size_t mark;

	section(s, "hooks", "{", &mark);
	for (size_t i = 0; i < OCI_HOOK_MAX; i++) {
		if (!hooks[i].count)
			continue;
		key(s, oci_hook_name((enum oci_hook_kind)i));
		oci_hooks_dump(&hooks[i], s);
	}
	section_end(s, "}", mark);
}

static void dump_namespaces(struct sv_str *s, const struct oci_namespace ns[OCI_NS_MAX])
{
	size_t mark;

	section(s, "namespaces", "[", &mark);
	for (enum oci_ns i = 0; i < OCI_NS_MAX; i++) {
		if (!ns[i].set)
			continue;
		next(s);
		sv_str_add(s, "{");
		text(s, "type", oci_ns_name(i));
		text(s, "path", ns[i].path);
		sv_str_add(s, "}");
	}
	section_end(s, "]", mark);
}

static void dump_time_offsets(struct sv_str *s, const struct oci_linux *lx)
{
	if (!lx->has_time_offsets)
		return;
	key(s, "timeOffsets");
	sv_str_addf(s,
		    "{\"monotonic\":{\"secs\":%" PRId64 ",\"nanosecs\":%" PRIu32
		    "},\"boottime\":{\"secs\":%" PRId64 ",\"nanosecs\":%" PRIu32 "}}",
		    lx->monotonic_secs, lx->monotonic_nanosecs, lx->boottime_secs,
		    lx->boottime_nanosecs);
}

static void dump_devices(struct sv_str *s, const struct oci_linux *lx)
{
	size_t mark;

	section(s, "devices", "[", &mark);
	for (size_t i = 0; i < lx->n_devices; i++) {
		const struct oci_device *d = &lx->devices[i];
		char type[2] = { d->type, '\0' };

		next(s);
		sv_str_add(s, "{");
		text(s, "path", d->path);
		text(s, "type", type);
		if (d->type != 'p') {
			number(s, "major", d->major);
			number(s, "minor", d->minor);
		}
		if (d->has_mode)
			number(s, "fileMode", d->mode);
		if (d->has_uid)
			number(s, "uid", d->uid);
		if (d->has_gid)
			number(s, "gid", d->gid);
		sv_str_add(s, "}");
	}
	section_end(s, "]", mark);
}

static void dump_device_rules(struct sv_str *s, const struct oci_resources *res)
{
	size_t mark;

	section(s, "devices", "[", &mark);
	for (size_t i = 0; i < res->n_devices; i++) {
		const struct oci_device_rule *r = &res->devices[i];
		char type[2] = { r->type, '\0' };
		char access[4] = "", *end = access;

		if (r->read)
			*end++ = 'r';
		if (r->write)
			*end++ = 'w';
		if (r->mknod)
			*end++ = 'm';
		*end = '\0';
		next(s);
		sv_str_add(s, "{");
		boolean(s, "allow", r->allow);
		text(s, "type", type);
		if (r->major >= 0)
			number(s, "major", r->major);
		if (r->minor >= 0)
			number(s, "minor", r->minor);
		text(s, "access", access);
		sv_str_add(s, "}");
	}
	section_end(s, "]", mark);
}

static void dump_memory(struct sv_str *s, const struct oci_resources *res)
{
	size_t mark;

	section(s, "memory", "{", &mark);
	opt(s, "limit", &res->mem_limit);
	opt(s, "reservation", &res->mem_reservation);
	opt(s, "swap", &res->mem_swap);
	opt(s, "kernel", &res->mem_kernel);
	opt(s, "kernelTCP", &res->mem_kernel_tcp);
	opt(s, "swappiness", &res->mem_swappiness);
	opt_boolean(s, "disableOOMKiller", &res->mem_disable_oom);
	opt_boolean(s, "useHierarchy", &res->mem_use_hierarchy);
	opt_boolean(s, "checkBeforeUpdate", &res->mem_check_before_update);
	section_end(s, "}", mark);
}

static void dump_cpu(struct sv_str *s, const struct oci_resources *res)
{
	size_t mark;

	section(s, "cpu", "{", &mark);
	opt(s, "shares", &res->cpu_shares);
	opt(s, "quota", &res->cpu_quota);
	opt(s, "burst", &res->cpu_burst);
	opt(s, "period", &res->cpu_period);
	opt(s, "realtimeRuntime", &res->cpu_rt_runtime);
	opt(s, "realtimePeriod", &res->cpu_rt_period);
	text(s, "cpus", res->cpus);
	text(s, "mems", res->mems);
	opt(s, "idle", &res->cpu_idle);
	section_end(s, "}", mark);
}

static void dump_block_io(struct sv_str *s, const struct oci_resources *res)
{
	static const char *const names[OCI_THROTTLE_MAX] = {
		[OCI_THROTTLE_RBPS] = "throttleReadBpsDevice",
		[OCI_THROTTLE_WBPS] = "throttleWriteBpsDevice",
		[OCI_THROTTLE_RIOPS] = "throttleReadIOPSDevice",
		[OCI_THROTTLE_WIOPS] = "throttleWriteIOPSDevice",
	};
	size_t outer, mark;

	section(s, "blockIO", "{", &outer);
	opt(s, "weight", &res->blk_weight);
	opt(s, "leafWeight", &res->blk_leaf_weight);
	section(s, "weightDevice", "[", &mark);
	for (size_t i = 0; i < res->n_blk_devices; i++) {
		const struct oci_blkdev *d = &res->blk_devices[i];

		next(s);
		sv_str_add(s, "{");
		number(s, "major", d->major);
		number(s, "minor", d->minor);
		opt(s, "weight", &d->weight);
		opt(s, "leafWeight", &d->leaf_weight);
		sv_str_add(s, "}");
	}
	section_end(s, "]", mark);
	for (size_t k = 0; k < OCI_THROTTLE_MAX; k++) {
		section(s, names[k], "[", &mark);
		for (size_t i = 0; i < res->n_throttle[k]; i++) {
			const struct oci_throttle *t = &res->throttle[k][i];

			next(s);
			sv_str_addf(s,
				    "{\"major\":%" PRId64 ",\"minor\":%" PRId64 ",\"rate\":%" PRIu64
				    "}",
				    t->major, t->minor, t->rate);
		}
		section_end(s, "]", mark);
	}
	section_end(s, "}", outer);
}

static void dump_network(struct sv_str *s, const struct oci_resources *res)
{
	size_t outer, mark;

	section(s, "network", "{", &outer);
	opt(s, "classID", &res->net_classid);
	section(s, "priorities", "[", &mark);
	for (size_t i = 0; i < res->n_net_prios; i++) {
		next(s);
		sv_str_add(s, "{");
		text(s, "name", res->net_prios[i].name);
		number(s, "priority", res->net_prios[i].priority);
		sv_str_add(s, "}");
	}
	section_end(s, "]", mark);
	section_end(s, "}", outer);
}

static void dump_resources(struct sv_str *s, const struct oci_resources *res)
{
	size_t outer, mark;

	section(s, "resources", "{", &outer);
	dump_device_rules(s, res);
	dump_memory(s, res);
	dump_cpu(s, res);
	section(s, "pids", "{", &mark);
	opt(s, "limit", &res->pids_limit);
	section_end(s, "}", mark);
	dump_block_io(s, res);
	section(s, "hugepageLimits", "[", &mark);
	for (size_t i = 0; i < res->n_hugepages; i++) {
		next(s);
		sv_str_add(s, "{");
		text(s, "pageSize", res->hugepages[i].size);
		key(s, "limit");
		sv_str_addf(s, "%" PRIu64 "}", res->hugepages[i].limit);
	}
	section_end(s, "]", mark);
	dump_network(s, res);
	section(s, "rdma", "{", &mark);
	for (size_t i = 0; i < res->n_rdma; i++) {
		key(s, res->rdma[i].name);
		sv_str_add(s, "{");
		opt(s, "hcaHandles", &res->rdma[i].handles);
		opt(s, "hcaObjects", &res->rdma[i].objects);
		sv_str_add(s, "}");
	}
	section_end(s, "}", mark);
	section(s, "unified", "{", &mark);
	for (size_t i = 0; i < res->n_unified; i++)
		text(s, res->unified[i].key, res->unified[i].value);
	section_end(s, "}", mark);
	section_end(s, "}", outer);
}

static void dump_rdt(struct sv_str *s, const struct oci_rdt *rdt)
{
	if (!rdt->set)
		return;
	key(s, "intelRdt");
	sv_str_add(s, "{");
	text(s, "closID", rdt->closid);
	list(s, "schemata", &rdt->schemata);
	text(s, "l3CacheSchema", rdt->l3_schema);
	text(s, "memBwSchema", rdt->mb_schema);
	if (rdt->enable_monitoring)
		boolean(s, "enableMonitoring", true);
	sv_str_add(s, "}");
}

static void dump_seccomp(struct sv_str *s, const struct oci_seccomp *seccomp)
{
	const char *profile;

	if (!seccomp->profile)
		return;
	profile = json_object_to_json_string_ext(
		seccomp->profile, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	key(s, "seccomp");
	sv_str_add(s, profile ? profile : "null");
	s->failed = s->failed || !profile;
}

static void dump_linux(struct sv_str *s, const struct oci_linux *lx)
{
	size_t outer, mark;

	section(s, "linux", "{", &outer);
	maps(s, &lx->maps);
	section(s, "sysctl", "{", &mark);
	for (size_t i = 0; i < lx->n_sysctls; i++)
		text(s, lx->sysctls[i].key, lx->sysctls[i].value);
	section_end(s, "}", mark);
	dump_resources(s, &lx->resources);
	text(s, "cgroupsPath", lx->cgroups_path);
	dump_namespaces(s, lx->ns);
	dump_devices(s, lx);
	dump_seccomp(s, &lx->seccomp);
	text(s, "rootfsPropagation", lx->rootfs_propagation);
	list(s, "maskedPaths", &lx->masked_paths);
	list(s, "readonlyPaths", &lx->readonly_paths);
	text(s, "mountLabel", lx->mount_label);
	dump_rdt(s, &lx->rdt);
	if (lx->has_personality) {
		key(s, "personality");
		sv_str_addf(s, "{\"domain\":\"%s\"}", lx->personality ? "LINUX32" : "LINUX");
	}
	dump_time_offsets(s, lx);
	section_end(s, "}", outer);
}

int rc_syscont_dump(const struct oci_spec *spec, struct sv_str *ret, struct sv_err *err)
{
	autostr struct sv_str s = { 0 };
	struct json_object *doc;
	const char *pretty;
	int r;

	sv_str_add(&s, "{");
	text(&s, "ociVersion", spec->version);
	if (spec->process.set) {
		key(&s, "process");
		oci_process_dump(&spec->process, &s);
	}
	if (spec->root_path) {
		key(&s, "root");
		sv_str_add(&s, "{");
		text(&s, "path", spec->root_path);
		boolean(&s, "readonly", spec->root_readonly);
		sv_str_add(&s, "}");
	}
	text(&s, "hostname", spec->hostname);
	text(&s, "domainname", spec->domainname);
	dump_mounts(&s, spec);
	dump_hooks(&s, spec->hooks);
	if (spec->n_annotations) {
		key(&s, "annotations");
		oci_annotations_dump(spec->annotations, spec->n_annotations, &s);
	}
	dump_linux(&s, &spec->linux);
	sv_str_add(&s, "}");
	if (s.failed)
		return sv_err_oom(err);

	r = sv_json_parse(s.text, s.len, &doc, err);
	if (r < 0)
		return sv_err_ctx(err, "cannot write the spec");
	pretty = json_object_to_json_string_ext(
		doc, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_PRETTY_TAB |
			     JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (pretty) {
		sv_str_add(ret, pretty);
		sv_str_add(ret, "\n");
	}
	json_object_put(doc);
	return pretty && !ret->failed ? 0 : sv_err_oom(err);
}
