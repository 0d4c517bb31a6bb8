/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two rules for bind sources, first as a decision on values, then on real directories (those
 * cases need root).
 */
#include "runc/bindrules.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"

static const struct rc_bind_step open_dir = { 0, 0, S_IFDIR | 0755, false };
static const struct rc_bind_step closed_dir = { 0, 0, S_IFDIR | 0700, false };

static void exclusive_is_root_without_others(void **state)
{
	static const struct {
		struct rc_bind_step step;
		bool exclusive;
	} cases[] = {
		{ { 0, 0, S_IFDIR | 0700, false }, true },
		{ { 0, 0, S_IFREG | 0600, false }, true },
		{ { 0, 0, S_IFDIR | 0000, false }, true },
		{ { 0, 0, S_IFDIR | 0770, false }, true },
		{ { 0, 0, S_IFDIR | 01710, false }, true },
		{ { 0, 50, S_IFDIR | 0700, false }, true },
		{ { 0, 50, S_IFDIR | 0710, false }, false }, /* another group gets in */
		{ { 0, 0, S_IFDIR | 0701, false }, false },
		{ { 0, 0, S_IFDIR | 0704, false }, false },
		{ { 0, 0, S_IFDIR | 0755, false }, false },
		{ { 1000, 0, S_IFDIR | 0700, false }, false }, /* its owner gets in */
		{ { 0, 0, S_IFDIR | 0750, true }, false },     /* whom the ACL names gets in */
		{ { 0, 0, S_IFDIR | 0700, true }, true },      /* the mask lets nobody through */
	};

	(void)state;
	for (size_t i = 0; i < SV_COUNT(cases); i++)
		assert_int_equal(rc_bindrules_exclusive(&cases[i].step), cases[i].exclusive);
}

static void one_closed_component_is_enough(void **state)
{
	const struct rc_bind_step open_source = { 0, 0, S_IFDIR | 0777, false };
	const struct rc_bind_step closed_above[] = { open_dir, closed_dir, open_dir, open_source };
	const struct rc_bind_step closed_itself[] = { open_dir, open_dir, closed_dir };
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(rc_bindrules_check("/a/b/c", closed_above, 4, &err), 0);
	assert_int_equal(rc_bindrules_check("/a/b", closed_itself, 3, &err), 0);
}

static void open_path_is_refused_with_the_documented_text(void **state)
{
	const struct rc_bind_step steps[] = { open_dir, open_dir, open_dir };
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(rc_bindrules_check("/some/path", steps, 3, &err), -EACCES);
	assert_string_equal(err.msg, "shiftfs mountpoint security check failed: path /some/path is "
				     "not exclusively accessible "
				     "to the root user or group");
}

static void source_of_another_owner_is_refused(void **state)
{
	const struct rc_bind_step user[] = { open_dir,
					     closed_dir,
					     { 1000, 0, S_IFDIR | 0755, false } };
	const struct rc_bind_step group[] = { open_dir,
					      closed_dir,
					      { 0, 999, S_IFREG | 0644, false } };
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(rc_bindrules_check("/srv/x", user, 3, &err), -EACCES);
	assert_string_equal(err.msg, "shiftfs mountpoint security check failed: path /srv/x is "
				     "owned by 1000:0 and not by root:root");
	assert_int_equal(rc_bindrules_check("/srv/x", group, 3, &err), -EACCES);
}

static void volume_may_have_any_owner_behind_a_closed_door(void **state)
{
	const struct rc_bind_step closed[] = { open_dir,
					       closed_dir,
					       { 999, 999, S_IFDIR | 0755, false } };
	const struct rc_bind_step open[] = { open_dir,
					     open_dir,
					     { 999, 999, S_IFDIR | 0755, false } };
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(rc_bindrules_check("/var/lib/docker/volumes/db/_data", closed, 3, &err),
			 0);
	assert_int_equal(
		rc_bindrules_check("/var/lib/docker/volumes/db/_data/sub", closed, 3, &err), 0);
	assert_int_equal(rc_bindrules_check("/var/lib/docker/volumes/db/_data", open, 3, &err),
			 -EACCES);
	assert_int_equal(
		rc_bindrules_check("/var/lib/docker/volumes/db/_database", closed, 3, &err),
		-EACCES);
	assert_int_equal(rc_bindrules_check("/var/lib/docker/volumes//_data", closed, 3, &err),
			 -EACCES);
	assert_int_equal(rc_bindrules_check("/srv/db/_data", closed, 3, &err), -EACCES);
}

