/* SPDX-License-Identifier: Apache-2.0 */
/* Messages and descriptors over sockets. */
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
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

static void descriptors_are_closed_and_those_between_them_stay(void **state)
{
	int fds[8], kept, list[6];

	(void)state;
	for (size_t i = 0; i < SV_COUNT(fds); i++)
		fds[i] = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 100);
	kept = fds[3];
	memcpy(list, fds, 3 * sizeof(int));
	memcpy(list + 3, fds + 5, 3 * sizeof(int));
	sv_fd_close_all(list, SV_COUNT(list));
	for (size_t i = 0; i < SV_COUNT(list); i++)
		assert_int_equal(fcntl(list[i], F_GETFD), -1);
	assert_int_equal(fcntl(kept, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(fds[4], F_GETFD), FD_CLOEXEC);
	sv_fd_close_all(fds + 3, 2);
	sv_fd_close_all(NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(last_words_are_heard_after_a_reset),
		cmocka_unit_test(more_descriptors_than_expected_are_closed),
		cmocka_unit_test(message_that_is_cut_is_refused),
		cmocka_unit_test(descriptors_are_closed_and_those_between_them_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
