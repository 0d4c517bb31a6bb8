/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_delete.c - `delete`: ends what is left of a container.
 *
 * Whatever command was killed at whatever step, delete --force brings the host back to what it was. The directory with
 * state.json goes last, so a delete that was killed is repeated.
 */
#include <errno.h>
#include <signal.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "os/proc.h"
#include "runc/container.h"
#include "runc/hooks.h"
#include "runc/options.h"

/* SIGKILL to pid 1 ends its whole pid namespace, unless a part of it is frozen or in the kernel's hands. */
#define SOON_MS 1000
#define LONG_MS 10000

static const char usage[] = "sysvisor-runc delete - delete a stopped container and all it holds\n\n"
			    "USAGE:\n   sysvisor-runc delete [--force] CONTAINER-ID";

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

static int run_poststop(const struct rc_container *c, struct sv_err *err)
{
	autostr struct sv_str state = { 0 };

	if (!c->poststop.count)
		return 0;
	if (rc_container_state_json(c, RC_STOPPED, false, &state) < 0)
		return sv_err_oom(err);
	rc_hooks_try(&c->poststop, OCI_HOOK_POSTSTOP, &state, c->bundle);
	return 0;
}

/* Whether it may be deleted, and whether it has to be killed before. As runc: one that was never started needs no force. */
static int decide(const struct rc_container *c, bool force, bool *ret_kill, struct sv_err *err)
{
	enum rc_status status;
	int r = rc_container_status(c, &status, err);

	if (r < 0)
		return r;
	*ret_kill = status != RC_STOPPED && status != RC_CREATING;
	/* We have the lock, so whoever was creating it is dead. Without state.json it was dead before anything was made. */
	if (force || status == RC_STOPPED || status == RC_CREATED || !c->bundle)
		return 0;
	return sv_err_say(err, EBUSY, "cannot delete container %s that is not stopped: %s", c->id, rc_status_name(status));
}

int rc_cmd_delete(const struct rc_globals *g, int argc, char **argv, struct sv_err *err)
{
	autocontainer struct rc_container c = RC_CONTAINER_INIT;
	bool force = false, kill_it = false;
	const struct rc_option table[] = {
		{ "force", 'f', RC_OPT_FLAG, &force, NULL, "kill it first if it runs; fine if it does not exist" },
	};
	const char *id;
	int r = rc_options_id(table, SV_COUNT(table), usage, argc, argv, &id, err);

	if (r != 0)
		return r == 1 ? 0 : r;
	r = rc_container_load(g->root, id, true, RC_PART_BODY, &c, err);
	if (r == -ENOENT && force) {
		*err = (struct sv_err){ 0 };
		return 0;
	}
	if (r < 0 || (r = decide(&c, force, &kill_it, err)) < 0)
		return r;
	if ((kill_it && (r = stop(&c, err)) < 0) || (r = remove_cgroup(&c, err)) < 0 || (r = run_poststop(&c, err)) < 0)
		return sv_err_ctx(err, "cannot delete container \"%s\"", id);
	return rc_container_remove(&c, g->root, err);
}
