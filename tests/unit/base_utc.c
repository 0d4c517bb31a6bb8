/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utc.h"

#include <time.h>

#include "../lib/unit.h"

static void known_moments_are_right(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} moments[] = {
		{ 0, "1970-01-01T00:00:00" },	       { 951782399, "2000-02-28T23:59:59" },
		{ 951782400, "2000-02-29T00:00:00" },  { 1772323199, "2026-02-28T23:59:59" },
		{ 1772323200, "2026-03-01T00:00:00" }, { 4107542400, "2100-03-01T00:00:00" },
		{ -1, "1970-01-01T00:00:00" },	       { INT64_MAX, "1970-01-01T00:00:00" },
	};
	char text[SV_UTC_ROOM];

	(void)state;
	for (size_t i = 0; i < sizeof(moments) / sizeof(*moments); i++) {
		sv_utc_format(moments[i].seconds, text);
		assert_string_equal(text, moments[i].text);
	}
}

static void agrees_with_the_library(void **state)
{
	char ours[SV_UTC_ROOM], theirs[64];

	(void)state;
	for (time_t t = 0; t < 8000000000; t += 7654321) {
		struct tm utc;

		gmtime_r(&t, &utc);
		strftime(theirs, sizeof(theirs), "%Y-%m-%dT%H:%M:%S", &utc);
		sv_utc_format(t, ours);
		assert_string_equal(ours, theirs);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_moments_are_right),
		cmocka_unit_test(agrees_with_the_library),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
