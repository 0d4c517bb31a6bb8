/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_start.c - `start`: lets init of a created container run its program. */
#include <errno.h>

#include "os/file.h"
#include "runc/after_hooks.h"
#include "runc/container.h"
#include "runc/options.h"

static const char usage[] = "sysvisor-runc start - start the program of a created container\n\n"
			    "USAGE:\n   sysvisor-runc start CONTAINER-ID";

static int check_created(const struct rc_container *c, struct sv_err *err)
{
	enum rc_status status;
	int r = rc_container_status(c, &status, err);

	if (r < 0 || status == RC_CREATED)
		return r;
	if (status == RC_RUNNING)
		return sv_err_say(err, EALREADY, "cannot start an already running container");
	if (status == RC_STOPPED)
		return sv_err_say(err, ESRCH, "cannot start a container that has stopped");
	return sv_err_say(err, EINVAL, "cannot start a container in the %s state", rc_status_name(status));
}

int rc_cmd_start(const struct rc_globals *g, int argc, char **argv, struct sv_err *err)
{
	autocontainer struct rc_container c = RC_CONTAINER_INIT;
	const char *id;
	int r = rc_options_id(NULL, 0, usage, argc, argv, &id, err);

	if (r != 0)
		return r == 1 ? 0 : r;
	if ((r = rc_container_load(g->root, id, true, RC_PART_BODY, &c, err)) < 0 || (r = check_created(&c, err)) < 0 ||
	    (r = rc_container_fifo_release(&c, err)) < 0)
		return r;
	/* The container is started. A hook may take its time, and may use commands that lock. */
	sv_file_unlock(c.dir);
	c.locked = false;
	return rc_after_start(&c, err);
}
