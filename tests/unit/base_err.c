/* SPDX-License-Identifier: Apache-2.0 */
#include "../lib/unit.h"

#include <errno.h>

#include "base/err.h"

static void the_cause_ends_with_the_text_of_its_errno(void **state)
{
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(sv_err_set(&err, ENOENT, "cannot open '%s'", "x"), -ENOENT);
	assert_int_equal(err.code, ENOENT);
	assert_string_equal(err.msg, "cannot open 'x': No such file or directory");
}

static void a_bad_input_has_no_errno_text(void **state)
{
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(sv_err_say(&err, EINVAL, "%d is odd", 3), -EINVAL);
	assert_string_equal(err.msg, "3 is odd");
}

static void context_is_put_in_front_and_keeps_the_code(void **state)
{
	struct sv_err err = { 0 };

	(void)state;
	sv_err_set(&err, EACCES, "cannot read");
	assert_int_equal(sv_err_ctx(&err, "mount %d of %d", 3, 12), -EACCES);
	assert_int_equal(sv_err_ctx(&err, "container '%s'", "web"), -EACCES);
	assert_string_equal(err.msg,
			    "container 'web': mount 3 of 12: cannot read: Permission denied");
}

static void out_of_memory_is_said_once(void **state)
{
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(sv_err_oom(&err), -ENOMEM);
	assert_string_equal(err.msg, "out of memory");
}

static void a_story_that_does_not_fit_ends_in_dots(void **state)
{
	char longest[sizeof(((struct sv_err *)0)->msg)];
	struct sv_err err = { 0 };
	size_t size = sizeof(err.msg);

	(void)state;
	memset(longest, 'x', sizeof(longest));
	longest[size - 1] = '\0';

	sv_err_say(&err, EINVAL, "%s", longest);
	assert_string_equal(err.msg, longest);

	sv_err_say(&err, EINVAL, "%sy", longest);
	assert_int_equal(strlen(err.msg), size - 1);
	assert_string_equal(err.msg + size - 5, "x...");

	sv_err_set(&err, ENOENT, "%s", longest);
	assert_string_equal(err.msg + size - 5, "x...");

	sv_err_say(&err, EINVAL, "%s", longest);
	assert_int_equal(sv_err_ctx(&err, "a"), -EINVAL);
	assert_string_equal(err.msg + size - 5, "x...");
	assert_memory_equal(err.msg, "a: xxx", 6);

	assert_int_equal(sv_err_ctx(&err, "%sz", longest), -EINVAL);
	assert_string_equal(err.msg + size - 5, "x...");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_cause_ends_with_the_text_of_its_errno),
		cmocka_unit_test(a_bad_input_has_no_errno_text),
		cmocka_unit_test(context_is_put_in_front_and_keeps_the_code),
		cmocka_unit_test(out_of_memory_is_said_once),
		cmocka_unit_test(a_story_that_does_not_fit_ends_in_dots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
