/* SPDX-License-Identifier: Apache-2.0 */
/* Session keyrings: the same container finds its own again, another one does not. Each case is a
 * child, so that ours stays. */
#include "runc/keyring.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static long session(void)
{
	return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, -3 /* the session's */, 0);
}

static int has_keyrings(void)
{
	return session() > 0 || errno == ENOKEY;
}

static void in_child(int (*body)(void))
{
	int status;
	pid_t pid;

	if (!has_keyrings())
		skip();
	pid = fork();
	if (pid == 0)
		_exit(body());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static int join(const char *id, const char *tag)
{
	struct sv_err err = { 0 };

	if (rc_keyring_join(id, tag, &err) == 0)
		return 0;
	fprintf(stderr, "%s\n", err.msg);
	return -1;
}

static int joins(void)
{
	char tag[32], text[256] = "";
	long before = session(), first;
	pid_t keeper;
	int bad = 0;

	snprintf(tag, sizeof(tag), "t%d", (int)getpid());
	if (join("c1", tag) < 0)
		return 1;
	first = session();
	if (first == before || syscall(SYS_keyctl, KEYCTL_DESCRIBE, first, text, sizeof(text)) < 0)
		return 2;
	if (!strstr(text, ";3f1b0000;_ses.c1.t"))
		return fprintf(stderr, "%s\n", text), 3;
	/* A child keeps it while we look at another. */
	keeper = fork();
	if (keeper == 0) {
		pause();
		_exit(0);
	}
	if (join("c2", tag) < 0 || session() == first)
		bad = 4;
	else if (join("c1", tag) < 0 || session() != first)
		bad = 5;
	kill(keeper, SIGKILL);
	waitpid(keeper, NULL, 0);
	return bad;
}

static void same_name_finds_the_same_keyring(void **state)
{
	(void)state;
	in_child(joins);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(same_name_finds_the_same_keyring) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
