/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_delete.c - `delete`: ends what is left of a container.
 *
 * Whatever command was killed at whatever step, delete --force brings the host back to what it was. The directory with
 * state.json goes last, so a delete that was killed is repeated.
 */
#include <errno.h>

#include "base/cleanup.h"
#include "runc/container.h"
#include "runc/destroy.h"
#include "runc/options.h"

static const char usage[] = "sysvisor-runc delete - delete a stopped container and all it holds\n\n"
			    "USAGE:\n   sysvisor-runc delete [--force] CONTAINER-ID";

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
	if (rc_destroy(&c, g->root, kill_it, err) < 0)
		return sv_err_ctx(err, "cannot delete container \"%s\"", id);
	return 0;
}
