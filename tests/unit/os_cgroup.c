/* SPDX-License-Identifier: Apache-2.0 */
/* Finding hierarchies from recorded texts, and walking trees of directories: ordinary ones,
 * which need no root. */
#include "os/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "os/file.h"

#define FIXTURES "tests/fixtures/cgroup/"

static char *text_of(const char *path)
{
	struct sv_err err = { 0 };
	char *text = NULL;
	size_t len;

	if (sv_file_read(AT_FDCWD, path, 1 << 20, &text, &len, &err) < 0)
		fail_msg("%s", err.msg);
	return text;
}

static void expect(const struct sv_cgroup_mounts *m, const char *const (*want)[3], size_t count)
{
	assert_int_equal(m->count, count);
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(m->items[i].controllers, want[i][0]);
		assert_string_equal(m->items[i].own, want[i][1]);
		if (want[i][2])
			assert_string_equal(m->items[i].dir, want[i][2]);
		else
			assert_null(m->items[i].dir);
	}
}

static void own(const char *text, struct sv_cgroup_mounts *ret)
{
	struct sv_err err = { 0 };

	if (sv_cgroup_own(text, ret, &err) < 0)
		fail_msg("%s", err.msg);
}

static void lines_of_proc_cgroup_are_taken_apart(void **state)
{
	static const char *const want[][3] = { { "name=systemd", "/user.slice/a:b", NULL },
					       { "cpu,cpuacct", "/", NULL },
					       { "", "/init.scope", NULL } };
	struct sv_cgroup_mounts m = { 0 };

	(void)state;
	own("5:name=systemd:/user.slice/a:b\n4:cpu,cpuacct:/\n0::/init.scope\n", &m);
	expect(&m, want, SV_COUNT(want));
	sv_cgroup_mounts_done(&m);
	own("", &m);
	assert_int_equal(m.count, 0);
}

static void broken_proc_cgroup_is_refused(void **state)
{
	static const char *const texts[] = { "hello", "1:cpu", "1:cpu:relative", "1:cpu:/\n\n" };

	(void)state;
	for (size_t i = 0; i < SV_COUNT(texts); i++) {
		struct sv_cgroup_mounts m = { 0 };
		struct sv_err err = { 0 };

		assert_int_equal(sv_cgroup_own(texts[i], &m, &err), -EINVAL);
		assert_null(m.items);
	}
}

static void usual_places_need_no_mountinfo(void **state)
{
	static const char *const want[][3] = { { "name=systemd", "/", "/b/systemd" },
					       { "cpu,cpuacct", "/", "/b/cpu,cpuacct" },
					       { "net_cls", "/", NULL },
					       { "", "/", "/b/unified" } };
	struct sv_cgroup_mounts m = { 0 };
	struct sv_list names = { 0 };
	struct sv_err err = { 0 };

	(void)state;
	own("3:name=systemd:/\n2:cpu,cpuacct:/\n1:net_cls:/\n0::/\n", &m);
	sv_list_add(&names, "unified", &err);
	sv_list_add(&names, "cpu,cpuacct", &err);
	sv_list_add(&names, "systemd", &err);
	assert_int_equal(sv_cgroup_place(&m, "/b", &names, &err), 0);
	expect(&m, want, SV_COUNT(want));
	sv_list_done(&names);
	sv_cgroup_mounts_done(&m);
}

static void unusual_places_are_found_in_mountinfo(void **state)
{
	static const char *const want[][3] = { { "name=elogind", "/", "/run/e logind" },
					       { "cpu,cpuacct", "/", "/cg/both" },
					       { "net_cls", "/", NULL },
					       { "memory", "/", "/sys/fs/cgroup/memory" },
					       { "", "/", "/cg/two" } };
	autofree char *mountinfo = text_of(FIXTURES "mountinfo.unusual");
	struct sv_cgroup_mounts m = { 0 };
	struct sv_err err = { 0 };

	(void)state;
	own("4:name=elogind:/\n3:cpu,cpuacct:/\n2:net_cls:/\n1:memory:/\n0::/\n", &m);
	assert_int_equal(sv_cgroup_place_by_mountinfo(&m, mountinfo, &err), 0);
	expect(&m, want, SV_COUNT(want));
	sv_cgroup_mounts_done(&m);
}

static void controllers_are_compared_whole(void **state)
{
	(void)state;
	assert_true(sv_cgroup_has("cpu,cpuacct", "cpu"));
	assert_true(sv_cgroup_has("cpu,cpuacct", "cpuacct"));
	assert_false(sv_cgroup_has("cpuset", "cpu"));
	assert_false(sv_cgroup_has("cpu,cpuacct", "acct"));
	assert_false(sv_cgroup_has("", "cpu"));
}

static void values_are_found_by_whole_keys(void **state)
{
	static const char text[] = "low 0\noom 7\noom_kill 3";
	uint64_t value = 0;

	(void)state;
	assert_true(sv_cgroup_value(text, "oom_kill", &value));
	assert_int_equal(value, 3);
	assert_true(sv_cgroup_value(text, "oom", &value));
	assert_int_equal(value, 7);
	assert_false(sv_cgroup_value(text, "kill", &value));
	assert_false(sv_cgroup_value("", "oom", &value));
}

