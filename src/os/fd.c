/* SPDX-License-Identifier: Apache-2.0 */
/* fd.c - see fd.h. */
#include "os/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"

union control {
	struct cmsghdr align;
	char room[CMSG_SPACE(SV_FD_PASS_MAX * sizeof(int))];
};

int sv_fd_send(int sock, const void *data, size_t len, const int *fds, size_t count, struct sv_err *err)
{
	union control control;
	struct iovec iov = { .iov_base = (void *)data, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (count > SV_FD_PASS_MAX)
		return sv_err_set(err, EINVAL, "cannot pass %zu descriptors at once", count);
	if (count) {
		struct cmsghdr *c;

		memset(&control, 0, sizeof(control));
		msg.msg_control = control.room;
		msg.msg_controllen = CMSG_SPACE(count * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(c), fds, count * sizeof(int));
	}
	do {
		n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return sv_err_set(err, errno, "cannot send on a socket");
	if ((size_t)n != len)
		return sv_err_set(err, EMSGSIZE, "cannot send on a socket");
	return 0;
}

/* Takes the descriptors out of MSG; returns how many, closing those beyond MAX. */
static size_t take_fds(struct msghdr *msg, int *ret_fds, size_t max)
{
	size_t total = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t n;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (total < max)
				ret_fds[total] = fd;
			else
				close(fd);
			total++;
		}
	}
	return total;
}

int sv_fd_receive(int sock, void *data, size_t len, int *ret_fds, size_t max, size_t *ret_count, struct sv_err *err)
{
	union control control;
	struct iovec iov = { .iov_base = data, .iov_len = len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room),
	};
	size_t total;
	ssize_t n;

	/* A peer that went without having read all we sent leaves ECONNRESET, which comes once and before its last words. */
	do {
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	} while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	if (n < 0)
		return sv_err_set(err, errno, "cannot receive on a socket");

	total = take_fds(&msg, ret_fds, max);
	if (total > max || (msg.msg_flags & (MSG_CTRUNC | MSG_TRUNC))) {
		for (size_t i = 0; i < total && i < max; i++)
			close(ret_fds[i]);
		return sv_err_set(err, EPROTO, "a message on a socket is larger than expected");
	}
	*ret_count = total;
	return (int)n;
}

/* Before Linux 5.11 close_range(2) cannot mark, only close: walk the list of our own descriptors. */
static int cloexec_by_list(unsigned first, struct sv_err *err)
{
	autoclosedir DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	if (!dir)
		return sv_err_set(err, errno, "cannot list our own descriptors");
	while ((entry = readdir(dir))) {
		struct sv_err ignored = { 0 };	/* "." and ".." are not numbers */
		uint32_t fd;

		if (sv_parse_u32(entry->d_name, &fd, &ignored) < 0 || fd < first)
			continue;
		if (fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0 && errno != EBADF)
			return sv_err_set(err, errno, "cannot mark descriptor %u close-on-exec", fd);
	}
	return 0;
}

int sv_fd_cloexec_from(unsigned first, struct sv_err *err)
{
	if (syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		return 0;
	if (errno != ENOSYS && errno != EINVAL)
		return sv_err_set(err, errno, "cannot mark descriptors close-on-exec");
	return cloexec_by_list(first, err);
}

int sv_fd_move_up(int *fd, struct sv_err *err)
{
	int higher;

	if (*fd > 2)
		return 0;
	higher = fcntl(*fd, F_DUPFD_CLOEXEC, 3);
	if (higher < 0)
		return sv_err_set(err, errno, "cannot move a descriptor");
	close(*fd);
	*fd = higher;
	return 0;
}

int sv_fd_path(int fd, char **ret, struct sv_err *err)
{
	char link[32], path[PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return sv_err_set(err, errno, "cannot read '%s'", link);
	path[n] = '\0';
	if (*path != '/')
		return sv_err_say(err, EXDEV, "'%s' is out of reach", path);
	*ret = strdup(path);
	return *ret ? 0 : sv_err_oom(err);
}

void sv_fd_close_all(const int *fds, size_t count)
{
	for (size_t i = 0; i < count;) {
		size_t run = 1;

		while (i + run < count && fds[i + run] == fds[i] + (int)run)
			run++;
		close_range((unsigned)fds[i], (unsigned)fds[i] + (unsigned)run - 1, 0);
		i += run;
	}
}
