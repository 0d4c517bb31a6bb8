/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks, as /bin/sh scripts: what they are given, what is told of those that fail, hang or leave
 * somebody behind. */
#include "runc/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"

#define STATE "{\"ociVersion\":\"1.0.2\",\"id\":\"c1\"}"

static char shell_word[] = "sh", dash_c[] = "-c", shell_path[] = "/bin/sh";

/* Runs SCRIPT as the only createRuntime hook. */
static int run(const char *script, const char *cwd, int64_t timeout, struct sv_err *err)
{
	char *args[] = { shell_word, dash_c, (char *)script, NULL };
	struct oci_hook hook = { .path = shell_path, .args = { args, 3, 4 }, .timeout = timeout };
	struct oci_hooks hooks = { &hook, 1 };
	struct sv_str state = { (char *)STATE, strlen(STATE), 0, false };

	*err = (struct sv_err){ 0 };
	return rc_hooks_run(&hooks, OCI_HOOK_CREATE_RUNTIME, &state, cwd, err);
}

static void no_hooks_is_fine(void **state)
{
	struct oci_hooks none = { 0 };
	struct sv_str text = { 0 };
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(rc_hooks_run(&none, OCI_HOOK_PRESTART, &text, NULL, &err), 0);
}

static void state_is_on_stdin_and_may_be_reopened(void **state)
{
	struct sv_err err;

	(void)state;
	assert_int_equal(run("read line || :; [ \"$line\" = '" STATE "' ]", NULL, 0, &err), 0);
	assert_int_equal(
		run("read line < /dev/stdin || :; [ \"$line\" = '" STATE "' ]", NULL, 0, &err), 0);
}

static void large_state_that_nobody_reads_harms_nobody(void **state)
{
	char *args[] = { shell_word, dash_c, (char *)"exit 0", NULL };
	struct oci_hook hook = { .path = shell_path, .args = { args, 3, 4 } };
	struct oci_hooks hooks = { &hook, 1 };
	struct sv_err err = { 0 };
	autostr struct sv_str text = { 0 };

	(void)state;
	for (int i = 0; i < 50000; i++)
		sv_str_add(&text, "0123456789");
	assert_int_equal(rc_hooks_run(&hooks, OCI_HOOK_PRESTART, &text, NULL, &err), 0);
}

static void environment_is_exactly_the_given_one(void **state)
{
	char *args[] = { shell_word, dash_c, (char *)"[ \"$A\" = 1 ] && [ -z \"$SV_LEAK$HOME\" ]",
			 NULL };
	char *env[] = { (char *)"A=1", NULL };
	struct oci_hook hook = { .path = shell_path, .args = { args, 3, 4 }, .env = { env, 1, 2 } };
	struct oci_hooks hooks = { &hook, 1 };
	struct sv_str text = { 0 };
	struct sv_err err = { 0 };

	(void)state;
	setenv("SV_LEAK", "1", 1);
	assert_int_equal(rc_hooks_run(&hooks, OCI_HOOK_PRESTART, &text, NULL, &err), 0);
	assert_int_equal(run("[ -z \"$SV_LEAK$HOME\" ]", NULL, 0, &err), 0);
	unsetenv("SV_LEAK");
}

static void working_directory_is_the_given_one(void **state)
{
	struct sv_err err;

	(void)state;
	assert_int_equal(run("[ \"$(pwd -P)\" = /usr ]", "/usr", 0, &err), 0);
	assert_int_equal(run("[ \"$(pwd -P)\" = / ]", "/no/such/dir", 0, &err), 0);
	assert_int_equal(run(":", "/bin/sh", 0, &err), -ENOTDIR);
	assert_string_equal(err.msg, "error running createRuntime hook #0: cannot change to "
				     "'/bin/sh': Not a directory");
}

static void other_user_keeps_the_capabilities(void **state)
{
	char *args[] = {
		shell_word, dash_c,
		(char *)"[ $(id -u):$(id -g):$(id -G) = 4321:8765:8765 ] && cat /etc/shadow >"
			" /dev/null && grep -q '^CapEff:.*[1-9a-f]' /proc/self/status",
		NULL
	};
	struct oci_hook hook = { .path = shell_path, .args = { args, 3, 4 } };
	struct oci_hooks hooks = { &hook, 1 };
	struct sv_str text = { 0 };
	struct sv_err err = { 0 };

	(void)state;
	if (geteuid() != 0)
		skip();
	if (rc_hooks_run_as(&hooks, OCI_HOOK_CREATE_CONTAINER, &text, NULL, 4321, 8765, &err) < 0)
		fail_msg("%s", err.msg);
}

static void no_descriptor_but_the_first_three_gets_in(void **state)
{
	struct sv_err err;
	int leak = open("/dev/null", O_RDONLY); /* on purpose without O_CLOEXEC */

	(void)state;
	assert_int_equal(run("for f in /proc/self/fd/*; do case ${f##*/} in 0|1|2|\\*) ;; *) [ ! "
			     "-e $f ] || exit 9 ;; esac; done",
			     NULL, 0, &err),
			 0);
	close(leak);
}

static void signals_are_the_default_ones(void **state)
{
	struct sv_err err;
	sigset_t all, old;
	int r;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	r = run("grep -q '^SigBlk:\t0*$' /proc/self/status && "
		/* 32 and 33 are glibc's own: posix_spawn(3), which make(1) uses, leaves them ignored. */
		"grep -qE '^SigIgn:\t0*(180000000)?$' /proc/self/status",
		NULL, 0, &err);
	sigprocmask(SIG_SETMASK, &old, NULL);
	signal(SIGPIPE, SIG_DFL);
	assert_int_equal(r, 0);
}

