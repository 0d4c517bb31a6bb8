/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_oom.c - hears of processes that were killed because the container reached its memory
 * limit. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>

#include "base/cleanup.h"
#include "os/cgroup.h"
#include "runc/cgroup.h"
#include "runc/cgroup_write.h"

/* v1: an eventfd is registered for memory.oom_control by "EVENTFD FILE" in cgroup.event_control
 * (cgroup-v1/memory.rst, 10). */
static int open_v1(const struct rc_cgroup_tree *tree, int *ret, struct sv_err *err)
{
	autoclose int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), control = -1;
	char path[RC_CGROUP_PATH_MAX], text[32];
	int r;

	if (event < 0)
		return sv_err_set(err, errno, "cannot make an eventfd");
	r = rc_cgroup_file(tree, "memory.oom_control", path, err);
	if (r < 0)
		return r;
	control = open(path, O_RDONLY | O_CLOEXEC);
	if (control < 0)
		return sv_err_set(err, errno, "cannot open '%s'", path);
	snprintf(text, sizeof(text), "%d %d", event, control);
	r = rc_cgroup_file(tree, "cgroup.event_control", path, err);
	if (r == 0)
		r = sv_cgroup_write(AT_FDCWD, path, text, err);
	if (r < 0)
		return r;
	*ret = sv_fd_steal(&event);
	return 0;
}

/* v2: memory.events is "modified" whenever one of its counters changes, also for an event in a
 * sub-group. */
static int open_v2(const struct rc_cgroup_tree *tree, int *ret, struct sv_err *err)
{
	autoclose int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char path[RC_CGROUP_PATH_MAX];
	int r = rc_cgroup_file(tree, "memory.events", path, err);

	if (r < 0)
		return r;
	if (watch < 0)
		return sv_err_set(err, errno, "cannot make an inotify instance");
	if (inotify_add_watch(watch, path, IN_MODIFY) < 0)
		return sv_err_set(err, errno, "cannot watch '%s'", path);
	*ret = sv_fd_steal(&watch);
	return 0;
}

/* The kernel's counter on v2; -ENOENT: the group is gone. */
static int count_kills(const struct rc_cgroup_tree *tree, uint64_t *ret, struct sv_err *err)
{
	autofree char *text = NULL;
	char path[RC_CGROUP_PATH_MAX];
	uint64_t count = 0;
	int r = rc_cgroup_file(tree, "memory.events", path, err);

	if (r == 0)
		r = sv_cgroup_read(AT_FDCWD, path, &text, err);
	if (r < 0)
		return r;
	sv_cgroup_value(text, "oom_kill", &count);
	*ret = count;
	return 0;
}

int rc_cgroup_oom_open(const struct rc_cgroup *cg, struct rc_cgroup_oom *ret, struct sv_err *err)
{
	const struct rc_cgroup_tree *v1 = rc_cgroup_tree(cg, "memory"), *v2 = rc_cgroup_tree_v2(cg);
	struct rc_cgroup_oom oom = { .fd = -1, .tree = v1 ? v1 : v2 };
	int r;

	if (v1)
		r = open_v1(v1, &oom.fd, err);
	else if (v2)
		r = open_v2(v2, &oom.fd, err);
	else
		return sv_err_say(err, ENODEV, "the container has no memory cgroup");
	if (r == 0 && !v1)
		r = count_kills(v2, &oom.seen, err);
	if (r < 0) {
		sv_fd_close(&oom.fd);
		return r;
	}
	*ret = oom;
	return 0;
}

int rc_cgroup_oom_read(struct rc_cgroup_oom *oom, uint64_t *ret, struct sv_err *err)
{
	_Alignas(struct inotify_event) char drained[4096];
	ssize_t n = read(oom->fd, drained, sizeof(drained));
	struct sv_err gone = { 0 };
	char path[RC_CGROUP_PATH_MAX];
	uint64_t count;
	int r;

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return sv_err_set(err, errno, "cannot read the out-of-memory notification");
	*ret = 0;
	if (n <= 0)
		return 0;
	if (!rc_cgroup_is_v2(oom->tree)) {
		/* Notified before the kernel chooses whom to kill: its counter would come too
		 * late. The end of the group wakes us as well. */
		r = rc_cgroup_file(oom->tree, "", path, err);
		if (r == 0 && access(path, F_OK) == 0)
			memcpy(ret, drained, sizeof(*ret));
		return r;
	}
	r = count_kills(oom->tree, &count, &gone);
	if (r == -ENOENT || r == -ENODEV)
		return 0;
	if (r < 0) {
		*err = gone;
		return r;
	}
	*ret = count - oom->seen;
	oom->seen = count;
	return 0;
}
