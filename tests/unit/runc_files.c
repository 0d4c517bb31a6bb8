/* SPDX-License-Identifier: Apache-2.0 */
/* The small files that the runtime keeps or writes: the stored filter, pid files, resctrl groups. */
#include "runc/filter_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/unit.h"
#include "../lib/unit_dir.h"
#include "base/cleanup.h"
#include "runc/pidfile.h"
#include "runc/rdt.h"

static char top[] = "/tmp/sv-files.XXXXXX";
static int dir = -1;

static int setup(void **state)
{
	(void)state;
	dir = unit_dir_make(top);
	return dir < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	close(dir);
	return unit_dir_remove(top);
}

static void write_file(const char *name, const void *data, size_t len)
{
	autoclose int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
}

static void filter_comes_back_as_it_was(void **state)
{
	struct sock_filter code[] = { { 1, 2, 3, 4 }, { 6, 0, 0, 0x7fff0000 } };
	struct rc_filter f = { .code = code, .count = 2, .flags = 5, .notify = true }, got = { 0 };
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(rc_filter_fetch(dir, &got, &err), 0);
	assert_null(got.code);
	assert_int_equal(rc_filter_store(dir, &f, &err), 0);
	assert_int_equal(rc_filter_fetch(dir, &got, &err), 0);
	assert_int_equal(got.count, 2);
	assert_int_equal(got.flags, 5);
	assert_true(got.notify);
	assert_memory_equal(got.code, code, sizeof(code));
	rc_filter_done(&got);
}

static void damaged_filter_is_refused(void **state)
{
	struct sock_filter code[] = { { 6, 0, 0, 0x7fff0000 } };
	struct rc_filter f = { .code = code, .count = 1 }, got = { 0 };
	struct sv_err err = { 0 };
	autofree char *text = NULL;
	char path[64];
	size_t len;

	(void)state;
	assert_int_equal(rc_filter_store(dir, &f, &err), 0);
	snprintf(path, sizeof(path), "%s/filter", top);
	text = unit_read_file(path, &len);
	for (size_t cut = 0; cut < len; cut++) {
		write_file("filter", text, cut);
		assert_int_equal(rc_filter_fetch(dir, &got, &err), -EBADMSG);
	}
	text[0] ^= 1;
	write_file("filter", text, len);
	assert_int_equal(rc_filter_fetch(dir, &got, &err), -EBADMSG);
}

static void pid_file_has_the_bare_number(void **state)
{
	struct sv_err err = { 0 };
	autofree char *text = NULL;
	char path[64];
	size_t len;

	(void)state;
	snprintf(path, sizeof(path), "%s/pid", top);
	assert_int_equal(rc_pidfile_write(path, 12345, &err), 0);
	text = unit_read_file(path, &len);
	assert_string_equal(text, "12345");
	assert_int_equal(rc_pidfile_write(NULL, 1, &err), 0);
	assert_int_equal(rc_pidfile_write("/nowhere/at/all", 1, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "/nowhere/at/all"));
}

/* A directory stands in for resctrl; the files that the kernel would make in a group are made first. */
static void rdt_group_of_a_closid_is_joined(void **state)
{
	char closid[] = "class", schema[] = "L3:0=f";
	struct oci_rdt rdt = { .set = true, .closid = closid, .l3_schema = schema };
	struct sv_err err = { 0 };
	autofree char *tasks = NULL, *schemata = NULL;
	char path[64];
	bool made = true;
	size_t len;

	(void)state;
	assert_int_equal(mkdirat(dir, "class", 0755), 0);
	write_file("class/tasks", "", 0);
	write_file("class/schemata", "", 0);
	assert_int_equal(rc_rdt_apply(dir, &rdt, "id", 77, &made, &err), 0);
	assert_false(made);
	snprintf(path, sizeof(path), "%s/class/tasks", top);
	tasks = unit_read_file(path, &len);
	assert_string_equal(tasks, "77");
	snprintf(path, sizeof(path), "%s/class/schemata", top);
	schemata = unit_read_file(path, &len);
	assert_string_equal(schemata, "L3:0=f\n");
}

static void rdt_closid_without_schemata_must_exist(void **state)
{
	char closid[] = "absent";
	struct oci_rdt rdt = { .set = true, .closid = closid };
	struct sv_err err = { 0 };
	struct stat st;
	bool made = true;

	(void)state;
	assert_int_equal(rc_rdt_apply(dir, &rdt, "id", 77, &made, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "linux.intelRdt.closID"));
	assert_false(made);
	assert_int_equal(fstatat(dir, "absent", &st, 0), -1);
}

static void rdt_group_is_removed_and_may_be_gone(void **state)
{
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(mkdirat(dir, "mine", 0755), 0);
	assert_int_equal(rc_rdt_remove(dir, "mine", &err), 0);
	assert_int_equal(rc_rdt_remove(dir, "mine", &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filter_comes_back_as_it_was),
		cmocka_unit_test(damaged_filter_is_refused),
		cmocka_unit_test(pid_file_has_the_bare_number),
		cmocka_unit_test(rdt_group_of_a_closid_is_joined),
		cmocka_unit_test(rdt_closid_without_schemata_must_exist),
		cmocka_unit_test(rdt_group_is_removed_and_may_be_gone),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
