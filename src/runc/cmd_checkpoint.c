/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_checkpoint.c - `checkpoint` and `restore`: not there, and said so.
 *
 * podman takes exit status 0 of `checkpoint --help` for support, so even that fails.
 */
#include <errno.h>

#include "runc/options.h"

int rc_cmd_checkpoint(const struct rc_globals *g, int argc, char **argv, struct sv_err *err)
{
	(void)g, (void)argc, (void)argv;
	return sv_err_say(err, ENOTSUP, "checkpoint is not supported");
}

int rc_cmd_restore(const struct rc_globals *g, int argc, char **argv, struct sv_err *err)
{
	(void)g, (void)argc, (void)argv;
	return sv_err_say(err, ENOTSUP, "restore is not supported");
}
