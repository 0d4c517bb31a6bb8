/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay.c - see relay.h.
 *
 * When the last handle of a terminal's container side is closed, its master reads EIO and polls
 * as hung up until somebody opens the terminal again. systemd and getty do just that with
 * /dev/console, time and again. So we keep a handle ourselves; when vhangup(2) in the container
 * kills it, we take another.
 */
#include "runc/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runc/terminal.h"

#ifndef TIOCGPTPEER /* Linux 4.13 */
#define TIOCGPTPEER _IO('T', 0x41)
#endif

enum { MASTER, IN, OUT }; /* order of the poll entries */

static bool is_empty(const struct rc_buffer *b)
{
	return b->start == b->end;
}

/* Reads once into an empty buffer: 1, 0 at the end or when it broke, -1 if there is nothing now. */
static int fill(struct rc_buffer *b, int fd)
{
	ssize_t n = read(fd, b->bytes, sizeof(b->bytes));

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? -1 : 0;
	b->start = 0;
	b->end = (size_t)n;
	return n > 0;
}

/* Writes what can be written now; false: it broke. */
static bool spill(struct rc_buffer *b, int fd, bool is_socket)
{
	while (!is_empty(b)) {
		const char *bytes = b->bytes + b->start;
		size_t len = b->end - b->start;
		ssize_t n = is_socket ? send(fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL)
				      : write(fd, bytes, len);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		b->start += (size_t)n;
	}
	return true;
}

static void drop(struct rc_buffer *b)
{
	b->start = b->end = 0;
}

static void take_peer(struct rc_relay *relay)
{
	sv_fd_close(&relay->peer);
	relay->peer = ioctl(relay->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

/*
 * A terminal or pipe is opened again, because O_NONBLOCK belongs to the open file, which the
 * caller's shell has as well. Sockets have MSG_DONTWAIT, files never make us wait, and what
 * cannot be opened again is written as it is.
 */
static void open_out(struct rc_relay *relay)
{
	struct stat st;

	relay->out = STDOUT_FILENO;
	if (fstat(STDOUT_FILENO, &st) < 0) {
		relay->out = -1;
	} else if (S_ISSOCK(st.st_mode)) {
		relay->out_is_socket = true;
	} else if (S_ISFIFO(st.st_mode) || isatty(STDOUT_FILENO)) {
		int fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

		if (fd >= 0) {
			relay->out = fd;
			relay->own_out = true;
		}
	}
}

int rc_relay_begin(struct rc_relay *relay, int master, struct sv_err *err)
{
	int flags, r;

	if (master < 0)
		return 0;
	flags = fcntl(master, F_GETFL);
	if (flags < 0 || fcntl(master, F_SETFL, flags | O_NONBLOCK) < 0)
		return sv_err_set(err, errno, "cannot prepare the container's terminal");
	if (isatty(STDIN_FILENO)) {
		r = rc_terminal_copy_size(STDIN_FILENO, master, err);
		if (r == 0)
			r = rc_terminal_raw(STDIN_FILENO, &relay->saved, err);
		if (r < 0)
			return r;
		relay->raw = true;
	}
	relay->master = master;
	relay->in = fcntl(STDIN_FILENO, F_GETFD) < 0 ? -1 : STDIN_FILENO;
	open_out(relay);
	take_peer(relay);
	return 0;
}

void rc_relay_want(const struct rc_relay *relay, struct pollfd p[RC_RELAY_FDS])
{
	bool room = is_empty(&relay->from_master), pending = !is_empty(&relay->to_master);

	for (int i = 0; i < RC_RELAY_FDS; i++)
		p[i] = (struct pollfd){ .fd = -1 };
	if (relay->master < 0)
		return;
	/* One that is polled for nothing would still wake us by its hang-up. */
	if (room || pending)
		p[MASTER].fd = relay->master;
	p[MASTER].events = (short)((room ? POLLIN : 0) | (pending ? POLLOUT : 0));
	if (!pending)
		p[IN].fd = relay->in;
	p[IN].events = POLLIN;
	if (!room)
		p[OUT].fd = relay->out;
	p[OUT].events = POLLOUT;
}

static void write_out(struct rc_relay *relay)
{
	if (relay->out < 0 || !spill(&relay->from_master, relay->out, relay->out_is_socket)) {
		drop(&relay->from_master);
		if (relay->own_out)
			close(relay->out);
		relay->own_out = false;
		relay->out = -1;
	}
}

void rc_relay_move(struct rc_relay *relay, const struct pollfd p[RC_RELAY_FDS])
{
	if (relay->master < 0)
		return;
	if (p[OUT].revents)
		write_out(relay);
	if (p[MASTER].revents & (POLLIN | POLLHUP | POLLERR) && is_empty(&relay->from_master)) {
		if (fill(&relay->from_master, relay->master) == 0) {
			take_peer(relay);
			if (relay->peer < 0)
				relay->master = -1; /* it would be reported as hung up for ever */
		}
		write_out(relay);
	}
	if (p[IN].revents && is_empty(&relay->to_master) && fill(&relay->to_master, relay->in) == 0)
		relay->in = -1;
	if (relay->master >= 0 && !is_empty(&relay->to_master) &&
	    !spill(&relay->to_master, relay->master, false))
		drop(&relay->to_master);
}

/*
 * A read of the master first lets the line discipline have all that was written (n_tty_read), so
 * EAGAIN means that nothing is left, even if other processes still have the terminal open.
 */
void rc_relay_drain(struct rc_relay *relay)
{
	while (relay->master >= 0 && relay->out >= 0) {
		struct pollfd p = { .fd = relay->out, .events = POLLOUT };

		if (is_empty(&relay->from_master) && fill(&relay->from_master, relay->master) <= 0)
			return;
		write_out(relay);
		if (!is_empty(&relay->from_master))
			poll(&p, 1, -1);
	}
}

void rc_relay_end(struct rc_relay *relay)
{
	struct sv_err ignored = { 0 }; /* a terminal that is gone needs no mode */

	if (relay->raw)
		rc_terminal_restore(STDIN_FILENO, &relay->saved, &ignored);
	if (relay->own_out)
		close(relay->out);
	sv_fd_close(&relay->peer);
	*relay = (struct rc_relay)RC_RELAY_INIT;
}
