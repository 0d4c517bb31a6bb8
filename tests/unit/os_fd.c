/* SPDX-License-Identifier: Apache-2.0 */
/* Messages and descriptors over sockets. */
#include "os/fd.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"

static void make_pair(int ret[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret), 0);
}

static void last_words_are_heard_after_a_reset(void **state)
{
	struct sv_err err = { 0 };
	char text[16] = "";
	size_t count;
	int pair[2];

	(void)state;
	make_pair(pair);
	assert_int_equal(sv_fd_send(pair[0], "unread", 6, NULL, 0, &err), 0);
	assert_int_equal(sv_fd_send(pair[1], "why", 3, NULL, 0, &err), 0);
	close(pair[1]);
	assert_int_equal(sv_fd_receive(pair[0], text, sizeof(text), NULL, 0, &count, &err), 3);
	assert_string_equal(text, "why");
	assert_int_equal(sv_fd_receive(pair[0], text, sizeof(text), NULL, 0, &count, &err), 0);
	close(pair[0]);
}

static void more_descriptors_than_expected_are_closed(void **state)
{
	struct sv_err err = { 0 };
	int pair[2], fds[2], got[1], before, after;
	char c;
	size_t count;

	(void)state;
	make_pair(pair);
	fds[0] = fds[1] = pair[0];
	before = dup(0);
	close(before);
	assert_int_equal(sv_fd_send(pair[0], "x", 1, fds, 2, &err), 0);
	assert_int_equal(sv_fd_receive(pair[1], &c, 1, got, 1, &count, &err), -EPROTO);
	after = dup(0);
	close(after);
	assert_int_equal(after, before);
	close(pair[0]);
	close(pair[1]);
}

static void message_that_is_cut_is_refused(void **state)
{
	struct sv_err err = { 0 };
	char text[4];
	size_t count;
	int pair[2];

	(void)state;
	make_pair(pair);
	assert_int_equal(sv_fd_send(pair[0], "too long", 8, NULL, 0, &err), 0);
	assert_int_equal(sv_fd_receive(pair[1], text, sizeof(text), NULL, 0, &count, &err),
			 -EPROTO);
	close(pair[0]);
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(last_words_are_heard_after_a_reset),
		cmocka_unit_test(more_descriptors_than_expected_are_closed),
		cmocka_unit_test(message_that_is_cut_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