/* ---- trees ---- */

static char base[64];

static int make_base(void **state)
{
	(void)state;
	snprintf(base, sizeof(base), "/tmp/sv-unit.XXXXXX");
	return mkdtemp(base) ? 0 : -1;
}

static int remove_base(void **state)
{
	(void)state;
	return rmdir(base);
}

static int count_group(int dir, void *arg, struct sv_err *err)
{
	(void)dir;
	(void)err;
	++*(int *)arg;
	return 0;
}

static void make(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", base, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void wide_trees_with_odd_names_are_removed(void **state)
{
	autoclose int dir = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct sv_err err = { 0 };
	int groups = 0;

	(void)state;
	make("-rf");
	make("a b");
	make("a b/.hidden");
	make("a b/line\nbreak");
	make("a b/line\nbreak/\xff\xfe");
	for (int i = 0; i < 300; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%d", i);
		make(name);
	}
	assert_int_equal(sv_cgroup_walk(dir, count_group, &groups, &err), 0);
	assert_int_equal(groups, 1 + 5 + 300);
	if (sv_cgroup_prune(dir, &err) < 0)
		fail_msg("%s", err.msg);
	groups = 0;
	assert_int_equal(sv_cgroup_walk(dir, count_group, &groups, &err), 0);
	assert_int_equal(groups, 1);
}

static void depth_costs_neither_descriptors_nor_path_length(void **state)
{
	autoclose int dir = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct sv_err err = { 0 };
	int at = dup(dir), groups = 0;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		int next;

		assert_int_equal(mkdirat(at, "deeper", 0700), 0);
		next = openat(at, "deeper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		close(at);
		at = next;
	}
	close(at);
	assert_int_equal(sv_cgroup_walk(dir, count_group, &groups, &err), 0);
	assert_int_equal(groups, 3001);
	if (sv_cgroup_prune(dir, &err) < 0)
		fail_msg("%s", err.msg);
}

static void what_is_busy_stays_and_the_rest_goes(void **state)
{
	autoclose int dir = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct sv_err err = { 0 };
	int groups = 0, fd;

	(void)state;
	make("a");
	make("a/empty");
	make("a/busy");
	make("b");
	/* A directory that cannot be removed, as one with processes. */
	fd = openat(dir, "a/busy/file", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	close(fd);
	assert_int_equal(sv_cgroup_prune(dir, &err), -EBUSY);
	assert_int_equal(sv_cgroup_walk(dir, count_group, &groups, &err), 0);
	assert_int_equal(groups, 3);
	assert_int_equal(unlinkat(dir, "a/busy/file", 0), 0);
	assert_int_equal(sv_cgroup_prune(dir, &err), 0);
}

static void links_are_not_followed(void **state)
{
	autoclose int dir = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct sv_err err = { 0 };
	int groups = 0;

	(void)state;
	assert_int_equal(symlinkat("/", dir, "link"), 0);
	assert_int_equal(sv_cgroup_walk(dir, count_group, &groups, &err), 0);
	assert_int_equal(groups, 1);
	assert_int_equal(sv_cgroup_prune(dir, &err), 0);
	assert_int_equal(unlinkat(dir, "link", 0), 0);
}

static void missing_parents_are_made_outermost_first(void **state)
{
	autoclose int dir = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct sv_err err = { 0 };
	char path[128];
	bool fresh = false;

	(void)state;
	snprintf(path, sizeof(path), "%s/a/b/c", base);
	assert_int_equal(sv_cgroup_make(path, strlen(base), NULL, NULL, &fresh, &err), 0);
	assert_true(fresh);
	assert_int_equal(sv_cgroup_make(path, strlen(base), NULL, NULL, &fresh, &err), 0);
	assert_false(fresh);
	assert_int_equal(sv_cgroup_prune(dir, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_proc_cgroup_are_taken_apart),
		cmocka_unit_test(broken_proc_cgroup_is_refused),
		cmocka_unit_test(usual_places_need_no_mountinfo),
		cmocka_unit_test(unusual_places_are_found_in_mountinfo),
		cmocka_unit_test(controllers_are_compared_whole),
		cmocka_unit_test(values_are_found_by_whole_keys),
		cmocka_unit_test_setup_teardown(wide_trees_with_odd_names_are_removed, make_base,
						remove_base),
		cmocka_unit_test_setup_teardown(depth_costs_neither_descriptors_nor_path_length,
						make_base, remove_base),
		cmocka_unit_test_setup_teardown(what_is_busy_stays_and_the_rest_goes, make_base,
						remove_base),
		cmocka_unit_test_setup_teardown(links_are_not_followed, make_base, remove_base),
		cmocka_unit_test_setup_teardown(missing_parents_are_made_outermost_first, make_base,
						remove_base),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