/* ---- on a disk ---- */

static char top[64];

static bool always(const struct stat *st, void *arg)
{
	(void)st;
	(void)arg;
	return true;
}

static int make_tree(void **state)
{
	(void)state;
	strcpy(top, "/tmp/sv-bindrules.XXXXXX");
	if (!mkdtemp(top) || chdir(top) < 0)
		return -1;
	if (chmod(".", 0755) < 0 || mkdir("open", 0755) < 0 || mkdir("open/in", 0755) < 0 ||
	    mkdir("closed", 0700) < 0 || mkdir("closed/in", 0755) < 0)
		return -1;
	close(open("closed/in/file", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	return symlink("../closed/in", "open/to-closed") < 0 ||
	       symlink("../open/in", "closed/to-open") < 0 || symlink("round", "round") < 0 ||
	       symlink("/proc/self/cwd", "magic") < 0;
}

static int remove_tree(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", top);
	return chdir("/") < 0 || system(command) != 0;
}

/* Opens NAME below the tree by the rules; 0 and the right file, or the error. */
static int try(const char *name, const char *same_as)
{
	autoclose int base = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;
	struct sv_err err = { 0 };
	struct stat st, want;
	int r = rc_bindrules_open(base, name, always, NULL, &fd, &st, &err);

	if (r < 0) {
		assert_int_equal(err.code, -r);
		assert_int_equal(fd, -1);
		return r;
	}
	assert_int_equal(stat(same_as, &want), 0);
	assert_int_equal(st.st_ino, want.st_ino);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_ino, want.st_ino);
	return 0;
}

static void the_real_path_counts_not_the_text(void **state)
{
	char absolute[200];

	(void)state;
	if (geteuid() != 0)
		skip(); /* the tree must be root's */
	assert_int_equal(try("closed/in", "closed/in"), 0);
	assert_int_equal(try("closed", "closed"), 0);
	assert_int_equal(try("./closed//in/./file", "closed/in/file"), 0);
	assert_int_equal(try("closed/in/..", "closed"), 0);
	assert_int_equal(try("open/to-closed/file", "closed/in/file"), 0);
	assert_int_equal(try("open/in", NULL), -EACCES);
	assert_int_equal(try("closed/../open/in", NULL), -EACCES);
	assert_int_equal(try("closed/to-open", NULL), -EACCES);
	snprintf(absolute, sizeof(absolute), "%s/closed/in/file", top);
	assert_int_equal(try(absolute, "closed/in/file"), 0);
	snprintf(absolute, sizeof(absolute), "/../..%s/open", top);
	assert_int_equal(try(absolute, NULL), -EACCES);
}

static void what_cannot_be_walked_is_refused(void **state)
{
	char deep[3000] = "";

	(void)state;
	for (int i = 0; i < 700; i++)
		strcat(deep, "a/..");
	assert_int_equal(try("missing/in", NULL), -ENOENT);
	assert_int_equal(try("round", NULL), -ELOOP);
	assert_int_equal(try("magic/open", NULL),
			 -EACCES); /* its text is a path like any other's */
	assert_int_equal(try(deep, NULL), -ENOENT);
	assert_int_equal(try("closed/in/file/x", NULL), -ENOTDIR);
}

static void acl_opens_a_closed_directory(void **state)
{
	/*
	 * version 2; user::rwx user:1000:r-x group::--- mask::r-x other::---
	 * (linux/posix_acl_xattr.h)
	 */
	static const struct {
		uint32_t version;
		struct {
			uint16_t tag, perm;
			uint32_t id;
		} entries[5];
	} acl = {
		2, { { 1, 7, -1U }, { 2, 5, 1000 }, { 4, 0, -1U }, { 16, 5, -1U }, { 32, 0, -1U } }
	};

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(mkdir("named", 0700), 0);
	if (setxattr("named", "system.posix_acl_access", &acl, sizeof(acl), 0) < 0)
		skip(); /* no ACLs here */
	assert_int_equal(try("named", NULL), -EACCES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exclusive_is_root_without_others),
		cmocka_unit_test(one_closed_component_is_enough),
		cmocka_unit_test(open_path_is_refused_with_the_documented_text),
		cmocka_unit_test(source_of_another_owner_is_refused),
		cmocka_unit_test(volume_may_have_any_owner_behind_a_closed_door),
		cmocka_unit_test(the_real_path_counts_not_the_text),
		cmocka_unit_test(what_cannot_be_walked_is_refused),
		cmocka_unit_test(acl_opens_a_closed_directory),
	};

	return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
