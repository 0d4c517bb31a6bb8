/* SPDX-License-Identifier: Apache-2.0 */
#include "../lib/unit.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/jsonx.h"

/* Parses TEXT, in which ' stands for ". */
static struct json_object *doc_of(const char *text)
{
	autofree char *json = unit_json(text);
	struct json_object *doc = NULL;
	struct sv_err err = { 0 };

	if (sv_json_parse(json, strlen(json), &doc, &err) < 0)
		fail_msg("%s: %s", text, err.msg);
	return doc;
}

static void refuses_bytes(const char *text, size_t len, const char *why)
{
	struct json_object *doc = NULL;
	struct sv_err err = { 0 };

	/* A copy of just that size, so that a sanitizer sees a read beyond it. */
	char *exact = malloc(len ? len : 1);

	assert_non_null(exact);
	memcpy(exact, text, len);
	if (sv_json_parse(exact, len, &doc, &err) >= 0)
		fail_msg("accepted: %.80s", text);
	assert_string_equal(err.msg, why);
	assert_null(doc);
	free(exact);
}

static void refuses(const char *text, const char *why)
{
	autofree char *json = unit_json(text);

	refuses_bytes(json, strlen(json), why);
}

static void text_that_is_not_json_is_refused(void **state)
{
	(void)state;
	refuses("", "not JSON: the text ends too early");
	refuses("   ", "not JSON: the text ends too early");
	refuses("{", "not JSON: the text ends too early");
	refuses("{'a':", "not JSON: the text ends too early");
	refuses("{'a'", "not JSON: the text ends too early");
	refuses("['abc", "not JSON: the text ends too early");
	refuses("{'a':1} x", "not JSON: something follows the document at byte 8");
	refuses("{}{}", "not JSON: something follows the document at byte 2");
	refuses("[1,]", "not JSON: unexpected character at byte 3");
	refuses("{a:1}", "not JSON: quoted object property name expected at byte 1");
	refuses("[nul]", "not JSON: null expected at byte 4");
	refuses("[01]", "not JSON: number expected at byte 3");
	refuses("/* c */ {}", "not JSON: unexpected character at byte 0");
}

static void a_document_may_be_a_single_word(void **state)
{
	struct json_object *doc = doc_of("12");

	(void)state;
	assert_int_equal(json_object_get_int(doc), 12);
	json_object_put(doc);
	assert_null(doc_of("null"));
	doc = doc_of("true");
	assert_true(json_object_get_boolean(doc));
	json_object_put(doc);
	refuses("nul", "not JSON: the text ends too early");
	refuses("-", "not JSON: the text ends too early");
}

static void blanks_around_the_document_are_fine(void **state)
{
	struct json_object *doc = doc_of(" \n\t{} \r\n");

	(void)state;
	assert_true(json_object_is_type(doc, json_type_object));
	json_object_put(doc);
}

static void a_nul_is_refused_wherever_it_hides(void **state)
{
	(void)state;
	refuses_bytes("{}\0", 3, "not JSON: a NUL at byte 2");
	refuses_bytes("[\"a\0b\"]", 7, "not JSON: a NUL at byte 3");
	refuses("['a\\u0000b']", "a string contains a NUL at byte 3");
	refuses("{'a\\u0000b':1}", "a string contains a NUL at byte 3");
	refuses("['\\\\\\u0000']", "a string contains a NUL at byte 4");
	refuses("['\\u000", "not JSON: the text ends too early");
	refuses("['\\", "not JSON: the text ends too early");
}

static void a_backslash_before_u0000_hides_nothing(void **state)
{
	struct json_object *doc = doc_of("['\\\\u0000','\\u0001']");

	(void)state;
	assert_string_equal(json_object_get_string(json_object_array_get_idx(doc, 0)), "\\u0000");
	json_object_put(doc);
}

static void invalid_utf8_is_refused(void **state)
{
	(void)state;
	refuses_bytes("[\"\xff\"]", 5, "not JSON: invalid UTF-8 at byte 2");
	refuses_bytes("[\"\xc3", 3, "not JSON: invalid UTF-8 at byte 2");
	refuses_bytes("[\"\xc0\xaf\"]", 6, "not JSON: invalid UTF-8 at byte 2");
	refuses_bytes("[\"\xed\xa0\x80\"]", 7, "not JSON: invalid UTF-8 at byte 2");
	refuses_bytes("[\"\\\xc3\"]", 6, "not JSON: invalid UTF-8 at byte 3");
	json_object_put(doc_of("['\xc3\xa4\xf0\x9f\x90\xa7']"));
}

static void nesting_ends_at_64(void **state)
{
	char text[200];
	struct json_object *doc = NULL;
	struct sv_err err = { 0 };

	(void)state;
	memset(text, '[', 64);
	memset(text + 64, ']', 64);
	assert_int_equal(sv_json_parse(text, 128, &doc, &err), 0);
	json_object_put(doc);
	memset(text, '[', 65);
	memset(text + 65, ']', 65);
	refuses_bytes(text, 130, "not JSON: nesting too deep at byte 64");
}

