/* SPDX-License-Identifier: Apache-2.0 */
#include "../lib/unit.h"

#include <errno.h>
#include <json-c/json.h>
#include <regex.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"

/* A fresh file to log to; the caller frees the name and removes the file. */
static char *new_file(void)
{
	char *path = strdup("/tmp/sv-unit-log-XXXXXX");
	autoclose int fd = -1;

	assert_non_null(path);
	fd = mkstemp(path);
	assert_true(fd >= 0);
	return path;
}

static char *take_file(char *path)
{
	size_t len;
	char *text = unit_read_file(path, &len);

	unlink(path);
	free(path);
	return text;
}

static void assert_matches(const char *text, const char *pattern)
{
	regex_t regex;

	assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	if (regexec(&regex, text, 0, NULL, 0) != 0)
		fail_msg("'%s' does not match '%s'", text, pattern);
	regfree(&regex);
}

static void json_lines_have_what_containerd_reads(void **state)
{
	char *path = new_file();
	struct sv_err err = { 0 };
	struct json_object *line, *value;
	char *text;

	(void)state;
	assert_int_equal(sv_log_open(path, true, SV_LOG_INFO, &err), 0);
	errno = EXDEV;
	sv_log(SV_LOG_ERROR, "cannot open '%s': \"%d\"\n", "a\\b", 7);
	assert_int_equal(errno, EXDEV);
	text = take_file(path);
	line = json_tokener_parse(text);
	assert_non_null(line);
	assert_true(json_object_object_get_ex(line, "level", &value));
	assert_string_equal(json_object_get_string(value), "error");
	assert_true(json_object_object_get_ex(line, "msg", &value));
	assert_string_equal(json_object_get_string(value), "cannot open 'a\\b': \"7\"\n");
	assert_true(json_object_object_get_ex(line, "time", &value));
	assert_matches(json_object_get_string(value),
		       "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$");
	json_object_put(line);
	free(text);
}

static void text_lines_look_as_those_of_runc(void **state)
{
	char *path = new_file();
	struct sv_err err = { 0 };
	char *text;

	(void)state;
	assert_int_equal(sv_log_open(path, false, SV_LOG_WARNING, &err), 0);
	sv_warning("less of \"it\"");
	text = take_file(path);
	assert_matches(
		text,
		"^time=\"[-0-9]{10}T[0-9:]{8}Z\" level=warning msg=\"less of \\\\\"it\\\\\"\"\n$");
	free(text);
}

static void lines_below_the_level_are_dropped(void **state)
{
	char *path = new_file();
	struct sv_err err = { 0 };
	char *text;

	(void)state;
	assert_int_equal(sv_log_open(path, true, SV_LOG_WARNING, &err), 0);
	sv_debug("step");
	sv_log(SV_LOG_INFO, "state");
	text = take_file(path);
	assert_string_equal(text, "");
	free(text);
}

static void files_are_appended_to(void **state)
{
	char *path = new_file();
	struct sv_err err = { 0 };
	char *text;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(sv_log_open(path, true, SV_LOG_DEBUG, &err), 0);
		sv_debug("line %d", i);
	}
	text = take_file(path);
	assert_non_null(strstr(text, "line 0"));
	assert_non_null(strstr(text, "line 1"));
	free(text);
}

static void a_log_that_cannot_be_opened_is_an_error(void **state)
{
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(sv_log_open("/proc/none/log", true, SV_LOG_DEBUG, &err), -ENOENT);
	assert_string_equal(err.msg,
			    "cannot open the log file '/proc/none/log': No such file or directory");
}

static void a_full_disk_loses_the_line_only(void **state)
{
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(sv_log_open("/dev/full", true, SV_LOG_DEBUG, &err), 0);
	errno = 0;
	sv_debug("lost");
	assert_int_equal(errno, 0);
}

/* What a process that was given no log file says on stderr, with LEVEL. */
static char *said_on_stderr(enum sv_log_level level)
{
	char *path = new_file();
	struct sv_err err = { 0 };
	int kept = dup(STDERR_FILENO);

	program_invocation_short_name = (char *)"base_log";
	assert_true(kept >= 0);
	assert_non_null(freopen(path, "w", stderr));
	assert_int_equal(sv_log_open(NULL, false, level, &err), 0);
	errno = EXDEV;
	sv_debug("a step");
	sv_warning("less of it");
	sv_log(SV_LOG_ERROR, "main tells this");
	assert_int_equal(errno, EXDEV);
	assert_true(dup2(kept, STDERR_FILENO) >= 0);
	close(kept);
	return take_file(path);
}

/* Runs first: a log file, once opened, stays. */
static void without_a_file_warnings_go_to_stderr(void **state)
{
	char *text = said_on_stderr(SV_LOG_INFO);

	(void)state;
	assert_string_equal(text, "base_log: warning: less of it\n");
	free(text);
	text = said_on_stderr(SV_LOG_DEBUG);
	assert_string_equal(text, "base_log: debug: a step\nbase_log: warning: less of it\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_file_warnings_go_to_stderr),
		cmocka_unit_test(json_lines_have_what_containerd_reads),
		cmocka_unit_test(text_lines_look_as_those_of_runc),
		cmocka_unit_test(lines_below_the_level_are_dropped),
		cmocka_unit_test(files_are_appended_to),
		cmocka_unit_test(a_log_that_cannot_be_opened_is_an_error),
		cmocka_unit_test(a_full_disk_loses_the_line_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
