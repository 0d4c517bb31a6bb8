/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources as texts for cgroup files, written as "file=value;" so that a case is one
 * line. */
#include "runc/cgroup_limits.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/jsonx.h"
#include "base/str.h"

enum version { V1_FRESH, V1_UPDATE, V2_FRESH, V2_UPDATE };

static const struct rc_limits_now running = { .cpu_max = (char *)"20000 50000",
					      .memory_max = 1000 };

static void spell(const struct rc_limits *l, struct sv_str *s)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct rc_limit *x = &l->items[i];

		sv_str_addf(s, "%s=%s", x->file, x->value);
		if (x->other_file)
			sv_str_addf(s, "|%s=%s", x->other_file, x->other_value);
		sv_str_add(s, x->optional ? "?;" : ";");
	}
}

static void parse(const char *json, struct oci_resources *ret)
{
	struct json_object *doc = NULL;
	struct sv_err err = { 0 };
	struct sv_json at = { 0 };
	int r = sv_json_parse(json, strlen(json), &doc, &err);

	at.value = doc;
	if (r == 0)
		r = oci_resources_parse(&at, ret, &err);
	json_object_put(doc);
	if (r < 0)
		fail_msg("%s: %s", json, err.msg);
}

static int limits(const char *json, enum version v, struct sv_str *s, struct sv_err *err)
{
	struct rc_limits_now fresh = { .fresh = true, .memory_max = UINT64_MAX };
	struct oci_resources res = { 0 };
	struct rc_limits l = { 0 };
	int r = 0;

	parse(json, &res);
	for (enum rc_controller c = 0; r == 0 && c < RC_CONTROLLER_MAX; c++) {
		if (v == V1_FRESH || v == V1_UPDATE)
			r = rc_limits_v1(&res, c, v == V1_FRESH, &l, err);
		else
			r = rc_limits_v2(&res, c, v == V2_FRESH ? &fresh : &running, &l, err);
	}
	spell(&l, s);
	rc_limits_done(&l);
	oci_resources_done(&res);
	return r;
}

static void expect(const char *json, enum version v, const char *want)
{
	autostr struct sv_str s = { 0 };
	struct sv_err err = { 0 };

	if (limits(json, v, &s, &err) < 0)
		fail_msg("%s: %s", json, err.msg);
	assert_string_equal(sv_str_text(&s), want);
}

static void refuse(const char *json, enum version v, const char *key)
{
	autostr struct sv_str s = { 0 };
	struct sv_err err = { 0 };

	assert_int_equal(limits(json, v, &s, &err), -EINVAL);
	assert_non_null(strstr(err.msg, key));
}

static void what_engines_send_for_nothing_writes_nothing(void **state)
{
	static const char docker[] =
		"{\"memory\":{\"limit\":0,\"reservation\":0,\"swap\":0,\"disableOOMKiller\":false},"
		"\"pids\":{\"limit\":0},"
		"\"cpu\":{\"shares\":0,\"quota\":0,\"period\":0,\"cpus\":\"\",\"mems\":\"\"},"
		"\"blockIO\":{\"weight\":0}}";
	static const char unlimited[] = "{\"memory\":{\"limit\":-1,\"swap\":-1},\"pids\":{"
					"\"limit\":-1},\"cpu\":{\"quota\":-1}}";

	(void)state;
	expect("{}", V1_FRESH, "");
	expect(docker, V1_FRESH, "");
	expect(docker, V2_FRESH, "");
	expect(unlimited, V1_FRESH, "");
	expect(unlimited, V2_FRESH, "");
}

static void unlimited_is_written_by_an_update(void **state)
{
	static const char json[] =
		"{\"memory\":{\"limit\":-1},\"pids\":{\"limit\":-1},\"cpu\":{\"quota\":-1}}";

	(void)state;
	expect(json, V1_UPDATE,
	       "cpu.cfs_quota_us=-1;memory.limit_in_bytes=-1;memory.memsw.limit_in_bytes=-1?;pids."
	       "max=max;");
	expect(json, V2_UPDATE,
	       "cpu.max=max 50000;memory.max=max;memory.swap.max=max?;pids.max=max;");
}