static void the_number_of_objects_is_bounded(void **state)
{
	const size_t count = 256 * 1024;
	char *text = malloc(3 * count + 3);
	struct json_object *doc = NULL;
	struct sv_err err = { 0 };

	(void)state;
	assert_non_null(text);
	text[0] = '[';
	for (size_t i = 0; i < count; i++)
		memcpy(text + 1 + 3 * i, i + 1 < count ? "{}," : "{}]", 3);
	assert_int_equal(sv_json_parse(text, 3 * count + 1, &doc, &err), -EFBIG);
	assert_string_equal(err.msg, "the document has more than 262144 objects and arrays");

	/* Brackets in strings are no arrays. */
	memset(text, '[', 3 * count);
	memcpy(text, "[\"\\\"", 4);
	memcpy(text + 3 * count - 2, "\"]", 2);
	assert_int_equal(sv_json_parse(text, 3 * count, &doc, &err), 0);
	json_object_put(doc);
	free(text);
}

/* json-c alone would clip them to the end of its range. */
static void numbers_beyond_64_bits_are_refused_with_their_place(void **state)
{
	struct json_object *doc = doc_of(
		"{'u':18446744073709551616,'s':-9223372036854775809,'max':18446744073709551615,"
		"'min':-9223372036854775808,'text':'18446744073709551616'}");
	struct sv_json top = { .value = doc };
	autofree char *text = NULL;
	struct sv_err err = { 0 };
	uint64_t u64 = 0;
	int64_t i64 = 0;

	(void)state;
	assert_int_equal(sv_json_get_u64(&top, "u", &u64, &err), -EINVAL);
	assert_string_equal(
		err.msg, "u: expected a whole number of at least 0, found 18446744073709551616.0");
	assert_int_equal(sv_json_get_int(&top, "s", INT64_MIN, INT64_MAX, &i64, &err), -EINVAL);
	assert_int_equal(sv_json_get_u64(&top, "max", &u64, &err), 0);
	assert_true(u64 == UINT64_MAX);
	assert_int_equal(sv_json_get_int(&top, "min", INT64_MIN, INT64_MAX, &i64, &err), 0);
	assert_true(i64 == INT64_MIN);
	assert_int_equal(sv_json_get_string(&top, "text", &text, &err), 0);
	assert_string_equal(text, "18446744073709551616");
	json_object_put(doc);
}

static void errors_spell_the_way(void **state)
{
	struct json_object *doc = doc_of("{'linux':{'uidMappings':[{},{'size':-3}]}}");
	struct sv_json top = { .value = doc };
	struct sv_json linux_at = sv_json_get(&top, "linux"),
		       maps = sv_json_get(&linux_at, "uidMappings");
	struct sv_json map = sv_json_at(&maps, 1), size = sv_json_get(&map, "size"),
		       none = sv_json_get(&map, "none");
	struct sv_err err = { 0 };
	int64_t value = 5;

	(void)state;
	assert_int_equal(sv_json_int(&size, 1, 10, &value, &err), -EINVAL);
	assert_string_equal(
		err.msg,
		"linux.uidMappings[1].size: expected a whole number from 1 to 10, found -3");
	assert_int_equal(value, 5);

	sv_json_bad(&map, &err, "%s", "odd");
	assert_string_equal(err.msg, "linux.uidMappings[1]: odd");
	sv_json_bad(&top, &err, "odd");
	assert_string_equal(err.msg, "odd");
	sv_json_expected(&none, &err, "a thing");
	assert_string_equal(err.msg, "linux.uidMappings[1].none: missing, expected a thing");
	sv_json_expected(&maps, &err, "a thing");
	assert_string_equal(err.msg, "linux.uidMappings: expected a thing, found an array");
	json_object_put(doc);
}

