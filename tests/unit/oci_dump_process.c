/* SPDX-License-Identifier: Apache-2.0 */
/* A process that was read and written is read as the same again: state.json depends on it. */
#include "oci/dump.h"

#include <linux/sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "base/cleanup.h"

static const char full[] = "{\"terminal\":true,\"consoleSize\":{\"height\":24,\"width\":80},"
			   "\"user\":{\"uid\":1000,\"gid\":100,\"umask\":18,\"additionalGids\":[4,5]},"
			   "\"args\":[\"sh\",\"-c\",\"echo \\\"\\u00e4\\n\\\"\"],\"env\":[\"PATH=/bin\",\"A=\"],\"cwd\":\"/srv\","
			   "\"capabilities\":{\"bounding\":[\"CAP_CHOWN\",\"CAP_CHECKPOINT_RESTORE\"],\"effective\":[],"
			   "\"permitted\":[\"CAP_CHOWN\"],\"inheritable\":[],\"ambient\":[]},"
			   "\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"hard\":4096,\"soft\":1024},"
			   "{\"type\":\"RLIMIT_CORE\",\"hard\":18446744073709551615,\"soft\":0}],"
			   "\"noNewPrivileges\":true,\"oomScoreAdj\":-5,\"apparmorProfile\":\"p\",\"selinuxLabel\":\"l\","
			   "\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"flags\":[\"SCHED_FLAG_RESET_ON_FORK\"],"
			   "\"runtime\":100000,\"deadline\":200000,\"period\":300000},"
			   "\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":4},"
			   "\"execCPUAffinity\":{\"initial\":\"0\",\"final\":\"0-1\"}}";

static void parse(const char *text, struct oci_process *ret)
{
	struct json_object *doc = NULL;
	struct sv_json at = { 0 };
	struct sv_err err = { 0 };

	assert_int_equal(sv_json_parse(text, strlen(text), &doc, &err), 0);
	at.value = doc;
	if (oci_process_parse(&at, ret, &err) < 0)
		fail_msg("%s", err.msg);
	json_object_put(doc);
}

static void written_process_reads_as_the_same(void **state)
{
	struct oci_process p = { 0 }, again = { 0 };
	autostr struct sv_str once = { 0 }, twice = { 0 };

	(void)state;
	parse(full, &p);
	assert_int_equal(oci_process_dump(&p, &once), 0);
	parse(once.text, &again);
	assert_int_equal(oci_process_dump(&again, &twice), 0);
	assert_string_equal(once.text, twice.text);

	assert_true(again.set && again.terminal && again.no_new_privs);
	assert_int_equal(again.rows, 24);
	assert_int_equal(again.cols, 80);
	assert_int_equal(again.user.umask, 18);
	assert_int_equal(again.user.n_groups, 2);
	assert_string_equal(again.args.items[2], p.args.items[2]);
	assert_int_equal(again.env.count, 2);
	assert_true(again.caps.bounding == p.caps.bounding && p.caps.bounding == ((UINT64_C(1) << 40) | 1));
	assert_int_equal(again.n_rlimits, 2);
	assert_true(again.rlimits[1].hard == RLIM_INFINITY);
	assert_int_equal(again.oom_score_adj.value, -5);
	assert_int_equal(again.scheduler.policy, SCHED_DEADLINE);
	assert_int_equal(again.scheduler.period, 300000);
	assert_int_equal(again.ioprio, p.ioprio);
	assert_string_equal(again.cpus_final, "0-1");
	oci_process_done(&p);
	oci_process_done(&again);
}

static void small_process_stays_small(void **state)
{
	static const char text[] = "{\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"true\"],\"cwd\":\"/\"}";
	autostr struct sv_str s = { 0 };
	struct oci_process p = { 0 };

	(void)state;
	parse(text, &p);
	assert_int_equal(oci_process_dump(&p, &s), 0);
	assert_string_equal(s.text, "{\"terminal\":false,\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"true\"],\"env\":[],"
				    "\"cwd\":\"/\",\"noNewPrivileges\":false}");
	oci_process_done(&p);
}

static void lists_are_written_as_in_the_document(void **state)
{
	struct sv_idmap maps[] = { { 0, 100000, 65536 }, { 65536, 5, 1 } };
	struct oci_annotation notes[] = { { (char[]){ "a" }, (char[]){ "1" } }, { (char[]){ "b\"" }, (char[]){ "" } } };
	autostr struct sv_str s = { 0 };

	(void)state;
	assert_int_equal(oci_maps_dump(maps, 2, &s), 0);
	assert_int_equal(oci_annotations_dump(notes, 2, &s), 0);
	assert_int_equal(oci_hooks_dump(&(struct oci_hooks){ 0 }, &s), 0);
	assert_string_equal(s.text, "[{\"containerID\":0,\"hostID\":100000,\"size\":65536},"
				    "{\"containerID\":65536,\"hostID\":5,\"size\":1}]{\"a\":\"1\",\"b\\\"\":\"\"}[]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_process_reads_as_the_same),
		cmocka_unit_test(small_process_stays_small),
		cmocka_unit_test(lists_are_written_as_in_the_document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
