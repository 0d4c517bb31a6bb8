/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_control.c - `pause` and `resume`. */
#include <errno.h>

#include "runc/container.h"
#include "runc/options.h"

static const char pause_usage[] = "sysvisor-runc pause - freeze all processes of a container\n\n"
				  "USAGE:\n   sysvisor-runc pause CONTAINER-ID";
static const char resume_usage[] = "sysvisor-runc resume - thaw a paused container\n\n"
				   "USAGE:\n   sysvisor-runc resume CONTAINER-ID";

/* Returns 1 when help was printed. */
static int open_by_args(const struct rc_globals *g, const char *usage, int argc, char **argv, struct rc_container *ret,
			enum rc_status *ret_status, struct sv_err *err)
{
	const char *id;
	int r = rc_options_id(NULL, 0, usage, argc, argv, &id, err);

	if (r == 0)
		r = rc_container_load(g->root, id, true, RC_PART_BODY, ret, err);
	return r != 0 ? r : rc_container_status(ret, ret_status, err);
}

int rc_cmd_pause(const struct rc_globals *g, int argc, char **argv, struct sv_err *err)
{
	autocontainer struct rc_container c = RC_CONTAINER_INIT;
	enum rc_status status;
	int r = open_by_args(g, pause_usage, argc, argv, &c, &status, err);

	if (r != 0)
		return r == 1 ? 0 : r;
	if (status != RC_RUNNING && status != RC_CREATED)
		return sv_err_say(err, ESRCH, "container not running");
	if (c.cgroup.layout == RC_CGROUP_NONE)
		return sv_err_say(err, ENOENT, "cannot pause container \"%s\": it has no cgroup", c.id);
	return rc_cgroup_freeze(&c.cgroup, true, err);
}

int rc_cmd_resume(const struct rc_globals *g, int argc, char **argv, struct sv_err *err)
{
	autocontainer struct rc_container c = RC_CONTAINER_INIT;
	enum rc_status status;
	int r = open_by_args(g, resume_usage, argc, argv, &c, &status, err);

	if (r != 0)
		return r == 1 ? 0 : r;
	if (status != RC_PAUSED)
		return sv_err_say(err, ESRCH, "container not paused");
	return rc_cgroup_freeze(&c.cgroup, false, err);
}
