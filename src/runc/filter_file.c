/* SPDX-License-Identifier: Apache-2.0 */
/* filter_file.c - see filter_file.h. */
#include "runc/filter_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf_common.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/cleanup.h"

#define MAGIC 0x31664353u	/* "SCf1" */

struct header {
	uint32_t magic, flags, notify, count;
};

int rc_filter_store(int dir, const struct rc_filter *f, struct sv_err *err)
{
	struct header h = { MAGIC, f->flags, f->notify, (uint32_t)f->count };
	struct iovec iov[] = {
		{ .iov_base = &h, .iov_len = sizeof(h) },
		{ .iov_base = f->code, .iov_len = f->count * sizeof(*f->code) },
	};
	autoclose int fd = -1;
	ssize_t n;

	if (!f->code)
		return 0;
	fd = openat(dir, RC_FILTER_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	n = fd < 0 ? -1 : writev(fd, iov, 2);
	if (n < 0)
		return sv_err_set(err, errno, "cannot store the seccomp filter");
	if ((size_t)n != iov[0].iov_len + iov[1].iov_len)
		return sv_err_set(err, ENOSPC, "cannot store the seccomp filter");
	return 0;
}

int rc_filter_fetch(int dir, struct rc_filter *ret, struct sv_err *err)
{
	autofree struct sock_filter *code = NULL;
	autoclose int fd = -1;
	struct header h;
	size_t size;

	fd = openat(dir, RC_FILTER_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT) {
		*ret = (struct rc_filter){ 0 };
		return 0;
	}
	if (fd < 0)
		return sv_err_set(err, errno, "cannot read the container's seccomp filter");
	if (read(fd, &h, sizeof(h)) != sizeof(h) || h.magic != MAGIC || h.count == 0 || h.count > BPF_MAXINSNS)
		return sv_err_say(err, EBADMSG, "the container's seccomp filter is damaged");
	size = h.count * sizeof(*code);
	code = malloc(size);
	if (!code)
		return sv_err_oom(err);
	if (read(fd, code, size) != (ssize_t)size)
		return sv_err_say(err, EBADMSG, "the container's seccomp filter is damaged");
	*ret = (struct rc_filter){ .code = sv_steal(code), .count = h.count, .flags = h.flags, .notify = h.notify };
	return 0;
}
