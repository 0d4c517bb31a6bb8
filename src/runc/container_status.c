/* SPDX-License-Identifier: Apache-2.0 */
/* container_status.c - what a container is now, as the kernel tells: its init process, its freezer, and who waits at exec.fifo. */
#include "runc/container.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "os/proc.h"

const char *rc_status_name(enum rc_status status)
{
	static const char *const names[] = {
		[RC_CREATING] = "creating", [RC_CREATED] = "created", [RC_RUNNING] = "running",
		[RC_PAUSED] = "paused",	    [RC_STOPPED] = "stopped",
	};

	return names[status];
}

static bool init_alive(const struct rc_container *c)
{
	struct sv_err ignored = { 0 }; /* a process that cannot be read is gone */
	struct sv_proc_stat p;

	return c->init_pid > 0 && sv_proc_stat(c->init_pid, &p, &ignored) == 0 && p.start_time == c->init_start &&
	       p.state != 'Z' && p.state != 'X';
}

/* A fifo can be opened for writing at once only while somebody reads it: fifo(7). Nothing is written. */
static int fifo_waits(int dir, const char *path, bool *ret, struct sv_err *err)
{
	autoclose int fd = openat(dir, path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 && errno != ENOENT && errno != ENXIO)
		return sv_err_set(err, errno, "cannot open '%s'", path);
	*ret = fd >= 0;
	return 0;
}

static int status_of(const struct rc_container *c, int dir, const char *fifo, enum rc_status *ret, struct sv_err *err)
{
	bool frozen = false, waits = false;
	int r;

	if (!c->bundle || c->init_pid == 0) {
		*ret = RC_CREATING;
		return 0;
	}
	if (!init_alive(c)) {
		*ret = RC_STOPPED;
		return 0;
	}
	if (c->cgroup.made && (r = rc_cgroup_is_frozen(&c->cgroup, &frozen, err)) < 0) {
		/* The cgroup of a container that ends just now is allowed to be gone. */
		if (init_alive(c))
			return sv_err_ctx(err, "container \"%s\"", c->id);
		*err = (struct sv_err){ 0 };
		*ret = RC_STOPPED;
		return 0;
	}
	if (!frozen && (r = fifo_waits(dir, fifo, &waits, err)) < 0)
		return sv_err_ctx(err, "container \"%s\"", c->id);
	*ret = frozen ? RC_PAUSED : waits ? RC_CREATED : RC_RUNNING;
	return 0;
}

int rc_container_status(const struct rc_container *c, enum rc_status *ret, struct sv_err *err)
{
	return status_of(c, c->dir, RC_FIFO, ret, err);
}

int rc_container_status_at(const struct rc_container *c, int root_dir, enum rc_status *ret, struct sv_err *err)
{
	char path[NAME_MAX + sizeof("/" RC_FIFO)];

	snprintf(path, sizeof(path), "%s/" RC_FIFO, c->id);
	return status_of(c, root_dir, path, ret, err);
}

int rc_container_pidfd(const struct rc_container *c, int *ret, struct sv_err *err)
{
	autoclose int fd = -1;

	struct sv_err why = { 0 };
	int r = c->init_pid > 0 ? sv_proc_pidfd(c->init_pid, &fd, &why) : -ESRCH;

	if (r < 0 && r != -ESRCH) {
		*err = why;
		return r;
	}
	/* The descriptor comes first: if the pid still has our start time after that, the descriptor is of our process. */
	if (r < 0 || !init_alive(c))
		return sv_err_say(err, ESRCH, "container not running");
	*ret = sv_fd_steal(&fd);
	return 0;
}

int rc_container_thaw(const struct rc_container *c, struct sv_err *err)
{
	bool frozen = false;
	int r = c->cgroup.made ? rc_cgroup_is_frozen(&c->cgroup, &frozen, err) : 0;

	return r < 0 || !frozen ? r : rc_cgroup_freeze(&c->cgroup, false, err);
}

/* ---- exec.fifo ---- */

int rc_container_fifo_make(const struct rc_container *c, int *ret, struct sv_err *err)
{
	int fd;

	if (mkfifoat(c->dir, RC_FIFO, 0600) < 0)
		return sv_err_set(err, errno, "cannot make '" RC_FIFO "'");
	fd = openat(c->dir, RC_FIFO, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return sv_err_set(err, errno, "cannot open '" RC_FIFO "'");
	*ret = fd;
	return 0;
}

int rc_container_fifo_release(const struct rc_container *c, struct sv_err *err)
{
	autoclose int fd = openat(c->dir, RC_FIFO, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 && (errno == ENOENT || errno == ENXIO))
		return sv_err_say(err, EALREADY, "cannot start an already running container");
	if (fd < 0)
		return sv_err_set(err, errno, "cannot open '" RC_FIFO "'");
	if (write(fd, "", 1) != 1)
		return sv_err_set(err, errno, "cannot write to '" RC_FIFO "'");
	/* From here on it is running, even before init has read the byte. Killed in between: init closes its end when it execs. */
	if (unlinkat(c->dir, RC_FIFO, 0) < 0 && errno != ENOENT)
		return sv_err_set(err, errno, "cannot remove '" RC_FIFO "'");
	return 0;
}
