/* SPDX-License-Identifier: Apache-2.0 */
/* Which range of /etc/subuid a container gets. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "runc/subid.h"

static void finds(const char *text, uint32_t want)
{
	uint32_t start = 0;

	assert_int_equal(rc_subid_find(text, "sysvisor", &start), 0);
	assert_int_equal(start, want);
}

static void finds_nothing(const char *text)
{
	uint32_t start = 7;

	assert_int_equal(rc_subid_find(text, "sysvisor", &start), -ENOENT);
	assert_int_equal(start, 7);
}

static void the_users_line_is_found(void **state)
{
	(void)state;
	finds("sysvisor:1000000:65536\n", 1000000);
	finds("alice:100000:65536\nsysvisor:1000000:65536\nbob:231072:65536\n", 1000000);
	finds("sysvisor:1000000:65536", 1000000);
}

static void the_first_range_that_is_large_enough_wins(void **state)
{
	(void)state;
	finds("sysvisor:5000:1000\nsysvisor:200000:65536\nsysvisor:300000:268435456\n", 200000);
}

static void a_name_that_only_begins_alike_is_another_user(void **state)
{
	(void)state;
	finds_nothing("sysvisor2:1000000:65536\nmysysvisor:1000000:65536\nsys:1:65536\n");
}

static void small_ranges_are_not_enough(void **state)
{
	(void)state;
	finds_nothing("sysvisor:100000:65535\n");
	finds_nothing("");
	finds_nothing("\n\n");
}

static void the_hosts_root_is_never_given(void **state)
{
	(void)state;
	finds_nothing("sysvisor:0:65536\n");
	finds("sysvisor:0:131072\nsysvisor:1:65536\n", 1);
}

static void ranges_end_before_the_last_number(void **state)
{
	(void)state;
	finds_nothing("sysvisor:4294967295:65536\n");
	finds_nothing("sysvisor:4294901761:65536\n");
	finds("sysvisor:4294901759:65536\n", 4294901759u);
	finds_nothing("sysvisor:99999999999999999999:65536\n");
	finds_nothing("sysvisor:18446744073709551616:65536\n");
}

static void lines_of_another_form_are_skipped(void **state)
{
	(void)state;
	finds("sysvisor\nsysvisor:\nsysvisor:1000\nsysvisor:a:65536\nsysvisor:-5:65536\nsysvisor:100000:65536:x\n"
	      "sysvisor: 100000:65536\nsysvisor:0x10000:65536\n# sysvisor:1:65536\nsysvisor:200000:65536\n",
	      200000);
	finds_nothing("sysvisor:100000:65536 \n");
	finds_nothing("sysvisor:100000\n:65536\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_users_line_is_found),
		cmocka_unit_test(the_first_range_that_is_large_enough_wins),
		cmocka_unit_test(a_name_that_only_begins_alike_is_another_user),
		cmocka_unit_test(small_ranges_are_not_enough),
		cmocka_unit_test(the_hosts_root_is_never_given),
		cmocka_unit_test(ranges_end_before_the_last_number),
		cmocka_unit_test(lines_of_another_form_are_skipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
