/* SPDX-License-Identifier: Apache-2.0 */
/* linux.cgroupsPath as directories and as systemd's names. */
#include "runc/cgroup_paths.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"

static void paths_are_cleaned_and_stay_where_they_belong(void **state)
{
	static const char *const cases[][3] = {
		{ "/", "/docker/abc", "/docker/abc" },
		{ "/", "//docker/./abc/", "/docker/abc" },
		{ "/user.slice", "/docker", "/docker" },
		{ "/user.slice", "docker", "/user.slice/docker" },
		{ "/", "docker", "/docker" },
		{ "/a/b", "../../../c", "/a/b/c" },
		{ "/", "/../../etc", "/etc" },
		{ "/", "/a/../b", "/b" },
		{ "/", "/a..b/...", "/a..b/..." },
	};

	(void)state;
	for (size_t i = 0; i < SV_COUNT(cases); i++) {
		autofree char *path = NULL;
		struct sv_err err = { 0 };

		assert_int_equal(rc_cgroup_clean_path(cases[i][0], cases[i][1], &path, &err), 0);
		assert_string_equal(path, cases[i][2]);
	}
}

static void the_root_and_ones_own_group_are_refused(void **state)
{
	static const char *const paths[] = { "/", "//", "/.", "/..", "/a/..", ".", "..", "a/.." };

	(void)state;
	for (size_t i = 0; i < SV_COUNT(paths); i++) {
		autofree char *path = NULL;
		struct sv_err err = { 0 };

		assert_int_equal(rc_cgroup_clean_path("/own", paths[i], &path, &err), -EINVAL);
		assert_null(path);
	}
}

static void slices_become_nested_directories(void **state)
{
	static const char *const cases[][2] = {
		{ "system.slice", "/system.slice" },
		{ "a-b.slice", "/a.slice/a-b.slice" },
		{ "a-b-c.slice", "/a.slice/a-b.slice/a-b-c.slice" },
		{ "-.slice", "" },
	};
	static const char *const broken[] = { "",           ".slice",   "a",        "a.scope",
					      "a--b.slice", "-a.slice", "a-.slice", "a/b.slice" };

	(void)state;
	for (size_t i = 0; i < SV_COUNT(cases); i++) {
		autofree char *path = NULL;
		struct sv_err err = { 0 };

		assert_int_equal(rc_cgroup_slice_path(cases[i][0], &path, &err), 0);
		assert_string_equal(path, cases[i][1]);
	}
	for (size_t i = 0; i < SV_COUNT(broken); i++) {
		autofree char *path = NULL;
		struct sv_err err = { 0 };

		assert_int_equal(rc_cgroup_slice_path(broken[i], &path, &err), -EINVAL);
	}
}

static void systemd_names_are_read_as_engines_write_them(void **state)
{
	static const char *const cases[][3] = {
		{ "system.slice:docker:abc", "system.slice", "docker-abc.scope" },
		{ "machine.slice:libpod:abc", "machine.slice", "libpod-abc.scope" },
		{ ":docker:abc", "system.slice", "docker-abc.scope" },
		{ "a-b.slice::abc", "a-b.slice", "abc.scope" },
		{ NULL, "system.slice", "sysvisor-id.scope" },
		{ "", "system.slice", "sysvisor-id.scope" },
	};
	static const char *const broken[] = { "/docker/abc", "a:b",         "a:b:",
					      "a:b:c:d",     "a:b:c.slice", "a/b:c:d" };

	(void)state;
	for (size_t i = 0; i < SV_COUNT(cases); i++) {
		autofree char *slice = NULL, *unit = NULL;
		struct sv_err err = { 0 };

		assert_int_equal(rc_cgroup_systemd_names(cases[i][0], "id", &slice, &unit, &err),
				 0);
		assert_string_equal(slice, cases[i][1]);
		assert_string_equal(unit, cases[i][2]);
	}
	for (size_t i = 0; i < SV_COUNT(broken); i++) {
		autofree char *slice = NULL, *unit = NULL;
		struct sv_err err = { 0 };

		assert_int_equal(rc_cgroup_systemd_names(broken[i], "id", &slice, &unit, &err),
				 -EINVAL);
		assert_non_null(strstr(err.msg, "linux.cgroupsPath"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_cleaned_and_stay_where_they_belong),
		cmocka_unit_test(the_root_and_ones_own_group_are_refused),
		cmocka_unit_test(slices_become_nested_directories),
		cmocka_unit_test(systemd_names_are_read_as_engines_write_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
