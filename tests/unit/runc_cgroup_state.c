/* SPDX-License-Identifier: Apache-2.0 */
/* The control group in state.json: what is written is what is read. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/jsonx.h"
#include "runc/cgroup.h"

static int load(const char *text, struct rc_cgroup *ret)
{
	struct json_object *doc = NULL;
	struct sv_err err = { 0 };
	struct sv_json at = { 0 };
	int r = sv_json_parse(text, strlen(text), &doc, &err);

	at.value = doc;
	if (r == 0)
		r = rc_cgroup_load(&at, ret, &err);
	json_object_put(doc);
	return r;
}

static void what_is_saved_is_loaded(void **state)
{
	struct rc_cgroup_tree cpu = { .controllers = (char *)"cpu,cpuacct",
				      .mount = (char *)"/sys/fs/cgroup/cpu",
				      .path = (char *)"/a\"b",
				      .made = true };
	struct rc_cgroup_tree v2 = { .controllers = (char *)"",
				     .mount = (char *)"/sys/fs/cgroup/unified",
				     .path = (char *)"/c" };
	struct rc_cgroup cg = { .layout = RC_CGROUP_HYBRID,
				.trees = { cpu, v2 },
				.n_trees = 2,
				.systemd = true,
				.scope = true,
				.unit = (char *)"docker-abc.scope",
				.slice = (char *)"system.slice" };
	struct rc_cgroup loaded = { 0 };
	autostr struct sv_str s = { 0 }, again = { 0 };

	(void)state;
	assert_int_equal(rc_cgroup_save(&cg, &s), 0);
	assert_int_equal(load(sv_str_text(&s), &loaded), 0);
	assert_int_equal(loaded.layout, RC_CGROUP_HYBRID);
	assert_true(loaded.systemd);
	assert_true(loaded.scope);
	assert_int_equal(loaded.n_trees, 2);
	assert_string_equal(loaded.trees[0].path, "/a\"b");
	assert_true(loaded.trees[0].made);
	assert_false(loaded.trees[1].made);
	/* The state may have been written before anything was made. */
	assert_true(loaded.made);
	assert_int_equal(rc_cgroup_save(&loaded, &again), 0);
	assert_string_equal(sv_str_text(&again), sv_str_text(&s));
	rc_cgroup_done(&loaded);
}

static void no_cgroup_is_loaded_as_none(void **state)
{
	struct rc_cgroup cg = { 0 };

	(void)state;
	assert_int_equal(load("{\"layout\":\"none\",\"trees\":[]}", &cg), 0);
	assert_false(cg.made);
	rc_cgroup_done(&cg);
}

static void broken_state_is_refused(void **state)
{
	static const char *const texts[] = {
		"[]",
		"{\"layout\":\"v1\",\"trees\":[{}]}",
		"{\"layout\":\"v1\",\"trees\":[{\"controllers\":\"cpu\",\"mount\":\"/m\",\"path\":\"relative\"}]}",
		"{\"layout\":\"v1\",\"trees\":[],\"unit\":\"a.scope\"}",
		"{\"layout\":\"v1\",\"trees\":[1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5]}",
	};

	(void)state;
	for (size_t i = 0; i < SV_COUNT(texts); i++) {
		struct rc_cgroup cg = { 0 };

		assert_int_equal(load(texts[i], &cg), -EINVAL);
		assert_null(cg.unit);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_saved_is_loaded),
		cmocka_unit_test(no_cgroup_is_loaded_as_none),
		cmocka_unit_test(broken_state_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
