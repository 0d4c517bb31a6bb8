/* SPDX-License-Identifier: Apache-2.0 */
/* sync.c - see sync.h. A failure is the step 0 followed by the error value. */
#include "os/sync.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "os/fd.h"

#define STEP_FAILED 0

struct message {
	int step;
	struct sv_err err;	/* sent with STEP_FAILED only */
};

int sv_sync_pair(int ret[2], struct sv_err *err)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret) < 0)
		return sv_err_set(err, errno, "cannot make a socket pair");
	return 0;
}

int sv_sync_send(int channel, int step, const int *fds, size_t count, struct sv_err *err)
{
	return sv_fd_send(channel, &step, sizeof(step), fds, count, err);
}

void sv_sync_fail(int channel, const struct sv_err *why)
{
	struct message m = { .step = STEP_FAILED, .err = *why };
	struct sv_err ignored = { 0 };

	sv_fd_send(channel, &m, sizeof(m), NULL, 0, &ignored);
}

/* The next message; 0 at the end of the stream. The peer may be hostile once it runs a container's program, so its text is ended here. */
static int receive(int channel, struct message *m, int *ret_fds, size_t max, size_t *ret_count, struct sv_err *err)
{
	int n = sv_fd_receive(channel, m, sizeof(*m), ret_fds, max, ret_count, err);

	if (n <= 0)
		return n;
	if (n != sizeof(m->step) && n != sizeof(*m))
		return sv_err_set(err, EPROTO, "a message of %d bytes between processes", n);
	if (m->step == STEP_FAILED) {
		m->err.msg[sizeof(m->err.msg) - 1] = '\0';
		*err = m->err;
		if (err->code <= 0)
			err->code = EPROTO;
		return -err->code;
	}
	return n;
}

int sv_sync_wait(int channel, const char *peer, int step, int *ret_fds, size_t max, size_t *ret_count, struct sv_err *err)
{
	struct message m = { 0 };
	size_t count = 0;
	int n = receive(channel, &m, ret_fds, max, &count, err);

	if (n < 0)
		return n;
	if (n == 0)
		return sv_err_say(err, EPIPE, "%s ended unexpectedly", peer);
	if (m.step != step)
		return sv_err_set(err, EPROTO, "%s is at step %d instead of %d", peer, m.step, step);
	if (ret_count)
		*ret_count = count;
	return 0;
}

int sv_sync_wait_any(int channel, const char *peer, int *ret_step, struct sv_err *err)
{
	struct message m = { 0 };
	size_t count = 0;
	int n = receive(channel, &m, NULL, 0, &count, err);

	if (n < 0)
		return n;
	if (n == 0)
		return sv_err_say(err, EPIPE, "%s ended unexpectedly", peer);
	*ret_step = m.step;
	return 0;
}

int sv_sync_wait_end(int channel, const char *peer, struct sv_err *err)
{
	struct message m = { 0 };
	size_t count = 0;
	int n = receive(channel, &m, NULL, 0, &count, err);

	if (n > 0)
		return sv_err_set(err, EPROTO, "%s is at step %d instead of its end", peer, m.step);
	return n;
}