static void memory_comes_in_the_words_of_each_version(void **state)
{
	static const char json[] =
		"{\"memory\":{\"limit\":1000,\"swap\":1500,\"reservation\":500,\"swappiness\":7,"
		"\"disableOOMKiller\":true,\"kernel\":9,\"kernelTCP\":600}}";

	(void)state;
	expect(json, V1_FRESH,
	       "memory.limit_in_bytes=1000;memory.memsw.limit_in_bytes=1500;memory.soft_limit_in_"
	       "bytes=500;"
	       "memory.kmem.tcp.limit_in_bytes=600;memory.swappiness=7;memory.oom_control=1;");
	expect(json, V2_FRESH, "memory.max=1000;memory.swap.max=500;memory.low=500;");
	expect("{\"memory\":{\"swappiness\":0}}", V1_FRESH, "memory.swappiness=0;");
	expect("{\"memory\":{\"limit\":1000,\"swap\":1000}}", V2_FRESH,
	       "memory.max=1000;memory.swap.max=0?;");
	expect("{\"memory\":{\"limit\":1000,\"swap\":-1}}", V2_UPDATE,
	       "memory.max=1000;memory.swap.max=max?;");
	/* An update of swap alone counts from the limit that is there. */
	expect("{\"memory\":{\"swap\":1500}}", V2_UPDATE, "memory.swap.max=500;");
}

static void impossible_swap_is_refused(void **state)
{
	struct sv_err err = { 0 };
	int64_t swap;

	(void)state;
	assert_int_equal(rc_limits_swap(900, 1000, &swap, &err), -EINVAL);
	refuse("{\"memory\":{\"swap\":900}}", V2_FRESH, "linux.resources.memory.swap");
	refuse("{\"memory\":{\"limit\":-1,\"swap\":900}}", V2_FRESH, "linux.resources.memory.swap");
}

static void cpu_comes_in_the_words_of_each_version(void **state)
{
	static const char json[] =
		"{\"cpu\":{\"shares\":512,\"quota\":50000,\"period\":100000,\"burst\":1000,"
		"\"cpus\":\"0-1\",\"mems\":\"0\"}}";

	(void)state;
	expect(json, V1_FRESH,
	       "cpuset.cpus=0-1;cpuset.mems=0;cpu.shares=512;cpu.cfs_period_us=100000;cpu.cfs_"
	       "quota_us=50000;"
	       "cpu.cfs_burst_us=1000;");
	expect(json, V2_FRESH,
	       "cpuset.cpus=0-1;cpuset.mems=0;cpu.weight=59;cpu.max=50000 "
	       "100000;cpu.max.burst=1000;");
	expect("{\"cpu\":{\"quota\":70000}}", V2_FRESH, "cpu.max=70000 100000;");
	expect("{\"cpu\":{\"period\":70000}}", V2_FRESH, "cpu.max=max 70000;");
	/* v2 has both in one file: what an update leaves out stays. */
	expect("{\"cpu\":{\"quota\":70000}}", V2_UPDATE, "cpu.max=70000 50000;");
	expect("{\"cpu\":{\"period\":70000}}", V2_UPDATE, "cpu.max=20000 70000;");
	expect("{\"cpu\":{\"realtimePeriod\":1000,\"realtimeRuntime\":900}}", V1_FRESH,
	       "cpu.rt_period_us=1000;cpu.rt_runtime_us=900;");
	refuse("{\"cpu\":{\"realtimeRuntime\":900}}", V2_FRESH, "linux.resources.cpu");
}

static void an_idle_group_gets_no_shares(void **state)
{
	(void)state;
	expect("{\"cpu\":{\"shares\":512,\"idle\":1}}", V1_FRESH, "cpu.idle=1;");
	expect("{\"cpu\":{\"shares\":512,\"idle\":1}}", V2_FRESH, "cpu.idle=1;");
	expect("{\"cpu\":{\"idle\":0}}", V1_FRESH, "");
	expect("{\"cpu\":{\"shares\":512,\"idle\":0}}", V1_UPDATE, "cpu.idle=0;cpu.shares=512;");
}

