/* SPDX-License-Identifier: Apache-2.0 */
#include "../lib/unit.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/parse.h"

static void numbers_are_read_whole_and_bounded(void **state)
{
	static const struct {
		const char *text;
		uint64_t max;
		int result;
		uint64_t value;
	} rows[] = {
		{ "0", UINT64_MAX, 0, 0 },
		{ "007", UINT64_MAX, 0, 7 },
		{ "18446744073709551615", UINT64_MAX, 0, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, -ERANGE, 0 },
		{ "99999999999999999999999", UINT64_MAX, -ERANGE, 0 },
		{ "100", 100, 0, 100 },
		{ "101", 100, -ERANGE, 0 },
		{ "9", 5, -ERANGE, 0 },
		{ "", UINT64_MAX, -EINVAL, 0 },
		{ " 1", UINT64_MAX, -EINVAL, 0 },
		{ "1 ", UINT64_MAX, -EINVAL, 0 },
		{ "+1", UINT64_MAX, -EINVAL, 0 },
		{ "-1", UINT64_MAX, -EINVAL, 0 },
		{ "0x10", UINT64_MAX, -EINVAL, 0 },
		{ "1e3", UINT64_MAX, -EINVAL, 0 },
		{ "\xc2\xb2", UINT64_MAX, -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < SV_COUNT(rows); i++) {
		struct sv_err err = { 0 };
		uint64_t value = 12345;

		assert_int_equal(sv_parse_u64(rows[i].text, rows[i].max, &value, &err),
				 rows[i].result);
		assert_int_equal(err.code, -rows[i].result);
		assert_true(value == (rows[i].result == 0 ? rows[i].value : 12345));
	}
}

static void errors_quote_the_text(void **state)
{
	struct sv_err err = { 0 };
	uint32_t value;

	(void)state;
	sv_parse_u32("4294967296", &value, &err);
	assert_string_equal(err.msg, "'4294967296' is larger than 4294967295");
	sv_parse_u32("many", &value, &err);
	assert_string_equal(err.msg, "'many' is not a number");
	sv_parse_u32("", &value, &err);
	assert_string_equal(err.msg, "a number is missing");
}

static void signed_numbers_reach_both_ends(void **state)
{
	struct sv_err err = { 0 };
	int64_t value;

	(void)state;
	assert_int_equal(sv_parse_i64("9223372036854775807", &value, &err), 0);
	assert_true(value == INT64_MAX);
	assert_int_equal(sv_parse_i64("-9223372036854775808", &value, &err), 0);
	assert_true(value == INT64_MIN);
	assert_int_equal(sv_parse_i64("-0", &value, &err), 0);
	assert_true(value == 0);
	assert_int_equal(sv_parse_i64("9223372036854775808", &value, &err), -ERANGE);
	assert_int_equal(sv_parse_i64("-9223372036854775809", &value, &err), -ERANGE);
	assert_int_equal(sv_parse_i64("--1", &value, &err), -EINVAL);
	assert_int_equal(sv_parse_i64("-", &value, &err), -EINVAL);
}

static void octal_modes_are_read(void **state)
{
	struct sv_err err = { 0 };
	uint32_t mode = 1;

	(void)state;
	assert_int_equal(sv_parse_octal("0755", 07777, &mode, &err), 0);
	assert_int_equal(mode, 0755);
	assert_int_equal(sv_parse_octal("7777", 07777, &mode, &err), 0);
	assert_int_equal(sv_parse_octal("10000", 07777, &mode, &err), -ERANGE);
	assert_int_equal(sv_parse_octal("888", 07777, &mode, &err), -EINVAL);
	assert_int_equal(sv_parse_octal("", 07777, &mode, &err), -EINVAL);
}

static void sizes_have_binary_units(void **state)
{
	static const struct {
		const char *text;
		int result;
		int64_t value;
	} rows[] = {
		{ "0", 0, 0 },
		{ "1024", 0, 1024 },
		{ "-1", 0, -1 },
		{ "10b", 0, 10 },
		{ "64k", 0, 65536 },
		{ "64KB", 0, 65536 },
		{ "64KiB", 0, 65536 },
		{ "3M", 0, 3 << 20 },
		{ "2g", 0, INT64_C(2) << 30 },
		{ "1T", 0, INT64_C(1) << 40 },
		{ "4p", 0, INT64_C(1) << 52 },
		{ "9223372036854775807", 0, INT64_MAX },
		{ "9223372036854775808", -ERANGE, 0 },
		{ "9007199254740992k", -ERANGE, 0 },
		{ "8192p", -ERANGE, 0 },
		{ "-2", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ "k", -EINVAL, 0 },
		{ "1x", -EINVAL, 0 },
		{ "1kk", -EINVAL, 0 },
		{ "1bb", -EINVAL, 0 },
		{ "1 k", -EINVAL, 0 },
		{ "1.5g", -EINVAL, 0 },
		{ "000000000000000000000000000001", -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < SV_COUNT(rows); i++) {
		struct sv_err err = { 0 };
		int64_t value = 77;
		int r = sv_parse_size(rows[i].text, &value, &err);

		if (r != rows[i].result || value != (r == 0 ? rows[i].value : 77))
			fail_msg("'%s' gave %d and %lld", rows[i].text, r, (long long)value);
	}
}

static void cpu_lists_become_bits(void **state)
{
	unsigned long bits[SV_PARSE_CPUS_MAX / 8 / sizeof(unsigned long)];
	struct sv_err err = { 0 };

	(void)state;
	memset(bits, 0xff, sizeof(bits));
	assert_int_equal(sv_parse_cpus("0-3,7,64-65", bits, SV_PARSE_CPUS_MAX, &err), 0);
	assert_true(bits[0] == 0x8f);
	assert_true(bits[1] == 3);
	assert_true(bits[2] == 0);
	assert_int_equal(sv_parse_cpus("8191", bits, SV_PARSE_CPUS_MAX, &err), 0);
	assert_true(bits[SV_COUNT(bits) - 1] == 1UL << (8 * sizeof(long) - 1));
	assert_int_equal(sv_parse_cpus("5-5", NULL, SV_PARSE_CPUS_MAX, &err), 0);
}

static void broken_cpu_lists_are_refused(void **state)
{
	static const char *const rows[] = { "",    ",",     "0,", ",0",  "0,,1",     "1-", "-1",
					    "3-1", "0-1-2", "a",  "0 1", "0-31:2/4", " 0" };
	struct sv_err err = { 0 };
	char *endless;

	(void)state;
	for (size_t i = 0; i < SV_COUNT(rows); i++)
		assert_int_equal(sv_parse_cpus(rows[i], NULL, SV_PARSE_CPUS_MAX, &err), -EINVAL);
	assert_int_equal(sv_parse_cpus("8192", NULL, SV_PARSE_CPUS_MAX, &err), -ERANGE);
	assert_int_equal(sv_parse_cpus("99999999999999999999999", NULL, SV_PARSE_CPUS_MAX, &err),
			 -ERANGE);
	assert_int_equal(sv_parse_cpus("3-1", NULL, SV_PARSE_CPUS_MAX, &err), -EINVAL);
	assert_string_equal(err.msg, "'3-1' has a range that ends before it begins");

	endless = calloc(1, 100001);
	assert_non_null(endless);
	for (size_t i = 0; i < 100000; i++)
		endless[i] = i % 2 ? ',' : '0';
	assert_int_equal(sv_parse_cpus(endless, NULL, SV_PARSE_CPUS_MAX, &err), -ERANGE);
	free(endless);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_read_whole_and_bounded),
		cmocka_unit_test(errors_quote_the_text),
		cmocka_unit_test(signed_numbers_reach_both_ends),
		cmocka_unit_test(octal_modes_are_read),
		cmocka_unit_test(sizes_have_binary_units),
		cmocka_unit_test(cpu_lists_become_bits),
		cmocka_unit_test(broken_cpu_lists_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
