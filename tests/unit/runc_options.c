/* SPDX-License-Identifier: Apache-2.0 */
/* The command line as engines type it. */
#include "runc/options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"

static bool flag;
static const char *text;
static struct sv_list list;
static struct sv_err err;
static int first;

static const struct rc_option table[] = {
	{ "detach", 'd', RC_OPT_FLAG, &flag, NULL, "a flag" },
	{ "no-subreaper", 0, RC_OPT_FLAG, &flag, NULL, "another name for it" },
	{ "bundle", 'b', RC_OPT_TEXT, &text, "DIR", "a text" },
	{ "env", 'e', RC_OPT_LIST, &list, "VAR", "a list" },
};

static int reset(void **state)
{
	(void)state;
	flag = false;
	text = NULL;
	sv_list_done(&list);
	list = (struct sv_list){ 0 };
	err = (struct sv_err){ 0 };
	first = -1;
	return 0;
}

static int parse(bool stop_early, int argc, char **argv)
{
	return rc_options_parse(table, SV_COUNT(table), "usage", stop_early, argc, argv, &first, &err);
}

#define WORDS(...)                                                                                                            \
	char *argv[] = { (char[]){ "cmd" }, __VA_ARGS__, NULL };                                                              \
	int argc = (int)SV_COUNT(argv) - 1

#define S(literal) (char[]){ literal }

static void one_dash_and_two_are_the_same(void **state)
{
	WORDS(S("-no-subreaper"), S("--bundle"), S("B"), S("-bundle=C"), S("id"));

	(void)state;
	assert_int_equal(parse(false, argc, argv), 0);
	assert_true(flag);
	assert_string_equal(text, "C");
	assert_int_equal(first, argc - 1);
	assert_string_equal(argv[first], "id");
}

static void options_between_arguments_are_found(void **state)
{
	WORDS(S("id"), S("-d"), S("KILL"), S("-b"), S("x"));

	(void)state;
	assert_int_equal(parse(false, argc, argv), 0);
	assert_true(flag);
	assert_int_equal(argc - first, 2);
	assert_string_equal(argv[first], "id");
	assert_string_equal(argv[first + 1], "KILL");
}

static void words_of_the_container_are_left_alone(void **state)
{
	WORDS(S("-e"), S("A=1"), S("--env=B=2"), S("id"), S("sh"), S("-d"), S("--"), S("-c"));

	(void)state;
	assert_int_equal(parse(true, argc, argv), 0);
	assert_false(flag);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[1], "B=2");
	assert_int_equal(argc - first, 5);
	assert_string_equal(argv[first + 2], "-d");
	assert_string_equal(argv[first + 3], "--");
}

static void two_dashes_end_the_options(void **state)
{
	WORDS(S("id"), S("--"), S("-d"), S("--"));

	(void)state;
	assert_int_equal(parse(false, argc, argv), 0);
	assert_false(flag);
	assert_int_equal(argc - first, 3);
	assert_string_equal(argv[first], "id");
	assert_string_equal(argv[first + 1], "-d");
	assert_string_equal(argv[first + 2], "--");
}

static void lone_dash_is_an_argument(void **state)
{
	WORDS(S("-b"), S("-"), S("-"));

	(void)state;
	assert_int_equal(parse(false, argc, argv), 0);
	assert_string_equal(text, "-");
	assert_string_equal(argv[first], "-");
}

static void flag_takes_a_truth_only_after_equals(void **state)
{
	WORDS(S("-d=false"), S("true"));
	char *bad[] = { S("cmd"), S("--detach=perhaps"), NULL };

	(void)state;
	assert_int_equal(parse(false, argc, argv), 0);
	assert_false(flag);
	assert_string_equal(argv[first], "true");
	assert_int_equal(parse(false, 2, bad), -EINVAL);
}

static void option_given_twice_counts_as_last_said(void **state)
{
	WORDS(S("-d"), S("-d"), S("-b"), S("1"), S("--bundle=2"));

	(void)state;
	assert_int_equal(parse(false, argc, argv), 0);
	assert_string_equal(text, "2");
	assert_int_equal(first, argc);
}

static void mistakes_are_named(void **state)
{
	char *unknown[] = { S("cmd"), S("--frob"), NULL };
	char *lacking[] = { S("cmd"), S("--bundle"), NULL };
	char *bundled[] = { S("cmd"), S("-de"), NULL };

	(void)state;
	assert_int_equal(parse(false, 2, unknown), -EINVAL);
	assert_string_equal(err.msg, "flag provided but not defined: --frob");
	assert_int_equal(parse(false, 2, lacking), -EINVAL);
	assert_string_equal(err.msg, "flag needs an argument: --bundle");
	assert_int_equal(parse(false, 2, bundled), -EINVAL);
	assert_string_equal(err.msg, "flag provided but not defined: -de");
}

static void number_of_arguments_is_checked(void **state)
{
	(void)state;
	assert_int_equal(rc_options_arguments("state", 1, 1, 1, &err), 0);
	assert_int_equal(rc_options_arguments("exec", 9, 1, -1, &err), 0);
	assert_int_equal(rc_options_arguments("state", 0, 1, 1, &err), -EINVAL);
	assert_string_equal(err.msg, "\"state\" requires exactly 1 argument");
	assert_int_equal(rc_options_arguments("kill", 0, 1, 2, &err), -EINVAL);
	assert_string_equal(err.msg, "\"kill\" requires at least 1 argument");
	assert_int_equal(rc_options_arguments("kill", 3, 1, 2, &err), -EINVAL);
	assert_string_equal(err.msg, "\"kill\" takes at most 2 arguments");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_dash_and_two_are_the_same, reset, reset),
		cmocka_unit_test_setup_teardown(options_between_arguments_are_found, reset, reset),
		cmocka_unit_test_setup_teardown(words_of_the_container_are_left_alone, reset, reset),
		cmocka_unit_test_setup_teardown(two_dashes_end_the_options, reset, reset),
		cmocka_unit_test_setup_teardown(lone_dash_is_an_argument, reset, reset),
		cmocka_unit_test_setup_teardown(flag_takes_a_truth_only_after_equals, reset, reset),
		cmocka_unit_test_setup_teardown(option_given_twice_counts_as_last_said, reset, reset),
		cmocka_unit_test_setup_teardown(mistakes_are_named, reset, reset),
		cmocka_unit_test_setup_teardown(number_of_arguments_is_checked, reset, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
