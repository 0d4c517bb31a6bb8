/* SPDX-License-Identifier: Apache-2.0 */
/* Names inside a root that somebody else filled: no link leads out of it. */
#include "os/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/unit.h"
#include "../lib/unit_dir.h"
#include "base/cleanup.h"

static char top[] = "/tmp/sv-path.XXXXXX";
static int root = -1;

static int setup(void **state)
{
	int dir = unit_dir_make(top);

	(void)state;
	if (dir < 0 || mkdirat(dir, "root", 0755) < 0)
		return -1;
	root = openat(dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	close(dir);
	return root < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	close(root);
	return unit_dir_remove(top);
}

static bool exists_outside(const char *name)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", top, name);
	return lstat(path, &st) == 0;
}

static int make_dir(const char *path)
{
	autoclose int fd = -1;
	struct sv_err err = { 0 };

	return sv_path_make_dir(root, path, 0755, &fd, &err);
}

static void directories_are_made_with_their_parents(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(make_dir("/a/b/c"), 0);
	assert_int_equal(fstatat(root, "a/b/c", &st, 0), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(make_dir("/a/b/c"), 0);
	assert_int_equal(make_dir("a/b/d"), 0);
	assert_int_equal(make_dir("/"), 0);
}

static void absolute_symlink_stays_inside(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(make_dir("/real"), 0);
	assert_int_equal(symlinkat("/real", root, "absolute"), 0);
	assert_int_equal(make_dir("/absolute/x"), 0);
	assert_int_equal(fstatat(root, "real/x", &st, 0), 0);
}

static void climbing_symlink_stays_inside(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(symlinkat("../../../..", root, "climb"), 0);
	assert_int_equal(make_dir("/climb/caught"), 0);
	assert_int_equal(fstatat(root, "caught", &st, 0), 0);
	assert_false(exists_outside("caught"));
}

static void dangling_link_is_not_filled(void **state)
{
	(void)state;
	assert_int_equal(symlinkat("/nowhere", root, "dangling"), 0);
	assert_true(make_dir("/dangling") < 0);
	assert_true(make_dir("/dangling/x") < 0);
	assert_false(exists_outside("root/nowhere"));
}

static void dots_are_refused_where_something_must_be_made(void **state)
{
	(void)state;
	assert_true(make_dir("/a/../../new/x") < 0);
	assert_false(exists_outside("new"));
}

static void magic_links_are_refused(void **state)
{
	autoclose int fd = -1;
	struct sv_err err = { 0 };
	autoclose int slash = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_int_equal(sv_path_open(slash, "/proc/self/root/etc", O_PATH, &fd, &err), -ELOOP);
}

static void files_are_made_and_existing_ones_kept(void **state)
{
	autoclose int fd = -1, again = -1;
	struct sv_err err = { 0 };
	struct stat first, second;

	(void)state;
	assert_int_equal(sv_path_make_file(root, "/f/g/file", &fd, &err), 0);
	assert_int_equal(fstat(fd, &first), 0);
	assert_true(S_ISREG(first.st_mode));
	assert_int_equal(sv_path_make_file(root, "/f/g/file", &again, &err), 0);
	assert_int_equal(fstat(again, &second), 0);
	assert_int_equal(first.st_ino, second.st_ino);
}

static void file_in_the_way_of_a_directory_is_told(void **state)
{
	autoclose int fd = -1, dir = -1;
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(sv_path_make_file(root, "/plain", &fd, &err), 0);
	assert_int_equal(sv_path_make_dir(root, "/plain/x", 0755, &dir, &err), -ENOTDIR);
	assert_non_null(strstr(err.msg, "/plain"));
}

static void parent_and_name_are_parted(void **state)
{
	autoclose int dir = -1;
	struct sv_err err = { 0 };
	const char *name;

	(void)state;
	assert_int_equal(sv_path_make_parent(root, "/p/q/node", &dir, &name, &err), 0);
	assert_string_equal(name, "node");
	assert_int_equal(mkdirat(dir, "node", 0755), 0);
	assert_true(exists_outside("root/p/q/node"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(directories_are_made_with_their_parents),
		cmocka_unit_test(absolute_symlink_stays_inside),
		cmocka_unit_test(climbing_symlink_stays_inside),
		cmocka_unit_test(dangling_link_is_not_filled),
		cmocka_unit_test(dots_are_refused_where_something_must_be_made),
		cmocka_unit_test(magic_links_are_refused),
		cmocka_unit_test(files_are_made_and_existing_ones_kept),
		cmocka_unit_test(file_in_the_way_of_a_directory_is_told),
		cmocka_unit_test(parent_and_name_are_parted),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