static void block_io_comes_in_the_words_of_each_version(void **state)
{
	static const char json[] =
		"{\"blockIO\":{\"weight\":500,\"weightDevice\":[{\"major\":8,\"minor\":0,"
		"\"weight\":100}],"
		"\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":1024}],"
		"\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":16,\"rate\":7}]}}";

	(void)state;
	expect(json, V1_FRESH,
	       "blkio.weight=500|blkio.bfq.weight=500;blkio.weight_device=8:0 "
	       "100|blkio.bfq.weight_device=8:0 100;"
	       "blkio.throttle.read_bps_device=8:0 1024;blkio.throttle.write_iops_device=8:16 7;");
	expect(json, V2_FRESH,
	       "io.bfq.weight=500|io.weight=default 4950;io.bfq.weight=8:0 100|io.weight=8:0 910;"
	       "io.max=8:0 rbps=1024;io.max=8:16 wiops=7;");
}

static void the_rest_comes_in_the_words_of_each_version(void **state)
{
	static const char json[] =
		"{\"pids\":{\"limit\":50},\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":0}],"
		"\"rdma\":{\"mlx5_1\":{\"hcaHandles\":3,\"hcaObjects\":10000}},"
		"\"network\":{\"classID\":1048577,\"priorities\":[{\"name\":\"eth0\",\"priority\":"
		"5}]}}";

	(void)state;
	expect(json, V1_FRESH,
	       "hugetlb.2MB.limit_in_bytes=0;hugetlb.2MB.rsvd.limit_in_bytes=0?;"
	       "rdma.max=mlx5_1 hca_handle=3 "
	       "hca_object=10000;net_cls.classid=1048577;net_prio.ifpriomap=eth0 5;"
	       "pids.max=50;");
	expect(json, V2_FRESH,
	       "hugetlb.2MB.max=0;hugetlb.2MB.rsvd.max=0?;rdma.max=mlx5_1 hca_handle=3 "
	       "hca_object=10000;pids.max=50;");
}

static void a_page_size_is_no_path(void **state)
{
	struct oci_hugepage page = { .size = (char *)"../../x", .limit = 1 };
	struct oci_resources res = { .hugepages = &page, .n_hugepages = 1 };
	struct rc_limits l = { 0 };
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(rc_limits_v1(&res, RC_HUGETLB, true, &l, &err), -EINVAL);
	rc_limits_done(&l);
}

static void unified_lines_are_written_one_by_one(void **state)
{
	struct oci_unified entry = { .key = (char *)"io.max",
				     .value = (char *)"8:0 rbps=1\n8:16 rbps=2\n" };
	struct oci_resources res = { .unified = &entry, .n_unified = 1 };
	autostr struct sv_str s = { 0 };
	struct rc_limits l = { 0 };
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(rc_limits_unified(&res, &l, &err), 0);
	spell(&l, &s);
	assert_string_equal(sv_str_text(&s), "io.max=8:0 rbps=1;io.max=8:16 rbps=2;");
	rc_limits_done(&l);
}

static void shares_become_weights_through_both_defaults(void **state)
{
	static const uint64_t cases[][2] = {
		{ 0, 1 },          { 2, 1 },       { 3, 2 },          { 102, 17 },
		{ 512, 59 },       { 1023, 100 },  { 1024, 100 },     { 1025, 101 },
		{ 2048, 174 },     { 10240, 639 }, { 262143, 10000 }, { 262144, 10000 },
		{ 1 << 20, 10000 }
	};
	uint64_t last = 0;

	(void)state;
	for (size_t i = 0; i < SV_COUNT(cases); i++)
		assert_int_equal(rc_limits_cpu_weight(cases[i][0]), cases[i][1]);
	for (uint64_t shares = 2; shares <= 262144; shares++) {
		uint64_t weight = rc_limits_cpu_weight(shares);

		assert_true(weight >= last);
		last = weight;
	}
	assert_int_equal(rc_limits_io_weight(10), 1);
	assert_int_equal(rc_limits_io_weight(1000), 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_engines_send_for_nothing_writes_nothing),
		cmocka_unit_test(unlimited_is_written_by_an_update),
		cmocka_unit_test(memory_comes_in_the_words_of_each_version),
		cmocka_unit_test(impossible_swap_is_refused),
		cmocka_unit_test(cpu_comes_in_the_words_of_each_version),
		cmocka_unit_test(an_idle_group_gets_no_shares),
		cmocka_unit_test(block_io_comes_in_the_words_of_each_version),
		cmocka_unit_test(the_rest_comes_in_the_words_of_each_version),
		cmocka_unit_test(a_page_size_is_no_path),
		cmocka_unit_test(unified_lines_are_written_one_by_one),
		cmocka_unit_test(shares_become_weights_through_both_defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
