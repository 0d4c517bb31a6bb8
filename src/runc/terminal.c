/* SPDX-License-Identifier: Apache-2.0 */
/* terminal.c - see terminal.h. */
#include "runc/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "os/fd.h"

/*
 * What Go's console package calls the master; containerd and conmon read it and do not look at
 * it.
 */
static const char master_name[] = "/dev/ptmx";

int rc_terminal_connect(const char *path, int *ret, struct sv_err *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	autoclose int sock = -1, node = -1;

	if (strlen(path) < sizeof(addr.sun_path)) {
		strcpy(addr.sun_path, path);
	} else {
		/* A long path is opened first and then named by its descriptor. */
		node = open(path, O_PATH | O_CLOEXEC);
		if (node < 0)
			return sv_err_set(err, errno, "cannot open the console socket '%s'", path);
		snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d", node);
	}
	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return sv_err_set(err, errno, "cannot make a socket");
	if (connect(sock, (const struct sockaddr *)&addr, sizeof(addr)) < 0)
		return sv_err_set(err, errno, "cannot connect to the console socket '%s'", path);
	*ret = sv_fd_steal(&sock);
	return 0;
}

int rc_terminal_send(int sock, int master, struct sv_err *err)
{
	int r = sv_fd_send(sock, master_name, strlen(master_name), &master, 1, err);

	return r < 0 ? sv_err_ctx(err, "console socket") : 0;
}

int rc_terminal_resize(int tty, uint16_t rows, uint16_t cols, struct sv_err *err)
{
	struct winsize size = { .ws_row = rows, .ws_col = cols };

	if (rows == 0 || cols == 0)
		return 0;
	if (ioctl(tty, TIOCSWINSZ, &size) < 0)
		return sv_err_set(err, errno, "cannot set the size of a terminal");
	return 0;
}

int rc_terminal_copy_size(int from, int to, struct sv_err *err)
{
	struct winsize size;

	if (ioctl(from, TIOCGWINSZ, &size) < 0)
		return 0;
	if (ioctl(to, TIOCSWINSZ, &size) < 0)
		return sv_err_set(err, errno, "cannot set the size of a terminal");
	return 0;
}

int rc_terminal_raw(int tty, struct termios *ret_saved, struct sv_err *err)
{
	struct termios saved, raw;

	if (tcgetattr(tty, &saved) < 0)
		return sv_err_set(err, errno, "cannot ask for the mode of the terminal");
	raw = saved;
	cfmakeraw(&raw);
	if (tcsetattr(tty, TCSANOW, &raw) < 0)
		return sv_err_set(err, errno, "cannot set the mode of the terminal");
	*ret_saved = saved;
	return 0;
}

int rc_terminal_restore(int tty, const struct termios *saved, struct sv_err *err)
{
	if (tcsetattr(tty, TCSANOW, saved) < 0)
		return sv_err_set(err, errno, "cannot restore the mode of the terminal");
	return 0;
}
