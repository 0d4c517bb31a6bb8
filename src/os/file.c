/* SPDX-License-Identifier: Apache-2.0 */
/* file.c - reading without trusting sizes, writing without half-written states. */
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"

#define FIRST_ROOM 4096

int sv_file_read_fd(int fd, const char *name, size_t max, char **ret, size_t *ret_len, struct sv_err *err)
{
	size_t room = FIRST_ROOM, len = 0;
	autofree char *text = NULL;
	struct stat st;
	size_t size = 0;

	/* A size is a hint only: it is 0 in /proc, and a file may grow. One byte more shows that it did not, without another read. */
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 && (uintmax_t)st.st_size < max) {
		size = (size_t)st.st_size;
		room = size + 1;
	}
	for (;;) {
		char *grown = realloc(text, room + 1);
		ssize_t n;

		if (!grown)
			return sv_err_oom(err);
		text = grown;
		n = read(fd, text + len, room - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sv_err_set(err, errno, "cannot read '%s'", name);
		len += (size_t)n;
		if (len > max)
			return sv_err_say(err, EFBIG, "'%s' is larger than %zu bytes", name, max);
		if (n == 0 || ((size_t)n == size && len == size))
			break;
		if (len == room)
			room *= 2;
	}
	text[len] = '\0';
	*ret = sv_steal(text);
	*ret_len = len;
	return 0;
}

int sv_file_read(int dir, const char *name, size_t max, char **ret, size_t *ret_len, struct sv_err *err)
{
	autoclose int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return sv_err_set(err, errno, "cannot open '%s'", name);
	return sv_file_read_fd(fd, name, max, ret, ret_len, err);
}

ssize_t sv_file_peek(int dir, const char *name, char *buf, size_t size)
{
	autoclose int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n;

	if (fd < 0)
		return -errno;
	do
		n = read(fd, buf, size - 1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	buf[n] = '\0';
	return n;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

int sv_file_replace(int dir, const char *name, const void *data, size_t len, mode_t mode, struct sv_err *err)
{
	autofree char *temp = NULL;
	autoclose int fd = -1;
	int r = sv_str_format(&temp, err, ".%s.%d", name, (int)getpid());

	if (r < 0)
		return r;
	/* Only an earlier process with our pid can have left this name. */
	fd = openat(dir, temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return sv_err_set(err, errno, "cannot write '%s'", name);
	r = write_all(fd, data, len);
	if (r == 0 && renameat(dir, temp, dir, name) < 0)
		r = -errno;
	if (r < 0) {
		unlinkat(dir, temp, 0);
		return sv_err_set(err, -r, "cannot write '%s'", name);
	}
	return 0;
}

static void on_alarm(int sig)
{
	(void)sig; /* only interrupts flock() */
}

static int lock_waiting(int fd, unsigned seconds)
{
	struct sigaction now = { .sa_handler = on_alarm }, before;
	sigset_t wanted, mask;
	int r;

	/* An engine may start us with signals blocked. */
	sigemptyset(&wanted);
	sigaddset(&wanted, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &wanted, &mask);
	sigaction(SIGALRM, &now, &before);
	alarm(seconds);
	r = flock(fd, LOCK_EX) < 0 ? -errno : 0;
	alarm(0);
	sigaction(SIGALRM, &before, NULL);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	return r == -EINTR ? -ETIMEDOUT : r;
}

int sv_file_lock(int fd, unsigned seconds, struct sv_err *err)
{
	int r = flock(fd, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;

	if (r == -EWOULDBLOCK)
		r = lock_waiting(fd, seconds);
	if (r == -ETIMEDOUT)
		return sv_err_say(err, ETIMEDOUT, "another command holds the lock for more than %u s", seconds);
	if (r < 0)
		return sv_err_set(err, -r, "cannot lock");
	return 0;
}

void sv_file_unlock(int fd)
{
	flock(fd, LOCK_UN);
}
