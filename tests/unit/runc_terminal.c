/* SPDX-License-Identifier: Apache-2.0 */
/* Terminals on a real pair: the message to an engine's console socket, raw mode, sizes. */
#include "runc/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "os/fd.h"

static void engine_receives_the_master_and_a_name(void **state)
{
	autoclose int master = -1, slave = -1, got = -1;
	struct sv_err err = { 0 };
	unsigned want_number, number;
	int pair[2], fds[2];
	char name[64] = "";
	size_t count;

	(void)state;
	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(rc_terminal_send(pair[0], master, &err), 0);
	assert_true(sv_fd_receive(pair[1], name, sizeof(name) - 1, fds, 2, &count, &err) > 0);
	assert_int_equal(count, 1);
	got = fds[0];
	assert_string_equal(name, "/dev/ptmx");
	assert_int_equal(ioctl(master, TIOCGPTN, &want_number), 0);
	assert_int_equal(ioctl(got, TIOCGPTN, &number), 0);
	assert_int_equal(number, want_number);
	close(pair[0]);
	close(pair[1]);
}

static void engine_that_left_is_an_error_not_a_signal(void **state)
{
	autoclose int master = -1, slave = -1, sock = -1;
	struct sv_err err = { 0 };
	int pair[2];

	(void)state;
	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	sock = pair[0];
	close(pair[1]);
	assert_int_equal(rc_terminal_send(sock, master, &err), -EPIPE);
}

static void socket_with_a_long_path_is_reached(void **state)
{
	char dir[] = "/tmp/sv-terminal.XXXXXX", deep[200];
	autofree char *path = NULL;
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	autoclose int listener = -1, sock = -1, dirfd = -1;
	struct sv_err err = { 0 };

	(void)state;
	assert_non_null(mkdtemp(dir));
	memset(deep, 'd', sizeof(deep));
	deep[150] = '\0';
	assert_int_equal(sv_str_format(&path, &err, "%s/%s", dir, deep), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	dirfd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(dirfd >= 0);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/s", dirfd);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(listener, 1), 0);
	free(path);
	path = NULL;
	assert_int_equal(sv_str_format(&path, &err, "%s/%s/s", dir, deep), 0);
	assert_true(strlen(path) > sizeof(addr.sun_path));
	assert_int_equal(rc_terminal_connect(path, &sock, &err), 0);
	unlink(path);
	unlinkat(AT_FDCWD, (path[strlen(path) - 2] = '\0', path), AT_REMOVEDIR);
	rmdir(dir);
}

static void missing_socket_is_named(void **state)
{
	struct sv_err err = { 0 };
	int sock = -1;

	(void)state;
	assert_int_equal(rc_terminal_connect("/nonexistent/console.sock", &sock, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "'/nonexistent/console.sock'"));
	assert_int_equal(sock, -1);
}

static void raw_mode_is_taken_back(void **state)
{
	autoclose int master = -1, slave = -1;
	struct termios before, raw, saved, after;
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	tcgetattr(slave, &before);
	assert_true(before.c_lflag & ICANON);
	assert_int_equal(rc_terminal_raw(slave, &saved, &err), 0);
	tcgetattr(slave, &raw);
	assert_false(raw.c_lflag & (ICANON | ISIG | ECHO));
	assert_int_equal(rc_terminal_restore(slave, &saved, &err), 0);
	tcgetattr(slave, &after);
	assert_int_equal(after.c_lflag, before.c_lflag);
	assert_int_equal(after.c_iflag, before.c_iflag);
	assert_int_equal(after.c_oflag, before.c_oflag);
}

static void sizes_are_set_and_copied(void **state)
{
	autoclose int master = -1, slave = -1, master2 = -1, slave2 = -1, pipe_end = -1;
	struct sv_err err = { 0 };
	struct winsize size;
	int ends[2];

	(void)state;
	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	assert_int_equal(openpty(&master2, &slave2, NULL, NULL, NULL), 0);
	assert_int_equal(rc_terminal_resize(slave, 40, 100, &err), 0);
	assert_int_equal(rc_terminal_resize(slave, 0, 7, &err), 0);
	assert_int_equal(rc_terminal_copy_size(slave, master2, &err), 0);
	assert_int_equal(ioctl(slave2, TIOCGWINSZ, &size), 0);
	assert_int_equal(size.ws_row, 40);
	assert_int_equal(size.ws_col, 100);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	close(ends[1]);
	pipe_end = ends[0];
	assert_int_equal(rc_terminal_copy_size(pipe_end, master2, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(engine_receives_the_master_and_a_name),
		cmocka_unit_test(engine_that_left_is_an_error_not_a_signal),
		cmocka_unit_test(socket_with_a_long_path_is_reached),
		cmocka_unit_test(missing_socket_is_named),
		cmocka_unit_test(raw_mode_is_taken_back),
		cmocka_unit_test(sizes_are_set_and_copied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
