/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/<pid>/stat with names chosen to confuse, pidfds that notice a recycled number, and files
 * that must be procfs's own. */
#include "os/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"

#define REST " 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 9000 22 18446744073709551615 0 0\n"

static int parse(const char *text, struct sv_proc_stat *ret)
{
	struct sv_err err = { 0 };

	return sv_proc_parse_stat(text, strlen(text), ret, &err);
}

static void stat_line_is_read(void **state)
{
	struct sv_proc_stat st = { 0 };

	(void)state;
	assert_int_equal(parse("42 (sh) S" REST, &st), 0);
	assert_int_equal(st.pid, 42);
	assert_int_equal(st.parent, 1);
	assert_int_equal(st.state, 'S');
	assert_int_equal(st.start_time, 4711);
}

static void name_with_blanks_and_parentheses_confuses_nobody(void **state)
{
	struct sv_proc_stat st = { 0 };

	(void)state;
	assert_int_equal(parse("42 (a) R 9 (b) Z" REST, &st), 0);
	assert_int_equal(st.state, 'Z');
	assert_int_equal(st.parent, 1);
	assert_int_equal(parse("42 (x\n) ) T" REST, &st), 0);
	assert_int_equal(st.state, 'T');
	assert_int_equal(parse("42 () D" REST, &st), 0);
	assert_int_equal(st.state, 'D');
}

static void line_cut_short_is_refused(void **state)
{
	static const char whole[] = "42 (sh) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711";
	struct sv_proc_stat st = { 0 };
	struct sv_err err = { 0 };

	(void)state;
	for (size_t len = 0; len < sizeof(whole) - 5; len++)
		assert_int_equal(sv_proc_parse_stat(whole, len, &st, &err), -EINVAL);
	assert_int_equal(parse("42 (sh) S one 7 7 0 -1" REST, &st), -EINVAL);
	assert_int_equal(parse("x (sh) S" REST, &st), -EINVAL);
	assert_int_equal(st.pid, 0);
}

static void own_start_time_is_stable_and_has_a_pidfd(void **state)
{
	autoclose int fd = -1;
	uint64_t first = 0, second = 0;
	struct sv_err err = { 0 };
	char letter = 0;

	(void)state;
	assert_int_equal(sv_proc_start_time(getpid(), &first, &err), 0);
	assert_int_equal(sv_proc_start_time(getpid(), &second, &err), 0);
	assert_true(first == second && first > 0);
	assert_int_equal(sv_proc_state(getpid(), &letter, &err), 0);
	assert_int_equal(letter, 'R');
	assert_int_equal(sv_proc_pidfd_of(getpid(), first, &fd, &err), 0);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

static void other_start_time_is_another_process(void **state)
{
	struct sv_err err = { 0 };
	int fd = -1;

	(void)state;
	assert_int_equal(sv_proc_pidfd_of(getpid(), 1, &fd, &err), -ESRCH);
	assert_int_equal(fd, -1);
}

static void ended_process_is_esrch_everywhere(void **state)
{
	struct sv_err err = { 0 };
	uint64_t start;
	int fd = -1;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	assert_int_equal(sv_proc_start_time(pid, &start, &err), -ESRCH);
	assert_int_equal(sv_proc_pidfd(pid, &fd, &err), -ESRCH);
	assert_int_equal(sv_proc_open(pid, "stat", O_RDONLY, &err), -ESRCH);
}

static void wait_ends_by_timeout_or_by_the_end(void **state)
{
	autoclose int fd = -1;
	struct sv_err err = { 0 };
	char letter = 0;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		pause();
		_exit(0);
	}
	assert_int_equal(sv_proc_pidfd(pid, &fd, &err), 0);
	assert_int_equal(sv_proc_wait(fd, 0, &err), 0);
	assert_int_equal(sv_proc_wait(fd, 20, &err), 0);
	assert_int_equal(sv_proc_signal(fd, SIGKILL, &err), 0);
	assert_int_equal(sv_proc_wait(fd, -1, &err), 1);
	assert_int_equal(sv_proc_state(pid, &letter, &err), 0);
	assert_int_equal(letter, 'Z');
	waitpid(pid, NULL, 0);
	assert_int_equal(sv_proc_signal(fd, SIGKILL, &err), -ESRCH);
}

static void own_files_open_links_and_the_way_out_do_not(void **state)
{
	struct sv_err err = { 0 };
	autoclose int fd = -1;

	(void)state;
	fd = sv_proc_open(0, "oom_score_adj", O_RDONLY, &err);
	assert_true(fd >= 0);
	assert_int_equal(sv_proc_open(0, "exe", O_RDONLY, &err), -ELOOP);
	assert_int_equal(sv_proc_open(0, "root/etc/passwd", O_RDONLY, &err), -ELOOP);
	assert_int_equal(sv_proc_open(0, "../../etc/passwd", O_RDONLY, &err), -EXDEV);
	assert_int_equal(sv_proc_open(0, "no-such-file", O_RDONLY, &err), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stat_line_is_read),
		cmocka_unit_test(name_with_blanks_and_parentheses_confuses_nobody),
		cmocka_unit_test(line_cut_short_is_refused),
		cmocka_unit_test(own_start_time_is_stable_and_has_a_pidfd),
		cmocka_unit_test(other_start_time_is_another_process),
		cmocka_unit_test(ended_process_is_esrch_everywhere),
		cmocka_unit_test(wait_ends_by_timeout_or_by_the_end),
		cmocka_unit_test(own_files_open_links_and_the_way_out_do_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
