/* SPDX-License-Identifier: Apache-2.0 */
/* Signals by name and lengths of time. */
#include "base/parse.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"

static void signals_are_known_by_number_and_name(void **state)
{
	static const struct {
		const char *text;
		int want;
	} cases[] = {
		{ "0", 0 },	    { "9", SIGKILL },	 { "KILL", SIGKILL },	 { "SIGKILL", SIGKILL },
		{ "sigusr1", SIGUSR1 }, { "Term", SIGTERM }, { "CHLD", SIGCHLD },	 { "cld", SIGCHLD },
		{ "SIGIOT", SIGABRT },	{ "POLL", SIGIO },	 { "winch", SIGWINCH },
	};

	(void)state;
	for (size_t i = 0; i < SV_COUNT(cases); i++) {
		struct sv_err err = { 0 };
		int sig = -1;

		assert_int_equal(sv_parse_signal(cases[i].text, &sig, &err), 0);
		assert_int_equal(sig, cases[i].want);
	}
}

static void realtime_signals_count_from_either_end(void **state)
{
	struct sv_err err = { 0 };
	int sig;

	(void)state;
	assert_int_equal(sv_parse_signal("SIGRTMIN+3", &sig, &err), 0);
	assert_int_equal(sig, SIGRTMIN + 3);
	assert_int_equal(sv_parse_signal("rtmin", &sig, &err), 0);
	assert_int_equal(sig, SIGRTMIN);
	assert_int_equal(sv_parse_signal("RTMAX-1", &sig, &err), 0);
	assert_int_equal(sig, SIGRTMAX - 1);
}

static void what_is_no_signal_is_quoted(void **state)
{
	static const char *const texts[] = { "",	   "SIG",    "FOO",	"65",  "-9",	 "9x",
					     "RTMIN+31", "RTMAX+1", "RTMIN-1", "SIGSIGKILL", "RTMINX" };

	(void)state;
	for (size_t i = 0; i < SV_COUNT(texts); i++) {
		struct sv_err err = { 0 };
		int sig = 7;

		assert_int_equal(sv_parse_signal(texts[i], &sig, &err), -EINVAL);
		assert_non_null(strstr(err.msg, "unknown signal \""));
	}
}

static void durations_are_those_of_go(void **state)
{
	static const struct {
		const char *text;
		int64_t want;
	} cases[] = {
		{ "0", 0 },
		{ "5s", 5000000000 },
		{ "100ms", 100000000 },
		{ "1m30s", 90000000000 },
		{ "1.5h", 5400000000000 },
		{ "0.25s", 250000000 },
		{ "7us", 7000 },
		{ "3ns", 3 },
	};

	(void)state;
	for (size_t i = 0; i < SV_COUNT(cases); i++) {
		struct sv_err err = { 0 };
		int64_t ns = -1;

		assert_int_equal(sv_parse_duration(cases[i].text, &ns, &err), 0);
		assert_int_equal(ns, cases[i].want);
	}
}

static void what_is_no_duration_is_refused(void **state)
{
	static const char *const texts[] = { "", "5", "s", "-5s", "5 s", "5sx", "1.5", ".5s", "99999999999999999999s", "9999999h" };

	(void)state;
	for (size_t i = 0; i < SV_COUNT(texts); i++) {
		struct sv_err err = { 0 };
		int64_t ns;

		assert_true(sv_parse_duration(texts[i], &ns, &err) < 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signals_are_known_by_number_and_name),
		cmocka_unit_test(realtime_signals_count_from_either_end),
		cmocka_unit_test(what_is_no_signal_is_quoted),
		cmocka_unit_test(durations_are_those_of_go),
		cmocka_unit_test(what_is_no_duration_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
