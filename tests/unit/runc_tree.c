/* SPDX-License-Identifier: Apache-2.0 */
/* Which mounts of a container are locked (early) and which its root may take away (late). */
#include "runc/tree.h"

#include <linux/mount.h>

#include "../lib/unit.h"

struct row {
	const char *dest, *type, *source, *words;
	bool late;
};

static void check(const struct row *rows, size_t count)
{
	struct oci_mount mounts[16] = { 0 };
	struct sv_err err = { 0 };
	bool late[16] = { 0 };

	for (size_t i = 0; i < count; i++)
		assert_int_equal(oci_mount_make(&mounts[i], rows[i].dest, rows[i].type, rows[i].source, rows[i].words, &err), 0);
	rc_tree_plan(mounts, count, late);
	for (size_t i = 0; i < count; i++) {
		if (late[i] != rows[i].late)
			fail_msg("'%s' (%s) is %s", rows[i].dest, rows[i].words, late[i] ? "late" : "early");
		oci_mount_done(&mounts[i]);
	}
}

#define CHECK(...) check((const struct row[]){ __VA_ARGS__ }, sizeof((const struct row[]){ __VA_ARGS__ }) / sizeof(struct row))

static void kernel_views_and_dev_are_locked(void **state)
{
	(void)state;
	CHECK({ "/proc", "proc", "proc", "nosuid", false }, { "/sys", "sysfs", "sysfs", "nosuid", false },
	      { "/dev", "tmpfs", "tmpfs", "mode=755", false }, { "/sys/fs/cgroup", "cgroup", "cgroup", "", false },
	      { "/dev/mqueue", "mqueue", "mqueue", "", false });
}

static void what_the_root_owns_is_not(void **state)
{
	(void)state;
	CHECK({ "/dev", "tmpfs", "tmpfs", "", false }, { "/dev/pts", "devpts", "devpts", "newinstance", true },
	      { "/dev/shm", "tmpfs", "shm", "mode=1777", true }, { "/run", "tmpfs", "tmpfs", "", true },
	      { "/sys/fs/cgroup", "cgroup2", "cgroup", "", true });
}

static void writable_volumes_are_not_and_restricted_ones_are(void **state)
{
	(void)state;
	CHECK({ "/data", "bind", "/src", "rbind", true }, { "/ro", "bind", "/src", "rbind,ro", false },
	      { "/rro", "bind", "/src", "rbind,rro", false }, { "/nosuid", "bind", "/src", "bind,nosuid", false },
	      { "/nodev", "bind", "/src", "bind,nodev", false }, { "/noexec", "bind", "/src", "bind,noexec", false },
	      { "/rotmp", "tmpfs", "tmpfs", "ro", false });
}

static void mount_below_which_an_early_one_lies_is_early(void **state)
{
	(void)state;
	CHECK({ "/run", "tmpfs", "tmpfs", "", false }, { "/run/secrets", "bind", "/src", "bind,ro", false },
	      { "/run/lock", "tmpfs", "tmpfs", "", true });
	/* also when the early one comes first in the document */
	CHECK({ "/a/b", "bind", "/src", "bind,ro", false }, { "/a", "tmpfs", "tmpfs", "", false });
	/* and over several levels */
	CHECK({ "/a", "tmpfs", "tmpfs", "", false }, { "/a/b", "bind", "/src", "bind", false },
	      { "/a/b/c", "bind", "/src", "bind,ro", false });
}

static void names_that_only_begin_alike_are_apart(void **state)
{
	(void)state;
	CHECK({ "/run", "tmpfs", "tmpfs", "", true }, { "/running", "bind", "/src", "bind,ro", false });
}

static void two_on_one_place_stay_in_order(void **state)
{
	(void)state;
	CHECK({ "/a", "tmpfs", "tmpfs", "", false }, { "/a", "bind", "/src", "bind,ro", false });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernel_views_and_dev_are_locked),
		cmocka_unit_test(what_the_root_owns_is_not),
		cmocka_unit_test(writable_volumes_are_not_and_restricted_ones_are),
		cmocka_unit_test(mount_below_which_an_early_one_lies_is_early),
		cmocka_unit_test(names_that_only_begin_alike_are_apart),
		cmocka_unit_test(two_on_one_place_stay_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
