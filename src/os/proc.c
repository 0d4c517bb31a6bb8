/* SPDX-License-Identifier: Apache-2.0 */
/* proc.c - small readers of /proc, pidfd calls, and the proof that a file is procfs's. */
#include "os/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

#define PROC_ROOT_INO 1 /* inode of the root of every procfs (linux/proc_ns.h) */

/* Reads a number of TEXT at *POS and the blank or newline after it. */
static int take_number(const char *text, size_t len, size_t *pos, uint64_t *ret)
{
	uint64_t value = 0;
	size_t i = *pos;
	bool minus = i < len && text[i] == '-';

	if (minus)
		i++;
	if (i >= len || text[i] < '0' || text[i] > '9')
		return -EINVAL;
	for (; i < len && text[i] >= '0' && text[i] <= '9'; i++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
			return -ERANGE;
	}
	if (i < len && text[i] != ' ' && text[i] != '\n')
		return -EINVAL;
	*ret = minus ? 0 - value : value;
	*pos = i < len ? i + 1 : i;
	return 0;
}

int sv_proc_parse_stat(const char *text, size_t len, struct sv_proc_stat *ret, struct sv_err *err)
{
	/* "PID (NAME) STATE PPID ...": the name is the process's own choice, so it ends at the last
	 * ')'. */
	const char *name_end = memrchr(text, ')', len);
	struct sv_proc_stat st = { 0 };
	uint64_t value;
	size_t pos = 0;

	if (!name_end || take_number(text, len, &pos, &value) < 0 || value > INT_MAX)
		goto bad;
	st.pid = (pid_t)value;
	pos = (size_t)(name_end - text) + 1;
	if (len - pos < 4 || text[pos] != ' ' || text[pos + 2] != ' ')
		goto bad;
	st.state = text[pos + 1];
	pos += 3;
	for (int field = 4; field <= 22; field++) {
		if (take_number(text, len, &pos, &value) < 0)
			goto bad;
		if (field == 4)
			st.parent = (pid_t)value;
		if (field == 22)
			st.start_time = value;
	}
	*ret = st;
	return 0;
bad:
	return sv_err_say(err, EINVAL, "/proc/<pid>/stat has an unknown form");
}

int sv_proc_stat(pid_t pid, struct sv_proc_stat *ret, struct sv_err *err)
{
	autoclose int fd = -1;
	char path[32], text[1024];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return sv_err_set(err, errno == ENOENT ? ESRCH : errno, "process %d", (int)pid);
	n = read(fd, text, sizeof(text));
	if (n < 0)
		return sv_err_set(err, errno, "process %d", (int)pid);
	return sv_proc_parse_stat(text, (size_t)n, ret, err);
}

int sv_proc_start_time(pid_t pid, uint64_t *ret, struct sv_err *err)
{
	struct sv_proc_stat st;
	int r = sv_proc_stat(pid, &st, err);

	if (r < 0)
		return r;
	*ret = st.start_time;
	return 0;
}

int sv_proc_state(pid_t pid, char *ret, struct sv_err *err)
{
	struct sv_proc_stat st;
	int r = sv_proc_stat(pid, &st, err);

	if (r < 0)
		return r;
	*ret = st.state;
	return 0;
}

int sv_proc_pidfd(pid_t pid, int *ret, struct sv_err *err)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (fd < 0)
		return sv_err_set(err, errno, "process %d", (int)pid);
	*ret = fd;
	return 0;
}

int sv_proc_pidfd_of(pid_t pid, uint64_t start_time, int *ret, struct sv_err *err)
{
	autoclose int fd = -1;
	uint64_t now = 0;
	int r;

	/* In this order: the number cannot change hands between the two while its first owner
	 * lives. */
	r = sv_proc_pidfd(pid, &fd, err);
	if (r == 0)
		r = sv_proc_start_time(pid, &now, err);
	if (r < 0)
		return r;
	if (now != start_time)
		return sv_err_set(err, ESRCH, "process %d is another one now", (int)pid);
	*ret = sv_fd_steal(&fd);
	return 0;
}

int sv_proc_signal(int pidfd, int sig, struct sv_err *err)
{
	if (syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0) < 0)
		return sv_err_set(err, errno, "cannot send signal %d", sig);
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int sv_proc_wait(int pidfd, int timeout_ms, struct sv_err *err)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int64_t end = timeout_ms < 0 ? 0 : now_ms() + timeout_ms;

	for (;;) {
		int64_t left = timeout_ms < 0 ? -1 : end - now_ms();
		int r = poll(&p, 1, timeout_ms >= 0 && left < 0 ? 0 : (int)left);

		if (r >= 0)
			return r;
		if (errno != EINTR)
			return sv_err_set(err, errno, "cannot wait for a process");
	}
}

/* Returns an O_PATH descriptor of /proc, proved to be the root of a procfs. */
static int open_root(struct sv_err *err)
{
	autoclose int fd = -1;
	struct statfs fs;
	struct stat st;

	fd = open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return sv_err_set(err, errno, "cannot open /proc");
	if (fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return sv_err_set(err, errno, "cannot examine /proc");
	if (fs.f_type != PROC_SUPER_MAGIC || st.st_ino != PROC_ROOT_INO)
		return sv_err_say(err, EXDEV, "/proc is not a procfs");
	return sv_fd_steal(&fd);
}

int sv_proc_open(pid_t pid, const char *name, int flags, struct sv_err *err)
{
	struct open_how how = {
		.flags = (unsigned)flags | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS,
	};
	autoclose int root = -1;
	char path[128];
	int fd, code, n;

	root = open_root(err);
	if (root < 0)
		return root;
	pid = pid ? pid : getpid();
	n = snprintf(path, sizeof(path), "%d/%s", (int)pid, name);
	if (n < 0 || (size_t)n >= sizeof(path))
		return sv_err_set(err, ENAMETOOLONG, "/proc/%d/%.80s", (int)pid, name);
	fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
	if (fd >= 0)
		return fd;
	code = errno;
	if (code == ENOENT) {
		snprintf(path, sizeof(path), "%d", (int)pid);
		if (faccessat(root, path, F_OK, 0) < 0)
			code = ESRCH;
	}
	return sv_err_set(err, code, "cannot open /proc/%d/%s", (int)pid, name);
}

int sv_proc_write(pid_t pid, const char *name, const char *text, struct sv_err *err)
{
	autoclose int fd = -1;

	fd = sv_proc_open(pid, name, O_WRONLY, err);
	if (fd < 0)
		return fd;
	if (write(fd, text, strlen(text)) < 0)
		return sv_err_set(err, errno, "cannot write '%s' to /proc/%d/%s", text,
				  (int)(pid ? pid : getpid()), name);
	return 0;
}