/* Every reader meets every type. */
static void wrong_types_are_refused_and_leave_the_result_alone(void **state)
{
	static const struct {
		const char *text;
		bool object, array, boolean, integer, u32, u64, string, list;
	} rows[] = {
		{ "[null]", true, true, true, true, true, true, true, true },
		{ "[{}]", true, false, false, false, false, false, false, false },
		{ "[[]]", false, true, false, false, false, false, false, true },
		{ "[['a']]", false, true, false, false, false, false, false, true },
		{ "[['a',1]]", false, true, false, false, false, false, false, false },
		{ "[['a',null]]", false, true, false, false, false, false, false, false },
		{ "[true]", false, false, true, false, false, false, false, false },
		{ "['x']", false, false, false, false, false, false, true, false },
		{ "['']", false, false, false, false, false, false, true, false },
		{ "[1]", false, false, false, true, true, true, false, false },
		{ "[-1]", false, false, false, true, false, false, false, false },
		{ "[4294967296]", false, false, false, true, false, true, false, false },
		{ "[9223372036854775808]", false, false, false, false, false, true, false, false },
		{ "[18446744073709551615]", false, false, false, false, false, true, false, false },
		{ "[1.0]", false, false, false, false, false, false, false, false },
		{ "[1e2]", false, false, false, false, false, false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < SV_COUNT(rows); i++) {
		struct json_object *doc = doc_of(rows[i].text);
		struct sv_json top = { .value = doc }, at = sv_json_at(&top, 0);
		struct sv_err err = { 0 };
		autolist struct sv_list list = { 0 };
		autofree char *string = NULL;
		bool boolean = false;
		int64_t integer = 0;
		uint32_t u32 = 0;
		uint64_t u64 = 0;
		size_t count;

		assert_int_equal(sv_json_object(&at, &err) == 0, rows[i].object);
		assert_int_equal(sv_json_array(&at, &count, &err) == 0, rows[i].array);
		assert_int_equal(sv_json_bool(&at, &boolean, &err) == 0, rows[i].boolean);
		assert_int_equal(sv_json_int(&at, INT64_MIN, INT64_MAX, &integer, &err) == 0,
				 rows[i].integer);
		assert_int_equal(sv_json_u32(&at, &u32, &err) == 0, rows[i].u32);
		assert_int_equal(sv_json_u64(&at, &u64, &err) == 0, rows[i].u64);
		assert_int_equal(sv_json_string(&at, &string, &err) == 0, rows[i].string);
		assert_int_equal(sv_json_list(&at, &list, &err) == 0, rows[i].list);
		json_object_put(doc);
	}
}

static void long_values_are_quoted_shortly(void **state)
{
	struct json_object *doc =
		doc_of("['01234567890123456789012345678901234567890123456789012345678\xe2\x82\xac "
		       "and more']");
	struct sv_json top = { .value = doc }, at = sv_json_at(&top, 0);
	struct sv_err err = { 0 };
	bool value;

	(void)state;
	sv_json_bool(&at, &value, &err);
	assert_string_equal(
		err.msg, "[0]: expected true or false, "
			 "found \"01234567890123456789012345678901234567890123456789012345678...");
	json_object_put(doc);
}

static void an_absent_key_changes_nothing(void **state)
{
	struct json_object *doc = doc_of("{'n':null}");
	struct sv_json top = { .value = doc }, none = { 0 };
	struct sv_err err = { 0 };
	autofree char *string = strdup("kept");
	int64_t integer = 5;
	bool boolean = true;

	(void)state;
	assert_int_equal(sv_json_get_string(&top, "s", &string, &err), 0);
	assert_int_equal(sv_json_get_string(&top, "n", &string, &err), 0);
	assert_int_equal(sv_json_get_int(&top, "n", 0, 1, &integer, &err), 0);
	assert_int_equal(sv_json_get_bool(&none, "b", &boolean, &err), 0);
	assert_string_equal(string, "kept");
	assert_int_equal(integer, 5);
	assert_true(boolean);
	json_object_put(doc);
}

static void members_are_read_by_one_line(void **state)
{
	struct json_object *doc =
		doc_of("{'b':true,'i':-5,'u':7,'w':18446744073709551615,'s':'text','l':['x','y']}");
	struct sv_json top = { .value = doc };
	struct sv_err err = { 0 };
	autolist struct sv_list list = { 0 };
	autofree char *string = NULL;
	bool boolean = false;
	int64_t integer = 0;
	uint32_t u32 = 0;
	uint64_t u64 = 0;

	(void)state;
	assert_int_equal(sv_json_get_bool(&top, "b", &boolean, &err), 0);
	assert_int_equal(sv_json_get_int(&top, "i", -5, -5, &integer, &err), 0);
	assert_int_equal(sv_json_get_u32(&top, "u", &u32, &err), 0);
	assert_int_equal(sv_json_get_u64(&top, "w", &u64, &err), 0);
	assert_int_equal(sv_json_get_string(&top, "s", &string, &err), 0);
	assert_int_equal(sv_json_get_list(&top, "l", &list, &err), 0);
	assert_true(boolean);
	assert_int_equal(integer, -5);
	assert_int_equal(u32, 7);
	assert_true(u64 == UINT64_MAX);
	assert_string_equal(string, "text");
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[1], "y");
	json_object_put(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_that_is_not_json_is_refused),
		cmocka_unit_test(a_document_may_be_a_single_word),
		cmocka_unit_test(blanks_around_the_document_are_fine),
		cmocka_unit_test(a_nul_is_refused_wherever_it_hides),
		cmocka_unit_test(a_backslash_before_u0000_hides_nothing),
		cmocka_unit_test(invalid_utf8_is_refused),
		cmocka_unit_test(nesting_ends_at_64),
		cmocka_unit_test(the_number_of_objects_is_bounded),
		cmocka_unit_test(numbers_beyond_64_bits_are_refused_with_their_place),
		cmocka_unit_test(errors_spell_the_way),
		cmocka_unit_test(wrong_types_are_refused_and_leave_the_result_alone),
		cmocka_unit_test(long_values_are_quoted_shortly),
		cmocka_unit_test(an_absent_key_changes_nothing),
		cmocka_unit_test(members_are_read_by_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
