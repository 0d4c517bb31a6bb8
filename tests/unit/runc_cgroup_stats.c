/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics of recorded groups (tests/fixtures/cgroup/v1 and v2) as `events --stats` prints
 * them. */
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

static char group[] = "/c1";

#define V1(name)                                                                                \
	{                                                                                       \
		.controllers = (char *)name, .mount = (char *)"tests/fixtures/cgroup/v1/" name, \
		.path = group, .made = true                                                     \
	}

static const struct rc_cgroup v1 = {
	.layout = RC_CGROUP_V1,
	.trees = { V1("cpu"), V1("cpuacct"), V1("cpuset"), V1("memory"), V1("pids"), V1("blkio"),
		   V1("hugetlb") },
	.n_trees = 7,
	.made = true,
};

static const struct rc_cgroup v2 = {
	.layout = RC_CGROUP_V2,
	.trees = { { .controllers = (char *)"",
		     .mount = (char *)"tests/fixtures/cgroup/v2",
		     .path = group,
		     .made = true } },
	.n_trees = 1,
	.made = true,
};

/* The member of the statistics of CG as text. */
static void expect(const struct rc_cgroup *cg, const char *key, const char *want)
{
	autostr struct sv_str s = { 0 };
	struct json_object *doc = NULL, *member = NULL;
	struct sv_err err = { 0 };

	if (rc_cgroup_stats(cg, &s, &err) < 0 ||
	    sv_json_parse(sv_str_text(&s), s.len, &doc, &err) < 0)
		fail_msg("%s: %s", err.msg, sv_str_text(&s));
	assert_true(json_object_object_get_ex(doc, key, &member));
	assert_string_equal(json_object_to_json_string_ext(member, JSON_C_TO_STRING_PLAIN), want);
	json_object_put(doc);
}

static void v2_is_told_in_the_words_of_v1(void **state)
{
	(void)state;
	expect(&v2, "cpu",
	       "{\"usage\":{\"total\":1500000000,\"kernel\":500000000,\"user\":1000000000},"
	       "\"throttling\":{\"periods\":10,\"throttledPeriods\":3,\"throttledTime\":777000},"
	       "\"psi\":{\"some\":{\"avg10\":1.5,\"avg60\":0.25,\"avg300\":0,\"total\":4242},"
	       "\"full\":{\"avg10\":0,\"avg60\":0,\"avg300\":0,\"total\":17}}}");
	expect(&v2, "memory",
	       "{\"cache\":4194304,\"usage\":{\"limit\":104857600,\"usage\":20971520,\"max\":"
	       "31457280,\"failcnt\":5},"
	       "\"swap\":{\"limit\":209715200,\"usage\":22020096,\"failcnt\":0},"
	       "\"kernel\":{\"limit\":0,\"failcnt\":0},\"kernelTCP\":{\"limit\":0,\"failcnt\":0},"
	       "\"raw\":{\"anon\":16777216,\"file\":4194304,\"kernel\":1048576}}");
	expect(&v2, "pids", "{\"current\":7}");
	expect(&v2, "blkio",
	       "{\"ioServiceBytesRecursive\":[{\"major\":8,\"op\":\"Read\",\"value\":4096},{"
	       "\"major\":8,\"op\":\"Write\"},"
	       "{\"major\":8,\"op\":\"Discard\"},{\"major\":253,\"minor\":1,\"op\":\"Read\","
	       "\"value\":8192},"
	       "{\"major\":253,\"minor\":1,\"op\":\"Write\",\"value\":512},{\"major\":253,"
	       "\"minor\":1,\"op\":\"Discard\"}],"
	       "\"ioServicedRecursive\":[{\"major\":8,\"op\":\"Read\",\"value\":1},{\"major\":8,"
	       "\"op\":\"Write\"},"
	       "{\"major\":8,\"op\":\"Discard\"},{\"major\":253,\"minor\":1,\"op\":\"Read\","
	       "\"value\":2},"
	       "{\"major\":253,\"minor\":1,\"op\":\"Write\",\"value\":1},{\"major\":253,\"minor\":"
	       "1,\"op\":\"Discard\"}]}");
	expect(&v2, "hugetlb", "{\"2MB\":{\"usage\":2097152,\"failcnt\":2}}");
}

static void v1_is_told_as_the_kernel_counts(void **state)
{
	(void)state;
	expect(&v1, "cpu",
	       "{\"usage\":{\"total\":123456789,\"percpu\":[100000000,23456789],\"percpu_kernel\":["
	       "40000000,3456789],"
	       "\"percpu_user\":[60000000,20000000],\"kernel\":43456789,\"user\":80000000},"
	       "\"throttling\":{\"periods\":4,\"throttledPeriods\":2,\"throttledTime\":999}}");
	expect(&v1, "cpuset",
	       "{\"cpus\":[0],\"mems\":[0],\"cpu_exclusive\":0,\"mem_hardwall\":0,\"mem_"
	       "exclusive\":0,"
	       "\"memory_migrate\":0,\"memory_spread_page\":0,\"memory_spread_slab\":0,\"memory_"
	       "pressure\":0,"
	       "\"sched_load_balance\":1,\"sched_relax_domain_level\":-1}");
	expect(&v1, "memory",
	       "{\"cache\":30,\"usage\":{\"limit\":9223372036854771712,\"usage\":1000,\"max\":2000,"
	       "\"failcnt\":3},"
	       "\"swap\":{\"limit\":5000,\"usage\":1500,\"failcnt\":0},\"kernel\":{\"limit\":0,"
	       "\"failcnt\":0},"
	       "\"kernelTCP\":{\"limit\":0,\"failcnt\":0},\"raw\":{\"cache\":10,\"total_cache\":30}"
	       "}");
	expect(&v1, "pids", "{\"current\":2,\"limit\":50}");
	/* BFQ has nothing to say here, so the throttling layer is asked. */
	expect(&v1, "blkio",
	       "{\"ioServiceBytesRecursive\":[{\"major\":8,\"op\":\"Read\",\"value\":4096},{"
	       "\"major\":8,\"op\":\"Write\"},"
	       "{\"major\":8,\"op\":\"Sync\",\"value\":4096},{\"major\":8,\"op\":\"Total\","
	       "\"value\":4096}]}");
	expect(&v1, "hugetlb", "{\"1GB\":{\"usage\":4096,\"max\":8192,\"failcnt\":1}}");
}

static void a_group_without_controllers_has_the_keys_all_the_same(void **state)
{
	struct rc_cgroup none = { 0 };

	(void)state;
	expect(&none, "cpu", "{\"usage\":{\"kernel\":0,\"user\":0},\"throttling\":{}}");
	expect(&none, "pids", "{}");
	expect(&none, "blkio", "{}");
	expect(&none, "hugetlb", "{}");
	expect(&none, "intel_rdt", "{}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(v2_is_told_in_the_words_of_v1),
		cmocka_unit_test(v1_is_told_as_the_kernel_counts),
		cmocka_unit_test(a_group_without_controllers_has_the_keys_all_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
