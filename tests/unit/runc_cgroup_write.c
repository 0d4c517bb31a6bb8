/* SPDX-License-Identifier: Apache-2.0 */
/* Writing limits, into a directory of ordinary files that stands for a group. */
#include "runc/cgroup_write.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "os/cgroup.h"

static char base[64], group[] = "/g";
static struct rc_cgroup_tree tree = {
	.controllers = (char *)"memory", .mount = base, .path = group, .made = true
};

static void touch(const char *name, const char *text)
{
	char path[RC_CGROUP_PATH_MAX];
	struct sv_err err = { 0 };
	int fd;

	assert_int_equal(rc_cgroup_file(&tree, name, path, &err), 0);
	fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void holds(const char *name, const char *want)
{
	char path[RC_CGROUP_PATH_MAX];
	autofree char *text = NULL;
	struct sv_err err = { 0 };

	assert_int_equal(rc_cgroup_file(&tree, name, path, &err), 0);
	assert_int_equal(sv_cgroup_read(AT_FDCWD, path, &text, &err), 0);
	assert_string_equal(text, want);
}

static int make_group(void **state)
{
	char path[80];

	(void)state;
	snprintf(base, sizeof(base), "/tmp/sv-unit.XXXXXX");
	if (!mkdtemp(base))
		return -1;
	snprintf(path, sizeof(path), "%s/g", base);
	return mkdir(path, 0700);
}

static int remove_group(void **state)
{
	static const char *const files[] = { "memory.limit_in_bytes", "memory.memsw.limit_in_bytes",
					     "blkio.bfq.weight",      "memory.usage_in_bytes",
					     "cgroup.controllers",    "devices.allow" };
	char path[128];

	(void)state;
	for (size_t i = 0; i < SV_COUNT(files); i++) {
		snprintf(path, sizeof(path), "%s/g/%s", base, files[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/g", base);
	return rmdir(path) || rmdir(base);
}

static void limits_reach_their_files(void **state)
{
	struct oci_resources res = { .mem_limit = { true, 1000 }, .mem_swap = { true, 1500 } };
	struct rc_cgroup cg = { .layout = RC_CGROUP_V1, .trees = { tree }, .n_trees = 1 };
	struct sv_err err = { 0 };

	(void)state;
	touch("memory.limit_in_bytes", "");
	touch("memory.memsw.limit_in_bytes", "");
	if (rc_resources_write(&cg, &res, RC_CPUSET, RC_PIDS, true, &err) < 0)
		fail_msg("%s", err.msg);
	holds("memory.limit_in_bytes", "1000");
	holds("memory.memsw.limit_in_bytes", "1500");
}

static void neighbours_of_one_file_are_separate_writes_to_it(void **state)
{
	struct rc_limits l = { 0 };
	struct sv_err err = { 0 };

	(void)state;
	touch("devices.allow", "");
	assert_int_equal(rc_limits_add(&l, "devices.allow", &err, "c 1:3 rwm"), 0);
	assert_int_equal(rc_limits_add(&l, "devices.allow", &err, "c 1:5 rwm"), 0);
	assert_int_equal(rc_limits_write(&tree, &l, &err), 0);
	holds("devices.allow", "c 1:3 rwmc 1:5 rwm");
	rc_limits_done(&l);
}

static void the_other_file_is_used_where_the_first_is_missing(void **state)
{
	struct rc_limits l = { 0 };
	struct sv_err err = { 0 };

	(void)state;
	touch("blkio.bfq.weight", "");
	assert_int_equal(rc_limits_add(&l, "blkio.weight", &err, "7"), 0);
	l.items[0].other_file = strdup("blkio.bfq.weight");
	l.items[0].other_value = strdup("8");
	assert_int_equal(rc_limits_write(&tree, &l, &err), 0);
	holds("blkio.bfq.weight", "8");
	rc_limits_done(&l);
}

static void a_missing_file_is_an_error_unless_optional(void **state)
{
	struct rc_limits l = { 0 };
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(rc_limits_add(&l, "hugetlb.2MB.rsvd.max", &err, "1"), 0);
	assert_int_equal(rc_limits_write(&tree, &l, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "hugetlb.2MB.rsvd.max"));
	l.items[0].optional = true;
	err = (struct sv_err){ 0 };
	assert_int_equal(rc_limits_write(&tree, &l, &err), 0);
	rc_limits_done(&l);
}

static void a_limit_without_its_controller_is_refused(void **state)
{
	struct oci_resources res = { .pids_limit = { true, 5 } };
	struct rc_cgroup cg = { .layout = RC_CGROUP_V1, .trees = { tree }, .n_trees = 1 };
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(rc_resources_write(&cg, &res, RC_CPUSET, RC_PIDS, true, &err), -ENODEV);
	assert_non_null(strstr(err.msg, "pids"));
}

static void a_limit_below_the_use_is_refused_if_asked_for(void **state)
{
	struct oci_resources res = { .mem_limit = { true, 1000 },
				     .mem_check_before_update = { true, 1 } };
	struct rc_cgroup cg = { .layout = RC_CGROUP_V1, .trees = { tree }, .n_trees = 1 };
	struct sv_err err = { 0 };

	(void)state;
	touch("memory.limit_in_bytes", "9999");
	touch("memory.usage_in_bytes", "1001\n");
	assert_int_equal(rc_resources_write(&cg, &res, RC_CPUSET, RC_PIDS, false, &err), -EBUSY);
	holds("memory.limit_in_bytes", "9999");
}

static void paths_that_are_too_long_are_refused(void **state)
{
	static char path[RC_CGROUP_PATH_MAX];
	struct rc_cgroup_tree far = { .controllers = (char *)"cpu", .mount = base, .path = path };
	char ret[RC_CGROUP_PATH_MAX];
	struct sv_err err = { 0 };

	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	path[0] = '/';
	assert_int_equal(rc_cgroup_file(&far, "tasks", ret, &err), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_reach_their_files),
		cmocka_unit_test(neighbours_of_one_file_are_separate_writes_to_it),
		cmocka_unit_test(the_other_file_is_used_where_the_first_is_missing),
		cmocka_unit_test(a_missing_file_is_an_error_unless_optional),
		cmocka_unit_test(a_limit_without_its_controller_is_refused),
		cmocka_unit_test(a_limit_below_the_use_is_refused_if_asked_for),
		cmocka_unit_test(paths_that_are_too_long_are_refused),
	};

	return cmocka_run_group_tests(tests, make_group, remove_group);
}
