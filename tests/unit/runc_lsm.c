/* SPDX-License-Identifier: Apache-2.0 */
/* Labels on a host without AppArmor and SELinux: what asks for confinement is refused, what does
 * not is let through. */
#include "runc/lsm.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int enabled(const char *path)
{
	return access(path, F_OK) == 0;
}

static void no_label_is_fine(void **state)
{
	struct oci_process p = { .apparmor = (char *)"", .selinux = NULL };
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(rc_lsm_check(&p, &err), 0);
	assert_int_equal(rc_lsm_exec_label(&p, &err), 0);
	assert_null(rc_lsm_mount_context(NULL));
	assert_null(rc_lsm_mount_context(""));
}

static void profile_without_apparmor_is_refused(void **state)
{
	struct oci_process p = { .apparmor = (char *)"docker-default" };
	struct sv_err err = { 0 };

	(void)state;
	if (enabled("/sys/module/apparmor/parameters/enabled"))
		skip();
	assert_int_equal(rc_lsm_check(&p, &err), -EOPNOTSUPP);
	assert_string_equal(err.msg, "process.apparmorProfile: 'docker-default' is asked for, but "
				     "AppArmor is not enabled on this host");
	assert_true(rc_lsm_exec_label(&p, &err) < 0);
	assert_non_null(strstr(err.msg, "cannot apply the AppArmor profile 'docker-default'"));
}

static void unconfined_is_true_without_apparmor(void **state)
{
	struct oci_process p = { .apparmor = (char *)"unconfined" };
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(rc_lsm_check(&p, &err), 0);
	assert_int_equal(rc_lsm_exec_label(&p, &err), 0);
	assert_int_equal(err.code, 0);
}

static void label_without_selinux_is_refused_and_no_mount_option(void **state)
{
	struct oci_process p = { .selinux = (char *)"system_u:system_r:container_t:s0" };
	struct sv_err err = { 0 };

	(void)state;
	if (enabled("/sys/fs/selinux/enforce"))
		skip();
	assert_int_equal(rc_lsm_check(&p, &err), -EOPNOTSUPP);
	assert_non_null(strstr(
		err.msg, "process.selinuxLabel: 'system_u:system_r:container_t:s0' is asked for"));
	assert_true(rc_lsm_exec_label(&p, &err) < 0);
	assert_null(rc_lsm_mount_context("system_u:object_r:container_file_t:s0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_label_is_fine),
		cmocka_unit_test(profile_without_apparmor_is_refused),
		cmocka_unit_test(unconfined_is_true_without_apparmor),
		cmocka_unit_test(label_without_selinux_is_refused_and_no_mount_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