static void failure_tells_status_and_output(void **state)
{
	struct sv_err err;

	(void)state;
	assert_true(run("echo one; echo two; echo no such device >&2; exit 3", NULL, 0, &err) < 0);
	assert_string_equal(err.msg, "error running createRuntime hook #0: exit status 3, stdout: "
				     "one two, stderr: no such device");
	assert_true(run("exit 1", NULL, 0, &err) < 0);
	assert_string_equal(
		err.msg, "error running createRuntime hook #0: exit status 1, stdout: , stderr: ");
	assert_true(run("kill -9 $$", NULL, 0, &err) < 0);
	assert_string_equal(
		err.msg, "error running createRuntime hook #0: signal: Killed, stdout: , stderr: ");
}

static void only_the_tail_of_much_output_is_told(void **state)
{
	struct sv_err err;

	(void)state;
	assert_true(run("i=0; while [ $i -lt 20000 ]; do echo 0123456789 >&2; i=$((i+1)); done; "
			"echo last >&2; exit 1",
			NULL, 0, &err) < 0);
	assert_non_null(strstr(err.msg, "0123456789 last"));
	assert_true(strlen(err.msg) < 400);
}

static void missing_program_is_named(void **state)
{
	struct oci_hook hook = { .path = (char *)"/no/such/hook" };
	struct oci_hooks hooks = { &hook, 1 };
	struct sv_str text = { 0 };
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(rc_hooks_run(&hooks, OCI_HOOK_POSTSTOP, &text, NULL, &err), -ENOENT);
	assert_string_equal(err.msg, "error running poststop hook #0: cannot execute "
				     "'/no/such/hook': No such file or directory");
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void hook_that_hangs_is_ended_with_its_children(void **state)
{
	double start = seconds();
	char path[] = "/tmp/sv-hook-XXXXXX", script[200];
	struct sv_err err;
	int fd = mkstemp(path);
	long child = 0;
	FILE *f;

	(void)state;
	snprintf(script, sizeof(script), "sleep 1000 & echo $! > %s; sleep 1000", path);
	assert_int_equal(run(script, NULL, 1, &err), -ETIMEDOUT);
	assert_string_equal(err.msg,
			    "error running createRuntime hook #0: '/bin/sh' timed out after 1 s");
	assert_true(seconds() - start < 30);
	f = fdopen(fd, "r");
	assert_int_equal(fscanf(f, "%ld", &child), 1);
	fclose(f);
	unlink(path);
	/* Killed; until its new parent has reaped it, it is a zombie, which is just as well. */
	if (kill((pid_t)child, 0) == 0) {
		char stat[64], line[512] = "";

		snprintf(stat, sizeof(stat), "/proc/%ld/stat", child);
		f = fopen(stat, "r");
		if (f) {
			assert_non_null(fgets(line, sizeof(line), f));
			fclose(f);
			assert_non_null(strstr(line, ") Z "));
		}
	}
}

static void daemon_left_behind_is_not_waited_for(void **state)
{
	double start = seconds();
	struct sv_err err;

	(void)state;
	assert_int_equal(run("sleep 5 &", NULL, 0, &err), 0);
	assert_int_equal(run("yes & echo $! >&2; exec sleep 0.05", NULL, 0, &err), 0);
	assert_true(seconds() - start < 4);
}

static void list_stops_at_the_first_failure_unless_tried(void **state)
{
	char path[] = "/tmp/sv-hook-XXXXXX", script[100];
	char *good[] = { shell_word, dash_c, script, NULL };
	char *bad[] = { shell_word, dash_c, (char *)"exit 1", NULL };
	struct oci_hook list[] = {
		{ .path = shell_path, .args = { good, 3, 4 } },
		{ .path = shell_path, .args = { bad, 3, 4 } },
		{ .path = shell_path, .args = { good, 3, 4 } },
	};
	struct oci_hooks hooks = { list, 3 };
	struct sv_str text = { 0 };
	struct sv_err err = { 0 };
	int fd = mkstemp(path);

	(void)state;
	snprintf(script, sizeof(script), "echo >> %s", path);
	assert_true(rc_hooks_run(&hooks, OCI_HOOK_POSTSTART, &text, NULL, &err) < 0);
	assert_non_null(strstr(err.msg, "poststart hook #1"));
	assert_int_equal(lseek(fd, 0, SEEK_END), 1);
	rc_hooks_try(&hooks, OCI_HOOK_POSTSTOP, &text, NULL);
	assert_int_equal(lseek(fd, 0, SEEK_END), 3);
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_hooks_is_fine),
		cmocka_unit_test(state_is_on_stdin_and_may_be_reopened),
		cmocka_unit_test(large_state_that_nobody_reads_harms_nobody),
		cmocka_unit_test(environment_is_exactly_the_given_one),
		cmocka_unit_test(working_directory_is_the_given_one),
		cmocka_unit_test(other_user_keeps_the_capabilities),
		cmocka_unit_test(no_descriptor_but_the_first_three_gets_in),
		cmocka_unit_test(signals_are_the_default_ones),
		cmocka_unit_test(failure_tells_status_and_output),
		cmocka_unit_test(only_the_tail_of_much_output_is_told),
		cmocka_unit_test(missing_program_is_named),
		cmocka_unit_test(hook_that_hangs_is_ended_with_its_children),
		cmocka_unit_test(daemon_left_behind_is_not_waited_for),
		cmocka_unit_test(list_stops_at_the_first_failure_unless_tried),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
