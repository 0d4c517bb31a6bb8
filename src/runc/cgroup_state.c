/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_state.c - the control group in state.json. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "runc/cgroup.h"

static const char *const layouts[] = { [RC_CGROUP_NONE] = "none",
				       [RC_CGROUP_V1] = "v1",
				       [RC_CGROUP_V2] = "v2",
				       [RC_CGROUP_HYBRID] = "hybrid" };

static void add_text(struct sv_str *s, const char *key, const char *text)
{
	sv_str_addf(s, "\"%s\":\"", key);
	sv_str_add_json(s, text);
	sv_str_add(s, "\"");
}

int rc_cgroup_save(const struct rc_cgroup *cg, struct sv_str *s)
{
	sv_str_addf(s, "{\"layout\":\"%s\"", layouts[cg->layout]);
	if (cg->systemd) {
		sv_str_add(s, ",");
		add_text(s, "unit", cg->unit);
		sv_str_add(s, ",");
		add_text(s, "slice", cg->slice);
		sv_str_addf(s, ",\"scope\":%s", cg->scope ? "true" : "false");
	}
	sv_str_add(s, ",\"trees\":[");
	for (size_t i = 0; i < cg->n_trees; i++) {
		const struct rc_cgroup_tree *tree = &cg->trees[i];

		sv_str_add(s, i ? ",{" : "{");
		add_text(s, "controllers", tree->controllers);
		sv_str_add(s, ",");
		add_text(s, "mount", tree->mount);
		sv_str_add(s, ",");
		add_text(s, "path", tree->path);
		sv_str_addf(s, ",\"made\":%s}", tree->made ? "true" : "false");
	}
	sv_str_add(s, "]}");
	return s->failed ? -ENOMEM : 0;
}

static int load_tree(const struct sv_json *at, struct rc_cgroup *cg, struct sv_err *err)
{
	struct rc_cgroup_tree *tree = &cg->trees[cg->n_trees++];
	int r = sv_json_object(at, err);

	if (r == 0)
		r = sv_json_get_string(at, "controllers", &tree->controllers, err);
	if (r == 0)
		r = sv_json_get_string(at, "mount", &tree->mount, err);
	if (r == 0)
		r = sv_json_get_string(at, "path", &tree->path, err);
	if (r == 0)
		r = sv_json_get_bool(at, "made", &tree->made, err);
	if (r == 0 && (!tree->controllers || !tree->mount || !tree->path || tree->path[0] != '/'))
		return sv_json_bad(at, err, "not a cgroup");
	return r;
}

static int load(const struct sv_json *at, struct rc_cgroup *cg, struct sv_err *err)
{
	struct sv_json layout = sv_json_get(at, "layout"), trees = sv_json_get(at, "trees");
	autofree char *name = NULL;
	size_t count;
	int r = sv_json_object(at, err);

	if (r == 0)
		r = sv_json_string(&layout, &name, err);
	if (r == 0)
		r = sv_json_get_string(at, "unit", &cg->unit, err);
	if (r == 0)
		r = sv_json_get_string(at, "slice", &cg->slice, err);
	if (r == 0)
		r = sv_json_get_bool(at, "scope", &cg->scope, err);
	if (r == 0)
		r = sv_json_array(&trees, &count, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < SV_COUNT(layouts); i++)
		if (name && strcmp(name, layouts[i]) == 0)
			cg->layout = (enum rc_cgroup_layout)i;
	cg->systemd = cg->unit != NULL;
	if ((cg->unit == NULL) != (cg->slice == NULL) || count > RC_CGROUP_MAX)
		return sv_json_bad(at, err, "not a cgroup");
	for (size_t i = 0; r == 0 && i < count; i++) {
		struct sv_json tree = sv_json_at(&trees, i);

		r = load_tree(&tree, cg, err);
	}
	return r;
}

int rc_cgroup_load(const struct sv_json *at, struct rc_cgroup *ret, struct sv_err *err)
{
	struct rc_cgroup cg = { 0 };
	int r = at->value ? load(at, &cg, err) : sv_json_bad(at, err, "missing");

	if (r < 0) {
		rc_cgroup_done(&cg);
		return r;
	}
	/* The state may have been written before the directories were. */
	cg.made = cg.layout != RC_CGROUP_NONE;
	*ret = cg;
	return 0;
}
