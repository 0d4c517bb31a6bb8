/* SPDX-License-Identifier: Apache-2.0 */
#include "../lib/unit.h"

#include "base/cleanup.h"
#include "base/str.h"

static void an_empty_text_is_an_empty_string(void **state)
{
	struct sv_str s = { 0 };
	struct sv_err err = { 0 };
	char *text = NULL;

	(void)state;
	assert_string_equal(sv_str_text(&s), "");
	assert_int_equal(sv_str_take(&s, &text, &err), 0);
	assert_string_equal(text, "");
	free(text);
}

static void text_grows_over_every_size(void **state)
{
	autostr struct sv_str s = { 0 };
	struct sv_err err = { 0 };
	char *text;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		sv_str_add(&s, "a");
		sv_str_addf(&s, "%c", 'b');
		sv_str_add_bytes(&s, "cd", 1);
		assert_int_equal(s.len, strlen(s.text));
	}
	assert_int_equal(s.len, 3000);
	assert_memory_equal(s.text + 2997, "abc", 4);
	assert_int_equal(sv_str_take(&s, &text, &err), 0);
	assert_null(s.text);
	assert_int_equal(strlen(text), 3000);
	free(text);
}

static void a_failure_is_remembered_and_told_when_taken(void **state)
{
	autostr struct sv_str s = { 0 };
	struct sv_err err = { 0 };
	char *text = NULL;

	(void)state;
	sv_str_add(&s, "before");
	sv_str_add_bytes(&s, "x", SIZE_MAX / 2);
	sv_str_add(&s, "after");
	assert_true(s.failed);
	assert_string_equal(sv_str_text(&s), "before");
	assert_true(sv_str_take(&s, &text, &err) < 0);
	assert_string_equal(err.msg, "out of memory");
	assert_null(text);
}

static void json_escapes_are_complete(void **state)
{
	static const struct {
		const char *text, *json;
	} rows[] = {
		{ "plain /", "plain /" },
		{ "say \"no\\yes\"", "say \\\"no\\\\yes\\\"" },
		{ "a\nb\tc\x1b\x7f", "a\\nb\\u0009c\\u001b\\u007f" },
		{ "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\xa7",
		  "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\xa7" },
		{ "\xff", "\\ufffd" },
		{ "\xc3", "\\ufffd" }, /* cut short */
		{ "\xe2\x82", "\\ufffd\\ufffd" },
		{ "\xc0\xaf", "\\ufffd\\ufffd" }, /* overlong */
		{ "\xe0\x80\xaf", "\\ufffd\\ufffd\\ufffd" },
		{ "\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd" }, /* half of a surrogate pair */
		{ "\xf4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd" }, /* beyond U+10FFFF */
	};

	(void)state;
	for (size_t i = 0; i < SV_COUNT(rows); i++) {
		autostr struct sv_str s = { 0 };

		sv_str_add_json(&s, rows[i].text);
		assert_string_equal(sv_str_text(&s), rows[i].json);
	}
}

static void utf8_is_not_read_beyond_its_room(void **state)
{
	(void)state;
	assert_int_equal(sv_str_utf8("\xe2\x82\xac", 3), 3);
	assert_int_equal(sv_str_utf8("\xe2\x82\xac", 2), 0);
	assert_int_equal(sv_str_utf8("\xe2\x82\xac", 1), 0);
	assert_int_equal(sv_str_utf8("x", 0), 0);
	assert_int_equal(sv_str_utf8("\0", 1), 1);
}

static void beginnings_and_ends_are_compared(void **state)
{
	(void)state;
	assert_true(sv_str_starts("/proc/self", "/proc"));
	assert_false(sv_str_starts("/pro", "/proc"));
	assert_true(sv_str_ends("a.scope", ".scope"));
	assert_false(sv_str_ends("scope", ".scope"));
	assert_true(sv_str_equal(NULL, NULL));
	assert_false(sv_str_equal(NULL, ""));
	assert_true(sv_str_equal("a", "a"));
}

static void a_list_is_what_execve_wants(void **state)
{
	autolist struct sv_list l = { 0 }, copy = { 0 };
	struct sv_err err = { 0 };
	char word[16];

	(void)state;
	for (int i = 0; i < 100; i++) {
		snprintf(word, sizeof(word), "w%d", i);
		assert_int_equal(sv_list_add(&l, word, &err), 0);
		assert_int_equal(l.count, i + 1);
		assert_string_equal(l.items[i], word);
		assert_null(l.items[i + 1]);
	}
	assert_true(sv_list_has(&l, "w99"));
	assert_false(sv_list_has(&l, "w100"));

	assert_int_equal(sv_list_copy(&copy, &l, &err), 0);
	sv_list_remove(&l, 0);
	sv_list_remove(&l, 98);
	assert_int_equal(l.count, 98);
	assert_string_equal(l.items[0], "w1");
	assert_string_equal(l.items[97], "w98");
	assert_null(l.items[98]);
	assert_int_equal(copy.count, 100);
	assert_string_equal(copy.items[0], "w0");
}

static void a_copy_of_the_empty_list_is_empty(void **state)
{
	struct sv_list l = { 0 }, copy = { 0 };
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(sv_list_copy(&copy, &l, &err), 0);
	assert_int_equal(copy.count, 0);
	assert_false(sv_list_has(&copy, ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_text_is_an_empty_string),
		cmocka_unit_test(text_grows_over_every_size),
		cmocka_unit_test(a_failure_is_remembered_and_told_when_taken),
		cmocka_unit_test(json_escapes_are_complete),
		cmocka_unit_test(utf8_is_not_read_beyond_its_room),
		cmocka_unit_test(beginnings_and_ends_are_compared),
		cmocka_unit_test(a_list_is_what_execve_wants),
		cmocka_unit_test(a_copy_of_the_empty_list_is_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
