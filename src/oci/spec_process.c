/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spec_process.c - `process` of config.json: user, args, env, limits; capabilities and scheduling
 * have their own files.
 *
 * The same reader serves `exec --process` and the process kept in state.json.
 */
#include "oci/read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* NGROUPS_MAX of linux/limits.h, the kernel's limit of setgroups(2). */
#define MAX_GROUPS 65536

static int read_console(const struct sv_json *process, struct oci_process *p, struct sv_err *err)
{
	struct sv_json at;
	int64_t rows = 0, cols = 0;
	int r;

	r = oci_read_object(process, "consoleSize", &at, err);
	if (r == 0)
		r = sv_json_get_int(&at, "height", 0, UINT16_MAX, &rows, err);
	if (r == 0)
		r = sv_json_get_int(&at, "width", 0, UINT16_MAX, &cols, err);
	if (r < 0)
		return r;
	p->rows = (uint16_t)rows;
	p->cols = (uint16_t)cols;
	return 0;
}

static int read_groups(const struct sv_json *user, struct oci_user *u, struct sv_err *err)
{
	struct sv_json at = sv_json_get(user, "additionalGids");
	size_t count;
	int r;

	r = sv_json_array(&at, &count, err);
	if (r < 0 || count == 0)
		return r;
	if (count > MAX_GROUPS)
		return sv_json_bad(&at, err, "the kernel takes at most %d groups, found %zu",
				   MAX_GROUPS, count);
	u->groups = calloc(count, sizeof(*u->groups));
	if (!u->groups)
		return sv_err_oom(err);

	for (size_t i = 0; i < count; i++) {
		struct sv_json item = sv_json_at(&at, i);
		int64_t gid;

		if (!item.value)
			return sv_json_expected(&item, err, "a whole number");
		r = sv_json_int(&item, 0, OCI_ID_MAX, &gid, err);
		if (r < 0)
			return r;
		u->groups[i] = (uint32_t)gid;
	}
	u->n_groups = count;
	return 0;
}

static int read_user(const struct sv_json *process, struct oci_user *u, struct sv_err *err)
{
	struct oci_opt umask = { 0 };
	int64_t uid = 0, gid = 0;
	struct sv_json at;
	int r;

	r = oci_read_object(process, "user", &at, err);
	if (r == 0)
		r = sv_json_get_int(&at, "uid", 0, OCI_ID_MAX, &uid, err);
	if (r == 0)
		r = sv_json_get_int(&at, "gid", 0, OCI_ID_MAX, &gid, err);
	if (r == 0)
		r = oci_read_opt(&at, "umask", 0, 0777, &umask, err);
	if (r < 0)
		return r;
	u->uid = (uint32_t)uid;
	u->gid = (uint32_t)gid;
	u->has_umask = umask.set;
	u->umask = (uint32_t)umask.value;
	return read_groups(&at, u, err);
}

static int read_program(const struct sv_json *process, struct oci_process *p, struct sv_err *err)
{
	struct sv_json args = sv_json_get(process, "args"), env = sv_json_get(process, "env");
	int r;

	r = sv_json_list(&args, &p->args, err);
	if (r < 0)
		return r;
	if (p->args.count == 0)
		return sv_json_bad(&args, err, "the program to run is missing");
	if (*p->args.items[0] == '\0') {
		struct sv_json first = sv_json_at(&args, 0);

		return sv_json_bad(&first, err, "the name of the program is empty");
	}

	r = sv_json_list(&env, &p->env, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < p->env.count; i++) {
		struct sv_json item = sv_json_at(&env, i);

		if (strcspn(p->env.items[i], "=") == 0 || !strchr(p->env.items[i], '='))
			return sv_json_expected(&item, err, "NAME=value");
	}
	return oci_read_path(process, "cwd", &p->cwd, err);
}

static int read_limit(const struct sv_json *at, struct oci_rlimit *ret, struct sv_err *err)
{
	struct sv_json soft = sv_json_get(at, "soft"), hard = sv_json_get(at, "hard");
	struct sv_json type = sv_json_get(at, "type");
	uint64_t resource;
	bool found;
	int r;

	r = oci_read_word(at, "type", oci_rlimit_words, &found, &resource, err);
	if (r == 0 && !found)
		r = sv_json_expected(&type, err, "the name of a limit");
	if (r == 0)
		r = sv_json_u64(&soft, &ret->soft, err);
	if (r == 0)
		r = sv_json_u64(&hard, &ret->hard, err);
	if (r < 0)
		return r;
	if (ret->soft > ret->hard)
		return sv_json_bad(&soft, err, "the soft limit %llu is above the hard limit %llu",
				   (unsigned long long)ret->soft, (unsigned long long)ret->hard);
	ret->resource = (int)resource;
	return 0;
}

static int read_rlimits(const struct sv_json *process, struct oci_process *p, struct sv_err *err)
{
	uint64_t seen = 0;
	struct sv_json at;
	int r;

	r = oci_read_array(process, "rlimits", sizeof(*p->rlimits), &at, &p->rlimits, &p->n_rlimits,
			   err);
	for (size_t i = 0; r == 0 && i < p->n_rlimits; i++) {
		struct sv_json item = sv_json_at(&at, i), type = sv_json_get(&item, "type");

		r = read_limit(&item, &p->rlimits[i], err);
		if (r < 0)
			return r;
		if (seen >> p->rlimits[i].resource & 1)
			return sv_json_bad(&type, err, "%s is given twice",
					   json_object_get_string(type.value));
		seen |= UINT64_C(1) << p->rlimits[i].resource;
	}
	return r;
}

static int read_process(const struct sv_json *at, struct oci_process *p, struct sv_err *err)
{
	int r;

	r = sv_json_get_bool(at, "terminal", &p->terminal, err);
	if (r == 0)
		r = read_console(at, p, err);
	if (r == 0)
		r = read_user(at, &p->user, err);
	if (r == 0)
		r = read_program(at, p, err);
	if (r == 0)
		r = oci_caps_parse(at, &p->caps, err);
	if (r == 0)
		r = read_rlimits(at, p, err);
	if (r == 0)
		r = sv_json_get_bool(at, "noNewPrivileges", &p->no_new_privs, err);
	if (r == 0)
		r = oci_read_opt(at, "oomScoreAdj", -1000, 1000, &p->oom_score_adj, err);
	if (r == 0)
		r = oci_read_text(at, "apparmorProfile", &p->apparmor, err);
	if (r == 0)
		r = oci_read_text(at, "selinuxLabel", &p->selinux, err);
	if (r == 0)
		r = oci_schedule_parse(at, p, err);
	return r;
}

int oci_process_parse(const struct sv_json *at, struct oci_process *ret, struct sv_err *err)
{
	struct oci_process p = { .set = true };
	int r;

	r = sv_json_object(at, err);
	if (r < 0 || !at->value)
		return r;
	r = read_process(at, &p, err);
	if (r < 0) {
		oci_process_done(&p);
		return r;
	}
	*ret = p;
	return 0;
}

void oci_process_done(struct oci_process *process)
{
	free(process->user.groups);
	sv_list_done(&process->args);
	sv_list_done(&process->env);
	free(process->cwd);
	free(process->rlimits);
	free(process->apparmor);
	free(process->selinux);
	free(process->cpus_initial);
	free(process->cpus_final);
	*process = (struct oci_process){ 0 };
}
