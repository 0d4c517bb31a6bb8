/* SPDX-License-Identifier: Apache-2.0 */
/* destroy.c - see destroy.h. */
#include "runc/destroy.h"

#include <errno.h>
#include <signal.h>

#include "base/cleanup.h"
#include "os/proc.h"
#include "runc/after_hooks.h"
#include "runc/rdt.h"

/* SIGKILL to pid 1 ends its whole pid namespace, unless a part of it is frozen or in the kernel's hands. */
#define SOON_MS 1000
#define LONG_MS 10000

static int stop(const struct rc_container *c, struct sv_err *err)
{
	autoclose int pidfd = -1;
	struct sv_err gone = { 0 };
	int r = rc_container_pidfd(c, &pidfd, &gone);

	if (r == 0)
		r = sv_proc_signal(pidfd, SIGKILL, &gone);
	if (r == -ESRCH) /* it has just ended by itself */
		return 0;
	if (r < 0) {
		*err = gone;
		return r;
	}
	r = rc_container_thaw(c, err);
	if (r == 0)
		r = sv_proc_wait(pidfd, SOON_MS, err);
	if (r == 0) {
		/* The container may have frozen a sub-group of its own. */
		r = rc_cgroup_signal(&c->cgroup, SIGKILL, err);
		if (r == 0)
			r = sv_proc_wait(pidfd, LONG_MS, err);
	}
	if (r == 0)
		return sv_err_say(err, ETIMEDOUT, "init (pid %d) was killed and does not end", (int)c->init_pid);
	return r < 0 ? r : 0;
}

/* Something may still run in the cgroup though init has ended: a create or an exec that was killed half-way. */
static int remove_cgroup(struct rc_container *c, struct sv_err *err)
{
	struct sv_err busy = { 0 };
	int r = rc_cgroup_remove(&c->cgroup, &busy);

	if (r == -EBUSY) {
		r = rc_cgroup_signal(&c->cgroup, SIGKILL, err);
		return r < 0 ? r : rc_cgroup_remove(&c->cgroup, err);
	}
	if (r < 0)
		*err = busy;
	return r;
}

/* Without a mounted resctrl its groups are gone, too. */
static int remove_rdt(const struct rc_container *c, struct sv_err *err)
{
	autoclose int root = -1;
	struct sv_err none = { 0 };

	if (!c->rdt_group || rc_rdt_open(&root, &none) < 0)
		return 0;
	return rc_rdt_remove(root, c->rdt_group, err);
}

int rc_destroy(struct rc_container *c, const char *root, bool kill, struct sv_err *err)
{
	int r = kill ? stop(c, err) : 0;

	if (r == 0)
		r = remove_cgroup(c, err);
	if (r == 0)
		r = remove_rdt(c, err);
	if (r == 0)
		r = rc_after_stop(c, err);
	return r < 0 ? r : rc_container_remove(c, root, err);
}
