/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts as the kernel tells of them: lines of mountinfo, option lists, and the mount under a
 * real descriptor.
 */
#include "os/mountinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"

static void line_is_taken_apart(void **state)
{
	struct sv_mountinfo m = { 0 };
	struct sv_err err = { 0 };
	unsigned id;

	(void)state;
	assert_int_equal(sv_mountinfo_parse("36 35 98:0 /a /mnt/b rw,noatime master:1 shared:7 - "
					    "ext3 /dev/root rw,errors=continue\n",
					    &id, &m, &err),
			 0);
	assert_int_equal(id, 36);
	assert_string_equal(m.root, "/a");
	assert_string_equal(m.point, "/mnt/b");
	assert_string_equal(m.type, "ext3");
	assert_string_equal(m.options, "rw,errors=continue");
	sv_mountinfo_done(&m);
}

static void line_without_optional_fields_and_source_is_read(void **state)
{
	struct sv_mountinfo m = { 0 };
	struct sv_err err = { 0 };
	unsigned id;

	(void)state;
	assert_int_equal(
		sv_mountinfo_parse("1 0 0:2 / /with\\040blank rw - tmpfs  rw", &id, &m, &err), 0);
	assert_string_equal(m.point, "/with blank");
	assert_string_equal(m.options, "rw");
	sv_mountinfo_done(&m);
}

static void broken_lines_are_refused(void **state)
{
	static const char *const lines[] = { "",
					     "36",
					     "x 35 98:0 / / rw - ext3 a rw",
					     "36 35 98:0 / / rw ext3 a rw",
					     "36 35 98:0 / / rw -",
					     "99999999999 35 98:0 / / rw - ext3 a rw" };

	(void)state;
	for (size_t i = 0; i < SV_COUNT(lines); i++) {
		struct sv_mountinfo m = { 0 };
		struct sv_err err = { 0 };
		unsigned id;

		assert_int_equal(sv_mountinfo_parse(lines[i], &id, &m, &err), -EINVAL);
		assert_null(m.root);
	}
}

static void options_are_parted_and_decoded(void **state)
{
	autolist struct sv_list l = { 0 };
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(
		sv_mountinfo_options(
			"rw,,context=\"a:s0:c1,c2\",lowerdir=/a\\040b:/c\\134:d\\054e,x=\\9", &l,
			&err),
		0);
	assert_int_equal(l.count, 4);
	assert_string_equal(l.items[0], "rw");
	assert_string_equal(l.items[1], "context=\"a:s0:c1,c2\"");
	assert_string_equal(l.items[2], "lowerdir=/a b:/c\\:d,e");
	assert_string_equal(l.items[3], "x=\\9");
}

static void no_options_are_an_empty_list(void **state)
{
	autolist struct sv_list l = { 0 };
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(sv_mountinfo_options("", &l, &err), 0);
	assert_int_equal(l.count, 0);
}

static void mount_under_a_descriptor_is_found(void **state)
{
	autoclose int fd = open("/proc/self", O_PATH | O_CLOEXEC);
	struct sv_mountinfo m = { 0 };
	struct sv_err err = { 0 };

	(void)state;
	if (fd < 0)
		skip();
	assert_int_equal(sv_mountinfo_of(fd, &m, &err), 0);
	assert_string_equal(m.type, "proc");
	assert_string_equal(m.point, "/proc");
	assert_string_equal(m.root, "/");
	sv_mountinfo_done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_is_taken_apart),
		cmocka_unit_test(line_without_optional_fields_and_source_is_read),
		cmocka_unit_test(broken_lines_are_refused),
		cmocka_unit_test(options_are_parted_and_decoded),
		cmocka_unit_test(no_options_are_an_empty_list),
		cmocka_unit_test(mount_under_a_descriptor_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
